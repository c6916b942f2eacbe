"""What plans of past weeks were made from, and why today's suggestions differ from them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.row_security import secure

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

_NUMBERS = (
    "on_hand",
    "committed",
    "incoming",
    "lead_time_days",
    "lead_time_sd_days",
    "review_days",
    "service_level",
    "moq",
    "case_size",
    "min_stock",
    "max_stock",
)


def upgrade() -> None:
    op.create_table(
        "plan_bases",
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Float(), nullable=False),
        *(sa.Column(name, sa.Float(), nullable=False) for name in _NUMBERS),
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_plan_bases_store_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["store_id", "variant_id"],
            ["variants.store_id", "variants.id"],
            name=op.f("fk_plan_bases_store_id_variant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("store_id", "variant_id", "planned_on", name=op.f("pk_plan_bases")),
    )
    secure("plan_bases")
    op.add_column("suggestions", sa.Column("change", postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column("suggestions", "change")
    op.drop_table("plan_bases")
