"""How good each variant's past forecasts were, added up every night."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.row_security import secure

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accuracy_sums",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("demand_class", sa.String(), nullable=False),
        sa.Column("forecasts", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Float(), nullable=False) for name in ("sold", "error", "size", "average")),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("loss", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "variant_id", name=op.f("pk_accuracy_sums")),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_accuracy_sums_store_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["store_id", "variant_id"],
            ["variants.store_id", "variants.id"],
            name=op.f("fk_accuracy_sums_store_id_variant_id"),
            ondelete="CASCADE",
        ),
    )
    secure("accuracy_sums")


def downgrade() -> None:
    op.drop_table("accuracy_sums")
