"""Invitations to a store by e-mail: a row first, then one mail with a link, then perhaps a member"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Identity, Index, String, func
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.db import Base
from app.platform.tenancy import StoreScoped


class Invitation(StoreScoped, Base):
    """One address that may become a member. The link in its mail is made when it is sent, and stored nowhere.

    `status` is the mail's. It ends by being accepted or withdrawn, or a week after it was made.
    """

    __tablename__ = "invitations"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    # Case-folded, as a user's is.
    email: Mapped[str] = mapped_column(String(254))
    role: Mapped[str]
    language: Mapped[str]
    invited_by: Mapped[str]
    status: Mapped[str] = mapped_column(default="queued")
    error: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    claimed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    accepted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    withdrawn_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("role IN ('manager', 'viewer')", name="role_can_be_given"),
        CheckConstraint("status IN ('queued', 'sending', 'sent', 'failed')", name="status_is_known"),
        Index(
            "uq_invitations_open",
            "store_id",
            "email",
            unique=True,
            postgresql_where="accepted_at IS NULL AND withdrawn_at IS NULL",
        ),
    )
