"""How a store shares service out: by the levels of classes, or where stock saves most sales for its money."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "store_settings", sa.Column("service_by", sa.String(), nullable=False, server_default="level")
    )
    op.create_check_constraint(
        "service_by_is_known", "store_settings", "service_by IN ('level', 'value')", postgresql_not_valid=True
    )
    op.execute("ALTER TABLE store_settings VALIDATE CONSTRAINT ck_store_settings_service_by_is_known")


def downgrade() -> None:
    op.drop_column("store_settings", "service_by")
