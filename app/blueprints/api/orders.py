"""Purchase orders as JSON: written from suggestions, sent, received and closed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from flask import Response, abort
from flask_login import current_user

from app.blueprints.api.door import blueprint
from app.blueprints.api.order_bodies import (
    Delivery,
    LineWanted,
    OrderLines,
    OrdersQuery,
    OrderUpdate,
    OrderWanted,
    PurchaseOrderDetail,
    PurchaseOrders,
    Sending,
    Version,
)
from app.jobs import forecasts as forecast_jobs
from app.jobs import purchasing as mail_jobs
from app.platform import clock, queue
from app.platform.access import Permission, actor
from app.platform.api import paged
from app.platform.bodies import Invalid
from app.platform.i18n import gettext
from app.queries import purchasing as queries
from app.queries import stores
from app.queries.api import orders as read
from app.queries.purchasing import Order
from app.services import purchasing as service
from app.services.purchasing import KEPT, Kept, LineChange, OrderNotFound, UnableToOrder, papers

_READ, _EDIT = Permission.PURCHASING_READ, Permission.PURCHASING_EDIT
_TAG = "Purchase orders"
_CHANGES: dict[str, Any] = {
    "needs": _EDIT,
    "tag": _TAG,
    "answer": PurchaseOrderDetail,
    "also": (409,),
}


@blueprint.read("/purchase-orders", needs=_READ, tag=_TAG, answer=PurchaseOrders, query=OrdersQuery)
def purchase_orders(query: OrdersQuery) -> dict[str, Any]:
    """List purchase orders, newest first."""
    found = read.purchase_orders(
        status=query.status, location=query.location_id, page=query.page, size=query.per_page
    )
    return paged(found, query)


@blueprint.write("/purchase-orders", body=OrderWanted, **{**_CHANGES, "status": 201, "also": (404,)})
def create_purchase_order(body: OrderWanted) -> dict[str, Any]:
    """Write a draft: of all that is due from a supplier, or of what is sent.

    A supplier has one draft at a time; what is sent is put on it, and a product's last quantity counts.
    """
    make = service.order_due if body.items is None else service.new_draft
    order = make(body.supplier_id, actor=actor(), now=clock.now())
    if body.items is not None:
        lines = {one.product_id: LineChange(one.quantity, None) for one in body.items}
        service.put_lines(order.id, lines, actor=actor(), now=clock.now())
    if body.location_id is not None:
        service.change_location(order.id, body.location_id, actor=actor(), now=clock.now())
    return _shown(order.id)


@blueprint.read("/purchase-orders/<int:order_id>", needs=_READ, tag=_TAG, answer=PurchaseOrderDetail)
def purchase_order(order_id: int) -> dict[str, Any]:
    """Show one purchase order with its lines."""
    return _shown(order_id)


@blueprint.read("/purchase-orders/<int:order_id>/lines", needs=_READ, tag=_TAG, answer=OrderLines)
def purchase_order_lines(order_id: int) -> dict[str, Any]:
    """List the lines of one purchase order."""
    found = read.purchase_order_lines(order_id)
    if found is None:
        abort(404)
    return {"items": found}


@blueprint.read(
    "/purchase-orders/<int:order_id>/pdf", needs=_READ, tag=_TAG, answer=None, media="application/pdf"
)
def purchase_order_pdf(order_id: int) -> Response:
    """Download the order as the PDF that the supplier gets."""
    order = _order(order_id)
    return _file(papers.as_pdf(order, stores.store()), "application/pdf", papers.filename(order, "pdf"))


@blueprint.read("/purchase-orders/<int:order_id>/csv", needs=_READ, tag=_TAG, answer=None, media="text/csv")
def purchase_order_csv(order_id: int) -> Response:
    """Download the order's lines as CSV."""
    order = _order(order_id)
    return _file(papers.as_csv(order), "text/csv", papers.filename(order, "csv"))


@blueprint.change("/purchase-orders/<int:order_id>", body=OrderUpdate, **_CHANGES)
def update_purchase_order(order_id: int, body: OrderUpdate) -> dict[str, Any]:
    """Change a draft, or the day of arrival of an order that is on its way."""
    order, sent = _order(order_id), body.model_fields_set
    expected_on = body.expected_on if "expected_on" in sent else order.row.expected_on
    is_listed = body.also_in_shopify if "also_in_shopify" in sent else order.also_in_shopify
    if order.row.status == "draft":
        note = body.note if "note" in sent else order.note
        change = service.DraftChange({}, expected_on, note, is_listed, _location(body))
        service.change_draft(order_id, change, version=body.version, actor=actor(), now=clock.now())
        if "items" in sent:
            service.put_lines(order_id, _line_changes(body.items), actor=actor(), now=clock.now())
        return _shown(order_id)
    _reschedule(order_id, body, expected_on, is_listed)
    forecast_jobs.replan_soon(current_user.store_id)
    return _shown(order_id)


@blueprint.write("/purchase-orders/<int:order_id>/send", body=Sending, **_CHANGES)
def send_purchase_order(order_id: int, body: Sending) -> dict[str, Any]:
    """Send a draft to its supplier by mail, or note that it was sent; its units count as incoming from now on."""
    queue.ensure_reachable()
    today, now = _today(), clock.now()
    service.send(order_id, version=body.version, today=today, actor=actor(), now=now)
    if body.email is not None:
        mail_jobs.post(
            current_user.store_id,
            order_id,
            body.email.recipients,
            message=body.email.message,
            reply_to=body.email.reply_to or "",
            actor=actor(),
            today=today,
            now=now,
        )
    forecast_jobs.replan_soon(current_user.store_id)
    return _shown(order_id)


@blueprint.write("/purchase-orders/<int:order_id>/receive", body=Delivery, **_CHANGES)
def receive_purchase_order(order_id: int, body: Delivery) -> dict[str, Any]:
    """Note a delivery, all of it or what was counted. The version keeps a repeated request from counting twice."""
    brought = _brought(_order(order_id), body)
    service.receive(order_id, brought, version=body.version, actor=actor(), now=clock.now())
    forecast_jobs.replan_soon(current_user.store_id)
    return _shown(order_id)


@blueprint.write("/purchase-orders/<int:order_id>/close", body=Version, **_CHANGES)
def close_purchase_order(order_id: int, body: Version) -> dict[str, Any]:
    """End an order of which something has arrived; nothing more is expected of it."""
    service.close(order_id, version=body.version, actor=actor(), now=clock.now())
    forecast_jobs.replan_soon(current_user.store_id)
    return _shown(order_id)


@blueprint.write("/purchase-orders/<int:order_id>/cancel", body=Version, **_CHANGES)
def cancel_purchase_order(order_id: int, body: Version) -> dict[str, Any]:
    """Give an order up before anything has arrived."""
    service.cancel(order_id, version=body.version, actor=actor(), now=clock.now())
    forecast_jobs.replan_soon(current_user.store_id)
    return _shown(order_id)


def _reschedule(order_id: int, body: OrderUpdate, expected_on: date | None, is_listed: bool) -> None:
    refused = {"note", "items"} & body.model_fields_set
    if refused:
        words = gettext(
            "Only a draft can be changed so. Send expected_on, location_id and also_in_shopify alone."
        )
        raise Invalid([{"field": name, "detail": words} for name in sorted(refused)])
    if expected_on is None:
        raise Invalid(
            [{"field": "expected_on", "detail": gettext("Send the day on which the order should arrive.")}]
        )
    try:
        service.reschedule(
            order_id,
            expected_on=expected_on,
            also_in_shopify=is_listed,
            location_id=_location(body),
            version=body.version,
            actor=actor(),
            now=clock.now(),
        )
    except UnableToOrder as error:
        raise Invalid([{"field": "location_id", "detail": str(error)}]) from error


def _location(body: OrderUpdate) -> int | Kept | None:
    return body.location_id if "location_id" in body.model_fields_set else KEPT


def _brought(order: Order, body: Delivery) -> dict[int, tuple[int, int]]:
    """Line → (good units, rejected units)."""
    if body.items is None:
        return {line.id: (line.open, 0) for line in order.lines}
    lines = {line.variant_id: line.id for line in order.lines}
    unknown = [one.product_id for one in body.items if one.product_id not in lines]
    if unknown or len({one.product_id for one in body.items}) < len(body.items):
        words = (
            gettext("Product %(product)s is not on this order.", product=unknown[0])
            if unknown
            else gettext("Send each product once.")
        )
        raise Invalid([{"field": "items", "detail": words}])
    return {lines[one.product_id]: (one.received, one.rejected) for one in body.items}


def _line_changes(items: list[LineWanted]) -> dict[int, LineChange]:
    return {
        one.product_id: LineChange(
            one.ordered, None if one.unit_cost is None else Decimal(str(round(one.unit_cost, 4)))
        )
        for one in items
    }


def _shown(order_id: int) -> dict[str, Any]:
    found = read.purchase_order(order_id)
    if found is None:
        raise OrderNotFound(f"There is no purchase order {order_id} in this store.")
    return found


def _order(order_id: int) -> Order:
    found = queries.order(order_id, today=_today())
    if found is None:
        raise OrderNotFound(f"There is no purchase order {order_id} in this store.")
    return found


def _file(content: bytes, media: str, name: str) -> Response:
    response = Response(content, mimetype=media)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _today() -> date:
    return clock.today(stores.store().time_zone)
