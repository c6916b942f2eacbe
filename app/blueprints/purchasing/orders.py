"""What can be done with an order: make, change, send, receive, close, cancel."""

from __future__ import annotations

from flask import Response, abort, request
from flask_login import current_user

from app.blueprints.purchasing import form as forms
from app.blueprints.purchasing.pages import blueprint, found, go_to, index_values, show, today
from app.jobs import forecasts as forecast_jobs
from app.jobs import purchasing as mail_jobs
from app.platform import clock, queue, web
from app.platform.access import Permission, actor
from app.platform.forms import Form
from app.platform.i18n import gettext
from app.services import purchasing as service
from app.services.purchasing import UnableToOrder

_READ, _EDIT = Permission.PURCHASING_READ, Permission.PURCHASING_EDIT


@blueprint.get("/purchase-orders", needs=_READ)
def index() -> Response:
    """What to order from whom, and the orders that are open."""
    values = index_values()
    if not web.wants_fragment():
        return web.render("purchasing/index.html", **values)
    response = web.render("purchasing/_orders.html", **values)
    table = values["table"]
    shown = {"show": table.show, "location": table.location, "page": table.page.number}
    response.headers["HX-Push-Url"] = web.page_url("purchasing.index", **shown)
    return response


@blueprint.post("/purchase-orders", needs=_EDIT)
def create() -> Response:
    """Make a supplier's draft of all that is due, or an empty one to be filled by hand."""
    text = request.form.get("supplier", "")
    if not text.isdecimal() or len(text) > 18:
        abort(400)
    make = service.new_draft if request.form.get("empty") else service.order_due
    return go_to(make(int(text), actor=actor(), now=clock.now()).id)


@blueprint.get("/purchase-orders/<int:order_id>", needs=_READ)
def show_order(order_id: int) -> Response:
    """One order, from draft to receipt."""
    return show(order_id, template="purchasing/show.html")


@blueprint.get("/purchase-orders/<int:order_id>/mail", needs=_READ)
def mail(order_id: int) -> Response:
    """What became of the order's last mail."""
    return show(order_id, template="purchasing/_mail.html")


@blueprint.post("/purchase-orders/<int:order_id>", needs=_EDIT)
def change(order_id: int) -> Response:
    """Save a draft."""
    form = _save(order_id)
    if not form.is_valid:
        return show(order_id, status=422, errors=form.errors, typed=True)
    return web.toast(show(order_id), gettext("Order saved"))


@blueprint.post("/purchase-orders/<int:order_id>/lines", needs=_EDIT)
def add(order_id: int) -> Response:
    """Put one more product on a draft."""
    sku = request.form.get("sku", "").strip()[:100]
    try:
        service.add_line(order_id, sku, actor=actor(), now=clock.now())
    except UnableToOrder as error:
        return show(order_id, status=422, errors={"sku": str(error)}, typed=True)
    return show(order_id)


@blueprint.post("/purchase-orders/<int:order_id>/send", needs=_EDIT)
def send(order_id: int) -> Response:
    """Save a draft and mail it to the supplier."""
    queue.ensure_reachable()
    written = Form(request.form)
    forms.letter(written)
    form = _save(order_id) if written.is_valid else forms.draft(request.form, found(order_id), today())
    form.errors.update(written.errors)
    if not form.is_valid:
        return show(order_id, status=422, errors=form.errors, typed=True)
    _depart(order_id)
    _post(order_id, written)
    return web.toast(show(order_id), gettext("Order is being sent"))


@blueprint.post("/purchase-orders/<int:order_id>/sent", needs=_EDIT)
def mark_sent(order_id: int) -> Response:
    """Save a draft that the merchant sent in another way."""
    form = _save(order_id)
    if not form.is_valid:
        return show(order_id, status=422, errors=form.errors, typed=True)
    _depart(order_id)
    return web.toast(show(order_id), gettext("Marked as sent"))


@blueprint.post("/purchase-orders/<int:order_id>/mail", needs=_EDIT)
def mail_again(order_id: int) -> Response:
    """Mail an order that is on its way, once more or to somebody else."""
    queue.ensure_reachable()
    form = Form(request.form)
    forms.letter(form)
    if not form.is_valid:
        return show(order_id, status=422, errors=form.errors, typed=True)
    _post(order_id, form)
    return web.toast(show(order_id), gettext("E-mail is being sent"))


@blueprint.post("/purchase-orders/<int:order_id>/receive", needs=_EDIT)
def receive(order_id: int) -> Response:
    """Note a delivery, all of it or what was counted."""
    order = found(order_id)
    form, brought = forms.delivery(request.form, order)
    if request.form.get("all"):
        form, brought = Form({}), forms.everything(order)
    if not form.is_valid:
        return show(order_id, status=422, errors=form.errors, typed=True)
    version = forms.version(request.form)
    try:
        service.receive(order_id, brought, version=version, actor=actor(), now=clock.now())
    except UnableToOrder as error:
        return show(order_id, status=422, errors={"delivery": str(error)}, typed=True)
    _replan()
    return web.toast(show(order_id), gettext("Delivery recorded"))


@blueprint.post("/purchase-orders/<int:order_id>/schedule", needs=_EDIT)
def schedule(order_id: int) -> Response:
    """Another day of arrival, and whether Shopify lists the same units."""
    form = forms.schedule(request.form, today())
    if not form.is_valid:
        return show(order_id, status=422, errors=form.errors, typed=True)
    try:
        service.reschedule(
            order_id,
            expected_on=form.values["expected_on"],
            also_in_shopify=form.text("also_in_shopify") == "1",
            location_id=forms.location(form),
            version=forms.version(request.form),
            actor=actor(),
            now=clock.now(),
        )
    except UnableToOrder as error:
        return show(order_id, status=422, errors={"location_id": str(error)}, typed=True)
    _replan()
    return web.toast(show(order_id), gettext("Saved"))


@blueprint.post("/purchase-orders/<int:order_id>/close", needs=_EDIT)
def close(order_id: int) -> Response:
    """End an order; nothing more is expected of it."""
    service.close(order_id, version=forms.version(request.form), actor=actor(), now=clock.now())
    _replan()
    return web.toast(show(order_id), gettext("Order closed"))


@blueprint.post("/purchase-orders/<int:order_id>/cancel", needs=_EDIT)
def cancel(order_id: int) -> Response:
    """Give an order up before anything has arrived."""
    service.cancel(order_id, version=forms.version(request.form), actor=actor(), now=clock.now())
    _replan()
    return web.toast(show(order_id), gettext("Order cancelled"))


def _save(order_id: int) -> Form:
    """Store a draft's form if it is valid; the form says what is wrong otherwise."""
    order = found(order_id)
    form = forms.draft(request.form, order, today())
    if form.is_valid:
        change = forms.draft_change(form, order)
        version = forms.version(request.form)
        service.change_draft(order_id, change, version=version, actor=actor(), now=clock.now())
    return form


def _depart(order_id: int) -> None:
    """Send the draft that this request has just saved."""
    version = found(order_id).version
    service.send(order_id, version=version, today=today(), actor=actor(), now=clock.now())
    _replan()


def _post(order_id: int, form: Form) -> None:
    mail_jobs.post(
        current_user.store_id,
        order_id,
        form.values["recipients"],
        message=form.values["message"],
        reply_to=form.values["reply_to"],
        actor=actor(),
        today=today(),
        now=clock.now(),
    )


def _replan() -> None:
    """What is on its way has changed, so has what is to be ordered."""
    forecast_jobs.replan_soon(current_user.store_id)
