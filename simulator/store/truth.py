"""The truth as CSV, computed from the simulator's own event records, never from what the API shows.

Units: those of an order line count on the shop-local day of the order's `processedAt`, net of everything
later
removed, refunded, cancelled or deleted. Test orders, gift cards and lines without a variant count zero.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from typing import Any

import numpy as np

from simulator.store.database import Shop
from simulator.store.tables import ON_HAND, STATES


def units_csv(shop: Shop) -> Iterator[str]:
    """`day,variant_id,units`: net units by shop-local day, rows that are not zero."""
    zone = shop.zone

    @cache
    def day_of(quarter: int) -> str:  # all zones change on quarter hours
        return datetime.fromtimestamp(quarter * 900, zone).date().isoformat()

    totals: dict[tuple[str, int], int] = defaultdict(int)
    with shop.read() as db:
        for variant, sold_at, delta in db.execute("SELECT variant_id, sold_at, delta FROM unit_events"):
            totals[(day_of(sold_at // 900), variant)] += delta
    yield "day,variant_id,units\n"
    for (day, variant), units in sorted(totals.items()):
        if units:
            yield f"{day},{variant},{units}\n"


def stock_csv(shop: Shop) -> Iterator[str]:
    """`variant_id,location_id,name,quantity` from the stock record, for every stocked variant and state."""
    totals: dict[tuple[int, int], dict[str, int]] = defaultdict(lambda: dict.fromkeys(STATES, 0))
    with shop.read() as db:
        variant_of = dict(db.execute("SELECT item_id, id FROM variants"))
        for item, place in db.execute("SELECT item_id, location_id FROM levels"):
            totals[(item, place)]["available"] += 0
        for item, place, name, delta in db.execute(
            "SELECT item_id, location_id, name, delta FROM stock_events"
        ):
            totals[(item, place)][name] += delta
    yield "variant_id,location_id,name,quantity\n"
    for (item, place), states in sorted(totals.items()):
        states["on_hand"] = sum(states[name] for name in ON_HAND)
        for name, quantity in states.items():
            yield f"{variant_of[item]},{place},{name},{quantity}\n"


def _history(shop: Shop) -> Any:
    return np.load(shop.folder / "truth.npz")


def demand_csv(shop: Shop) -> Iterator[str]:
    """`day,variant_id,rate,demand,sold,promo,stockout` of the generated history; rate is empty for a
    panel.
    """
    with _history(shop) as kept:
        first, variants = int(kept["first"]), kept["variants"].tolist()
        columns = [kept[name] for name in ("rate", "wanted", "sold", "promo", "stockout")]
    yield "day,variant_id,rate,demand,sold,promo,stockout\n"
    for day in range(columns[1].shape[1]):
        name = date.fromordinal(first + day).isoformat()
        rate, wanted, sold, promo, out = (c[:, day].tolist() for c in columns)
        yield "".join(
            f"{name},{v},{'' if r != r else f'{r:.6g}'},{w},{s},{int(p)},{int(o)}\n"
            for v, r, w, s, p, o in zip(variants, rate, wanted, sold, promo, out, strict=True)
        )


def lead_times_csv(shop: Shop) -> Iterator[str]:
    """`variant_id,vendor,mean_days,sd_days,orders,observed_mean_days` of each variant's supplier."""
    with _history(shop) as kept:
        variants, leads = kept["variants"].tolist(), kept["leads"]
    seen: dict[int, list[int]] = defaultdict(list)
    for index, _, lead in leads.tolist():
        seen[variants[index]].append(lead)
    yield "variant_id,vendor,mean_days,sd_days,orders,observed_mean_days\n"
    with shop.read() as db:
        found = db.execute(
            "SELECT variant_id, vendor, lead_time_days, lead_time_sd FROM supply ORDER BY variant_id"
        ).fetchall()
    for variant, vendor, mean, sd in found:
        times = seen.get(variant, [])
        yield (
            f"{variant},{vendor},{mean:g},{sd:g},{len(times)},{sum(times) / len(times) if times else '':.4}\n"
            if times
            else (f"{variant},{vendor},{mean:g},{sd:g},0,\n")
        )
