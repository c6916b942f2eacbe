"""What the merchant decides on products: overrides of forecasts, saved views, a supplier other than the vendor."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.row_security import secure

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def _made_at() -> sa.Column[object]:
    return sa.Column(
        "created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def _keys(table: str) -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "id", name=op.f(f"pk_{table}")),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f(f"fk_{table}_store_id"), ondelete="CASCADE"
        ),
    )


def upgrade() -> None:
    op.add_column(
        "forecasts", sa.Column("model_numbers", postgresql.JSONB(astext_type=sa.Text()), nullable=True)
    )
    _supplier()
    _overrides()
    _views()
    for table in ("forecast_overrides", "product_views"):
        secure(table)


def _supplier() -> None:
    op.add_column("variant_settings", sa.Column("supplier_id", sa.BigInteger(), nullable=True))
    # Validating the key reads both tables; under forced row security that asks for a store, so it is lifted.
    for table in ("variant_settings", "suppliers"):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.create_foreign_key(
        op.f("fk_variant_settings_store_id_supplier_id"),
        "variant_settings",
        "suppliers",
        ["store_id", "supplier_id"],
        ["store_id", "id"],
    )
    for table in ("variant_settings", "suppliers"):
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.create_index("ix_variant_settings_supplier", "variant_settings", ["store_id", "supplier_id"])


def _overrides() -> None:
    op.create_table(
        "forecast_overrides",
        *_keys("forecast_overrides"),
        sa.Column("variant_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("value", sa.Numeric(14, 3), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        _made_at(),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=False),
        sa.Column("model_units", sa.Float(), nullable=True),
        sa.Column("override_units", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id", "variant_id"],
            ["variants.store_id", "variants.id"],
            name=op.f("fk_forecast_overrides_store_id_variant_id"),
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("kind IN ('units', 'percent')", name=op.f("ck_forecast_overrides_kind_is_known")),
        sa.CheckConstraint(
            "value >= CASE kind WHEN 'units' THEN 0 ELSE -100 END",
            name=op.f("ck_forecast_overrides_value_in_range"),
        ),
        sa.CheckConstraint("until >= starts_on", name=op.f("ck_forecast_overrides_days_in_order")),
    )
    op.create_index(
        "uq_forecast_overrides_one_open",
        "forecast_overrides",
        ["store_id", "variant_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("ix_forecast_overrides_variant", "forecast_overrides", ["store_id", "variant_id"])


def _views() -> None:
    op.create_table(
        "product_views",
        *_keys("product_views"),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("query", sa.String(4000), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        _made_at(),
        sa.ForeignKeyConstraint(
            ["store_id", "member_id"],
            ["members.store_id", "members.id"],
            name=op.f("fk_product_views_store_id_member_id"),
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint(
            "store_id", "member_id", "name", name=op.f("uq_product_views_store_id_member_id_name")
        ),
    )
    op.create_index(
        "uq_product_views_shared",
        "product_views",
        ["store_id", "name"],
        unique=True,
        postgresql_where=sa.text("member_id IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("product_views")
    op.drop_table("forecast_overrides")
    op.drop_index("ix_variant_settings_supplier", "variant_settings")
    op.drop_constraint(op.f("fk_variant_settings_store_id_supplier_id"), "variant_settings")
    op.drop_column("variant_settings", "supplier_id")
    op.drop_column("forecasts", "model_numbers")
