"""The range of a noted forecast, so that it can be told how often it held."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("low", "high"):
        op.add_column("forecast_records", sa.Column(name, sa.Float(), nullable=True))


def downgrade() -> None:
    for name in ("low", "high"):
        op.drop_column("forecast_records", name)
