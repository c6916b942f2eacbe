"""On which days a location had none of an item: its lack of sales is no lack of demand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.row_security import secure

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "location_stock_outs",
        sa.Column("inventory_item_id", sa.BigInteger(), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=True),
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_location_stock_outs_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(
            "store_id", "inventory_item_id", "location_id", "from_day", name=op.f("pk_location_stock_outs")
        ),
    )
    secure("location_stock_outs")
    op.add_column("location_plans", sa.Column("in_stock", sa.Float(), server_default="1", nullable=False))


def downgrade() -> None:
    op.drop_column("location_plans", "in_stock")
    op.drop_table("location_stock_outs")
