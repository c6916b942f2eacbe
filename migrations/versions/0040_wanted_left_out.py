"""Locations that are about to be left out or counted again: a job does it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("locations", sa.Column("wanted_left_out", sa.Boolean(), nullable=True))


def downgrade() -> None:
    op.drop_column("locations", "wanted_left_out")
