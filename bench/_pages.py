"""What members of `bench.web` open and ask: pages and table operations, and one question after the other."""

from __future__ import annotations

import random
import time
import uuid
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt

from bench import _ground, _storefront

SHOP = "large.myshopify.com"


@dataclass(frozen=True)
class Operation:
    """A page or an operation of a table, with the fields of its query or form."""

    method: str
    path: str
    fields: dict[str, Any]

    @property
    def may_be_fragment(self) -> bool:
        """Whether pages ask for it through htmx as well (Home asks for itself while it waits alone)."""
        return self.path != "/"


def headers(member: int, *, fragment: bool = False) -> dict[str, str]:
    """What App Bridge sends with a member's request, and htmx where it asks for a part of the page."""
    now = int(time.time())
    claims = {
        "iss": f"https://{SHOP}/admin",
        "dest": f"https://{SHOP}",
        "aud": "benchmark-client-id",
        "sub": str(1000 + member),
        "exp": now + 60,
        "nbf": now,
        "iat": now,
        "jti": str(uuid.uuid4()),
        "sid": str(uuid.uuid4()),
    }
    token = jwt.encode(claims, _ground.SECRET, "HS256")
    sent = {"Authorization": f"Bearer {token}", "Accept": "text/html"}
    return {**sent, "HX-Request": "true", "HX-Request-Type": "partial"} if fragment else sent


def ask(url: str, member: int, one: Operation, *, fragment: bool = False) -> tuple[float, bool]:
    """(ms until the whole answer is there, whether it is 200).

    A connection for each: the server ends kept ones after 2 s, just when one is used again. A plain one: a
    comfortable client would take more of the processor that is measured.
    """
    fields = urlencode(one.fields, doseq=True)
    is_read, sent = one.method == "GET", headers(member, fragment=fragment)
    begun = time.monotonic()
    connection = HTTPConnection(urlsplit(url).netloc, timeout=300)
    if is_read:
        connection.request("GET", f"{one.path}?{fields}" if fields else one.path, headers=sent)
    else:
        form = {**sent, "Content-Type": "application/x-www-form-urlencoded"}
        connection.request(one.method, one.path, fields, form)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return (time.monotonic() - begun) * 1000, answer.status == 200


def operations(ids: list[int], draw: random.Random) -> dict[str, Operation]:
    """Name → operation, with a random part where there is one. The yardstick asks nothing of the database."""
    one, word = draw.choice(ids), draw.choice(["tundra", "SKU-0012", "Vendor 007", "granite lamp 8"])
    vendor = f"vendor:Vendor {draw.randrange(_storefront.VENDORS):03d}"
    last = len(ids) // 50
    return {
        "yardstick": Operation("GET", "/healthz", {}),
        "home": Operation("GET", "/", {}),
        "home, a year's trend": Operation("GET", "/trend", {"days": 365}),
        "products": Operation("GET", "/products", {}),
        "products, next pages": Operation("GET", "/products", {"page": draw.randint(2, 20)}),
        "products, a far page": Operation("GET", "/products", {"page": draw.randint(last // 2, last)}),
        "products, search": Operation("GET", "/products", {"search": word}),
        "products, by stock": Operation("GET", "/products", {"sort": "-stock"}),
        "products, by demand": Operation("GET", "/products", {"sort": "-demand"}),
        "products, low": Operation("GET", "/products", {"is": "state:low", "not": vendor}),
        "products, overstock": Operation(
            "GET", "/products", {"is": "state:overstock", "sort": "-overstock_value"}
        ),
        "products, one vendor": Operation(
            "GET", "/products", {"is": vendor, "columns": "cover,class,lead_time"}
        ),
        "products, no forecast": Operation("GET", "/products", {"is": "state:no_forecast"}),
        "filter values": Operation("GET", "/products/values", {"field": "type"}),
        "product": Operation("GET", f"/products/{one}", {}),
        "change of 50, preview": Operation(
            "POST",
            "/products/bulk/preview",
            {"variant": draw.sample(ids, 50), "moq": draw.randint(2, 9)},
        ),
        "change of 50": Operation(
            "POST",
            "/products/bulk",
            {"variant": draw.sample(ids, 50), "moq": draw.randint(2, 9)},
        ),
        "suggestions": Operation("GET", "/suggestions", {}),
        "suggestions, by cost": Operation("GET", "/suggestions", {"sort": "-cost", "show": "all"}),
        "suggestions, search": Operation("GET", "/suggestions", {"search": word, "show": "all"}),
        "transfers": Operation("GET", "/transfers", {}),
        "transfers, search": Operation("GET", "/transfers", {"search": word, "sort": "-value"}),
        "accept": Operation("POST", f"/suggestions/{one}/accept", {"quantity": draw.randint(1, 50)}),
        "snooze": Operation("POST", f"/suggestions/{one}/snooze", {"until": _in_a_week(), "reason": "bench"}),
        "accuracy": Operation("GET", "/accuracy", {}),
        "accuracy, the worst": Operation("GET", "/accuracy/products", {"show": "worse", "sort": "gain"}),
        "accuracy, search": Operation("GET", "/accuracy/products", {"search": word, "sort": "-error"}),
        "purchase orders": Operation("GET", "/purchase-orders", {}),
        "suppliers": Operation("GET", "/suppliers", {}),
        "alerts": Operation("GET", "/alerts", {}),
        "reports": Operation("GET", "/reports", {}),
        "settings": Operation("GET", "/settings", {}),
    }


def _in_a_week() -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + 7 * 86_400))
