"""The hottest queries find their rows through an index that leads with the store (EXPLAIN, as the app's role)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import Engine

from app.platform import clock, columns, db, tenancy
from app.platform.tenancy import StoreScoped
from app.services import accuracy, alerts, forecasts, sales, transfers
from app.services import sync as runs
from tests import signing
from tests.factories import Shop, ready_store

Statement = tuple[str, Any]


@pytest.fixture(scope="module")
def shop(app: Flask) -> Shop:
    return ready_store(app, name="Hot")[0]


@pytest.fixture(autouse=True)
def context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield
        db.session().rollback()


def asked(act: Callable[[], Any]) -> list[Statement]:
    """The statements that read or change rows, as PostgreSQL got them."""
    found: list[Statement] = []

    def note(_c: Any, _cursor: Any, sql: str, values: Any, _context: Any, _many: bool) -> None:
        if sql.lstrip().split(None, 1)[0].upper() in ("SELECT", "UPDATE", "DELETE", "WITH", "INSERT"):
            found.append((sql, values))

    read = columns.read

    def noted_copy(sql: str, kinds: Mapping[str, str], /, **values: Any) -> Any:
        found.append((sql, values))
        return read(sql, kinds, **values)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        with pytest.MonkeyPatch.context() as patch:  # COPY passes SQLAlchemy's events by
            patch.setattr(columns, "read", noted_copy)
            act()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    return found


def scans(store_id: int, statement: Statement) -> list[str]:
    """Scans of scoped tables that do not go by the store; sequential ones count only if no index serves."""
    sql, values = statement
    with tenancy.store_scope(db.session(), store_id):
        cursor = db.session().connection().connection.cursor()
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN (FORMAT JSON) " + sql, values)
        found = cursor.fetchone()[0]
        cursor.close()
    plan = json.loads(found) if isinstance(found, str) else found
    return list(_bad(plan[0]["Plan"]))


def _bad(node: dict[str, Any]) -> Iterator[str]:
    if node.get("Relation Name") in SCOPED and node["Node Type"] != "ModifyTable":
        condition = node.get("Index Cond", "") + node.get("Recheck Cond", "")
        if "store_id" not in condition:
            yield f"{node['Node Type']} on {node['Relation Name']} ({condition or 'no condition'})"
    for child in node.get("Plans", []):
        yield from _bad(child)


def _tables(base: type) -> Iterator[str]:
    for found in base.__subclasses__():
        if hasattr(found, "__tablename__"):
            yield found.__tablename__
        yield from _tables(found)


SCOPED = set(_tables(StoreScoped))


def _delivery(app: Flask, shop: Shop) -> None:
    sent = signing.delivery(
        shop.domain, "orders/create", {"id": 1, "admin_graphql_api_id": "gid://shopify/Order/1"}
    )
    assert app.test_client().post("/webhooks", **sent).status_code == 200


def _inside(shop: Shop, act: Callable[[], Any]) -> None:
    with tenancy.store_scope(db.session(), shop.id):
        act()
        db.session().rollback()


_LEVELS = {"id": "bigint", "place": "bigint", "available": "double", "incoming": "double"}
HOT: dict[str, Callable[[Flask, Shop], Any]] = {
    "home": lambda app, shop: app.test_client().get("/", headers=shop.headers()),
    "products": lambda app, shop: app.test_client().get("/products", headers=shop.headers()),
    "products found": lambda app, shop: app.test_client().get("/products?q=tea", headers=shop.headers()),
    "one product": lambda app, shop: app.test_client().get("/products/1000", headers=shop.headers()),
    "suggestions": lambda app, shop: app.test_client().get("/suggestions", headers=shop.headers()),
    "transfers": lambda app, shop: app.test_client().get(
        "/transfers?search=tea&sort=value", headers=shop.headers()
    ),
    "stock at locations": lambda app, shop: _inside(shop, lambda: columns.read(transfers.LEVELS, _LEVELS)),
    "sales by location": lambda app, shop: _inside(
        shop, lambda: sales.by_location(since=clock.now() - timedelta(days=180))
    ),
    "accuracy": lambda app, shop: app.test_client().get("/accuracy", headers=shop.headers()),
    "accuracy added up": lambda app, shop: _inside(
        shop, lambda: accuracy.add_up(today=clock.today("UTC") + timedelta(days=60))
    ),
    "alerts": lambda app, shop: app.test_client().get("/alerts", headers=shop.headers()),
    "a delivery is kept": _delivery,
    "deliveries that wait": lambda app, shop: _inside(
        shop, lambda: runs.fresh_receipts(limit=100, older_than=clock.now())
    ),
    "the panel of a forecast": lambda app, shop: _inside(
        shop, lambda: forecasts.load_panel(last_day=clock.today("UTC"))
    ),
    "days counted anew": lambda app, shop: _inside(shop, lambda: sales.rebuild_all(time_zone="UTC")),
    "mails that wait": lambda app, shop: _inside(
        shop, lambda: alerts.unsent(now=clock.now(), waits=timedelta(0))
    ),
}


@pytest.mark.parametrize("name", list(HOT))
def test_a_hot_query_goes_by_the_store(app: Flask, shop: Shop, name: str) -> None:
    statements = asked(lambda: HOT[name](app, shop))
    ours = [one for one in statements if any(f" {table}" in one[0] for table in SCOPED)]
    assert ours, "it asks nothing of a store's tables"
    bad = {one[0][:300]: scans(shop.id, one) for one in ours if "staging" not in one[0]}
    assert {sql: found for sql, found in bad.items() if found} == {}


def test_a_query_past_the_store_is_found() -> None:
    plan = {"Node Type": "Nested Loop", "Plans": [{"Node Type": "Seq Scan", "Relation Name": "orders"}]}
    assert list(_bad(plan)) == ["Seq Scan on orders (no condition)"]
