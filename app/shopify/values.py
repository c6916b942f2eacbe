"""Values as Shopify writes them: ids, times, amounts and texts, read strictly."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal


class MalformedRow(ValueError):
    """A Shopify object lacks what its schema promises; the message names the object and the field."""


def numeric_id(gid: str) -> int:
    """`gid://shopify/Order/42?x=1` → 42. Raises MalformedRow."""
    tail = gid.rsplit("/", 1)[-1].split("?", 1)[0]
    if not tail.isdigit():
        raise MalformedRow(f"{gid!r} is not a Shopify id.")
    return int(tail)


def gid(kind: str, number: int) -> str:
    """42 → `gid://shopify/Order/42`."""
    return f"gid://shopify/{kind}/{number}"


def instant(written: str) -> datetime:
    """An ISO time with offset → aware UTC. Raises MalformedRow."""
    try:
        moment = datetime.fromisoformat(written)
    except (ValueError, TypeError) as error:
        raise MalformedRow(f"{written!r} is not a time.") from error
    if moment.tzinfo is UTC:
        return moment
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def money(amount: str | None) -> Decimal | None:
    """An amount of money, exactly."""
    return None if amount is None else Decimal(str(amount))


def text(value: str | None) -> str:
    """A text as PostgreSQL can store it, empty for none."""
    # PostgreSQL stores neither a NUL character nor half a surrogate pair; a title may carry them.
    if not value:
        return ""
    if value.isascii() and "\x00" not in value:
        return value
    return value.replace("\x00", "").encode("utf-8", "replace").decode()
