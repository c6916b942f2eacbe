"""People who log in outside the Shopify admin, and the stores they have connected."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, ForeignKeyConstraint, Identity, Index, String, func
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.db import Base


class User(Base):
    """One person with an e-mail address and a password. Global: a login knows no store yet."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    # Case-folded, so that one person cannot be two.
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str]
    # Counts up to end every session at once; a session carries the number it was made under.
    version: Mapped[int] = mapped_column(default=1)
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class StoreUser(Base):
    """That a user is a certain member of a store; the role is the member's. Global: it chooses the store."""

    __tablename__ = "store_users"

    user_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    store_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("stores.id", ondelete="CASCADE"), primary_key=True
    )
    member_id: Mapped[int] = mapped_column(BigInteger)
    connected_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (
        # A member who is taken off the store loses the way in with the same stroke.
        ForeignKeyConstraint(
            ["store_id", "member_id"], ["members.store_id", "members.id"], ondelete="CASCADE"
        ),
        Index("uq_store_users_member", "store_id", "member_id", unique=True),
    )
