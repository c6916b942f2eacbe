"""One digest a day at the store's hour, quiet days, weekly summaries, and channels beside e-mail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.row_security import secure

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_SETTINGS = (
    ("digest_hour", sa.BigInteger(), "8"),
    ("quiet_days", postgresql.ARRAY(sa.Integer()), "{}"),
    ("weekly_summary", sa.Boolean(), "true"),
)


def upgrade() -> None:
    for name, kind, default in _SETTINGS:
        op.add_column("store_settings", sa.Column(name, kind, server_default=default, nullable=False))
        op.alter_column("store_settings", name, server_default=None)
    op.create_check_constraint(
        op.f("ck_store_settings_digest_hour_in_range"), "store_settings", "digest_hour BETWEEN 0 AND 23"
    )
    op.create_check_constraint(
        op.f("ck_store_settings_quiet_days_are_weekdays"),
        "store_settings",
        "quiet_days <@ ARRAY[1, 2, 3, 4, 5, 6, 7]",
    )
    _messages()
    _channels()
    _rounds()


def _messages() -> None:
    empty = sa.text("'{}'::jsonb")
    for column in (
        sa.Column("channel", sa.String(), server_default="email", nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=True),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), server_default=empty, nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
    ):
        op.add_column("alert_mails", column)
    op.create_check_constraint(
        op.f("ck_alert_mails_channel_is_known"), "alert_mails", "channel IN ('email', 'webhook', 'slack')"
    )


def _channels() -> None:
    op.create_table(
        "alert_channels",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("url_sealed", sa.String(), nullable=False),
        sa.Column("secret_sealed", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('webhook', 'slack')", name=op.f("ck_alert_channels_kind_is_known")),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_alert_channels_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", "id", name=op.f("pk_alert_channels")),
    )
    secure("alert_channels")


def _rounds() -> None:
    op.create_table(
        "mail_rounds",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('digest', 'summary')", name=op.f("ck_mail_rounds_kind_is_known")),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_mail_rounds_store_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", "kind", "day", name=op.f("pk_mail_rounds")),
    )
    secure("mail_rounds")


def downgrade() -> None:
    op.drop_table("mail_rounds")
    op.drop_table("alert_channels")
    op.drop_constraint(op.f("ck_alert_mails_channel_is_known"), "alert_mails")
    for name in ("channel", "channel_id", "headers", "claimed_at"):
        op.drop_column("alert_mails", name)
    for name in ("quiet_days_are_weekdays", "digest_hour_in_range"):
        op.drop_constraint(op.f(f"ck_store_settings_{name}"), "store_settings")
    for name, _, _ in _SETTINGS:
        op.drop_column("store_settings", name)
