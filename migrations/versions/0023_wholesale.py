"""One-off large orders that are kept apart from demand, and a quick way to the lines that may be such."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.row_security import secure

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "wholesale_lines",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("line_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("variant_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("usual_units", sa.Float(), nullable=False),
        sa.Column("is_counted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("decided_by", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("store_id", "line_id", name=op.f("pk_wholesale_lines")),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_wholesale_lines_store_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["store_id", "line_id"],
            ["order_lines.store_id", "order_lines.id"],
            name=op.f("fk_wholesale_lines_store_id_line_id"),
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_wholesale_lines_variant", "wholesale_lines", ["store_id", "variant_id"])
    op.create_index(
        "ix_order_lines_large",
        "order_lines",
        ["store_id", "variant_id"],
        postgresql_where=sa.text("units >= 10"),
    )
    secure("wholesale_lines")


def downgrade() -> None:
    op.drop_index("ix_order_lines_large", "order_lines")
    op.drop_table("wholesale_lines")
