"""Webhooks: signature check and the headers that matter. Only the body is signed, so nothing else is trusted."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.platform.web import is_shop_domain


class WebhookRefused(ValueError):
    """The delivery is not Shopify's, or cannot be read; `status` is what to answer."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Delivery:
    """One verified delivery."""

    shop: str
    topic: str
    webhook_id: str
    event_id: str
    api_version: str
    triggered_at: datetime | None
    payload: dict[str, Any]


def verify(headers: Mapping[str, str], body: bytes, *, secrets: tuple[str, ...]) -> Delivery:
    """Check the HMAC over the raw body with each valid secret, then read the delivery. Raises WebhookRefused.

    Both header families are read: `X-Shopify-*` and the newer `shopify-*`.
    """
    headers = {name.lower(): value for name, value in headers.items()}
    signature = _header(headers, "Hmac-Sha256")
    if not _is_signed(signature, body, secrets):
        raise WebhookRefused("The signature does not match the body.", 401)
    shop = _header(headers, "Shop-Domain")
    topic, webhook_id = _header(headers, "Topic"), _header(headers, "Webhook-Id")
    if not is_shop_domain(shop) or not topic or not webhook_id:
        raise WebhookRefused("A header is missing: shop domain, topic or webhook id.", 400)
    try:
        payload = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise WebhookRefused("The body is not JSON in UTF-8.", 400) from error
    if not isinstance(payload, dict):
        raise WebhookRefused("The body is not a JSON object.", 400)
    return Delivery(
        shop=shop,
        topic=topic.lower(),
        webhook_id=webhook_id,
        event_id=_header(headers, "Event-Id"),
        api_version=_header(headers, "API-Version"),
        triggered_at=_instant(_header(headers, "Triggered-At")),
        payload=payload,
    )


# topic → (what it is about, where the payload names it). One look at the object answers all its deliveries.
_SUBJECTS: dict[str, tuple[str, tuple[str, ...]]] = {
    **dict.fromkeys(("orders/create", "orders/updated", "orders/cancelled"), ("order", ("id",))),
    "orders/edited": ("order", ("order_edit", "order_id")),
    "refunds/create": ("order", ("order_id",)),
    **dict.fromkeys(("products/create", "products/update"), ("product", ("id",))),
    **dict.fromkeys(
        ("inventory_levels/update", "inventory_levels/connect", "inventory_levels/disconnect"),
        ("level", ("inventory_item_id",)),
    ),
    "inventory_items/update": ("item", ("id",)),
}


def subject_of(topic: str, payload: dict[str, Any]) -> tuple[str, int | None]:
    """What a delivery is about: (`order`, 42), or ("", None) when it must be handled by itself."""
    subject, path = _SUBJECTS.get(topic, ("", ()))
    found: Any = payload if path else None
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    is_id = isinstance(found, int) and not isinstance(found, bool) and 0 < found < 2**63
    return (subject, found) if is_id else ("", None)


def _is_signed(signature: str, body: bytes, secrets: tuple[str, ...]) -> bool:
    given = signature.encode("utf-8", "replace")
    found = False
    for secret in secrets:
        wanted = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())
        found |= hmac.compare_digest(given, wanted)
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON, though Python's parser would take it")


def _header(headers: Mapping[str, str], name: str) -> str:
    return headers.get(f"x-shopify-{name}".lower()) or headers.get(f"shopify-{name}".lower()) or ""


def _instant(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
