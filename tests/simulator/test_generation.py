"""Generated stores and panels: shape, repeatability, speed of a second start, and refusals."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from simulator.clock import Clock
from simulator.config import SimulatorConfig
from simulator.generation.build import build_shop
from simulator.generation.panel import read_panel
from simulator.generation.refusals import BadPanel
from simulator.store import truth
from simulator.store.database import Shop

ROOT = Path(__file__).resolve().parents[2]
PANEL = ROOT.parent / "shared" / "data" / "online_retail_2.parquet"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> SimulatorConfig:
    return SimulatorConfig(
        state=tmp_path_factory.mktemp("state"),
        app_url="http://127.0.0.1:1",
        client_id="id",
        client_secret="secret-that-is-long-enough-for-hs256-keys",
        variants=150,
        years=1,
        orders_per_year=4000,
    )


def build(config: SimulatorConfig, name: str, **options: object) -> Shop:
    shop = Shop(f"{name}.myshopify.com", config.state / name, Clock())
    build_shop(shop, config, lambda line: None, **options)
    return shop


def one(shop: Shop, sql: str) -> int:
    with shop.read() as db:
        return int(db.execute(sql).fetchone()[0] or 0)


@pytest.fixture(scope="module")
def shop(config: SimulatorConfig) -> Shop:
    return build(config, "generated")


def test_the_store_has_what_real_stores_have(shop: Shop) -> None:
    assert one(shop, "SELECT COUNT(*) FROM variants") == 150
    assert 3000 < one(shop, "SELECT COUNT(*) FROM orders") < 5200
    for where in (
        "variants WHERE sku = ''",
        "variants WHERE NOT tracked",
        "products WHERE gift_card",
        "products WHERE status = 'ARCHIVED'",
        "locations WHERE NOT active",
        "orders WHERE cancelled_at IS NOT NULL",
        "orders WHERE edited",
        "refund_lines WHERE restock_type = 'NO_RESTOCK'",
        "refund_lines WHERE restock_type = 'RETURN'",
        "levels WHERE committed > 0",
        "levels WHERE incoming > 0",
    ):
        assert one(shop, f"SELECT COUNT(*) FROM {where}"), where
    assert one(shop, "SELECT COUNT(*) FROM locations WHERE active") == 2
    # Prices, stock and orders agree with each other.
    assert not one(
        shop, "SELECT COUNT(*) FROM lines WHERE current_quantity < 0 OR current_quantity > quantity"
    )
    committed = one(shop, "SELECT SUM(committed) FROM levels")
    waiting = """SELECT SUM(l.current_quantity) FROM lines l JOIN orders o ON o.id = l.order_id JOIN variants v
      ON v.id = l.variant_id WHERE v.tracked AND o.fulfilled_at IS NULL AND o.cancelled_at IS NULL"""
    assert committed == one(shop, waiting)


def test_history_ends_yesterday_and_today_has_begun(shop: Shop, config: SimulatorConfig) -> None:
    zone = ZoneInfo(config.timezone)
    last = datetime.fromtimestamp(one(shop, "SELECT MAX(processed_at) FROM orders"), zone)
    today = datetime.now(zone).date()
    assert today - timedelta(days=1) <= last.date() <= today
    first = datetime.fromtimestamp(one(shop, "SELECT MIN(processed_at) FROM orders"), zone).date()
    assert abs((today - first).days - 365) <= 3
    assert one(shop, "SELECT MAX(MAX(processed_at), MAX(updated_at)) FROM orders") <= shop.clock.now()


def test_truth_has_lost_sales_and_lead_times(shop: Shop) -> None:
    rows = list(csv.DictReader("".join(truth.demand_csv(shop)).splitlines()))
    out = [r for r in rows if r["stockout"] == "1"]
    assert out
    assert all(int(r["sold"]) < int(r["demand"]) for r in out)
    assert any(r["promo"] == "1" for r in rows)
    assert all(float(r["rate"]) >= 0 for r in rows)
    leads = list(csv.DictReader("".join(truth.lead_times_csv(shop)).splitlines()))
    assert len(leads) == 150
    seen = [r for r in leads if int(r["orders"]) >= 8]
    assert all(0.5 < float(r["observed_mean_days"]) / float(r["mean_days"]) < 2 for r in seen)


def test_demand_has_trend_season_and_overdispersion(shop: Shop) -> None:
    with np.load(shop.folder / "truth.npz") as kept:
        rate, wanted = kept["rate"], kept["wanted"]
    residual = (wanted - rate) ** 2
    assert residual.sum() > 1.3 * rate.sum()  # Poisson would give 1.0
    by_month = rate[:, :364].reshape(len(rate), 13, 28).sum(axis=(0, 2))
    assert by_month.max() > 1.3 * by_month.min()


def test_the_same_seed_gives_the_same_store(config: SimulatorConfig) -> None:
    small = replace(config, variants=30, years=0.3, orders_per_year=600)
    now = Clock().now()

    def fingerprint(name: str, seed: int) -> list[tuple[object, ...]]:
        shop = Shop("same.myshopify.com", config.state / name, _Still(now))
        build_shop(shop, replace(small, seed=seed), lambda line: None)
        with shop.read() as db:
            return list(db.execute("SELECT order_id, variant_id, quantity, current_quantity FROM lines"))

    assert fingerprint("a", 1) == fingerprint("b", 1) != fingerprint("c", 2)


class _Still(Clock):
    """A clock that stands."""

    def __init__(self, now: float) -> None:
        super().__init__()
        self._still = now

    def now(self) -> float:
        return self._still


def test_days_have_the_shops_local_borders_over_dst(config: SimulatorConfig) -> None:
    shop = build(config, "ny", timezone="America/New_York", variants=20, orders_per_year=8000)
    zone = ZoneInfo("America/New_York")
    with np.load(shop.folder / "truth.npz") as kept:
        sold, first, ids = kept["sold"], int(kept["first"]), kept["variants"].tolist()
    expected = {
        (date.fromordinal(first + d).isoformat(), ids[v]): int(sold[v, d])
        for v, d in zip(*np.nonzero(sold), strict=True)
    }
    with shop.read() as db:
        found: Counter[tuple[str, int]] = Counter()
        for variant, at, units in db.execute(
            "SELECT l.sold_variant_id, o.processed_at, l.quantity FROM lines l JOIN orders o ON o.id = l.order_id"
        ):
            found[(datetime.fromtimestamp(at, zone).date().isoformat(), variant)] += units
    assert dict(found) == expected


def write_panel(path: Path, rows: list[str], header: str = "sku,date,quantity") -> Path:
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


@pytest.mark.parametrize(
    ("rows", "header", "message"),
    [
        (
            ["A,2025-01-01,3", "A,2025-01-02,abc"],
            "sku,date,quantity",
            "sales.csv row 2: quantity is 'abc', expected",
        ),
        (["A,2025-01-01,-3"], "sku,date,quantity", "row 1: quantity is"),
        (["A,soon,3"], "sku,date,quantity", "row 1: date is 'soon', expected a day"),
        ([",2025-01-01,3"], "sku,date,quantity", "row 1: sku is"),
        (["A,2025-01-01,3,x"], "sku,date,quantity,price", "row 1: price is 'x'"),
        (["A,3"], "sku,quantity", "column 'date' is missing"),
        ([], "sku,date,quantity", "has no rows"),
    ],
)
def test_a_malformed_panel_names_row_and_column(
    tmp_path: Path, rows: list[str], header: str, message: str
) -> None:
    with pytest.raises(BadPanel) as refused:
        read_panel(write_panel(tmp_path / "sales.csv", rows, header), 10)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_panel_becomes_orders_that_end_yesterday(tmp_path: Path, config: SimulatorConfig) -> None:
    rows = [
        f"{sku},2011-0{m}-1{d},{q}"
        for sku, q in (("A", 5), ("B", 2.4), ("C", 1))
        for m in (1, 2)
        for d in (0, 5)
    ]
    path = write_panel(tmp_path / "sales.csv", rows)
    shop = build(config, "panel", sales=path, variants=2)
    units = list(csv.DictReader("".join(truth.units_csv(shop)).splitlines()))
    yesterday = datetime.now(ZoneInfo(config.timezone)).date() - timedelta(days=1)
    with shop.read() as db:
        sold = dict(db.execute("SELECT sku, SUM(quantity) FROM lines GROUP BY 1"))
    assert sold == {"A": 20, "B": 8}  # the best two; 2.4 a day is rounded to 2
    assert max(r["day"] for r in units) <= yesterday.isoformat()


@pytest.mark.skipif(
    not PANEL.is_file(), reason=f"{PANEL} is not there (sales data is not part of the repository)"
)
def test_a_real_panel_keeps_its_units(config: SimulatorConfig) -> None:
    shop = build(config, "real", sales=PANEL, variants=60)
    panel = read_panel(PANEL, 60)
    with shop.read() as db:
        sold = dict(db.execute("SELECT sku, SUM(quantity) FROM lines GROUP BY 1"))
    assert sold == {
        sku: int(units) for sku, units in zip(panel.skus, panel.sold.sum(axis=1), strict=True) if units
    }


def run(*arguments: str, timeout: float = 60) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "simulator", *arguments],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


def test_the_command_serves_writes_ready_and_ends_on_sigterm(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    options = [
        "--state",
        str(tmp_path / "state"),
        "--app-url",
        "http://127.0.0.1:1",
        "--client-id",
        "i",
        "--client-secret",
        "s" * 40,
        "--variants",
        "10",
        "--years",
        "0.1",
        "--orders-per-year",
        "200",
        "--ready",
        str(ready),
    ]
    for generated in (True, False):  # the second start takes up the kept state
        ready.unlink(missing_ok=True)
        process = run(*options)
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "serves" in line:
                break
        told = json.loads(ready.read_text())
        assert (told["pid"], told["shop"]) == (process.pid, "fluxor-demo.myshopify.com")
        assert told["url"].startswith("http://127.0.0.1:")
        assert any("Generating" in line for line in lines) is generated
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)
        assert process.returncode == 0


def test_the_command_refuses_a_bad_file_in_one_line(tmp_path: Path) -> None:
    path = write_panel(tmp_path / "bad.csv", ["A,2025-01-01,many"])
    process = run(
        "--state",
        str(tmp_path / "s"),
        "--app-url",
        "http://127.0.0.1:1",
        "--client-id",
        "i",
        "--client-secret",
        "s",
        "--sales",
        str(path),
    )
    _, error = process.communicate(timeout=120)
    assert process.returncode == 2
    assert error.strip() == "simulator: bad.csv row 1: quantity is 'many', expected a number ≥ 0"
