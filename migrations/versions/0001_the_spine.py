"""The first tables: stores, catalogue, stock, sales, forecasts, suggestions, alerts, reports, audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.row_security import create_function, drop_function, secure

SCOPED = (
    "alert_mails",
    "audit_entries",
    "daily_sales",
    "forecast_runs",
    "inventory_levels",
    "locations",
    "members",
    "orders",
    "products",
    "reports",
    "stock_days",
    "store_settings",
    "suppliers",
    "sync_runs",
    "webhook_receipts",
    "order_lines",
    "variants",
    "alerts",
    "forecasts",
    "suggestions",
    "variant_settings",
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_function()
    op.create_table(
        "stores",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("shop", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("status_reason", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("access_token_sealed", sa.String(), nullable=True),
        sa.Column("access_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refresh_token_sealed", sa.String(), nullable=True),
        sa.Column("refresh_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "installed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("uninstalled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('installed', 'uninstalled', 'frozen', 'reauthorize')",
            name=op.f("ck_stores_status_is_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stores")),
        sa.UniqueConstraint("shop", name=op.f("uq_stores_shop")),
    )
    op.create_table(
        "alert_mails",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("recipients", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("html", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("provider_id", sa.String(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('queued', 'sending', 'sent', 'failed')", name=op.f("ck_alert_mails_status_is_known")
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_alert_mails_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", "id", name=op.f("pk_alert_mails")),
    )
    op.create_index("ix_alert_mails_latest", "alert_mails", ["store_id", "created_at"], unique=False)
    op.create_table(
        "audit_entries",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_audit_entries_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", "id", name=op.f("pk_audit_entries")),
    )
    op.create_index("ix_audit_entries_latest", "audit_entries", ["store_id", "at"], unique=False)
    op.create_table(
        "daily_sales",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("revenue", sa.Numeric(precision=16, scale=2), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_daily_sales_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", "variant_id", "day", name=op.f("pk_daily_sales")),
    )
    op.create_index("ix_daily_sales_day", "daily_sales", ["store_id", "day"], unique=False)
    op.create_table(
        "forecast_runs",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("engine", sa.String(), nullable=False),
        sa.Column("origin", sa.Date(), nullable=False),
        sa.Column("variants", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_forecast_runs_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", "id", name=op.f("pk_forecast_runs")),
    )
    op.create_table(
        "inventory_levels",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("inventory_item_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("location_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("available", sa.BigInteger(), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("committed", sa.BigInteger(), nullable=False),
        sa.Column("incoming", sa.BigInteger(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_inventory_levels_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(
            "store_id", "inventory_item_id", "location_id", name=op.f("pk_inventory_levels")
        ),
    )
    op.create_table(
        "locations",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_locations_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", "id", name=op.f("pk_locations")),
    )
    op.create_table(
        "members",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("shopify_user_id", sa.String(), nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("role IN ('owner', 'manager', 'viewer')", name=op.f("ck_members_role_is_known")),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_members_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", "id", name=op.f("pk_members")),
        sa.UniqueConstraint("store_id", "shopify_user_id", name=op.f("uq_members_store_id_shopify_user_id")),
    )
    op.create_index(
        "uq_members_one_founder", "members", ["store_id"], unique=True, postgresql_where="role = 'owner'"
    )
    op.create_table(
        "orders",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_orders_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", "id", name=op.f("pk_orders")),
    )
    op.create_index("ix_orders_processed", "orders", ["store_id", "processed_at"], unique=False)
    op.create_index("ix_orders_updated", "orders", ["store_id", "updated_at"], unique=False)
    op.create_table(
        "products",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("handle", sa.String(), nullable=False),
        sa.Column("vendor", sa.String(), nullable=False),
        sa.Column("product_type", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("tags", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("is_gift_card", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_products_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", "id", name=op.f("pk_products")),
    )
    op.create_index("ix_products_vendor", "products", ["store_id", "vendor"], unique=False)
    op.create_table(
        "reports",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("filename", sa.String(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'done', 'failed')", name=op.f("ck_reports_status_is_known")
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_reports_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", "id", name=op.f("pk_reports")),
    )
    op.create_index("ix_reports_latest", "reports", ["store_id", "created_at"], unique=False)
    op.create_table(
        "stock_days",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("inventory_item_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("available", sa.BigInteger(), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_stock_days_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", "inventory_item_id", "day", name=op.f("pk_stock_days")),
    )
    op.create_table(
        "store_settings",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("low_stock_threshold", sa.BigInteger(), nullable=False),
        sa.Column("alert_emails", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=True),
        sa.Column("lead_time_days", sa.BigInteger(), nullable=False),
        sa.Column("lead_time_sd_days", sa.Double(), nullable=False),
        sa.Column("review_days", sa.BigInteger(), nullable=False),
        sa.Column("service_level", sa.Double(), nullable=False),
        sa.Column("engine", sa.String(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "lead_time_days BETWEEN 0 AND 365", name=op.f("ck_store_settings_lead_time_in_range")
        ),
        sa.CheckConstraint(
            "lead_time_sd_days BETWEEN 0 AND 180", name=op.f("ck_store_settings_lead_time_sd_in_range")
        ),
        sa.CheckConstraint("low_stock_threshold >= 0", name=op.f("ck_store_settings_threshold_not_negative")),
        sa.CheckConstraint("review_days BETWEEN 1 AND 180", name=op.f("ck_store_settings_review_in_range")),
        sa.CheckConstraint(
            "service_level > 0.5 AND service_level < 1", name=op.f("ck_store_settings_service_level_in_range")
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_store_settings_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", name=op.f("pk_store_settings")),
    )
    op.create_table(
        "suppliers",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("vendor", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("lead_time_days", sa.BigInteger(), nullable=True),
        sa.Column("lead_time_sd_days", sa.Double(), nullable=True),
        sa.Column("review_days", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("lead_time_days BETWEEN 0 AND 365", name=op.f("ck_suppliers_lead_time_in_range")),
        sa.CheckConstraint("review_days BETWEEN 1 AND 180", name=op.f("ck_suppliers_review_in_range")),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_suppliers_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", "id", name=op.f("pk_suppliers")),
        sa.UniqueConstraint("store_id", "vendor", name=op.f("uq_suppliers_store_id_vendor")),
    )
    op.create_table(
        "sync_runs",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("done", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("operations", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('first', 'incremental')", name=op.f("ck_sync_runs_kind_is_known")),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'done', 'failed')", name=op.f("ck_sync_runs_status_is_known")
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_sync_runs_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", "id", name=op.f("pk_sync_runs")),
    )
    op.create_index("ix_sync_runs_latest", "sync_runs", ["store_id", "started_at"], unique=False)
    op.create_index(
        "uq_sync_runs_one_open",
        "sync_runs",
        ["store_id"],
        unique=True,
        postgresql_where="status IN ('queued', 'running')",
    )
    op.create_table(
        "webhook_receipts",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("webhook_id", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("api_version", sa.String(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("triggered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_webhook_receipts_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", "id", name=op.f("pk_webhook_receipts")),
        sa.UniqueConstraint("store_id", "webhook_id", name=op.f("uq_webhook_receipts_store_id_webhook_id")),
    )
    op.create_index(
        "ix_webhook_receipts_waiting",
        "webhook_receipts",
        ["store_id", "received_at"],
        unique=False,
        postgresql_where="handled_at IS NULL",
    )
    op.create_table(
        "order_lines",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), nullable=True),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("ordered", sa.BigInteger(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("is_gift_card", sa.Boolean(), nullable=False),
        sa.Column("unit_price", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.ForeignKeyConstraint(
            ["store_id", "order_id"],
            ["orders.store_id", "orders.id"],
            name=op.f("fk_order_lines_store_id_order_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_order_lines_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", "id", name=op.f("pk_order_lines")),
    )
    op.create_index("ix_order_lines_order", "order_lines", ["store_id", "order_id"], unique=False)
    op.create_index("ix_order_lines_variant", "order_lines", ["store_id", "variant_id"], unique=False)
    op.create_table(
        "variants",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("inventory_item_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("barcode", sa.String(), nullable=False),
        sa.Column("price", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("unit_cost", sa.Numeric(precision=14, scale=4), nullable=True),
        sa.Column("is_tracked", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["store_id", "product_id"],
            ["products.store_id", "products.id"],
            name=op.f("fk_variants_store_id_product_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_variants_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", "id", name=op.f("pk_variants")),
    )
    op.create_index("ix_variants_item", "variants", ["store_id", "inventory_item_id"], unique=False)
    op.create_index("ix_variants_name", "variants", ["store_id", "display_name"], unique=False)
    op.create_index("ix_variants_product", "variants", ["store_id", "product_id"], unique=False)
    op.create_index("ix_variants_sku", "variants", ["store_id", "sku"], unique=False)
    op.create_table(
        "alerts",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("gravity", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("mail_id", sa.BigInteger(), nullable=True),
        sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dismissed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('out_of_stock', 'below_threshold', 'runs_out_before_delivery')",
            name=op.f("ck_alerts_kind_is_known"),
        ),
        sa.ForeignKeyConstraint(
            ["store_id", "variant_id"],
            ["variants.store_id", "variants.id"],
            name=op.f("fk_alerts_store_id_variant_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_alerts_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", "id", name=op.f("pk_alerts")),
    )
    op.create_index("ix_alerts_latest", "alerts", ["store_id", "raised_at"], unique=False)
    op.create_index(
        "uq_alerts_one_open",
        "alerts",
        ["store_id", "variant_id"],
        unique=True,
        postgresql_where="resolved_at IS NULL",
    )
    op.create_table(
        "forecasts",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("origin", sa.Date(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("confidence", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("demand_class", sa.String(), nullable=False),
        sa.Column("refused_until", sa.Date(), nullable=True),
        sa.Column("daily_mean", postgresql.ARRAY(sa.Float()), nullable=False),
        sa.Column("daily_low", postgresql.ARRAY(sa.Float()), nullable=False),
        sa.Column("daily_high", postgresql.ARRAY(sa.Float()), nullable=False),
        sa.Column("grid_days", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("grid_q", postgresql.ARRAY(sa.Float()), nullable=False),
        sa.Column("sum_mean", postgresql.ARRAY(sa.Float()), nullable=False),
        sa.Column("sum_quantiles", postgresql.ARRAY(sa.Float()), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id", "run_id"],
            ["forecast_runs.store_id", "forecast_runs.id"],
            name=op.f("fk_forecasts_store_id_run_id"),
        ),
        sa.ForeignKeyConstraint(
            ["store_id", "variant_id"],
            ["variants.store_id", "variants.id"],
            name=op.f("fk_forecasts_store_id_variant_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_forecasts_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", "variant_id", name=op.f("pk_forecasts")),
    )
    op.create_table(
        "suggestions",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("committed", sa.BigInteger(), nullable=False),
        sa.Column("incoming", sa.BigInteger(), nullable=False),
        sa.Column("expected_demand", sa.Double(), nullable=True),
        sa.Column("protection_days", sa.BigInteger(), nullable=False),
        sa.Column("safety_stock", sa.BigInteger(), nullable=True),
        sa.Column("reorder_point", sa.BigInteger(), nullable=True),
        sa.Column("target_stock", sa.BigInteger(), nullable=True),
        sa.Column("days_of_cover", sa.Double(), nullable=True),
        sa.Column("stock_out_early", sa.Date(), nullable=True),
        sa.Column("stock_out", sa.Date(), nullable=True),
        sa.Column("stock_out_late", sa.Date(), nullable=True),
        sa.Column("order_by", sa.Date(), nullable=True),
        sa.Column("stock_gap", sa.Boolean(), nullable=False),
        sa.Column("overstock_units", sa.BigInteger(), nullable=False),
        sa.Column("overstock_value", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("urgency", sa.String(), nullable=False),
        sa.Column("urgency_rank", sa.BigInteger(), nullable=False),
        sa.Column("cost", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("cost_of_waiting", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("ledger", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_suggestions_quantity_not_negative")),
        sa.ForeignKeyConstraint(
            ["store_id", "variant_id"],
            ["variants.store_id", "variants.id"],
            name=op.f("fk_suggestions_store_id_variant_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_suggestions_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", "variant_id", name=op.f("pk_suggestions")),
    )
    op.create_index(
        "ix_suggestions_urgency", "suggestions", ["store_id", "urgency_rank", "order_by"], unique=False
    )
    op.create_table(
        "variant_settings",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("low_stock_threshold", sa.BigInteger(), nullable=True),
        sa.Column("lead_time_days", sa.BigInteger(), nullable=True),
        sa.Column("review_days", sa.BigInteger(), nullable=True),
        sa.Column("service_level", sa.Double(), nullable=True),
        sa.Column("moq", sa.BigInteger(), nullable=True),
        sa.Column("case_size", sa.BigInteger(), nullable=True),
        sa.Column("min_stock", sa.BigInteger(), nullable=True),
        sa.Column("max_stock", sa.BigInteger(), nullable=True),
        sa.Column("engine", sa.String(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "lead_time_days BETWEEN 0 AND 365", name=op.f("ck_variant_settings_lead_time_in_range")
        ),
        sa.CheckConstraint(
            "low_stock_threshold >= 0", name=op.f("ck_variant_settings_threshold_not_negative")
        ),
        sa.CheckConstraint(
            "min_stock >= 0 AND max_stock >= min_stock",
            name=op.f("ck_variant_settings_stock_limits_in_order"),
        ),
        sa.CheckConstraint(
            "moq >= 1 AND case_size >= 1", name=op.f("ck_variant_settings_order_sizes_positive")
        ),
        sa.CheckConstraint("review_days BETWEEN 1 AND 180", name=op.f("ck_variant_settings_review_in_range")),
        sa.CheckConstraint(
            "service_level > 0.5 AND service_level < 1",
            name=op.f("ck_variant_settings_service_level_in_range"),
        ),
        sa.ForeignKeyConstraint(
            ["store_id", "variant_id"],
            ["variants.store_id", "variants.id"],
            name=op.f("fk_variant_settings_store_id_variant_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_variant_settings_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", "variant_id", name=op.f("pk_variant_settings")),
    )
    for table in SCOPED:
        secure(table)


def downgrade() -> None:
    op.drop_table("variant_settings")
    op.drop_index("ix_suggestions_urgency", table_name="suggestions")
    op.drop_table("suggestions")
    op.drop_table("forecasts")
    op.drop_index("uq_alerts_one_open", table_name="alerts", postgresql_where="resolved_at IS NULL")
    op.drop_index("ix_alerts_latest", table_name="alerts")
    op.drop_table("alerts")
    op.drop_index("ix_variants_sku", table_name="variants")
    op.drop_index("ix_variants_product", table_name="variants")
    op.drop_index("ix_variants_name", table_name="variants")
    op.drop_index("ix_variants_item", table_name="variants")
    op.drop_table("variants")
    op.drop_index("ix_order_lines_variant", table_name="order_lines")
    op.drop_index("ix_order_lines_order", table_name="order_lines")
    op.drop_table("order_lines")
    op.drop_index(
        "ix_webhook_receipts_waiting", table_name="webhook_receipts", postgresql_where="handled_at IS NULL"
    )
    op.drop_table("webhook_receipts")
    op.drop_index(
        "uq_sync_runs_one_open", table_name="sync_runs", postgresql_where="status IN ('queued', 'running')"
    )
    op.drop_index("ix_sync_runs_latest", table_name="sync_runs")
    op.drop_table("sync_runs")
    op.drop_table("suppliers")
    op.drop_table("store_settings")
    op.drop_table("stock_days")
    op.drop_index("ix_reports_latest", table_name="reports")
    op.drop_table("reports")
    op.drop_index("ix_products_vendor", table_name="products")
    op.drop_table("products")
    op.drop_index("ix_orders_updated", table_name="orders")
    op.drop_index("ix_orders_processed", table_name="orders")
    op.drop_table("orders")
    op.drop_index("uq_members_one_founder", table_name="members", postgresql_where="role = 'owner'")
    op.drop_table("members")
    op.drop_table("locations")
    op.drop_table("inventory_levels")
    op.drop_table("forecast_runs")
    op.drop_index("ix_daily_sales_day", table_name="daily_sales")
    op.drop_table("daily_sales")
    op.drop_index("ix_audit_entries_latest", table_name="audit_entries")
    op.drop_table("audit_entries")
    op.drop_index("ix_alert_mails_latest", table_name="alert_mails")
    op.drop_table("alert_mails")
    op.drop_table("stores")
    drop_function()
