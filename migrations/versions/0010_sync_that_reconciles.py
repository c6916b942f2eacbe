"""Sync that reconciles: where a run stands, what was last seen when, differences, troubles, merges, erasures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.row_security import secure

revision = "0010"
down_revision = "0006"
branch_labels = None
depends_on = None

_SEEN = ("orders", "products", "variants", "inventory_levels")
_SCOPED = ("variant_merges", "reconciliation_differences", "sync_troubles")
_WAITING = "handled_at IS NULL AND parked_at IS NULL"


def _moment(name: str, *, now: bool = False, nullable: bool = True) -> sa.Column[object]:
    default = sa.text("now()") if now else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=nullable and not now)


def _number(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _identity() -> sa.Column[object]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _of_store(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["store_id"], ["stores.id"], name=op.f(f"fk_{table}_store_id"), ondelete="CASCADE"
    )


def upgrade() -> None:
    op.add_column("stores", sa.Column("history_from", sa.Date(), nullable=True))
    for table in _SEEN:
        op.add_column(table, _moment("seen_at"))
    op.add_column("orders", _moment("created_at"))
    op.create_index("ix_orders_created", "orders", ["store_id", "created_at"])
    _runs()
    _receipts()
    _differences()
    _troubles()
    _merges()
    op.create_table(
        "erasures",
        _identity(),
        sa.Column("shop", sa.String(length=255), nullable=False),
        _moment("requested_at", nullable=False),
        _moment("erased_at", nullable=False),
        sa.Column("webhook_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
    )
    for table in _SCOPED:
        secure(table)


def _runs() -> None:
    empty = sa.text("'{}'::jsonb")
    for column in (
        sa.Column("cursors", postgresql.JSONB(astext_type=sa.Text()), server_default=empty, nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
    ):
        op.add_column("sync_runs", column)
        op.alter_column("sync_runs", column.name, server_default=None)
    op.drop_constraint(op.f("ck_sync_runs_kind_is_known"), "sync_runs")
    op.create_check_constraint(
        op.f("ck_sync_runs_kind_is_known"), "sync_runs", "kind IN ('first', 'incremental', 'reconciliation')"
    )


def _receipts() -> None:
    op.add_column("webhook_receipts", sa.Column("subject", sa.String(), server_default="", nullable=False))
    op.alter_column("webhook_receipts", "subject", server_default=None)
    op.add_column("webhook_receipts", _number("object_id", nullable=True))
    op.add_column("webhook_receipts", _moment("parked_at"))
    op.drop_index("ix_webhook_receipts_waiting", "webhook_receipts")
    for name, columns in (("waiting", ["received_at"]), ("subject", ["subject", "object_id"])):
        op.create_index(
            f"ix_webhook_receipts_{name}",
            "webhook_receipts",
            ["store_id", *columns],
            postgresql_where=sa.text(_WAITING),
        )


def _differences() -> None:
    op.create_table(
        "reconciliation_differences",
        _number("store_id"),
        _identity(),
        _number("run_id"),
        sa.Column("what", sa.String(), nullable=False),
        _number("variant_id", nullable=True),
        _number("inventory_item_id", nullable=True),
        _number("location_id", nullable=True),
        sa.Column("day", sa.Date(), nullable=True),
        _number("ours"),
        _number("theirs"),
        sa.CheckConstraint(
            "what IN ('units', 'stock')", name=op.f("ck_reconciliation_differences_what_is_known")
        ),
        sa.ForeignKeyConstraint(
            ["store_id", "run_id"],
            ["sync_runs.store_id", "sync_runs.id"],
            name=op.f("fk_reconciliation_differences_store_id_run_id"),
            ondelete="CASCADE",
        ),
        _of_store("reconciliation_differences"),
        sa.PrimaryKeyConstraint("store_id", "id", name=op.f("pk_reconciliation_differences")),
    )
    op.create_index("ix_reconciliation_differences_run", "reconciliation_differences", ["store_id", "run_id"])


def _troubles() -> None:
    op.create_table(
        "sync_troubles",
        _number("store_id"),
        _identity(),
        sa.Column("reason", sa.String(), nullable=False),
        _number("failures"),
        _moment("opened_at", now=True),
        _moment("mailed_at"),
        _moment("mended_at"),
        _of_store("sync_troubles"),
        sa.PrimaryKeyConstraint("store_id", "id", name=op.f("pk_sync_troubles")),
    )
    op.create_index(
        "uq_sync_troubles_one_open",
        "sync_troubles",
        ["store_id"],
        unique=True,
        postgresql_where=sa.text("mended_at IS NULL"),
    )


def _merges() -> None:
    op.create_table(
        "variant_merges",
        _number("store_id"),
        _identity(),
        _number("old_variant_id"),
        _number("new_variant_id"),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        _moment("proposed_at", now=True),
        _moment("decided_at"),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.CheckConstraint(
            "status IN ('proposed', 'accepted', 'declined')", name=op.f("ck_variant_merges_status_is_known")
        ),
        sa.CheckConstraint("old_variant_id <> new_variant_id", name=op.f("ck_variant_merges_two_variants")),
        _of_store("variant_merges"),
        sa.PrimaryKeyConstraint("store_id", "id", name=op.f("pk_variant_merges")),
        sa.UniqueConstraint(
            "store_id",
            "old_variant_id",
            "new_variant_id",
            name=op.f("uq_variant_merges_store_id_old_variant_id_new_variant_id"),
        ),
    )
    op.create_index(
        "uq_variant_merges_one_accepted",
        "variant_merges",
        ["store_id", "old_variant_id"],
        unique=True,
        postgresql_where=sa.text("status = 'accepted'"),
    )


def downgrade() -> None:
    for table in (*_SCOPED, "erasures"):
        op.drop_table(table)
    for name in ("waiting", "subject"):
        op.drop_index(f"ix_webhook_receipts_{name}", "webhook_receipts")
    for column in ("subject", "object_id", "parked_at"):
        op.drop_column("webhook_receipts", column)
    op.create_index(
        "ix_webhook_receipts_waiting",
        "webhook_receipts",
        ["store_id", "received_at"],
        postgresql_where=sa.text("handled_at IS NULL"),
    )
    op.execute("ALTER TABLE sync_runs NO FORCE ROW LEVEL SECURITY")
    op.execute("DELETE FROM sync_runs WHERE kind = 'reconciliation'")
    op.execute("ALTER TABLE sync_runs FORCE ROW LEVEL SECURITY")
    op.drop_constraint(op.f("ck_sync_runs_kind_is_known"), "sync_runs")
    op.create_check_constraint(
        op.f("ck_sync_runs_kind_is_known"), "sync_runs", "kind IN ('first', 'incremental')"
    )
    op.drop_column("sync_runs", "cursors")
    op.drop_column("sync_runs", "attempts")
    op.drop_index("ix_orders_created", "orders")
    op.drop_column("orders", "created_at")
    for table in _SEEN:
        op.drop_column(table, "seen_at")
    op.drop_column("stores", "history_from")
