"""Nonsense in queries, bodies, files and webhooks is answered without a fault of ours; nothing is half-written."""

from __future__ import annotations

import json
import random
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.platform import db, tenancy
from bench.panel import PanelError, read
from tests import signing
from tests.factories import Shop, make_store, ready_store

NAMES = [
    "page",
    "q",
    "sort",
    "order",
    "filter",
    "status",
    "after",
    "before",
    "cursor",
    "limit",
    "days",
    "kind",
    "shop",
    "host",
    "token",
    "since",
    "until",
    "vendor",
    "class",
    "id",
    "locale",
    "from",
    "to",
    "state",
    "code",
    "next",
]
VALUES = (
    *(
        "",
        "0",
        "-1",
        "9" * 40,
        "1e309",
        "NaN",
        "²",
        "null",
        "\x00",
        "ü\ud7ff",
        "'; DROP TABLE stores --",
        "%",
        "_",
        "a" * 5000,
    ),
    *(
        "2026-13-45",
        "2026-02-30",
        "0001-01-01",
        "9999-12-31",
        "[]",
        "{}",
        "<script>",
        "../../etc/passwd",
        "\r\nX: y",
    ),
    *("true", "1,2,3", "٣", "-0", "+1", " 1", "1;2", "\u202e", "🫘"),
)
FEW = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def shop(app: Flask) -> Shop:
    return ready_store(app, name="Nonsense")[0]


def routes(app: Flask, method: str) -> list[str]:
    """Every address of that method; parameters are filled with a number, and with one that is too long."""
    found = []
    for rule in app.url_map.iter_rules():
        if method in (rule.methods or ()) and rule.endpoint != "static":
            for filler in (1, 10**30):
                values = dict.fromkeys(rule.arguments, filler)
                built = rule.build(values, append_unknown=False)
                if built is not None:
                    found.append(built[1])
                if not rule.arguments:
                    break
    return found


def test_no_page_faults_on_a_nonsensical_query(app: Flask, shop: Shop) -> None:
    draw, client, faults = random.Random(7), app.test_client(), []
    for path in routes(app, "GET"):
        for _ in range(3):
            pairs = [(draw.choice(NAMES), draw.choice(VALUES)) for _ in range(4)]
            query = "&".join(f"{name}={quote(value, errors='surrogatepass')}" for name, value in pairs)
            status = client.get(f"{path}?{query}", headers=shop.headers()).status_code
            if status >= 500:
                faults.append((status, path, query[:200]))
    assert faults == []


def test_a_raised_two_is_no_number_anywhere(app: Flask, shop: Shop) -> None:
    """Python calls `²` a digit, and does not read it as a number."""
    client, headers = app.test_client(), shop.headers()
    for path in ("/products", "/suggestions", "/transfers", "/purchase-orders"):
        assert client.get(f"{path}?page=²&location=²", headers=headers).status_code == 200
    for path, form, status in (
        ("/purchase-orders", {"supplier": "²"}, 400),
        ("/alerts/dismiss", {"alert": "²"}, 200),
    ):
        assert client.post(path, data=form, headers=headers).status_code == status


def test_no_write_faults_on_a_nonsensical_body(app: Flask) -> None:
    shop, draw, client, faults = make_store(app), random.Random(8), app.test_client(), []
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for path in routes(app, method):
            for body in _bodies(draw):
                headers = shop.headers()
                status = client.open(path, method=method, headers=headers, **body).status_code
                if status >= 500:
                    faults.append((status, method, path, str(body)[:200]))
    assert faults == []


def _bodies(draw: random.Random) -> list[dict[str, Any]]:
    form = {draw.choice(NAMES): draw.choice(VALUES) for _ in range(5)}
    return [
        {"data": form},
        {"json": {draw.choice(NAMES): draw.choice([None, [], {}, 1e300, -1, True, "x" * 3000, [[[]]]])}},
        {
            "data": b'{"a": ' + bytes(draw.randrange(256) for _ in range(30)),
            "content_type": "application/json",
        },
    ]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
TOPICS = (
    "orders/create",
    "products/update",
    "inventory_levels/update",
    "app/uninstalled/",
    "shop/redact",
    "x/y",
    "",
)


payloads = st.dictionaries(
    st.sampled_from(["id", "admin_graphql_api_id", "inventory_item_id", "x"]), anything
)


@FEW
@given(payload=payloads, topic=st.sampled_from(TOPICS))
def test_a_signed_delivery_of_any_shape_is_kept_or_refused(
    app: Flask, payload: dict[str, Any], topic: str
) -> None:
    shop = _kept_shop(app)
    sent = signing.delivery(shop.domain, topic, payload)
    status = app.test_client().post("/webhooks", **sent).status_code
    assert status in (200, 400, 401, 422)


@FEW
@given(body=st.binary(max_size=200))
def test_signed_bytes_that_are_no_json_are_refused_and_leave_nothing(app: Flask, body: bytes) -> None:
    shop = _kept_shop(app)
    before = _receipts(app, shop)
    status = (
        app.test_client()
        .post("/webhooks", **signing.delivery(shop.domain, "orders/create", body))
        .status_code
    )
    try:
        is_object = isinstance(json.loads(body), dict)
    except ValueError:
        is_object = False
    assert status in (200, 400, 401, 422)
    if not is_object:
        assert status != 200
        assert _receipts(app, shop) == before


letters = st.text(alphabet="sku,date\n\r\"'2026-01;quantity1.0 ", max_size=300).map(str.encode)


@FEW
@given(content=st.binary(max_size=300) | letters, suffix=st.sampled_from([".csv", ".parquet"]))
def test_a_panel_file_of_any_content_is_read_or_refused_in_words(
    tmp_path_factory, content: bytes, suffix: str
) -> None:
    file = tmp_path_factory.mktemp("panel") / f"panel{suffix}"
    file.write_bytes(content)
    try:
        read(file)
    except PanelError as error:
        assert len(str(error)) > 10


def _kept_shop(app: Flask, known: list[Shop] = []) -> Shop:  # noqa: B006  (made once, on purpose)
    if not known:
        known.append(make_store(app))
    return known[0]


def _receipts(app: Flask, shop: Shop) -> int:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        return int(db.rows("SELECT COUNT(*) AS n FROM webhook_receipts")[0].n)
