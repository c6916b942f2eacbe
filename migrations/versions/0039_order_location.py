"""Where a purchase order is to be delivered; older ones do not say."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_KEY = "fk_purchase_orders_store_id_location_id"


def upgrade() -> None:
    op.add_column("purchase_orders", sa.Column("location_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        _KEY,
        "purchase_orders",
        "locations",
        ["store_id", "location_id"],
        ["store_id", "id"],
        postgresql_not_valid=True,
    )
    # No row names one yet; under row security the check would see none either.
    op.execute("ALTER TABLE purchase_orders NO FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE locations NO FORCE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE purchase_orders VALIDATE CONSTRAINT {_KEY}")
    op.execute("ALTER TABLE locations FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE purchase_orders FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.drop_column("purchase_orders", "location_id")
