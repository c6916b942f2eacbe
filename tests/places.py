"""A store with two locations that both sell, unevenly filled; what is to be moved is worked out by the real plan."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask

from app.jobs import forecasts
from app.models.catalog import Location
from app.models.inventory import InventoryLevel
from app.platform import clock, db, tenancy
from app.services import inventory
from tests import factories
from tests.factories import Item, Shop

WAREHOUSE, COUNTER = 1, 2
ITEMS = (
    Item("Coffee beans 1 kg", (6, 4, 8, 5), on_hand=900),
    Item("=Green tea 100 g", (3, 2, 4), on_hand=500, vendor="Leaf & Co", cost=None),
    Item("Porcelain cup", (1, 0, 2, 0), on_hand=40, vendor="Clay Works"),
)
# Units at the counter by item; the first two have plenty in the warehouse.
AT_COUNTER = (2, 0, 60)


def two_places(app: Flask, *, name: str = "Two Places", first_id: int = 1000) -> tuple[Shop, list[int]]:
    """The store after its first sync, planned: a quarter of all orders were sold over the counter."""
    shop = factories.make_store(app, name=name)
    ids = factories.fill(app, shop, ITEMS, first_id=first_id)
    factories.sync_run(app, shop)
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction() as session:
        session.add(Location(id=COUNTER, name="High Street shop"))
        session.flush()
        session.add_all(
            InventoryLevel(inventory_item_id=item, location_id=COUNTER, on_hand=units, available=units)
            for item, units in zip(ids, AT_COUNTER, strict=True)
        )
        db.execute(
            "UPDATE orders SET location_id = CASE WHEN id % 4 = 0 THEN :counter ELSE :warehouse END",
            counter=COUNTER,
            warehouse=WAREHOUSE,
        )
    factories.forecast(app, shop)
    return shop, ids


def plan_again(app: Flask, shop: Shop, *statements: str, values: Mapping[str, object] | None = None) -> None:
    """Change what is stored, and plan anew as the job does."""
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        with db.transaction():
            for statement in statements:
                db.execute(statement, **(values or {}))
        with db.transaction():
            forecasts.plan_again()


def leave_out(place: int, is_left_out: bool = True) -> bool:
    """Leave a location of the current store out, or count it again, as the job does; whether that was new."""
    asked = inventory.leave_out(place, is_left_out, actor="Ann")
    inventory.count_locations(clock.today("Europe/Berlin"))
    return asked
