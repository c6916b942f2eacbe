"""Why something cannot be done with a purchase order, in words that say what can."""

from __future__ import annotations

from app.domain.purchasing import ActNotAllowed, TooManyUnits
from app.platform.formats import number
from app.platform.i18n import gettext, lazy_gettext

_IS = {
    "draft": lazy_gettext("This order is still a draft."),
    "sent": lazy_gettext("This order is sent."),
    "partly_received": lazy_gettext("This order is partly received."),
    "received": lazy_gettext("This order is received."),
    "closed": lazy_gettext("This order is closed."),
    "cancelled": lazy_gettext("This order is cancelled."),
}
_NEEDED = {
    "edit": lazy_gettext("Only a draft can be changed."),
    "send": lazy_gettext("Only a draft can be sent."),
    "mail": lazy_gettext("Only an order that is on its way can be mailed again."),
    "reschedule": lazy_gettext("Only an order that is on its way can get another day of arrival."),
    "receive": lazy_gettext("Units can be received while an order is on its way."),
    "close": lazy_gettext("Only an order of which something was received can be closed."),
    "cancel": lazy_gettext("Only a draft, or an order of which nothing was received, can be cancelled."),
}


def act_not_allowed(error: ActNotAllowed) -> str:
    """In which status the order is, and in which the act is possible."""
    return f"{_IS[error.status]} {_NEEDED[error.act]}"


def too_many_units(error: TooManyUnits) -> str:
    """How many units can still be entered."""
    if error.wanted < 0:
        return gettext("A delivery cannot hold fewer than 0 units.")
    words = gettext(
        "Only %(open)s of %(ordered)s units are open. Enter at most that; count what came on top of it"
        " in Shopify alone.",
        open=number(error.line.open),
        ordered=number(error.line.ordered),
    )
    return f"{error.product}: {words}" if error.product else words
