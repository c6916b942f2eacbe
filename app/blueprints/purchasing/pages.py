"""The pages of orders as they are shown after every act: list, one order, its files and its mail."""

from __future__ import annotations

from typing import Any, cast

from flask import Response, current_app, request, url_for
from flask_login import current_user

from app.blueprints.purchasing import form as forms
from app.config import Settings
from app.platform import clock, formats, web
from app.platform.access import AppBlueprint, Permission, may
from app.platform.i18n import gettext
from app.platform.secrets import LinkSigner
from app.queries import purchasing as queries
from app.queries import stores, transfers
from app.queries.paging import clean_page
from app.queries.purchasing import Order
from app.services.purchasing import OrderNotFound

blueprint = AppBlueprint("purchasing", __name__)
LINK_SECONDS = 15 * 60


def today() -> Any:
    """The date where the store is."""
    return clock.today(web.once(stores.store).time_zone)


def found(order_id: int) -> Order:
    """The order of the address. Raises OrderNotFound."""
    order = queries.order(order_id, today=today())
    if order is None:
        raise OrderNotFound(f"There is no purchase order {order_id} in this store.")
    return order


def show(
    order_id: int,
    *,
    template: str = "purchasing/_order.html",
    status: int = 200,
    errors: dict[str, str] | None = None,
    typed: bool = False,
) -> Response:
    """One order; `typed`: with what was typed, because something of it has to be mended."""
    order = found(order_id)
    settings = web.once(stores.settings)
    return web.render(
        template,
        status=status,
        order=order,
        errors=errors or {},
        typed=request.form if typed else {},
        reply_to=(settings.alert_emails or [""])[0],
        amount=formats.money,
        file_url=file_url,
        locations=_locations(order) if may(Permission.PURCHASING_EDIT) else [],
    )


def _locations(order: Order) -> list[tuple[str, str]]:
    """Where the order may be delivered: where it is to go already, and what else counts.

    A draft, and an order that names none, may be for the store as a whole.
    """
    if not (order.may("edit") or order.may("reschedule")):
        return []
    held = order.row.location_id
    found = {
        place.id: place.name for place in transfers.places() if not place.is_left_out or place.id == held
    }
    has_choice = len(found) > 1
    if held and order.row.location and has_choice:  # it may have closed since
        found[held] = order.row.location
    options = [(str(place), name) for place, name in found.items()]
    may_name_none = not held or (has_choice and order.may("edit"))
    return [("", gettext("The store as a whole")), *options] if may_name_none else options


def index_values() -> dict[str, Any]:
    """What the list shows. Where there is one location, it says nothing of locations."""
    places = queries.named_locations() if web.once(stores.store).locations > 1 else {}
    asked = forms.chosen_location(request.values)
    table = queries.table(
        today=today(),
        show=request.values.get("show", "open"),
        location=asked if asked in places else None,
        page=clean_page(request.values.get("page")),
    )
    return {"table": table, "places": places, "due": queries.due(), "amount": formats.money}


def go_to(order_id: int) -> Response:
    """Let the page move on to an order."""
    response = Response(status=204)
    response.headers["HX-Location"] = web.page_url("purchasing.show_order", order_id=order_id)
    return response


def file_url(order_id: int, kind: str) -> str:
    """A link to an order's `pdf` or `csv` that works for LINK_SECONDS: a download carries no ID token."""
    claims = {"store": current_user.store_id, "order": order_id, "kind": kind}
    return url_for("purchasing.file", token=signer().sign(claims))


def signer() -> LinkSigner:
    """Signs the links to files."""
    return LinkSigner(cast(Settings, current_app.extensions["settings"]).secret_key, purpose="purchase-order")
