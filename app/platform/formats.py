"""Numbers, money and dates as a reader expects them; what is unknown is a dash, never a made-up value."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from app.platform.i18n import gettext, habits, ngettext

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
    if isinstance(value, int) and not digits:
        return _own_marks(f"{value:,}").replace("-", MINUS)
    if 0 < value < Decimal(1) / 2 / 10**digits:
        return f"< {_own_marks(f'{10**-digits:.{digits}f}')}"
    return _own_marks(f"{_rounded(value, digits):,.{digits}f}").replace("-", MINUS)


def signed(value: int) -> str:
    """`+12`, `−3` (with a true minus sign), `0`."""
    return f"+{number(value)}" if value > 0 else number(value)


def money(value: float | Decimal | None, currency: str) -> str:
    """An amount with the currency's own number of decimals."""
    if value is None or value != value:
        return UNKNOWN
    digits = 0 if currency in _WITHOUT_CENTS else 3 if currency in _WITH_MILS else 2
    amount = _own_marks(f"{abs(_rounded(value, digits)):,.{digits}f}")
    if habits().sign_first:
        shown = _SIGNS.get(currency, f"{currency}\u00a0") + amount
    else:
        shown = f"{amount}\u00a0{_SIGNS.get(currency, currency)}"
    return MINUS + shown if value < 0 else shown


def day(value: date | None, today: date, *, within: bool = False) -> str:
    """`Today`, `Tomorrow`, `23 Nov`, or `23 Nov 2025` in another year; `today` within a sentence."""
    if value is None:
        return UNKNOWN
    away = (value - today).days
    if -1 <= away <= 1:
        shown = (gettext("Today"), gettext("Tomorrow"), gettext("Yesterday"))[away]
        return shown.lower() if within else shown
    shown = habits().day.format(day=value.day, month=habits().short_months[value.month - 1])
    return shown if value.year == today.year else f"{shown} {value.year}"


def moment(value: datetime | None, zone: str, now: datetime, *, within: bool = False) -> str:
    """An instant where the store is: `Today 14:05`, `23 Nov 14:05`; `today 14:05` within a sentence."""
    if value is None:
        return UNKNOWN
    local = value.astimezone(ZoneInfo(zone))
    return f"{day(local.date(), now.astimezone(ZoneInfo(zone)).date(), within=within)} {local:%H:%M}"


def ago(value: datetime | None, now: datetime) -> str:
    """How long ago: `just now`, `5 minutes ago`, `2 days ago`."""
    if value is None:
        return gettext("never")
    past = now - value
    if (days := past // timedelta(days=1)) >= 1:
        return ngettext("%(num)s day ago", "%(num)s days ago", days)
    if (hours := past // timedelta(hours=1)) >= 1:
        return ngettext("%(num)s hour ago", "%(num)s hours ago", hours)
    if (minutes := past // timedelta(minutes=1)) >= 1:
        return ngettext("%(num)s minute ago", "%(num)s minutes ago", minutes)
    return gettext("just now")


def long_day(value: date | str | None) -> str:
    """A date for a mail, which may be read much later: `26 November 2026`."""
    if not value:
        return UNKNOWN
    known = date.fromisoformat(value) if isinstance(value, str) else value
    return f"{habits().day.format(day=known.day, month=habits().months[known.month - 1])} {known.year}"


def cover(days: float | None) -> str:
    """Days of cover: whole days up to a year, beyond that it says so rather than show a false precision."""
    if days is None or days != days:
        return UNKNOWN
    return gettext("Over a year") if days > 365 else number(days)


def _noun(one: str, many: str) -> tuple[str, str]:
    """Marks a noun's two forms for the message catalogue."""
    return one, many


_NOUNS = {
    "alert": _noun("%(n)s alert", "%(n)s alerts"),
    "day": _noun("%(n)s day", "%(n)s days"),
    "forecast": _noun("%(n)s forecast", "%(n)s forecasts"),
    "line": _noun("%(n)s line", "%(n)s lines"),
    "more product": _noun("%(n)s more product", "%(n)s more products"),
    "order": _noun("%(n)s order", "%(n)s orders"),
    "product": _noun("%(n)s product", "%(n)s products"),
    "suggestion": _noun("%(n)s suggestion", "%(n)s suggestions"),
    "supplier": _noun("%(n)s supplier", "%(n)s suppliers"),
    "transfer": _noun("%(n)s transfer", "%(n)s transfers"),
    "unit": _noun("%(n)s unit", "%(n)s units"),
}


def counted(count: int, noun: str) -> str:
    """`1 product`, `3 products`; a noun that is not listed above is a KeyError."""
    one, many = _NOUNS[noun]
    return ngettext(one, many, int(count), n=number(count))


def harmless(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula (a product may be called `=HYPERLINK(…)`)."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return value


def _own_marks(shown: str) -> str:
    """`1,234.5` with the marks of the language that is being spoken."""
    marks = habits()
    if marks.decimal == ".":
        return shown
    return shown.translate({ord(","): marks.group, ord("."): marks.decimal})


def _rounded(value: float | Decimal, digits: int) -> Decimal:
    # Half up, as people round by hand; Python's own rounding would make 2.5 a 2.
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
