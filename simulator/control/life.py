"""Random but repeatable life of a shop, day after day: orders and what follows them, stock, transfers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from simulator.store import catalog, orders, stock, transfers
from simulator.store.database import Row, Shop, Transaction, children, row, rows
from simulator.store.stock import Refused
from simulator.world import World

DAY = 86_400
# Things that happen beside orders, and how many of each a day on average.
_RATES = {
    "fulfill": 12.0,
    "refund": 1.5,
    "cancel": 0.8,
    "edit": 1.0,
    "stock": 3.0,
    "transfer": 0.5,
    "receive": 0.5,
    "change_product": 1.0,
    "create_product": 0.15,
    "delete_variant": 0.1,
    "recreate": 0.1,
    "delete_order": 0.2,
    "import_order": 0.3,
}
_ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland")


def live(world: World, shop: Shop, given: Row) -> Row:
    """{days, seed?, orders_per_day?, zones?}: live that many days, moving the clock; answers what happened.

    With `zones` true the shop may move to another time zone. Nothing else should change the shop meanwhile.
    """
    days, per_day = float(given.get("days", 1)), float(given.get("orders_per_day", 20))
    if not 0 < days <= 400 or not 0 <= per_day <= 5000:
        raise Refused("live takes days (above 0, at most 400) and orders_per_day (0 to 5,000)")
    random = np.random.default_rng(int(given.get("seed", 1)))
    happened: Counter[str] = Counter()
    rates = {"order": per_day, **{name: rate * max(per_day, 1) / 20 for name, rate in _RATES.items()}}
    if given.get("zones"):
        rates["zone"] = 0.1
    for event, pause in _schedule(rates, days, random):
        world.clock.set(advance=pause)
        if event is None:
            continue
        try:
            with shop.write() as change:
                DOINGS[event](change, random)
        except Refused:
            happened["refused"] += 1  # e.g. nothing left to refund: life goes on
        else:
            happened[event] += 1
    return {"happened": dict(happened), "now": world.clock.now()}


def _schedule(
    rates: dict[str, float], days: float, random: np.random.Generator
) -> list[tuple[str | None, float]]:
    """Events in order of time with the pause before each; the last pause leads to the end."""
    moments: list[tuple[float, str | None]] = []
    for name, rate in rates.items():
        moments += [(float(at), name) for at in random.uniform(0, days * DAY, random.poisson(rate * days))]
    moments.sort(key=lambda moment: moment[0])
    moments.append((days * DAY, None))
    starts = [0.0, *(at for at, _ in moments[:-1])]
    return [(name, at - before) for (at, name), before in zip(moments, starts, strict=True)]


def _pick(change: Transaction, random: np.random.Generator, table: str, where: str = "1") -> Row:
    total = change.db.execute(f"SELECT COUNT(*) FROM {table} WHERE {where}").fetchone()[0]
    if not total:
        raise Refused(f"no {table} to choose from")
    found = row(
        change.db,
        f"SELECT * FROM {table} WHERE {where} ORDER BY id LIMIT 1 OFFSET ?",
        (int(random.integers(total)),),
    )
    assert found is not None
    return found


def _recent_order(change: Transaction, random: np.random.Generator, where: str) -> Row:
    return _pick(change, random, "orders", f"{where} AND created_at > {change.now - 40 * DAY}")


def _line(change: Transaction, random: np.random.Generator, order: Row, where: Callable[[Row], bool]) -> Row:
    lines = [x for x in children(change.db, "lines", "order_id", [order["id"]]) if where(x)]
    if not lines:
        raise Refused("no such line")
    return lines[int(random.integers(len(lines)))]


def _order(change: Transaction, random: np.random.Generator, processed_at: int | None = None) -> None:
    variants = {
        v["id"]: v for v in (_pick(change, random, "variants") for _ in range(int(random.integers(1, 4))))
    }
    wanted = [orders.Wanted(v, 1 + int(random.geometric(0.6) - 1)) for v in variants.values()]
    places = rows(change.db, "SELECT id FROM locations WHERE active ORDER BY id")
    pos = random.random() < 0.15 and len(places) > 1
    orders.place(
        change,
        wanted,
        test=bool(random.random() < 0.02),
        source="pos" if pos else "web",
        location_id=places[1]["id"] if pos else None,
        processed_at=processed_at,
        fulfill=bool(pos),
    )


def _import_order(change: Transaction, random: np.random.Generator) -> None:
    """An order of another channel, processed up to some days before it is created here."""
    _order(change, random, processed_at=change.now - int(random.integers(60, 5 * DAY)))


def _fulfill(change: Transaction, random: np.random.Generator) -> None:
    orders.fulfill(
        change, _recent_order(change, random, "fulfilled_at IS NULL AND cancelled_at IS NULL")["id"]
    )


def _refund(change: Transaction, random: np.random.Generator) -> None:
    order = _recent_order(change, random, "cancelled_at IS NULL")
    line = _line(change, random, order, lambda x: x["current_quantity"] > 0)
    kind = str(random.choice(["RETURN", "NO_RESTOCK"] if line["fulfilled"] else ["CANCEL", "NO_RESTOCK"]))
    orders.refund(
        change,
        order["id"],
        [orders.Back(line["id"], int(random.integers(1, line["current_quantity"] + 1)), kind)],
    )


def _cancel(change: Transaction, random: np.random.Generator) -> None:
    order = _recent_order(change, random, "cancelled_at IS NULL")
    orders.cancel(change, order["id"], restock=bool(random.random() < 0.8))


def _edit(change: Transaction, random: np.random.Generator) -> None:
    order = _recent_order(change, random, "cancelled_at IS NULL AND fulfilled_at IS NULL")
    if random.random() < 0.4:
        orders.edit(change, order["id"], add=[orders.Wanted(_pick(change, random, "variants"), 1)])
        return
    line = _line(change, random, order, lambda x: x["current_quantity"] > 0)
    orders.edit(change, order["id"], deltas={line["id"]: int(random.choice([-1, 1]))})


def _stock(change: Transaction, random: np.random.Generator) -> None:
    level = _pick(change, random, "levels", "active")
    name = str(random.choice(["available", "available", "damaged", "reserved"]))
    stock.move(
        change, level["item_id"], level["location_id"], "count", **{name: int(random.integers(-3, 12))}
    )


def _transfer(change: Transaction, random: np.random.Generator) -> None:
    items = {int(_pick(change, random, "variants", "tracked")["item_id"]) for _ in range(3)}
    place = _pick(change, random, "locations", "active")["id"]
    number = transfers.create(
        change, [(item, int(random.integers(5, 60))) for item in items], place, origin_name="Supplier"
    )
    transfers.mark_ready(change, number)
    transfers.ship(change, number, arrives_at=change.now + int(random.integers(1, 20)) * DAY)


def _receive(change: Transaction, random: np.random.Generator) -> None:
    shipment = _pick(change, random, "shipments", "status IN ('IN_TRANSIT', 'PARTIALLY_RECEIVED')")
    lines = children(change.db, "shipment_lines", "shipment_id", [shipment["id"]])
    left = [(x["id"], x["quantity"] - x["accepted"] - x["rejected"], True) for x in lines]
    parts = [(i, int(random.integers(0, n + 1)), ok) for i, n, ok in left] if random.random() < 0.3 else left
    transfers.receive(change, shipment["id"], parts)


def _change_product(change: Transaction, random: np.random.Generator) -> None:
    variant = _pick(change, random, "variants")
    choices: list[dict[str, Any]] = [
        {"price": int(random.integers(300, 9000))},
        {"unit_cost": int(random.integers(100, 4000))},
        {"sku": f"NEW-{int(random.integers(10**6))}"},
    ]
    catalog.update_variant(change, variant, **choices[int(random.integers(len(choices)))])


def _create_product(change: Transaction, random: np.random.Generator) -> None:
    number = int(random.integers(10**6))
    skus = [f"LIFE-{number}-{i}" for i in range(int(random.integers(1, 4)))]
    catalog.create_product(
        change, f"New Arrival {number}", skus=skus, stock_units=int(random.integers(0, 40))
    )


def _delete_variant(change: Transaction, random: np.random.Generator) -> None:
    variant = _pick(change, random, "variants")
    siblings = change.db.execute(
        "SELECT COUNT(*) FROM variants WHERE product_id = ?", (variant["product_id"],)
    ).fetchone()[0]
    if siblings == 1:
        catalog.delete_product(change, variant["product_id"])
        return
    catalog.delete_variant(change, variant)
    catalog.touch_product(change, variant["product_id"])


def _recreate(change: Transaction, random: np.random.Generator) -> None:
    """A product is deleted and made again under the same SKUs: other ids, same goods."""
    product = _pick(change, random, "products", "gift_card = 0")
    skus = [v["sku"] for v in children(change.db, "variants", "product_id", [product["id"]])]
    catalog.delete_product(change, product["id"])
    catalog.create_product(
        change, product["title"], skus=skus or ["AGAIN"], vendor=product["vendor"], stock_units=5
    )


def _delete_order(change: Transaction, random: np.random.Generator) -> None:
    orders.delete(change, _recent_order(change, random, "closed_at IS NOT NULL")["id"])


def _zone(change: Transaction, random: np.random.Generator) -> None:
    change.set_meta("timezone", str(random.choice(_ZONES)))
    change.emit(
        "shop/update",
        {
            "id": change.meta("shop_id"),
            "myshopify_domain": change.shop.domain,
            "iana_timezone": change.meta("timezone"),
            "updated_at": change.shop.local_time(change.now),
        },
    )


DOINGS: dict[str, Callable[[Transaction, np.random.Generator], None]] = {
    "order": _order,
    "import_order": _import_order,
    "fulfill": _fulfill,
    "refund": _refund,
    "cancel": _cancel,
    "edit": _edit,
    "stock": _stock,
    "transfer": _transfer,
    "receive": _receive,
    "change_product": _change_product,
    "create_product": _create_product,
    "delete_variant": _delete_variant,
    "recreate": _recreate,
    "delete_order": _delete_order,
    "zone": _zone,
}
