"""The language of a store's mails and files, and the one a member has chosen for their pages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("store_settings", sa.Column("language", sa.String(), server_default="en", nullable=False))
    op.alter_column("store_settings", "language", server_default=None)
    op.add_column("members", sa.Column("language", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("members", "language")
    op.drop_column("store_settings", "language")
