"""Orders say where they were sold or sent from; those read before fill when they are next read whole."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("location_id", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("orders", "location_id")
