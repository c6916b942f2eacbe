"""Numbers, money and dates as a reader expects them; what is unknown is a dash, never a made-up value."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

UNKNOWN = "–"
MINUS = "−"
# Signs that stand for one currency only; the others are named by their code.
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "CAD": "CA$", "AUD": "A$", "NZD": "NZ$"}
_WITHOUT_CENTS = {"CLP", "ISK", "JPY", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"}
_WITH_MILS = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}


def number(value: float | Decimal | None, digits: int = 0) -> str:
    """`12345.6` → `12,346`; a small share that would round to 0 is said as such."""
    if value is None or value != value:
        return UNKNOWN
    if 0 < value < Decimal(1) / 2 / 10**digits:
        return "< 1" if digits == 0 else f"< {10**-digits:.{digits}f}"
    shown = f"{_rounded(value, digits):,.{digits}f}"
    return shown.replace("-", MINUS)


def signed(value: int) -> str:
    """`+12`, `−3` (with a true minus sign), `0`."""
    return f"+{value:,}" if value > 0 else number(value)


def money(value: float | Decimal | None, currency: str) -> str:
    """An amount with the currency's own number of decimals."""
    if value is None or value != value:
        return UNKNOWN
    digits = 0 if currency in _WITHOUT_CENTS else 3 if currency in _WITH_MILS else 2
    sign = _SIGNS.get(currency, f"{currency}\u00a0")
    shown = f"{sign}{abs(_rounded(value, digits)):,.{digits}f}"
    return MINUS + shown if value < 0 else shown


def day(value: date | None, today: date) -> str:
    """`Today`, `Tomorrow`, `23 Nov`, or `23 Nov 2025` in another year."""
    if value is None:
        return UNKNOWN
    near = {-1: "Yesterday", 0: "Today", 1: "Tomorrow"}.get((value - today).days)
    if near:
        return near
    return f"{value.day} {value:%b}" if value.year == today.year else f"{value.day} {value:%b %Y}"


def moment(value: datetime | None, zone: str, now: datetime) -> str:
    """An instant where the store is: `Today 14:05`, `23 Nov 14:05`."""
    if value is None:
        return UNKNOWN
    local = value.astimezone(ZoneInfo(zone))
    return f"{day(local.date(), now.astimezone(ZoneInfo(zone)).date())} {local:%H:%M}"


def ago(value: datetime | None, now: datetime) -> str:
    """How long ago: `just now`, `5 minutes ago`, `2 days ago`."""
    if value is None:
        return "never"
    past = now - value
    for unit, size in (
        ("day", timedelta(days=1)),
        ("hour", timedelta(hours=1)),
        ("minute", timedelta(minutes=1)),
    ):
        count = past // size
        if count >= 1:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


def long_day(value: date | str | None) -> str:
    """A date for a mail, which may be read much later: `26 November 2026`."""
    if not value:
        return UNKNOWN
    known = date.fromisoformat(value) if isinstance(value, str) else value
    return f"{known.day} {known:%B %Y}"


def cover(days: float | None) -> str:
    """Days of cover: whole days up to a year, beyond that it says so rather than show a false precision."""
    if days is None or days != days:
        return UNKNOWN
    return "Over a year" if days > 365 else number(days)


def counted(count: int, one: str, many: str = "") -> str:
    """`1 product`, `3 products`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def harmless(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula (a product may be called `=HYPERLINK(…)`)."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return value


def _rounded(value: float | Decimal, digits: int) -> Decimal:
    # Half up, as people round by hand; Python's own rounding would make 2.5 a 2.
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
