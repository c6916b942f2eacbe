"""Files that merchants bring: imports with their undo, records of other systems, costs where Shopify has none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.row_security import secure

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def _keys(table: str) -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "id", name=op.f(f"pk_{table}")),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f(f"fk_{table}_store_id"), ondelete="CASCADE"
        ),
    )


def _moment(name: str, **options: object) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), **options)  # type: ignore[arg-type]


def _json(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, postgresql.JSONB(astext_type=sa.Text()), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "imports",
        *_keys("imports"),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("filename", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        _json("content", nullable=True),
        _json("mapping"),
        _json("answers"),
        _json("undo"),
        _json("summary"),
        sa.Column("actor", sa.String(), nullable=False),
        _moment("created_at", server_default=sa.text("now()"), nullable=False),
        _moment("applied_at", nullable=True),
        _moment("undone_at", nullable=True),
        sa.CheckConstraint(
            "status IN ('preview', 'applied', 'undone')", name=op.f("ck_imports_status_is_known")
        ),
        sa.CheckConstraint(
            "kind IN ('products', 'suppliers', 'stocky_orders', 'stocky_adjustments')",
            name=op.f("ck_imports_kind_is_known"),
        ),
    )
    op.create_table(
        "imported_records",
        *_keys("imported_records"),
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=True),
        _json("detail"),
        sa.ForeignKeyConstraint(
            ["store_id", "import_id"],
            ["imports.store_id", "imports.id"],
            name=op.f("fk_imported_records_store_id_import_id"),
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint(
            "store_id", "kind", "number", name=op.f("uq_imported_records_store_id_kind_number")
        ),
    )
    for table in ("imports", "imported_records"):
        secure(table)
    op.add_column("variant_settings", sa.Column("unit_cost", sa.Numeric(14, 4), nullable=True))


def downgrade() -> None:
    op.drop_column("variant_settings", "unit_cost")
    op.drop_table("imported_records")
    op.drop_table("imports")
