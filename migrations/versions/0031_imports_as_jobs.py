"""Imports are checked, applied and undone by jobs, which say how far they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_TEXTS = {"work": "", "work_status": "done", "error": "", "asked_by": ""}
_KNOWN = {
    "work_is_known": "work IN ('', 'check', 'apply', 'undo')",
    "work_status_is_known": "work_status IN ('queued', 'running', 'done', 'failed')",
}


def upgrade() -> None:
    for name, default in _TEXTS.items():
        op.add_column("imports", sa.Column(name, sa.String(), nullable=False, server_default=default))
    for name in ("rows", "rows_done"):
        op.add_column("imports", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("imports", sa.Column("outcome", postgresql.JSONB(), nullable=True))
    for name, condition in _KNOWN.items():
        op.create_check_constraint(name, "imports", condition, postgresql_not_valid=True)
        op.execute(f"ALTER TABLE imports VALIDATE CONSTRAINT ck_imports_{name}")


def downgrade() -> None:
    for name in (*_TEXTS, "rows", "rows_done", "outcome"):
        op.drop_column("imports", name)
