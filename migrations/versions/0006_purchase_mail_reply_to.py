"""Where a supplier's answer to an order goes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("purchase_mails", sa.Column("reply_to", sa.String(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("purchase_mails", "reply_to")
