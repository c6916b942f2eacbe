"""Reorder suggestions: the whole table, the part of it that the dashboard shows too, and what is decided there."""

from __future__ import annotations

from datetime import timedelta

from flask import Response, request

from app.platform import clock, web
from app.platform.access import AppBlueprint, Permission, actor
from app.platform.forms import Form
from app.platform.i18n import gettext
from app.queries import replenishment, stores
from app.queries.paging import PAGE_SIZE, clean_page
from app.queries.replenishment import SuggestionTable
from app.services import purchasing, snoozes

blueprint = AppBlueprint("replenishment", __name__)
# The table stands on two pages: each has rows of its own and its own address to be pushed.
_HOMES = {"dashboard": 10, "replenishment": PAGE_SIZE}
_MOST_UNITS = 1_000_000
_LONGEST_SNOOZE = timedelta(days=366)


@blueprint.get("/suggestions", needs=Permission.REPLENISHMENT_READ)
def index() -> Response:
    """What to order, most urgent first."""
    if not web.wants_fragment():
        return web.render("replenishment/index.html", table=_asked_for())
    table = _asked_for()
    response = _render(table)
    shown = {"sort": table.sort, "search": table.search, "show": table.show, "page": table.page.number}
    response.headers["HX-Push-Url"] = web.page_url(f"{_home()}.index", **shown)
    return response


@blueprint.post("/suggestions/<int:variant_id>/accept", needs=Permission.REPLENISHMENT_DECIDE)
def accept(variant_id: int) -> Response:
    """Put the product on its supplier's draft order, in the quantity that is in the field."""
    form = Form(request.form)
    form.whole("quantity", low=1, high=_MOST_UNITS)
    if not form.is_valid:
        return _render(_asked_for(), status=422, wrong=variant_id, problem=form.errors["quantity"])
    quantity = form.values["quantity"]
    order = purchasing.accept(variant_id, quantity=quantity, actor=actor(), now=clock.now())
    return web.toast(
        _render(_asked_for()), gettext("On draft order %(number)s", number=f"PO-{order.number:04d}")
    )


@blueprint.post("/suggestions/<int:variant_id>/snooze", needs=Permission.REPLENISHMENT_DECIDE)
def snooze(variant_id: int) -> Response:
    """Leave the product off what is to be ordered until a day."""
    tomorrow = clock.today(web.once(stores.store).time_zone) + timedelta(days=1)
    form = Form(request.form)
    form.day("until", earliest=tomorrow, latest=tomorrow + _LONGEST_SNOOZE)
    form.words("reason", most=200)
    if not form.is_valid:
        return _render(_asked_for(), status=422, wrong=variant_id, problem=" ".join(form.errors.values()))
    values = form.values
    snoozes.snooze(variant_id, until=values["until"], reason=values["reason"], actor=actor(), now=clock.now())
    return web.toast(_render(_asked_for()), gettext("Snoozed"))


@blueprint.post("/suggestions/<int:variant_id>/wake", needs=Permission.REPLENISHMENT_DECIDE)
def wake(variant_id: int) -> Response:
    """Take the product back onto what is to be ordered."""
    snoozes.wake(variant_id, actor=actor())
    return web.toast(_render(_asked_for()), gettext("Back on the list"))


def _home() -> str:
    home = request.values.get("home", "")
    return home if home in _HOMES else "replenishment"


def _asked_for() -> SuggestionTable:
    """The part of the table that the page shows or asks for."""
    return replenishment.table(
        sort=request.values.get("sort", "urgency"),
        search=request.values.get("search", "").strip()[:100],
        show=request.values.get("show", "order"),
        page=clean_page(request.values.get("page")),
        size=_HOMES[_home()],
    )


def _render(table: SuggestionTable, *, status: int = 200, wrong: int = 0, problem: str = "") -> Response:
    """The table; `problem` stands in the row of the variant `wrong`."""
    return web.render(
        "replenishment/_table.html", status=status, table=table, home=_home(), wrong=wrong, problem=problem
    )
