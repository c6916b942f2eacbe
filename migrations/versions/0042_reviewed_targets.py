"""What targets had come to at each product's latest review: from there they come down step by step."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.row_security import secure

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

_NUMBERS = (
    "target",
    "foreseen",
    "level",
    "lead_time_days",
    "lead_time_sd_days",
    "review_days",
    "service_level",
)


def upgrade() -> None:
    op.create_table(
        "reviewed_targets",
        sa.Column("reviewed_on", sa.Date(), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Float(), nullable=False) for name in _NUMBERS),
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_reviewed_targets_store_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["store_id", "variant_id"],
            ["variants.store_id", "variants.id"],
            name=op.f("fk_reviewed_targets_store_id_variant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("store_id", "variant_id", name=op.f("pk_reviewed_targets")),
    )
    secure("reviewed_targets")
    op.add_column("plan_bases", sa.Column("settling", sa.Float(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("plan_bases", "settling")
    op.drop_table("reviewed_targets")
