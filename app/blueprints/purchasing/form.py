"""The forms of an order and of a supplier: what was typed becomes a change, or errors beside the fields."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from app.domain.forecasts import MAX_DAYS
from app.platform.formats import number
from app.platform.forms import Form, is_address
from app.platform.i18n import gettext
from app.queries.purchasing import Order
from app.services.purchasing import KEPT, DraftChange, Kept, LineChange

MOST_UNITS = 1_000_000
MOST_RECIPIENTS = 5
_FURTHEST = timedelta(days=730)
SUPPLIER_FIELDS = (
    "name",
    "email",
    "lead_time_days",
    "lead_time_sd_days",
    "review_days",
    "minimum_order_value",
    "currency",
    "note",
)


def version(typed: Mapping[str, str]) -> int:
    """The version of the order that the page showed; anything odd is one that never was."""
    text = typed.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else -1


def chosen_location(typed: Mapping[str, str]) -> int | None:
    """The location for which orders are asked, 0 for those that name none; anything odd is all of them."""
    text = typed.get("location", "")
    return int(text) if text.isdecimal() and len(text) < 19 else None


def draft(typed: Mapping[str, str], order: Order, today: date) -> Form:
    """Quantities, costs, day and note of a draft."""
    form = Form(typed)
    for line in order.lines:
        form.whole(f"ordered-{line.id}", low=0, high=MOST_UNITS)
        form.amount(f"cost-{line.id}", digits=4)
    form.day("expected_on", earliest=today, latest=today + _FURTHEST, optional=True)
    form.words("note", most=2000)
    return form


def location(form: Form) -> int | Kept | None:
    """Where the order is to be delivered; None: the store as a whole. What is no location is found so later."""
    if "location_id" not in form.typed:  # a store with one location is not asked
        return KEPT
    text = form.text("location_id")
    return (int(text) if text.isdecimal() and len(text) < 19 else 0) if text else None


def draft_change(form: Form, order: Order) -> DraftChange:
    """The change that a valid form asks for."""
    lines = {
        line.id: LineChange(form.values[f"ordered-{line.id}"], form.values[f"cost-{line.id}"])
        for line in order.lines
    }
    is_listed = form.text("also_in_shopify") == "1"
    return DraftChange(lines, form.values["expected_on"], form.values["note"], is_listed, location(form))


def letter(form: Form) -> None:
    """To whom the order goes, who answers are for, and a word to the supplier."""
    form.addresses("recipients", most=MOST_RECIPIENTS)
    if not form.text("recipients"):
        form.errors["recipients"] = gettext(
            "Enter the supplier's e-mail address, or mark the order as sent instead."
        )
    form.words("message", most=2000)
    form.words("reply_to", most=254)
    if form.text("reply_to") and not is_address(form.text("reply_to")):
        form.errors["reply_to"] = gettext("Write the address like name@example.com.")


def delivery(typed: Mapping[str, str], order: Order) -> tuple[Form, dict[int, tuple[int, int]]]:
    """What arrived of each line: (good units, rejected units)."""
    form, brought = Form(typed), {}
    for line in order.lines:
        good, bad = f"received-{line.id}", f"rejected-{line.id}"
        for name in (good, bad):
            form.whole(name, low=0, high=MOST_UNITS, optional=True)
        units = (form.values.get(good) or 0, form.values.get(bad) or 0)
        if sum(units) > line.open and good not in form.errors:
            form.errors[good] = gettext(
                "Only %(open)s are open. Count what came on top of it in Shopify alone.",
                open=number(line.open),
            )
        brought[line.id] = units
    return form, brought


def everything(order: Order) -> dict[int, tuple[int, int]]:
    """A delivery that brings all that is open."""
    return {line.id: (line.open, 0) for line in order.lines}


def schedule(typed: Mapping[str, str], today: date) -> Form:
    """Another day of arrival."""
    form = Form(typed)
    form.day("expected_on", earliest=today - _FURTHEST, latest=today + _FURTHEST)
    return form


def supplier(typed: Mapping[str, str], review_days: int, lead_time_days: int) -> Form:
    """What is known of a supplier; an empty field takes the store's value."""
    form = Form(typed)
    form.words("name", most=200, optional=False)
    form.words("email", most=254)
    if form.text("email") and not is_address(form.text("email")):
        form.errors["email"] = gettext("Write the address like name@example.com.")
    form.whole("lead_time_days", low=0, high=MAX_DAYS - 1, optional=True)
    form.whole("review_days", low=1, high=90, optional=True)
    form.values["lead_time_sd_days"] = None
    if form.text("lead_time_sd_days"):
        form.decimal("lead_time_sd_days", low=0, high=60)
    form.amount("minimum_order_value")
    form.words("note", most=2000)
    code = form.text("currency").upper()
    form.values["currency"] = code or None
    if code and not (len(code) == 3 and code.isascii() and code.isalpha()):
        form.errors["currency"] = gettext("Enter the three letters of a currency, such as USD.")
    lead = form.values.get("lead_time_days")
    review = form.values.get("review_days")
    reach = (lead if lead is not None else lead_time_days) + (review if review is not None else review_days)
    if reach > MAX_DAYS and "lead_time_days" not in form.errors:
        form.errors["lead_time_days"] = gettext(
            "Lead time and days between orders come to %(sum)s; forecasts reach %(most)s days ahead."
            " Enter less.",
            sum=reach,
            most=MAX_DAYS,
        )
    return form
