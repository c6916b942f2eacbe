"""A service level for each class of products, and what other levels would cost."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.row_security import secure

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for letter in "abc":
        name = f"service_level_{letter}"
        op.add_column("store_settings", sa.Column(name, sa.Float(), nullable=True))
        op.create_check_constraint(
            op.f(f"ck_store_settings_{name}_in_range"), "store_settings", f"{name} > 0.5 AND {name} < 1"
        )
    op.create_table(
        "service_costs",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("abc_class", sa.String(1), nullable=False),
        sa.Column("level", sa.Float(), nullable=False),
        sa.Column("products", sa.BigInteger(), nullable=False),
        sa.Column("without_cost", sa.BigInteger(), nullable=False),
        sa.Column("stock_value", sa.Numeric(16, 2), nullable=False),
        sa.Column("lost_units", sa.Float(), nullable=False),
        sa.Column("lost_value", sa.Numeric(16, 2), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_service_costs_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", "abc_class", "level", name=op.f("pk_service_costs")),
    )
    secure("service_costs")


def downgrade() -> None:
    op.drop_table("service_costs")
    for letter in "abc":
        op.drop_constraint(op.f(f"ck_store_settings_service_level_{letter}_in_range"), "store_settings")
        op.drop_column("store_settings", f"service_level_{letter}")
