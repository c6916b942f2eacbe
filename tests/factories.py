"""Stores with members, products, stock and sales for tests; what is derived is made by the real services."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from flask import Flask

from app.jobs import forecasts
from app.models.catalog import Location, Product, Variant
from app.models.inventory import InventoryLevel
from app.models.sales import DailySales, Order, OrderLine
from app.models.stores import Member, Store
from app.models.sync import SyncRun
from app.platform import clock, db, tenancy
from app.services import stores
from tests.signing import id_token

USERS = {"owner": "11", "manager": "12", "viewer": "13"}
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
    ids = list(range(first_id, first_id + len(items)))
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction() as session:
        session.add(Location(id=1, name="Main warehouse"))
        for variant_id, item in zip(ids, items, strict=True):
            session.add(Product(id=variant_id, title=item.name, vendor=item.vendor))
            session.flush()
            session.add(
                Variant(
                    id=variant_id,
                    product_id=variant_id,
                    inventory_item_id=variant_id,
                    display_name=item.name,
                    sku=f"SKU-{variant_id}",
                    price=Decimal("9.90"),
                    unit_cost=Decimal(item.cost) if item.cost else None,
                    is_tracked=item.is_tracked,
                )
            )
            session.add(
                InventoryLevel(
                    inventory_item_id=variant_id,
                    location_id=1,
                    on_hand=item.on_hand,
                    committed=item.committed,
                    available=item.on_hand - item.committed,
                    incoming=item.incoming,
                )
            )
            for back in range(1, item.days + 1):
                units = item.units[back % len(item.units)]
                day = today - timedelta(days=back)
                if units:
                    noon = datetime.combine(day, time(12), UTC)
                    number = variant_id * 1000 + back
                    session.add(Order(id=number, processed_at=noon, updated_at=noon))
                    session.flush()
                    session.add(
                        OrderLine(
                            id=number, order_id=number, variant_id=variant_id, ordered=units, units=units
                        )
                    )
                    revenue = units * Decimal("9.90")
                    session.add(DailySales(variant_id=variant_id, day=day, units=units, revenue=revenue))
    return ids


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


def ready_store(
    app: Flask, *, name: str = "Bean & Leaf", items: Sequence[Item] = ITEMS
) -> tuple[Shop, list[int]]:
    """A store after its first sync, with forecasts, suggestions and alerts."""
    shop = make_store(app, name=name)
    ids = fill(app, shop, items)
    sync_run(app, shop)
    forecast(app, shop)
    return shop, ids
