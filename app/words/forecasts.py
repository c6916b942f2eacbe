"""Why a product's forecast is what it is: the domain's code and its numbers become a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.platform.formats import counted
from app.platform.i18n import gettext, lazy_gettext

_PLAIN = {
    "refused": lazy_gettext("Not enough evidence yet to forecast this product"),
    "overridden": lazy_gettext(
        "There is too little history to forecast, so the demand is the one you entered"
    ),
    "average": lazy_gettext("Recent average: it came closest on this shop's own last weeks"),
    "average_unlearnt": lazy_gettext("Recent average: there is too little history yet to learn more from"),
    "chosen_prophet": lazy_gettext("Prophet, as chosen in the settings"),
    "gave_up_prophet": lazy_gettext(
        "Recent average with ranges from its own past errors: Prophet could not be fitted to this product's sales"
    ),
    "chosen_moving_average": lazy_gettext("Average of the last 7 days, as chosen in the settings"),
    "chosen_average_28": lazy_gettext("Average of the last 28 days, as chosen in the settings"),
    "chosen_calibrated_average": lazy_gettext(
        "Recent average with ranges from its own past errors, as chosen in the settings"
    ),
    "chosen_own_spread": lazy_gettext(
        "Recent average with the product's own ups and downs, as chosen in the settings"
    ),
    "chosen_learned": lazy_gettext("Learnt from all products of this shop, as chosen in the settings"),
}


def _short(numbers: Mapping[str, str]) -> str:
    return gettext(
        "Only %(days)s of sales so far: treat this as a first guess",
        days=counted(int(numbers["days"]), "day"),
    )


def _learnt(numbers: Mapping[str, str]) -> str:
    whole = numbers["share"] == "100"
    learnt = gettext("Learnt from all products of this shop") if whole else _mixed(numbers)
    if "closer" not in numbers:
        return learnt
    closer = gettext(
        "on the last weeks %(percent)s %% closer than the average alone", percent=numbers["closer"]
    )
    return f"{learnt}; {closer}"


def _mixed(numbers: Mapping[str, str]) -> str:
    return gettext(
        "Learnt from all products of this shop (%(share)s %%), the rest from the product's recent average",
        share=numbers["share"],
    )


# By demand.holidays.HOLIDAYS.
_SEASONS = {
    "christmas": lazy_gettext("little is expected after Christmas, which its title names"),
    "easter": lazy_gettext("little is expected after Easter, which its title names"),
    "valentine": lazy_gettext("little is expected after Valentine's Day, which its title names"),
    "halloween": lazy_gettext("little is expected after Halloween, which its title names"),
}
_NUMBERED: dict[str, Callable[[Mapping[str, str]], str]] = {"short": _short, "learnt": _learnt}


def reason(stored: str) -> str:
    """`learnt share=75 closer=12` in words, without a full stop.

    What no code is known for is shown as it is: it was stored by an earlier release, in words.
    """
    plain, _, holiday = stored.partition(" holiday=")
    if holiday in _SEASONS:
        return f"{reason(plain)}; {_SEASONS[holiday]}"
    code, *pairs = stored.split(" ")
    if code in _NUMBERED and all("=" in pair for pair in pairs):
        return _NUMBERED[code](dict(pair.split("=", 1) for pair in pairs))
    return str(_PLAIN.get(stored, stored))
