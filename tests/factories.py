"""Stores with members, products, stock and sales for tests; what is derived is made by the real services."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import cast

from flask import Flask
from sqlalchemy import Table, delete, insert, update

from app.jobs import forecasts
from app.models.catalog import Location, Product, Variant
from app.models.inventory import InventoryLevel
from app.models.outbox import OutboxEntry
from app.models.sales import DailySales, Order, OrderLine
from app.models.stores import Member, Store
from app.models.sync import SyncRun
from app.platform import clock, db, queue, tenancy
from app.services import reports, stores
from tests.signing import id_token

PRICE = Decimal("9.90")
USERS = {"owner": "11", "manager": "12", "viewer": "13"}
# The domains of stores that the tests of several modules read.
LASTING: set[str] = set()
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Shop:
    """One store of the tests."""

    id: int
    domain: str

    def headers(self, role: str = "owner", *, fragment: bool = False) -> dict[str, str]:
        """What App Bridge, and for a fragment htmx, send with a request of that member."""
        sent = {"Authorization": f"Bearer {id_token(self.domain, user=USERS[role])}", "Accept": "text/html"}
        return {**sent, "HX-Request": "true", "HX-Request-Type": "partial"} if fragment else sent


def make_store(app: Flask, *, name: str = "Bean & Leaf", zone: str = "Europe/Berlin") -> Shop:
    """A store that is installed, with an owner, a manager and a viewer, and nothing in it."""
    domain = f"shop-{next(_numbers)}-{id(app):x}.myshopify.com"
    with app.app_context():
        with db.separate_transaction() as own:
            store = Store(
                shop=domain,
                name=name,
                time_zone=zone,
                currency="EUR",
                scopes=["read_products", "read_inventory", "read_orders"],
                access_token_sealed="sealed",
                access_expires_at=clock.now() + timedelta(hours=1),
            )
            own.add(store)
            own.flush()
            store_id = store.id
        with tenancy.store_scope(db.session(), store_id), db.transaction():
            for role, user in USERS.items():
                db.session().add(Member(shopify_user_id=user, role=role, name=f"{role.capitalize()} Person"))
            # Training on a whole shop is tested where it belongs; here it would only take time.
            stores.settings().engine = "average_28"
            # So that some products are below it, some are not.
            stores.settings().low_stock_threshold = 10
    return Shop(store_id, domain)


def leave(app: Flask) -> None:
    """All stores have left but those that other modules still need, and nothing waits to be done."""
    with app.app_context():
        with db.separate_transaction() as own:
            own.execute(update(Store).where(Store.shop.not_in(LASTING)).values(status="uninstalled"))
            own.execute(delete(OutboxEntry))
        queue.connection().flushdb()


@dataclass(frozen=True)
class Item:
    """One product to make: units sold each day (repeated backwards from yesterday), and its stock."""

    name: str
    units: Sequence[int]
    on_hand: int
    committed: int = 0
    incoming: int = 0
    days: int = 120
    vendor: str = "Hill Farm"
    cost: str | None = "4.20"
    is_tracked: bool = True


ITEMS = (
    Item("Coffee beans 1 kg", (6, 4, 8, 5), on_hand=12, committed=2, incoming=24),
    Item("Green tea 100 g", (3, 2, 4), on_hand=0, vendor="Leaf & Co"),
    Item("Porcelain cup", (1, 0, 2, 0), on_hand=400, vendor="Clay Works"),
    Item("Paper filters", (9, 12, 7), on_hand=35, cost=None),
    Item("Gift mug, limited", (1,), on_hand=3, days=4, vendor="Clay Works"),
    Item("Oat biscuits <b>crisp</b>", (2, 3), on_hand=90, days=20),
)


def fill(app: Flask, shop: Shop, items: Sequence[Item] = ITEMS, *, first_id: int = 1000) -> list[int]:
    """Products, stock at one place and sales of the store; returns the variants' ids."""
    today = clock.today("Europe/Berlin")
    numbered = list(enumerate(items, first_id))
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction() as session:
        # Each kind at once, those that others point to first: row by row, a shop would take seconds.
        session.add(Location(id=1, name="Main warehouse"))
        for kind in (_product, _variant, _level):
            session.add_all([kind(number, item) for number, item in numbered])
            session.flush()
        _sell([sale for number, item in numbered for sale in _sales(number, item, today)])
    return [number for number, _ in numbered]


def _product(number: int, item: Item) -> Product:
    return Product(id=number, title=item.name, vendor=item.vendor)


def _variant(number: int, item: Item) -> Variant:
    return Variant(
        id=number,
        product_id=number,
        inventory_item_id=number,
        display_name=item.name,
        sku=f"SKU-{number}",
        price=PRICE,
        unit_cost=Decimal(item.cost) if item.cost else None,
        is_tracked=item.is_tracked,
    )


def _level(number: int, item: Item) -> InventoryLevel:
    return InventoryLevel(
        inventory_item_id=number,
        location_id=1,
        on_hand=item.on_hand,
        committed=item.committed,
        available=item.on_hand - item.committed,
        incoming=item.incoming,
    )


def _sales(number: int, item: Item, today: date) -> Iterator[tuple[int, int, date, int]]:
    """What the product sold on each day before today: the sale's number, the variant, the day, the units."""
    for back in range(1, item.days + 1):
        units = item.units[back % len(item.units)]
        if units:
            yield number * 1000 + back, number, today - timedelta(days=back), units


def _sell(sales: Sequence[tuple[int, int, date, int]]) -> None:
    """Each sale as an order, its line and the day's sum."""
    noons = [datetime.combine(day, time(12), UTC) for _, _, day, _ in sales]
    orders = [(sale, noon, noon) for (sale, *_), noon in zip(sales, noons, strict=True)]
    lines = [(sale, sale, variant_id, units, units) for sale, variant_id, _, units in sales]
    days = [(variant_id, day, units, units * PRICE) for _, variant_id, day, units in sales]
    _insert(Order, ("id", "processed_at", "updated_at"), orders)
    _insert(OrderLine, ("id", "order_id", "variant_id", "ordered", "units"), lines)
    _insert(DailySales, ("variant_id", "day", "units", "revenue"), days)


def _insert(model: type[db.Base], names: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Rows of the current store, with the model's own defaults."""
    store_id = tenancy.require_store()
    values = [{"store_id": store_id, **dict(zip(names, row, strict=True))} for row in rows]
    if values:
        db.session().connection().execute(insert(cast(Table, model.__table__)), values)


def sync_run(app: Flask, shop: Shop, **values: object) -> None:
    """A run of the sync; without values one that has just ended well."""
    now = clock.now()
    done = {"products": 6, "levels": 6, "orders": 400, "variant_days": 400}
    ended = {"status": "done", "stage": "done", "kind": "first", "done": done, "finished_at": now}
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction() as session:
        session.add(SyncRun(**{"started_at": now - timedelta(minutes=1), **ended, **values}))


def forecast(app: Flask, shop: Shop) -> None:
    """Forecast, plan and alert as the job does."""
    with app.app_context():
        forecasts.run(shop.id)


def file_of(report_id: int) -> bytes:
    """The whole file of a finished report of the current store."""
    numbers = itertools.count()
    return b"".join(iter(lambda: reports.piece(report_id, next(numbers)), None))


def ready_store(
    app: Flask, *, name: str = "Bean & Leaf", items: Sequence[Item] = ITEMS
) -> tuple[Shop, list[int]]:
    """A store after its first sync, with forecasts, suggestions and alerts."""
    shop = make_store(app, name=name)
    ids = fill(app, shop, items)
    sync_run(app, shop)
    forecast(app, shop)
    return shop, ids
