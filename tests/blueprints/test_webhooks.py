"""The webhook receiver: nothing unsigned gets in, nothing signed is lost, nothing counts twice."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.models.stores import Store
from app.platform import db, queue, tenancy
from app.services import sync
from tests.factories import make_store
from tests.signing import delivery

SHOP = "hooks.myshopify.com"


@pytest.fixture
def store_id(app: Flask):
    with app.app_context():
        with db.separate_transaction() as own:
            store = Store(
                shop=SHOP,
                access_token_sealed="k1.x",
                refresh_token_sealed="k1.x",
                installed_at=datetime(2026, 10, 1, tzinfo=UTC),
            )
            own.add(store)
            own.flush()
            found = store.id
        queue.connection().flushdb()
    yield found
    with app.app_context(), db.separate_transaction() as own:
        own.delete(own.get(Store, found))


def receipts(app: Flask, store_id: int) -> list[tuple[str, str]]:
    with app.app_context(), tenancy.store_scope(db.session(), store_id):
        return [(row.webhook_id, row.topic) for row in db.rows("SELECT * FROM webhook_receipts ORDER BY id")]


def test_a_signed_delivery_is_stored_and_queued(app: Flask, client: FlaskClient, store_id: int) -> None:
    answer = client.post("/webhooks", **delivery(SHOP, "orders/create", {"id": 7}, webhook_id="w1"))
    assert answer.status_code == 200
    assert receipts(app, store_id) == [("w1", "orders/create")]
    with app.app_context():
        assert queue.queue("webhooks").count == 1


def test_the_same_delivery_twice_is_one(app: Flask, client: FlaskClient, store_id: int) -> None:
    for _ in range(2):
        assert (
            client.post(
                "/webhooks", **delivery(SHOP, "orders/create", {"id": 7}, webhook_id="w1")
            ).status_code
            == 200
        )
    assert len(receipts(app, store_id)) == 1
    with app.app_context():
        assert queue.queue("webhooks").count == 1


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"X-Shopify-Hmac-Sha256": "bm9uc2Vuc2U="}, 401),
        ({"X-Shopify-Hmac-Sha256": ""}, 401),
        ({"X-Shopify-Hmac-Sha256": "h\u00e9"}, 401),
        ({"X-Shopify-Shop-Domain": "evil.example.com"}, 400),
        ({"X-Shopify-Shop-Domain": "hooks.myshopify.com.evil.com"}, 400),
        ({"X-Shopify-Topic": ""}, 400),
        ({"X-Shopify-Webhook-Id": ""}, 400),
    ],
)
def test_what_is_not_shopifys_is_refused(
    app: Flask, client: FlaskClient, store_id: int, change: dict[str, str], status: int
) -> None:
    assert (
        client.post("/webhooks", **delivery(SHOP, "orders/create", {"id": 7}, **change)).status_code == status
    )
    assert receipts(app, store_id) == []


def test_a_changed_body_is_refused(client: FlaskClient, store_id: int) -> None:
    sent = delivery(SHOP, "orders/create", {"id": 7})
    sent["data"] = b'{"id": 8}'
    assert client.post("/webhooks", **sent).status_code == 401


def test_the_old_secret_is_accepted_only_when_configured(client: FlaskClient, store_id: int) -> None:
    sent = delivery(SHOP, "orders/create", {"id": 7}, secret="an-older-secret")
    assert client.post("/webhooks", **sent).status_code == 401


def test_the_newer_header_family_is_read(app: Flask, client: FlaskClient, store_id: int) -> None:
    sent = delivery(SHOP, "orders/create", {"id": 7}, webhook_id="w9")
    sent["headers"] = {name.removeprefix("X-"): value for name, value in sent["headers"].items()}
    assert client.post("/webhooks", **sent).status_code == 200
    assert receipts(app, store_id) == [("w9", "orders/create")]


def test_an_unknown_shop_is_answered_and_nothing_is_kept(client: FlaskClient) -> None:
    assert (
        client.post("/webhooks", **delivery("nobody.myshopify.com", "orders/create", {})).status_code == 200
    )


def test_uninstall_stops_the_store_at_once(app: Flask, client: FlaskClient, store_id: int) -> None:
    assert client.post("/webhooks", **delivery(SHOP, "app/uninstalled", {"id": 1})).status_code == 200
    with app.app_context(), db.separate_transaction() as own:
        store = own.get(Store, store_id)
        assert (store.status, store.access_token_sealed) == ("uninstalled", None)


def test_a_nul_character_does_not_lose_the_delivery(app: Flask, client: FlaskClient, store_id: int) -> None:
    sent = delivery(SHOP, "products/update", {"id": 7, "title": "a\x00b", "x\x00": ["\x00"]})
    assert client.post("/webhooks", **sent).status_code == 200
    assert len(receipts(app, store_id)) == 1


@pytest.mark.parametrize(
    "body", [b'{"a": Infinity}', b'{"a": NaN}', b"[1]", b'"x"', b"{", b"\xff", b"[" * 100_000]
)
def test_what_is_not_a_json_object_is_refused(client: FlaskClient, store_id: int, body: bytes) -> None:
    assert client.post("/webhooks", **delivery(SHOP, "orders/updated", body)).status_code == 400


def test_half_a_surrogate_pair_does_not_lose_the_delivery(
    app: Flask, client: FlaskClient, store_id: int
) -> None:
    sent = delivery(SHOP, "orders/updated", b'{"id": 1, "name": "\\ud83d"}')
    assert client.post("/webhooks", **sent).status_code == 200
    assert len(receipts(app, store_id)) == 1


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text(), json_values, max_size=4))
def test_any_signed_object_is_stored_as_it_came(
    app: Flask, client: FlaskClient, store_id: int, payload: dict[str, object]
) -> None:
    sent = delivery(SHOP, "orders/updated", payload)
    assert client.post("/webhooks", **sent).status_code == 200
    with app.app_context(), tenancy.store_scope(db.session(), store_id):
        row = db.rows("SELECT id FROM webhook_receipts ORDER BY id DESC LIMIT 1")[0]
        kept = sync.receipt(row.id)
        assert kept is not None
        clean = json.loads(json.dumps(payload).replace("\\u0000", ""))
        assert set(kept.payload) == set(clean)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_nonsense_is_never_a_server_error(client: FlaskClient, store_id: int, body: bytes) -> None:
    sent = delivery(SHOP, "orders/updated", body)
    assert client.post("/webhooks", **sent).status_code in (200, 400)
    sent["headers"]["X-Shopify-Hmac-Sha256"] = body.decode("latin-1").replace("\n", "").replace("\r", "")
    assert client.post("/webhooks", **sent).status_code in (400, 401)


def test_the_first_deliveries_that_a_new_process_gets_at_once_are_all_kept(app: Flask) -> None:
    shop = make_store(app)
    for burst in range(5):
        app.extensions.pop("store_ids", None)  # as in a process that has just started
        barrier = threading.Barrier(8)

        def deliver(number: int, barrier: threading.Barrier = barrier) -> int:
            sent = delivery(shop.domain, "orders/create", {"id": number + 1})
            barrier.wait()
            return app.test_client().post("/webhooks", **sent).status_code

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(deliver, range(8))) == {200}
        with app.app_context(), tenancy.store_scope(db.session(), shop.id):
            assert db.rows("SELECT count(*) AS n FROM webhook_receipts")[0].n == 8 * (burst + 1)
