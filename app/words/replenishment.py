"""The ledger in words: what each line is, and what its numbers were."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from app.platform.formats import counted, long_day, money, number, signed
from app.platform.i18n import gettext, lazy_gettext

LABELS = {
    "demand": lazy_gettext("Expected demand until the next order arrives"),
    "events": lazy_gettext("Changed by coming events"),
    "override": lazy_gettext("Changed by your override"),
    "safety": lazy_gettext("Safety stock for the service level"),
    "settling": lazy_gettext("Target comes down step by step"),
    "minimum": lazy_gettext("Raised to your minimum stock"),
    "on_hand": lazy_gettext("On hand"),
    "committed": lazy_gettext("Committed to open orders"),
    "backorders": lazy_gettext("Owed to customers"),
    "incoming": lazy_gettext("Already on its way"),
    "enough": lazy_gettext("Stock already covers this, so nothing to order"),
    "moq": lazy_gettext("Raised to the minimum order quantity"),
    "case": lazy_gettext("Rounded to full cases"),
    "maximum": lazy_gettext("Cut to your maximum stock"),
}


# Why a suggestion is not what it was (`domain.replenishment.change`).
CAUSES = {
    "sales": lazy_gettext("Expected demand"),
    "stock": lazy_gettext("Stock on hand and open orders"),
    "arrivals": lazy_gettext("What is on its way"),
    "settings": lazy_gettext("Settings, such as lead time and service level"),
    "sharing": lazy_gettext("Stock shared out by value: levels, and targets that come down step by step"),
}


def cause(code: str) -> str:
    """What made a suggestion change."""
    return str(CAUSES[code])


def label(code: str) -> str:
    """What a line of the ledger is."""
    return str(LABELS[code])


def detail(code: str, facts: Mapping[str, Any] | str) -> str:
    """What stands behind a line, empty where there is nothing to add.

    A text is shown as it is: plans of an earlier release were stored in words.
    """
    if isinstance(facts, str) or not facts:
        return str(facts or "")
    return _SAID[code](facts)


def _demand(facts: Mapping[str, Any]) -> str:
    days = gettext(
        "%(lead)s of lead time + %(review)s to the next review",
        lead=counted(facts["lead_days"], "day"),
        review=counted(facts["review_days"], "day"),
    )
    if "large_orders" not in facts:
        return days
    apart = gettext(
        "large one-off orders left out: %(orders)s, %(units)s",
        orders=counted(facts["large_orders"], "order"),
        units=counted(facts["large_units"], "unit"),
    )
    return f"{days}; {apart}"


def _safety(facts: Mapping[str, Any]) -> str:
    percent = facts["percent"]
    digits = 0 if percent == int(percent) else 1
    if facts.get("by") == "value":
        return gettext(
            "to cover demand with %(percent)s %% probability, shared out by value for money",
            percent=number(percent, 1),
        )
    return gettext("to cover demand with %(percent)s %% probability", percent=number(percent, digits))


def _events(facts: Mapping[str, Any]) -> str:
    return "; ".join(event(**one) for one in facts["events"])


def event(*, name: str, first: str, last: str, percent: float) -> str:
    """`Black Friday, 27 November 2026 to 30 November 2026: +40 %`."""
    return gettext(
        "%(name)s, %(first)s to %(last)s: %(percent)s %%",
        name=name,
        first=long_day(first),
        last=long_day(last),
        percent=signed(round(percent)),
    )


def _settling(facts: Mapping[str, Any]) -> str:
    return gettext(
        "it was %(units)s on %(day)s; a quiet week may be chance, so it comes down a part of the way at each review",
        units=number(facts["was"]),
        day=long_day(date.fromisoformat(facts["on"])),
    )


def _minimum(facts: Mapping[str, Any]) -> str:
    lasts = _lasting(facts["days"])
    if not facts["cheaper"]:
        return lasts
    amounts = {name: money(facts[name], facts["currency"]) for name in ("accept", "wait")}
    if facts["cheaper"] == "wait":
        costs = gettext(
            "taking more than is needed may cost %(accept)s, waiting for the next order %(wait)s:"
            " waiting costs less",
            **amounts,
        )
    else:
        costs = gettext(
            "taking more than is needed may cost %(accept)s, waiting for the next order %(wait)s:"
            " taking it costs less",
            **amounts,
        )
    return f"{lasts}; {costs}"


def _lasting(days: float | None) -> str:
    if days is None:
        return gettext("no sales are expected that would use it up")
    if days <= 365:
        return gettext("this order lasts about %(days)s", days=counted(round(days), "day"))
    return gettext("this order lasts about %(years)s years", years=number(days / 365, 1))


def _override(facts: Mapping[str, Any]) -> str:
    return gettext(
        "%(number)s until %(day)s: %(reason)s",
        number=override_value(facts["kind"], Decimal(facts["value"])),
        day=long_day(date.fromisoformat(facts["until"])),
        reason=facts["reason"],
    )


def override_value(kind: str, value: Decimal) -> str:
    """`3.5 units a day`, `+20 % against the model`."""
    if kind == "units":
        digits = max(-int(value.normalize().as_tuple().exponent), 0)
        return gettext("%(units)s units a day", units=number(value, digits))
    return gettext("%(percent)s %% against the model", percent=signed(int(value)))


_SAID: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "demand": _demand,
    "safety": _safety,
    "settling": _settling,
    "events": _events,
    "override": _override,
    "moq": _minimum,
}
