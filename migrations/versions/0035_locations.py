"""The plan of each location, and what to move between locations before buying."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.row_security import secure

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _number(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Float(), nullable=False)


def _of_store(table: str, *keys: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f(f"fk_{table}_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", *keys, name=op.f(f"pk_{table}")),
    ]


def upgrade() -> None:
    op.create_table(
        "location_plans",
        *(_whole(name) for name in ("variant_id", "location_id", "sold")),
        *(_number(name) for name in ("share", "expected")),
        *(_whole(name) for name in ("available", "incoming", "target", "goal")),
        _number("days_of_cover"),
        _whole("store_id"),
        *_of_store("location_plans", "variant_id", "location_id"),
    )
    secure("location_plans")
    op.create_table(
        "transfer_suggestions",
        *(_whole(name) for name in ("variant_id", "source_id", "destination_id")),
        _whole("units"),
        sa.Column("value", sa.Numeric(16, 2), nullable=True),
        *(_whole(name) for name in ("source_available", "source_incoming", "source_goal")),
        _number("days_of_cover"),
        sa.Column("ledger", postgresql.JSONB(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        _whole("store_id"),
        sa.CheckConstraint("units > 0", name=op.f("ck_transfer_suggestions_units_positive")),
        sa.CheckConstraint("source_id <> destination_id", name=op.f("ck_transfer_suggestions_two_locations")),
        *_of_store("transfer_suggestions", "variant_id", "source_id", "destination_id"),
    )
    op.create_index(
        "ix_transfer_suggestions_cover", "transfer_suggestions", ["store_id", "days_of_cover", "variant_id"]
    )
    secure("transfer_suggestions")


def downgrade() -> None:
    op.drop_table("transfer_suggestions")
    op.drop_table("location_plans")
