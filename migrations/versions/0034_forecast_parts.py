"""Long forecast runs in parts, and Prophet's answers product by product."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.row_security import secure

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "forecast_parts",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("variants", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "run_id", "number", name=op.f("pk_forecast_parts")),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_forecast_parts_store_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["store_id", "run_id"],
            ["forecast_runs.store_id", "forecast_runs.id"],
            name=op.f("fk_forecast_parts_store_id_run_id"),
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "forecast_answers",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "variant_id", name=op.f("pk_forecast_answers")),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_forecast_answers_store_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["store_id", "variant_id"],
            ["variants.store_id", "variants.id"],
            name=op.f("fk_forecast_answers_store_id_variant_id"),
            ondelete="CASCADE",
        ),
    )
    secure("forecast_parts")
    secure("forecast_answers")


def downgrade() -> None:
    op.drop_table("forecast_answers")
    op.drop_table("forecast_parts")
