"""An alert keeps its kind and facts; the reader's language says them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("alerts", "message")


def downgrade() -> None:
    op.add_column("alerts", sa.Column("message", sa.String(), server_default="", nullable=False))
