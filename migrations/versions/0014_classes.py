"""Classes of products by their revenue, the setup guide put away, and the sales trend read from its index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("suggestions", sa.Column("abc_class", sa.String(1), server_default="C", nullable=False))
    op.add_column(
        "store_settings", sa.Column("setup_dismissed_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.drop_index("ix_daily_sales_day", "daily_sales")
    op.create_index(
        "ix_daily_sales_day", "daily_sales", ["store_id", "day"], postgresql_include=["units", "revenue"]
    )


def downgrade() -> None:
    op.drop_index("ix_daily_sales_day", "daily_sales")
    op.create_index("ix_daily_sales_day", "daily_sales", ["store_id", "day"])
    op.drop_column("store_settings", "setup_dismissed_at")
    op.drop_column("suggestions", "abc_class")
