"""The few variants that Shopify no longer has are found by an index: what leaves them out had read all others."""

from __future__ import annotations

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_variants_deleted", "variants", ["store_id", "id"], postgresql_where="deleted_at IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_index("ix_variants_deleted", "variants")
