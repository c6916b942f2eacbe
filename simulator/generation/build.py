"""Builds one shop: plans its history with NumPy, then writes the rows the Admin API shows and the truth.

The last whole day of history is yesterday in the shop's zone; today is generated up to now.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from simulator.config import SimulatorConfig
from simulator.generation.baskets import Baskets, make_baskets, midnights
from simulator.generation.catalog import Catalogue, Group, Item, make_catalogue
from simulator.generation.demand import LINES_PER_ORDER, make_demand
from simulator.generation.names import VENDORS
from simulator.generation.supply import Supplied, run_supply
from simulator.generation.writing import write_shop
from simulator.store.database import Shop

if TYPE_CHECKING:
    from simulator.generation.panel import Panel

Progress = Callable[[str], None]


@dataclass
class History:
    """All that is planned for a shop before it is written. Arrays are (variants, days), today last."""

    catalogue: Catalogue
    first: date
    days: int
    zone: ZoneInfo
    now: float
    wanted: np.ndarray
    rate: np.ndarray
    promo: np.ndarray
    supplied: Supplied
    baskets: Baskets
    lead_mean: np.ndarray
    lead_sd: np.ndarray
    seed: int


def build_shop(shop: Shop, config: SimulatorConfig, progress: Progress, **options: Any) -> None:
    """Fill an empty shop. `options` override the config's fields of the same name."""
    config = replace(config, **options)
    zone, now = ZoneInfo(config.timezone), shop.clock.now()
    random = np.random.default_rng(config.seed)
    if config.sales is not None:
        from simulator.generation.panel import read_panel  # needs pandas, which takes seconds to load

        panel = read_panel(Path(config.sales), config.variants)
        progress(f"Read {len(panel.skus):,} SKUs and {panel.days:,} days from {Path(config.sales).name}.")
        if panel.rounded:
            progress("Fractional quantities were rounded to whole units, as orders hold whole units.")
        history = _from_panel(panel, zone, now, config, random)
    else:
        progress(f"Generating {config.variants:,} variants, {config.years:g} years of orders … 0 %")
        history = _from_model(config, zone, now, random)
        progress(f"Generating {config.variants:,} variants, {config.years:g} years of orders … 40 %")
    write_shop(shop, history, config, progress)
    _keep_truth(shop, history)


def _today(zone: ZoneInfo, now: float) -> date:
    return datetime.fromtimestamp(now, zone).date()


def _elapsed(zone: ZoneInfo, now: float) -> float:
    """Share of today that has passed in the shop."""
    start, end = midnights(_today(zone, now), 1, zone)
    return float((now - start) / (end - start))


def _from_model(config: SimulatorConfig, zone: ZoneInfo, now: float, random: np.random.Generator) -> History:
    days = max(1, round(config.years * 365.25))
    first = _today(zone, now) - timedelta(days=days)
    catalogue = make_catalogue(config.variants, days, random)
    demand = make_demand(catalogue, first, days + 1, config.orders_per_year, random)
    demand.units[:, -1] = random.binomial(demand.units[:, -1], _elapsed(zone, now))
    demand.wholesale[:, -1] = 0
    lead_mean, lead_sd = catalogue.vendor_numbers()
    tracked = np.array([item.tracked for item in catalogue.items])
    wanted = demand.units + demand.wholesale
    supplied = run_supply(wanted, demand.rate, tracked, lead_mean, lead_sd, random)
    single = np.minimum(demand.wholesale, supplied.sold)
    baskets = make_baskets(supplied.sold - single, single, first, zone, now, LINES_PER_ORDER, random)
    return History(
        catalogue,
        first,
        days,
        zone,
        now,
        wanted,
        demand.rate,
        demand.promo,
        supplied,
        baskets,
        lead_mean,
        lead_sd,
        config.seed,
    )


def _from_panel(
    panel: Panel, zone: ZoneInfo, now: float, config: SimulatorConfig, random: np.random.Generator
) -> History:
    """A real shop's sales: dates shifted so that the last one is yesterday; stock and lead times made up."""
    catalogue = Catalogue([], [])
    for number, (sku, title, price) in enumerate(zip(panel.skus, panel.titles, panel.prices, strict=True)):
        vendor = VENDORS[int(random.integers(len(VENDORS)))][0]
        catalogue.groups.append(Group(title, "Gift", vendor, "Title", [], 0, items=[number]))
        catalogue.items.append(
            Item(number, "Default Title", ["Default Title"], sku, None, price, max(1, round(price * 0.45)), 1)
        )
    lead_mean, lead_sd = catalogue.vendor_numbers()
    today = np.zeros((len(panel.skus), 1), np.int32)
    sold = np.concatenate([panel.sold, today], axis=1)
    first = _today(zone, now) - timedelta(days=panel.days)
    rate = np.full(sold.shape, np.nan, np.float32)
    stock, open_orders = _made_up_stock(sold, lead_mean, random)
    supplied = Supplied(sold, np.concatenate([panel.stockout, today > 0], axis=1), stock, open_orders, [])
    largest = np.concatenate([np.where(panel.largest > 12, panel.largest, 0), today], axis=1)
    counts = (
        None
        if panel.orders is None
        else np.concatenate([np.maximum(panel.orders - (panel.largest > 12), 1), today + 1], axis=1)
    )
    baskets = make_baskets(sold - largest, largest, first, zone, now, 3.0, random, counts)
    return History(
        catalogue,
        first,
        panel.days,
        zone,
        now,
        sold,
        rate,
        np.zeros(sold.shape, bool),
        supplied,
        baskets,
        lead_mean,
        lead_sd,
        config.seed,
    )


def _made_up_stock(
    sold: np.ndarray, lead: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, list[tuple[int, int, int]]]:
    recent = sold[:, -91:].mean(axis=1)
    cover = random.choice([0.0, 5.0, 20.0, 45.0, 90.0], len(sold), p=[0.05, 0.2, 0.3, 0.3, 0.15])
    stock = np.round(recent * cover * random.uniform(0.7, 1.3, len(sold))).astype(np.int64)
    waiting = random.random(len(sold)) < 0.15
    orders = [
        (int(v), max(1, int(recent[v] * 30)), int(random.integers(1, max(2, int(lead[v]) + 1))))
        for v in np.flatnonzero(waiting)
    ]
    return stock, orders


def _keep_truth(shop: Shop, history: History) -> None:
    """What only the simulator knows, for truth/demand.csv and truth/lead_times.csv."""
    with shop.read() as db:
        ids = [r[0] for r in db.execute("SELECT variant_id FROM supply ORDER BY rowid")]
    leads = np.array(history.supplied.leads, np.int32).reshape(-1, 3)
    np.savez_compressed(
        shop.folder / "truth.npz",
        first=np.array(history.first.toordinal()),
        variants=np.array(ids, np.int64),
        wanted=history.wanted,
        sold=history.supplied.sold,
        rate=history.rate,
        promo=history.promo,
        stockout=history.supplied.stockout,
        leads=leads,
    )
