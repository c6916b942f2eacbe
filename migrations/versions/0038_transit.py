"""Days that a transfer takes: to any location, and to each that differs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

# The days of the store may not be unknown, those of a location may: then they are the store's.
_DAYS = (("store_settings", "transfer_days", "2"), ("locations", "transit_days", None))


def upgrade() -> None:
    for table, name, default in _DAYS:
        days = sa.Column(name, sa.BigInteger(), server_default=default, nullable=default is None)
        op.add_column(table, days)
        op.create_check_constraint(
            f"{name}_in_range", table, f"{name} BETWEEN 0 AND 60", postgresql_not_valid=True
        )
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_{name}_in_range")
    for table, name in (("location_plans", "missed"), ("transfer_suggestions", "transit_days")):
        op.add_column(table, sa.Column(name, sa.BigInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    for table, name in (("transfer_suggestions", "transit_days"), ("location_plans", "missed")):
        op.drop_column(table, name)
    for table, name, _ in reversed(_DAYS):
        op.drop_column(table, name)
