"""The proof of our orders on the store's own past: runs, and what each found for each variant."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.row_security import secure

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_KNOWN = (
    "wanted lost_had lost_ours lost_rule empty_days_had empty_days_ours empty_days_rule stock_ours stock_rule"
)
_PERHAPS = (
    "stock_had lost_margin_had lost_margin_ours lost_margin_rule stock_value_had stock_value_ours"
    " stock_value_rule gain"
)


def _of_store(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["store_id"], ["stores.id"], name=op.f(f"fk_{table}_store_id"), ondelete="CASCADE"
    )


def upgrade() -> None:
    op.create_table(
        "proofs",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("done", sa.Float(), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("ready_on", sa.Date(), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("products", sa.BigInteger(), nullable=False),
        sa.Column("left_out", sa.BigInteger(), nullable=False),
        sa.Column("recorded", sa.Float(), nullable=False),
        sa.Column("inferred_days", sa.BigInteger(), nullable=False),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'done', 'failed')", name=op.f("ck_proofs_status_is_known")
        ),
        _of_store("proofs"),
        sa.PrimaryKeyConstraint("store_id", "id", name=op.f("pk_proofs")),
    )
    _lines()
    for table in ("proofs", "proof_lines"):
        secure(table)


def _lines() -> None:
    op.create_table(
        "proof_lines",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("proof_id", sa.BigInteger(), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), nullable=False),
        sa.Column("recorded_days", sa.BigInteger(), nullable=False),
        sa.Column("inferred_days", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Float(), nullable=False) for name in _KNOWN.split()),
        *(sa.Column(name, sa.Float(), nullable=True) for name in _PERHAPS.split()),
        sa.ForeignKeyConstraint(
            ["store_id", "proof_id"],
            ["proofs.store_id", "proofs.id"],
            name=op.f("fk_proof_lines_store_id_proof_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["store_id", "variant_id"],
            ["variants.store_id", "variants.id"],
            name=op.f("fk_proof_lines_store_id_variant_id"),
            ondelete="CASCADE",
        ),
        _of_store("proof_lines"),
        sa.PrimaryKeyConstraint("store_id", "proof_id", "variant_id", name=op.f("pk_proof_lines")),
    )


def downgrade() -> None:
    op.drop_table("proof_lines")
    op.drop_table("proofs")
