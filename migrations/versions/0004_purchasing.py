"""Purchase orders: their lines, receipts and mails, what a supplier asks for, snoozed suggestions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.row_security import secure

SCOPED = (
    "purchase_order_counters",
    "purchase_orders",
    "purchase_mails",
    "purchase_order_lines",
    "purchase_receipts",
    "suggestion_snoozes",
)

revision = "0004"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "purchase_order_counters",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("last_number", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_purchase_order_counters_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", name=op.f("pk_purchase_order_counters")),
    )
    op.create_table(
        "purchase_orders",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("supplier_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("expected_on", sa.Date(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("also_in_shopify", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('draft', 'sent', 'partly_received', 'received', 'closed', 'cancelled')",
            name=op.f("ck_purchase_orders_status_is_known"),
        ),
        sa.ForeignKeyConstraint(
            ["store_id", "supplier_id"],
            ["suppliers.store_id", "suppliers.id"],
            name=op.f("fk_purchase_orders_store_id_supplier_id"),
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_purchase_orders_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", "id", name=op.f("pk_purchase_orders")),
        sa.UniqueConstraint("store_id", "number", name=op.f("uq_purchase_orders_store_id_number")),
    )
    op.create_index(
        "ix_purchase_orders_supplier", "purchase_orders", ["store_id", "supplier_id"], unique=False
    )
    op.create_index(
        "uq_purchase_orders_one_draft",
        "purchase_orders",
        ["store_id", "supplier_id"],
        unique=True,
        postgresql_where="status = 'draft'",
    )
    op.create_table(
        "purchase_mails",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("recipients", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("html", sa.String(), nullable=False),
        sa.Column("attachment_name", sa.String(), nullable=False),
        sa.Column("attachment", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("provider_id", sa.String(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('queued', 'sending', 'sent', 'failed')",
            name=op.f("ck_purchase_mails_status_is_known"),
        ),
        sa.ForeignKeyConstraint(
            ["store_id", "order_id"],
            ["purchase_orders.store_id", "purchase_orders.id"],
            name=op.f("fk_purchase_mails_store_id_order_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_purchase_mails_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", "id", name=op.f("pk_purchase_mails")),
    )
    op.create_index("ix_purchase_mails_order", "purchase_mails", ["store_id", "order_id"], unique=False)
    op.create_table(
        "purchase_order_lines",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("suggested", sa.BigInteger(), nullable=True),
        sa.Column("ordered", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("cancelled", sa.BigInteger(), nullable=False),
        sa.Column("unit_cost", sa.Numeric(precision=14, scale=4), nullable=True),
        sa.CheckConstraint("ordered >= 1", name=op.f("ck_purchase_order_lines_ordered_positive")),
        sa.CheckConstraint(
            "received + rejected + cancelled <= ordered", name=op.f("ck_purchase_order_lines_units_conserved")
        ),
        sa.CheckConstraint(
            "received >= 0 AND rejected >= 0 AND cancelled >= 0",
            name=op.f("ck_purchase_order_lines_units_not_negative"),
        ),
        sa.CheckConstraint("unit_cost >= 0", name=op.f("ck_purchase_order_lines_unit_cost_not_negative")),
        sa.ForeignKeyConstraint(
            ["store_id", "order_id"],
            ["purchase_orders.store_id", "purchase_orders.id"],
            name=op.f("fk_purchase_order_lines_store_id_order_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["store_id", "variant_id"],
            ["variants.store_id", "variants.id"],
            name=op.f("fk_purchase_order_lines_store_id_variant_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_purchase_order_lines_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", "id", name=op.f("pk_purchase_order_lines")),
        sa.UniqueConstraint(
            "store_id",
            "order_id",
            "variant_id",
            name=op.f("uq_purchase_order_lines_store_id_order_id_variant_id"),
        ),
    )
    op.create_index(
        "ix_purchase_order_lines_variant", "purchase_order_lines", ["store_id", "variant_id"], unique=False
    )
    op.create_table(
        "suggestion_snoozes",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id", "variant_id"],
            ["variants.store_id", "variants.id"],
            name=op.f("fk_suggestion_snoozes_store_id_variant_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_suggestion_snoozes_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", "variant_id", name=op.f("pk_suggestion_snoozes")),
    )
    op.create_table(
        "purchase_receipts",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.CheckConstraint(
            "received >= 0 AND rejected >= 0 AND received + rejected > 0",
            name=op.f("ck_purchase_receipts_brought_something"),
        ),
        sa.ForeignKeyConstraint(
            ["store_id", "line_id"],
            ["purchase_order_lines.store_id", "purchase_order_lines.id"],
            name=op.f("fk_purchase_receipts_store_id_line_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["store_id", "order_id"],
            ["purchase_orders.store_id", "purchase_orders.id"],
            name=op.f("fk_purchase_receipts_store_id_order_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_purchase_receipts_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", "id", name=op.f("pk_purchase_receipts")),
    )
    op.create_index("ix_purchase_receipts_order", "purchase_receipts", ["store_id", "order_id"], unique=False)
    op.add_column("suppliers", sa.Column("email", sa.String(), server_default="", nullable=False))
    op.add_column("suppliers", sa.Column("note", sa.String(), server_default="", nullable=False))
    op.add_column("suppliers", sa.Column("currency", sa.String(length=3), nullable=True))
    op.add_column(
        "suppliers", sa.Column("minimum_order_value", sa.Numeric(precision=14, scale=2), nullable=True)
    )
    op.create_check_constraint(
        op.f("ck_suppliers_lead_time_sd_in_range"), "suppliers", "lead_time_sd_days BETWEEN 0 AND 180"
    )
    op.create_check_constraint(
        op.f("ck_suppliers_minimum_order_value_not_negative"), "suppliers", "minimum_order_value >= 0"
    )
    for table in SCOPED:
        secure(table)


def downgrade() -> None:
    op.drop_constraint(op.f("ck_suppliers_lead_time_sd_in_range"), "suppliers", type_="check")
    op.drop_constraint(op.f("ck_suppliers_minimum_order_value_not_negative"), "suppliers", type_="check")
    op.drop_column("suppliers", "minimum_order_value")
    op.drop_column("suppliers", "currency")
    op.drop_column("suppliers", "note")
    op.drop_column("suppliers", "email")
    op.drop_index("ix_purchase_receipts_order", table_name="purchase_receipts")
    op.drop_table("purchase_receipts")
    op.drop_table("suggestion_snoozes")
    op.drop_index("ix_purchase_order_lines_variant", table_name="purchase_order_lines")
    op.drop_table("purchase_order_lines")
    op.drop_index("ix_purchase_mails_order", table_name="purchase_mails")
    op.drop_table("purchase_mails")
    op.drop_index(
        "uq_purchase_orders_one_draft", table_name="purchase_orders", postgresql_where="status = 'draft'"
    )
    op.drop_index("ix_purchase_orders_supplier", table_name="purchase_orders")
    op.drop_table("purchase_orders")
    op.drop_table("purchase_order_counters")
