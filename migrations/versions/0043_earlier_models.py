"""Models of earlier weeks, in a column of their own: the program of before goes on without it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("forecast_choices", sa.Column("earlier", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("forecast_choices", "earlier")
