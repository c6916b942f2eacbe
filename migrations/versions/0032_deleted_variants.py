"""The few variants that Shopify no longer has are found by an index: what leaves them out had read all others."""

from __future__ import annotations

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_NAME = "ix_variants_deleted"


def upgrade() -> None:
    # Built beside those who write: it waits for their transactions, and nobody waits for it. What a try that was
    # cut off left behind is not valid, and goes first.
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")
        op.drop_index(_NAME, "variants", if_exists=True, postgresql_concurrently=True)
        op.create_index(
            _NAME,
            "variants",
            ["store_id", "id"],
            postgresql_where="deleted_at IS NOT NULL",
            postgresql_concurrently=True,
        )
        op.execute("RESET lock_timeout")


def downgrade() -> None:
    op.drop_index(_NAME, "variants")
