"""Events that the merchant names, days on which the shop was shut, and forecasts as they were before events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.row_security import secure

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _events()
    _bases()
    op.add_column(
        "forecast_runs",
        sa.Column("closed_weekdays", postgresql.ARRAY(sa.Integer()), server_default="{}", nullable=False),
    )
    for table in ("events", "forecast_bases"):
        secure(table)


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("target", sa.String(500), nullable=False),
        sa.Column("lift_percent", sa.Float(), nullable=True),
        sa.Column("is_found", sa.Boolean(), nullable=False),
        sa.Column("is_ordinary", sa.Boolean(), nullable=False),
        sa.Column("products", sa.BigInteger(), nullable=True),
        sa.Column("sold_units", sa.Float(), nullable=True),
        sa.Column("usual_units", sa.Float(), nullable=True),
        sa.Column("measured_percent", sa.Float(), nullable=True),
        sa.Column("used_percent", sa.Float(), nullable=True),
        sa.Column("coming_usual_units", sa.Float(), nullable=True),
        sa.Column("coming_units", sa.Float(), nullable=True),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("store_id", "id", name=op.f("pk_events")),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_events_store_id"), ondelete="CASCADE"
        ),
        sa.CheckConstraint("kind IN ('event', 'closed')", name=op.f("ck_events_kind_is_known")),
        sa.CheckConstraint(
            "scope IN ('all', 'vendor', 'tag', 'skus')", name=op.f("ck_events_scope_is_known")
        ),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_events_days_in_order")),
        sa.CheckConstraint("lift_percent BETWEEN -100 AND 10000", name=op.f("ck_events_lift_in_range")),
    )
    op.create_index("ix_events_days", "events", ["store_id", "last_day"])
    op.create_index(
        "uq_events_found",
        "events",
        ["store_id", "first_day"],
        unique=True,
        postgresql_where=sa.text("is_found"),
    )


def _bases() -> None:
    op.create_table(
        "forecast_bases",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sum_mean", postgresql.ARRAY(sa.Float()), nullable=False),
        sa.Column("events", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "variant_id", name=op.f("pk_forecast_bases")),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_forecast_bases_store_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["store_id", "variant_id"],
            ["variants.store_id", "variants.id"],
            name=op.f("fk_forecast_bases_store_id_variant_id"),
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    op.drop_column("forecast_runs", "closed_weekdays")
    op.drop_table("forecast_bases")
    op.drop_table("events")
