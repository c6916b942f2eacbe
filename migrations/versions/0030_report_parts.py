"""The files of reports in pieces."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.row_security import secure

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reports", sa.Column("size", sa.BigInteger(), nullable=True))
    op.create_table(
        "report_parts",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("report_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "report_id", "number", name=op.f("pk_report_parts")),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_report_parts_store_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["store_id", "report_id"],
            ["reports.store_id", "reports.id"],
            name=op.f("fk_report_parts_store_id_report_id"),
            ondelete="CASCADE",
        ),
    )
    secure("report_parts")


def downgrade() -> None:
    op.drop_table("report_parts")
    op.drop_column("reports", "size")
