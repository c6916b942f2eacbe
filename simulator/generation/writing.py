"""Writes a planned history into a shop's tables in bulk."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from simulator.config import SimulatorConfig
from simulator.generation.aftermath import Aftermath, make_aftermath
from simulator.store import transfers
from simulator.store.database import Shop, Transaction

if TYPE_CHECKING:
    from simulator.generation.build import History

DAY = 86_400
_BATCH = 50_000
# Shares of a product's stock that stand in the shop, and how often each is so.
SHOP_SHARES, SHOP_CHANCES = (0.0, 0.1, 0.15, 0.6), (0.25, 0.35, 0.25, 0.15)


def write_shop(
    shop: Shop, history: History, config: SimulatorConfig, progress: Callable[[str], None]
) -> None:
    """All rows of a new shop, in one transaction; nothing is published."""
    with shop.write() as change:
        _settings(change, history, config)
        writer = _Writer(change, history)
        writer.locations()
        writer.products()
        writer.orders()
        progress(
            f"Generating {len(history.catalogue.items):,} variants … "
            f"{len(history.baskets.order_time):,} orders … 80 %"
        )
        writer.levels()
        writer.transfers()
        change.events.clear()  # history is not news
    progress(
        f"Generated {len(history.catalogue.items):,} variants and {len(history.baskets.order_time):,} orders."
    )


def _settings(change: Transaction, history: History, config: SimulatorConfig) -> None:
    shop = change.shop
    values = {
        "name": shop.handle.replace("-", " ").title(),
        "timezone": config.timezone,
        "currency": "EUR",
        "plan": "standard",
        "shop_id": shop.id_base // 1000,
        "created_at": int(history.now - (history.days + 30) * DAY),
        "webhook_version": "2026-07",
        "order_number": 1000,
    }
    for key, value in values.items():
        change.set_meta(key, value)


class _Writer:
    """Writes part after part; later parts use the ids of earlier ones."""

    def __init__(self, change: Transaction, history: History) -> None:
        self.change, self.db, self.history = change, change.db, history
        self.random = np.random.default_rng(history.seed + 1)
        self.items = history.catalogue.items
        self.start = int(history.now - history.days * DAY)
        self.committed = np.zeros((len(self.items), 2), np.int64)

    def _many(self, table: str, rows: list[tuple[Any, ...]]) -> None:
        if rows:
            marks = ",".join("?" * len(rows[0]))
            for start in range(0, len(rows), _BATCH):
                self.db.executemany(f"INSERT INTO {table} VALUES ({marks})", rows[start : start + _BATCH])

    def locations(self) -> None:
        first = self.change.next_id(3)
        self.places = [first, first + 1, first + 2]
        names = (("Main warehouse", 1, 1), ("High Street shop", 1, 0), ("Old warehouse", 0, 0))
        self._many(
            "locations",
            [
                (place, name, active, online, self.start, self.start, None if active else self.start + DAY)
                for place, (name, active, online) in zip(self.places, names, strict=True)
            ],
        )

    def products(self) -> None:
        groups, now = self.history.catalogue.groups, int(self.history.now)
        self.product_ids = self._ids(len(groups))
        variant_ids, item_ids = self._ids(len(self.items)), self._ids(len(self.items))
        self.variant_ids, self.item_ids = np.array(variant_ids), np.array(item_ids)
        born = [self.start + max(g.born, 0) * DAY for g in groups]
        self._many(
            "products",
            [
                (
                    pid,
                    g.title,
                    f"{'-'.join(g.title.lower().split())}-{n}",
                    g.vendor,
                    g.kind,
                    g.status,
                    json.dumps(g.tags),
                    int(g.gift_card),
                    json.dumps([g.option]),
                    b,
                    min(b + DAY, now),
                    None if g.status == "DRAFT" else b,
                )
                for n, (pid, g, b) in enumerate(zip(self.product_ids, groups, born, strict=True))
            ],
        )
        self._many(
            "variants",
            [
                (
                    vid,
                    self.product_ids[i.product],
                    iid,
                    i.sku,
                    i.barcode,
                    i.title,
                    json.dumps(i.options),
                    i.price,
                    i.unit_cost,
                    i.position,
                    i.policy,
                    int(i.tracked),
                    int(not i.gift_card),
                    born[i.product],
                    born[i.product],
                    born[i.product],
                )
                for vid, iid, i in zip(variant_ids, item_ids, self.items, strict=True)
            ],
        )
        self._many(
            "supply",
            [
                (
                    vid,
                    groups[i.product].vendor,
                    float(mean),
                    float(sd),
                    "gift card" if i.gift_card else "product",
                )
                for vid, i, mean, sd in zip(
                    variant_ids, self.items, self.history.lead_mean, self.history.lead_sd, strict=True
                )
            ],
        )

    def _ids(self, count: int) -> list[int]:
        first = self.change.next_id(max(count, 1))
        return list(range(first, first + count))

    def orders(self) -> None:
        baskets, now = self.history.baskets, int(self.history.now)
        count = len(baskets.order_time)
        ids = np.array(self._ids(2 * count)[::2], np.int64)
        after = make_aftermath(baskets, now, self.random)
        number = 1000 + np.arange(1, count + 1)
        self.change.set_meta("order_number", 1000 + count)
        pos = self.random.random(count) < 0.1
        self.order_place = pos.astype(np.int64)
        self._order_rows(ids, number, pos, after)
        self._line_rows(ids, after)
        self._later_rows(ids, after)

    def _order_rows(self, ids: np.ndarray, number: np.ndarray, pos: np.ndarray, after: Aftermath) -> None:
        at = self.history.baskets.order_time
        # Orders imported from another channel were processed before they were created here.
        columns = zip(
            ids.tolist(),
            number.tolist(),
            at.tolist(),
            after.updated.tolist(),
            after.cancelled.tolist(),
            after.fulfilled.tolist(),
            after.test.tolist(),
            after.edited.tolist(),
            pos.tolist(),
            after.left.tolist(),
            after.returned.tolist(),
            strict=True,
        )
        self._many(
            "orders",
            [
                (
                    oid,
                    num,
                    t,
                    t,
                    upd,
                    can or None,
                    "CUSTOMER" if can else None,
                    can or ful or None,
                    ful or None,
                    int(test),
                    int(edit),
                    "pos" if p else "web",
                    self.places[1] if p else self.places[0],
                    "REFUNDED" if (can or (back and not left)) else "PARTIALLY_REFUNDED" if back else "PAID",
                )
                for oid, num, t, upd, can, ful, test, edit, p, left, back in columns
            ],
        )

    def _line_rows(self, ids: np.ndarray, after: Aftermath) -> None:
        baskets, groups = self.history.baskets, self.history.catalogue.groups
        self.line_ids = np.array(self._ids(len(baskets.line_order)), np.int64)
        facts = [
            (
                groups[i.product].title,
                None if i.title == "Default Title" else i.title,
                groups[i.product].vendor,
            )
            for i in self.items
        ]
        rows, events = [], []
        cancelled, fulfilled = after.cancelled > 0, after.fulfilled > 0
        for line, v, o, q, cur in zip(
            self.line_ids.tolist(),
            baskets.line_variant.tolist(),
            baskets.line_order.tolist(),
            baskets.line_quantity.tolist(),
            after.current.tolist(),
            strict=True,
        ):
            item, (title, option, vendor) = self.items[v], facts[v]
            shipped = cur if fulfilled[o] and not cancelled[o] else 0
            rows.append(
                (
                    line,
                    int(ids[o]),
                    int(self.variant_ids[v]),
                    self.product_ids[item.product],
                    item.sku,
                    title,
                    option,
                    vendor,
                    q,
                    q,
                    cur,
                    shipped,
                    item.price,
                    item.price,
                    int(item.gift_card),
                    int(not item.gift_card),
                    int(self.variant_ids[v]),
                )
            )
            if not fulfilled[o] and not cancelled[o] and item.tracked:
                self.committed[v, self.order_place[o]] += cur
            if not item.gift_card and not after.test[o]:
                events.append(
                    (
                        None,
                        int(ids[o]),
                        int(self.variant_ids[v]),
                        int(baskets.order_time[o]),
                        int(baskets.order_time[o]),
                        "sale",
                        q,
                    )
                )
        self._many("lines", rows)
        self._many("unit_events", events)

    def _later_rows(self, ids: np.ndarray, after: Aftermath) -> None:
        """Refunds (returns and cancellations) and edits, with their agreements, sales and unit events."""
        baskets = self.history.baskets
        grouped: dict[tuple[int, str, int], list[tuple[int, int, str]]] = defaultdict(list)
        for line, units, at, kind, restock in after.removals:
            grouped[(int(baskets.line_order[line]), kind, at)].append((line, units, restock))
        for (order, kind, at), lines in grouped.items():
            self._removal(ids, after, order, kind, at, lines)

    def _removal(
        self,
        ids: np.ndarray,
        after: Aftermath,
        order: int,
        kind: str,
        at: int,
        lines: list[tuple[int, int, str]],
    ) -> None:
        baskets, db = self.history.baskets, self.db
        oid, place = int(ids[order]), self.places[int(self.order_place[order])]
        agreement = self.change.next_id()
        refund = self.change.next_id() if kind != "edit" else None
        db.execute(
            "INSERT INTO agreements VALUES (?,?,?,?,?)",
            (agreement, oid, at, "REFUND" if refund else "ORDER_EDIT", refund),
        )
        if refund:
            db.execute(
                "INSERT INTO refunds VALUES (?,?,?,?,?)",
                (
                    refund,
                    oid,
                    at,
                    "Cancelled" if kind == "cancel" else None,
                    int(any(x[2] != "NO_RESTOCK" for x in lines)),
                ),
            )
        for line, units, restock in lines:
            item = self.items[int(baskets.line_variant[line])]
            line_id = int(self.line_ids[line])
            if refund:
                db.execute(
                    "INSERT INTO refund_lines VALUES (?,?,?,?,?,?,?)",
                    (
                        self.change.next_id(),
                        refund,
                        line_id,
                        units,
                        restock,
                        None if restock == "NO_RESTOCK" else place,
                        units * item.price,
                    ),
                )
            db.execute(
                "INSERT INTO sales VALUES (?,?,?,?,?,?)",
                (
                    self.change.next_id(),
                    agreement,
                    "RETURN" if refund else "UPDATE",
                    -units,
                    line_id,
                    -units * item.price,
                ),
            )
            if not item.gift_card and not after.test[order]:
                variant = int(self.variant_ids[baskets.line_variant[line]])
                db.execute(
                    "INSERT INTO unit_events VALUES (NULL,?,?,?,?,?,?)",
                    (oid, variant, int(baskets.order_time[order]), at, kind, -units),
                )

    def levels(self) -> None:
        """Split the stock at the end between warehouse and shop; open orders hold some of it as committed.

        The shop sells a tenth of what is sold and holds a seventh of the stock on average, of some things
        nothing at all and of others most: shops are filled unevenly, which is what transfers are for.
        """
        now, tracked = int(self.history.now), np.array([i.tracked for i in self.items])
        stock = np.where(tracked, np.maximum(self.history.supplied.stock, 0), 0)
        uneven = np.random.default_rng(self.history.seed + 2)
        held = uneven.choice(SHOP_SHARES, len(stock), p=SHOP_CHANCES)
        share = np.round(stock * held).astype(np.int64)
        on_hand = np.stack([stock - share, share], axis=1)
        damaged = np.where(self.random.random(len(stock)) < 0.02, 1, 0)
        first = self.change.next_id(max(1, 2 * len(self.items)))
        rows, events = [], []
        for v, item_id in enumerate(self.item_ids.tolist()):
            for p in (0, 1):
                committed = int(self.committed[v, p])
                # Units sold but not shipped are still on the shelf.
                available, broken = int(on_hand[v, p]), int(damaged[v]) if p == 0 else 0
                rows.append(
                    (
                        first,
                        item_id,
                        self.places[p],
                        1,
                        available,
                        committed,
                        0,
                        0,
                        broken,
                        0,
                        0,
                        self.start,
                        now - 3600,
                    )
                )
                first += 1
                for name, units in (("available", available), ("committed", committed), ("damaged", broken)):
                    if units:
                        events.append((None, item_id, self.places[p], name, units, now - 3600, "history"))
        self._many("levels", rows)
        self._many("stock_events", events)

    def transfers(self) -> None:
        """Half of the open orders to suppliers are known to Shopify as transfers on their way."""
        grouped: dict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
        for variant, units, ahead in self.history.supplied.open_orders:
            vendor = self.history.catalogue.groups[self.items[variant].product].vendor
            grouped[(vendor, ahead)].append((int(self.item_ids[variant]), units))
        for (vendor, ahead), lines in sorted(grouped.items())[::2]:
            number = transfers.create(
                self.change, lines, self.places[0], origin_name=vendor, reference=f"PO {vendor}"
            )
            transfers.mark_ready(self.change, number)
            transfers.ship(
                self.change,
                number,
                arrives_at=int(self.history.now) + ahead * DAY,
                company="Demo Freight",
                tracking=f"DF{number % 10**8}",
            )
