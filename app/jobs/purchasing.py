"""Mail purchase orders to their suppliers: rendered from templates, sent once, tried again later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from flask import render_template

from app.jobs import clients
from app.platform import clock, db, formats, i18n
from app.platform.mail import MailUnavailable
from app.platform.queue import enqueue, store_job
from app.queries import purchasing as orders
from app.queries import stores
from app.services.purchasing import OrderNotFound, mails, papers
from app.services.purchasing.mails import Letter


def letter(order: orders.Order, store: stores.StoreView, *, message: str, reply_to: str) -> Letter:
    """The mail of an order, with its PDF, in the store's language: suppliers choose none."""
    with i18n.speaking(stores.settings().language):
        return _letter(order, store, message=message, reply_to=reply_to)


def _letter(order: orders.Order, store: stores.StoreView, *, message: str, reply_to: str) -> Letter:
    values = {
        "order": order,
        "store": store,
        "message": message,
        "reply_to": reply_to,
        "total": formats.money(order.row.total, order.row.currency),
    }
    return Letter(
        subject=" ".join(render_template("email/purchase_order/subject.txt", **values).split()),
        text=render_template("email/purchase_order/body.txt", **values),
        html=render_template("email/purchase_order/body.html", **values),
        attachment_name=papers.filename(order, "pdf"),
        attachment=papers.as_pdf(order, store),
    )


def post(
    store_id: int,
    order_id: int,
    recipients: Sequence[str],
    *,
    message: str,
    reply_to: str,
    actor: str,
    today: date,
    now: datetime,
) -> None:
    """Write the mail of an order and enqueue its sending. Raises OrderNotFound, ActNotAllowed."""
    order = orders.order(order_id, today=today)
    if order is None:
        raise OrderNotFound(f"There is no purchase order {order_id} in this store.")
    written = letter(order, stores.store(), message=message, reply_to=reply_to)
    mail_id = mails.write(order_id, written, recipients=recipients, reply_to=reply_to, actor=actor, now=now)
    send_later(store_id, mail_id)


def send_later(store_id: int, mail_id: int) -> None:
    """Enqueue the sending of a mail that is written."""
    enqueue(send, store_id, mail_id, on="urgent", once=f"purchase-mail-{mail_id}")


@store_job
def send(_store_id: int, mail_id: int) -> None:
    """Send one mail."""
    if not mails.claim(mail_id, now=clock.now()):
        return
    db.checkpoint()
    try:
        mails.send(mail_id, mailer=clients.mailer(), now=clock.now())
    except MailUnavailable as error:
        mails.release(mail_id, reason=str(error))
        db.checkpoint()
        raise
