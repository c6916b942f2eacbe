"""What the automatic engine has learnt of a store, kept between nights."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.row_security import secure

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "forecast_choices",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("engine", sa.String(), nullable=False),
        sa.Column("origin", sa.Date(), nullable=False),
        sa.Column("variants", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_forecast_choices_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", "engine", name=op.f("pk_forecast_choices")),
    )
    secure("forecast_choices")


def downgrade() -> None:
    op.drop_table("forecast_choices")
