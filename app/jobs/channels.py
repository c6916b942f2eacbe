"""The channels by kind: who delivers a message, and in which words. A further one is an entry in each table"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import render_template

from app.jobs import clients
from app.platform import tenancy
from app.platform.channels import Channel, Email, Refused, Slack, Webhook
from app.platform.secrets import CannotUnseal, LinkSigner
from app.services import alerts, stores
from app.services.alerts import Address, ChannelNotFound, ChannelRemoved, LowProduct, Written

# A digest is read in a minute; the rest is one click away.
_SHOWN = 25
UNSUBSCRIBE_SECONDS = 2 * 365 * 86_400


def channel(kind: str, channel_id: int | None) -> Channel:
    """Who delivers messages of this kind. Raises Refused when the channel was removed meanwhile."""
    if channel_id is None:
        return Email(clients.mailer(), clients.settings().mailgun_domain or "localhost")
    try:
        known = alerts.endpoint(channel_id, cipher=clients.cipher())
    except (ChannelNotFound, ChannelRemoved, CannotUnseal) as error:
        raise Refused(str(error)) from error
    if kind == "slack":
        return Slack(clients.outbound(), known.url)
    return Webhook(clients.outbound(), known.url, known.secret)


def unsubscribing() -> LinkSigner:
    """Signs and opens the links by which an address takes itself off the list."""
    return LinkSigner(clients.settings().secret_key, purpose="unsubscribe")


def unsubscribe_headers(url: str) -> dict[str, str]:
    """What a mail program needs to offer "unsubscribe" by itself (RFC 8058): the same link that the mail shows."""
    return {
        "List-Unsubscribe": f"<{url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def unsubscribe_url(address: str) -> str:
    """The link for one address of the current store."""
    token = unsubscribing().sign({"store": tenancy.require_store(), "address": address})
    return f"{clients.settings().app_url}/alerts/unsubscribe?{urlencode({'token': token})}"


def _mail(address: Address, low: Sequence[LowProduct]) -> Written:
    unsubscribe = unsubscribe_url(address.name)
    values = {
        "low": low,
        "shown": low[:_SHOWN],
        "app_url": clients.app_address(),
        "sentence": alerts.words,
        "unsubscribe_url": unsubscribe,
    }
    return Written(
        subject=_subject(low),
        text=render_template("email/low_stock/body.txt", **values),
        html=render_template("email/low_stock/body.html", **values),
        headers=unsubscribe_headers(unsubscribe),
    )


def _webhook(_address: Address, low: Sequence[LowProduct]) -> Written:
    """JSON for programs: codes, numbers and ISO dates; every product, and no words."""
    body = {
        "event": "alerts.digest",
        "store": stores.get(tenancy.require_store()).shop,
        "count": len(low),
        "alerts": [_as_json(one) for one in low],
    }
    return Written(_subject(low), json.dumps(body, ensure_ascii=False))


def _as_json(one: LowProduct) -> dict[str, Any]:
    return {
        "product_id": one.variant_id,
        "product_name": one.name,
        "sku": one.sku,
        "kind": one.kind,
        "gravity": one.gravity,
        "current_stock": one.available,
        "threshold": one.threshold,
        "stock_out_date": one.stock_out.isoformat() if one.stock_out else None,
        "order_by": one.order_by.isoformat() if one.order_by else None,
        "reorder_quantity": one.quantity,
    }


def _slack(_address: Address, low: Sequence[LowProduct]) -> Written:
    values = {"low": low, "shown": low[:_SHOWN], "app_url": clients.app_address(), "sentence": alerts.words}
    text = render_template("alerts/slack.txt", title=_subject(low), plain=_plain, **values)
    return Written(_subject(low), json.dumps({"text": text}, ensure_ascii=False))


def _plain(text: str) -> str:
    """A product's name as Slack shows it, and not as a link or a mention (its three control characters)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _subject(low: Sequence[LowProduct]) -> str:
    return " ".join(render_template("email/low_stock/subject.txt", low=low).split())


WRITERS: dict[str, Callable[[Address, Sequence[LowProduct]], Written]] = {
    "email": _mail,
    "webhook": _webhook,
    "slack": _slack,
}
