"""A large store written straight into the database (COPY): what `bench.web` walks through."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from flask import Flask

from app.domain import forecasts as engines
from app.jobs import forecasts as jobs
from app.models.catalog import Location, Product, Variant
from app.models.forecasts import Forecast, ForecastRun
from app.models.inventory import InventoryLevel
from app.models.sales import DailySales
from app.models.stores import Member, Store
from app.models.sync import SyncRun
from app.platform import clock, copying, db, tenancy
from app.services import accuracy, forecasts, purchasing, stores

VENDORS, TYPES, MEMBERS = 150, 40, 20
SELLING = 0.7  # the share of variants that ever sell
_TEMPLATES = 60
_KINDS = ("Shirt", "Mug", "Lamp", "Coffee", "Notebook", "Jacket", "Candle", "Bottle", "Chair", "Backpack")
_MARKS = ("Alpine", "Harbour", "Meadow", "Granite", "Ember", "Willow", "Cobalt", "Juniper", "Sable", "Tundra")


def fill(app: Flask, store_id: int, *, variants: int, seed: int = 1) -> list[int]:
    """Fill the store; returns its variants' ids."""
    draw = np.random.default_rng(seed)
    ids = list(range(1, variants + 1))
    with app.app_context():
        with db.separate_transaction() as own:
            store = own.get(Store, store_id)
            assert store is not None
            store.name, store.currency, store.time_zone = "Large Store", "EUR", "Europe/Berlin"
        with tenancy.store_scope(db.session(), store_id):
            for step in (_catalogue, _stock, _sales, _sold_where, _forecasts):
                with db.transaction():
                    step(draw, ids)
            with db.transaction():
                _noted(draw)
            with db.transaction():
                accuracy.add_up(today=clock.today("Europe/Berlin"))
            with db.transaction():
                _people_and_runs(ids)
        jobs.replan(store_id)
        with tenancy.store_scope(db.session(), store_id), db.transaction():
            _orders()
    return ids


def _catalogue(draw: np.random.Generator, ids: list[int]) -> None:
    products = range(1, len(ids) // 2 + 2)
    vendor, kind = draw.zipf(1.3, len(ids)) % VENDORS, draw.integers(0, TYPES, len(ids))
    status = draw.choice(["ACTIVE", "DRAFT", "ARCHIVED"], len(ids), p=[0.94, 0.04, 0.02])
    names = [f"{_MARKS[i * 7 % 10]} {_KINDS[i * 3 % 10]} {i}" for i in products]
    copying.append(
        Product,
        ("id", "title", "handle", "vendor", "product_type", "status", "tags", "is_gift_card"),
        (
            (
                i,
                names[i - 1],
                f"p-{i}",
                f"Vendor {vendor[i]:03d}",
                f"Type {kind[i]:02d}",
                status[i],
                [],
                False,
            )
            for i in products
        ),
    )
    price = np.round(draw.lognormal(3, 0.8, len(ids)), 2)
    columns = "id product_id inventory_item_id title display_name sku barcode price unit_cost is_tracked"
    copying.append(
        Variant,
        columns.split(),
        (
            (
                i,
                (i + 1) // 2,
                i,
                f"Size {i % 2}",
                f"{names[(i + 1) // 2 - 1]} - Size {i % 2}",
                f"SKU-{i:06d}",
                f"40{i:011d}",
                price[i - 1],
                round(price[i - 1] * 0.45, 4) if i % 20 else None,
                i % 50 != 0,
            )
            for i in ids
        ),
    )


def _stock(draw: np.random.Generator, ids: list[int]) -> None:
    for place in (1, 2):
        db.session().add(Location(id=place, name=f"Warehouse {place}"))
    db.session().flush()
    on_hand = draw.negative_binomial(0.6, 0.02, (len(ids), 2))
    committed = np.minimum(on_hand, draw.poisson(0.5, (len(ids), 2)))
    incoming = draw.poisson(2, (len(ids), 2)) * (draw.random((len(ids), 2)) < 0.1)
    copying.append(
        InventoryLevel,
        ("inventory_item_id", "location_id", "on_hand", "committed", "available", "incoming", "is_active"),
        (
            (
                i,
                place + 1,
                on_hand[i - 1, place],
                committed[i - 1, place],
                on_hand[i - 1, place] - committed[i - 1, place],
                incoming[i - 1, place],
                True,
            )
            for i in ids
            for place in (0, 1)
        ),
    )


def _sales(draw: np.random.Generator, ids: list[int]) -> None:
    """A year: on each day about one variant in 25 sells, a few of them often."""
    today = clock.today("Europe/Berlin")
    selling = int(len(ids) * SELLING)
    weight = 1 / np.arange(1, selling + 1) ** 0.7
    weight /= weight.sum()
    copying.append(
        DailySales, ("variant_id", "day", "units", "revenue"), _days(draw, weight, today, len(ids))
    )


def _sold_where(_draw: np.random.Generator, _ids: list[int]) -> None:
    """The orders behind half a year of these sales, each of one line; the second location sells a quarter."""
    sold = (
        "(SELECT row_number() OVER (ORDER BY day, variant_id) AS id, * FROM daily_sales"
        " WHERE day > CURRENT_DATE - 180) d"
    )
    db.execute(
        f"""
        INSERT INTO orders (store_id, id, processed_at, updated_at, is_test, source, location_id)
        SELECT store_id, id, day + TIME '12:00', day + TIME '12:00', false, 'web', 1 + (id % 4 = 0)::int FROM {sold}
        """
    )
    db.execute(
        f"""
        INSERT INTO order_lines (store_id, id, order_id, variant_id, sku, ordered, units, is_gift_card)
        SELECT store_id, id, id, variant_id, '', units, units, false FROM {sold}
        """
    )


def _days(draw: np.random.Generator, weight: Any, today: date, variants: int) -> Iterator[tuple[Any, ...]]:
    for back in range(1, 366):
        sold = draw.multinomial(variants // 15, weight)
        for place in np.flatnonzero(sold):
            units = int(sold[place])
            yield int(place) + 1, today - timedelta(days=back), units, Decimal(units * 20)


def _forecasts(draw: np.random.Generator, ids: list[int]) -> None:
    """Real forecasts of a few variants; the others of their kind take theirs over by one statement."""
    today, now = clock.today("Europe/Berlin"), clock.now()
    stores.settings().engine = "average_28"
    panel = forecasts.load_panel(last_day=today - timedelta(days=1))
    assert panel is not None
    made = engines.forecast(panel, horizon=28, engine="average_28", only=_spread(len(panel.keys)))
    run = ForecastRun(engine="average_28", origin=panel.last_day, started_at=now, variants=len(panel.keys))
    db.session().add(run)
    db.session().flush()
    run.status, run.finished_at = "done", now
    forecasts.store(run.id, made)
    columns = ", ".join(column.name for column in Forecast.__table__.columns if column.name != "variant_id")
    db.execute(
        f"""
        INSERT INTO forecasts (variant_id, {columns})
        SELECT v.id, {", ".join("f." + name for name in columns.split(", "))}
        FROM (SELECT DISTINCT variant_id AS id FROM daily_sales) v
        JOIN (SELECT *, row_number() OVER (ORDER BY variant_id) - 1 AS place FROM forecasts) f
          ON f.place = (v.id * :count / :last)::bigint % :count
        ON CONFLICT DO NOTHING
        """,
        count=len(made),
        last=int(panel.keys.max()) + 1,
    )


def _noted(draw: np.random.Generator) -> None:
    """Each variant's forecast as it was noted in six weeks that are over, right, too high and too low."""
    db.execute(
        """
        INSERT INTO forecast_records (store_id, variant_id, origin, days, units, low, high, model)
        SELECT f.store_id, f.variant_id, f.origin - 7 * week, 28, sold.n * error, sold.n * error * 0.6,
               sold.n * error * 1.5, f.model
        FROM forecasts f CROSS JOIN generate_series(5, 10) AS week
        CROSS JOIN LATERAL (SELECT SUM(d) AS n FROM unnest(f.daily_mean) AS d) sold
        CROSS JOIN LATERAL (SELECT 0.5 + (f.variant_id * 7 + week * :odd) % 100 / 100.0 AS error) off
        WHERE f.refused_until IS NULL
        """,
        odd=int(draw.integers(11, 97)),
    )


def _spread(count: int) -> Any:
    return np.unique(np.linspace(0, count - 1, _TEMPLATES).astype(np.int64))


def _people_and_runs(ids: list[int]) -> None:
    now = datetime.now(UTC)
    for number in range(MEMBERS):
        role = "owner" if number == 0 else "manager"
        db.session().add(Member(shopify_user_id=str(1000 + number), role=role, name=f"Member {number}"))
    done = {"products": len(ids) // 2, "levels": 2 * len(ids), "orders": 1, "variant_days": 1}
    db.session().add(
        SyncRun(status="done", stage="done", kind="first", done=done, started_at=now, finished_at=now)
    )
    purchasing.ensure_suppliers()


def _orders() -> None:
    """Drafts of a third of the suppliers; half of them sent, so that some stock is on its way."""
    now = clock.now()
    for row in db.rows("SELECT id FROM suppliers ORDER BY id")[::3]:
        try:
            order = purchasing.order_due(row.id, actor="bench", now=now)
        except purchasing.UnableToOrder:
            continue
        if order.number % 2:
            db.execute(
                "UPDATE purchase_orders SET status = 'sent', sent_at = :now WHERE id = :id",
                now=now,
                id=order.id,
            )
