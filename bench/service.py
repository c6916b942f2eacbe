"""Is a promised service kept, and demand behind sold-out days found, where the truth is known: `bin/bench service`.

The demand is the simulator's (trend, weekday, season, promotions, rare wholesale orders, lumpy sales), the shop
sold out on about a fifth of its days. Its forecasts see sales and stock alone; the replay meets true demand.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from app.domain.demand import Panel
from app.domain.demand.censoring import censored_rate
from app.domain.demand.pattern import demand_class
from app.domain.demand.records import share_in_stock
from app.domain.demand.sold_out import restore
from app.domain.forecasts import Choice, choose, forecast
from app.domain.replenishment import Policy
from app.domain.replenishment.replay import replay
from app.domain.replenishment.target import service_of, target_stock
from simulator.generation.catalog import make_catalogue
from simulator.generation.demand import make_demand

FIRST = date(2024, 1, 1)
LEVELS = np.array([0.8, 0.9, 0.95, 0.98])
LEAD, REVIEW = 14, 7
COVER_DAYS = 12.0  # what the shop orders up to, in days of its mean demand: too little for 10 + 7 days
LEAST_CLASS = 60
POLICY = Policy(lead_time_days=LEAD, review_days=REVIEW)


def main(argv: list[str]) -> int:
    """Run the benchmark; prints two tables."""
    options = _parser().parse_args(argv)
    report = run(options)
    _print(report)
    if options.json:
        Path(options.json).write_text(json.dumps(report, indent=1) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench service", description="Promised service on simulator truth")
    parser.add_argument("--variants", type=int, default=1200)
    parser.add_argument("--days", type=int, default=640)
    parser.add_argument("--reviews", type=int, default=26)
    parser.add_argument("--retrain", type=int, default=4, help="reviews between two trainings")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--json")
    return parser


def run(options: argparse.Namespace) -> dict[str, object]:
    """The report: bias of the estimated rate, and service achieved for each promise, by class."""
    random = np.random.default_rng(options.seed)
    catalogue = make_catalogue(options.variants, options.days, random)
    truth = make_demand(catalogue, FIRST, options.days, options.variants * 250, random)
    wanted = (truth.units + truth.wholesale).astype(np.float64)
    sold, stock = careless(wanted, wanted.mean(axis=1) * COVER_DAYS)
    begun = (sold > 0).any(axis=1)
    sold, stock, wanted = sold[begun], stock[begun], wanted[begun]
    panel = Panel(
        np.arange(len(sold)),
        FIRST,
        sold,
        (sold > 0).argmax(axis=1),
        in_stock=share_in_stock(sold, stock - sold),
    )
    begin = time.perf_counter()
    return {
        "variants": len(sold),
        "out_of_stock": float((stock <= 0).mean()),
        "censoring": _censoring(panel, stock, wanted),
        "service": _service(panel, wanted, options),
        "seconds": time.perf_counter() - begin,
    }


def careless(
    wanted: np.ndarray, level: np.ndarray, lead: int = 10, review: int = 7
) -> tuple[np.ndarray, ...]:
    """(sold, stock before sales), both (n, days): ordered up to `level` weekly, unmet demand lost."""
    n, days = wanted.shape
    level = np.ceil(level) + 1
    on_hand, arriving = level.copy(), np.zeros((n, days + lead + 2))
    sold, stock = np.zeros_like(wanted), np.zeros_like(wanted)
    for day in range(days):
        on_hand = on_hand + arriving[:, day]
        stock[:, day] = on_hand
        sold[:, day] = np.minimum(on_hand, wanted[:, day])
        on_hand = on_hand - sold[:, day]
        if day % review == review - 1:
            position = on_hand + arriving[:, day + 1 :].sum(axis=1)
            arriving[:, day + lead + 1] += np.maximum(level - position, 0.0)
    return sold, stock


def _censoring(panel: Panel, stock: np.ndarray, wanted: np.ndarray) -> dict[str, dict[str, float]]:
    """Estimated ÷ true mean demand − 1 over the last year, by speed: what forecasts start from, the likelihood
    (F19), and days in stock (F18)."""
    s, a, truth = panel.units[:, -365:], stock[:, -365:], wanted[:, -365:].mean(axis=1)
    restored = restore(panel).units[:, -365:].mean(axis=1)
    estimate, _ = censored_rate(s, a)
    with np.errstate(invalid="ignore"):
        in_stock = (s * (a > 0)).sum(axis=1) / (a > 0).sum(axis=1)
    groups = {
        "fast": truth >= 2,
        "medium": (truth >= 0.3) & (truth < 2),
        "slow": (truth > 0.02) & (truth < 0.3),
    }
    groups["all"] = truth > 0.02
    return {
        name: {
            "variants": int(mine.sum()),
            "out_of_stock": float((a[mine] <= 0).mean()),
            "restored": float(restored[mine].sum() / truth[mine].sum() - 1),
            "likelihood": float(np.nansum(estimate[mine]) / truth[mine].sum() - 1),
            "days_in_stock": float(np.nansum(in_stock[mine]) / truth[mine].sum() - 1),
        }
        for name, mine in groups.items()
        if mine.any()
    }


def _service(panel: Panel, wanted: np.ndarray, options: argparse.Namespace) -> dict[str, dict[str, object]]:
    """Service by demand class at the first review, for each level asked for.

    `promised` is the chance that demand over lead time + review stays within the target, a whole number of units
    (F6); `kept` the share of reviews after which it did: the same form. `achieved` is the share of review cycles
    of the replay without a lost sale, which is higher, since what is lost is not taken from what comes next.
    """
    days = options.reviews * REVIEW
    first = panel.days - 1 - days
    recent = (panel.units[:, first - 90 : first + 1] > 0).any(axis=1)
    rows = np.flatnonzero(recent & (panel.starts <= first - 60))
    aims = _Aims(wanted[rows], options)
    made = replay(
        panel,
        aims.decide,
        rows=rows,
        first_review=first,
        days=days,
        review_days=REVIEW,
        lead_time_days=LEAD,
        demand=wanted[rows, first + 1 : first + 1 + days],
    )
    classes = demand_class(panel.take(rows).until_column(first + 1))
    found = {
        str(name): classes == name for name in np.unique(classes) if (classes == name).sum() >= LEAST_CLASS
    }
    return {
        name: {
            "variants": int(mine.sum()),
            "promised": np.mean([part[mine].mean(axis=0) for part in aims.promised], axis=0).tolist(),
            "kept": np.mean([part[mine].mean(axis=0) for part in aims.kept], axis=0).tolist(),
            "achieved": made.take(np.flatnonzero(mine)).cycle_service(after=3).tolist(),
        }
        for name, mine in {**found, "all": np.ones(len(rows), dtype=bool)}.items()
    }


class _Aims:
    """The targets of each review, made from restored demand alone, and what they promised and kept."""

    def __init__(self, wanted: np.ndarray, options: argparse.Namespace) -> None:
        self.wanted, self.options = wanted, options
        self.choice: Choice | None = None
        self.trained = -999
        self.promised: list[np.ndarray] = []
        self.kept: list[np.ndarray] = []

    def decide(self, known: Panel, at: np.ndarray) -> np.ndarray:
        demand = replace(restore(known), in_stock=None)
        if known.days - self.trained >= self.options.retrain * REVIEW:
            self.choice = choose(demand, focus=LEAD + REVIEW, seed=self.options.seed)
            self.trained = known.days
        made = forecast(demand, horizon=1, only=at, choice=self.choice, seed=self.options.seed)
        target = np.stack([target_stock(made, replace(POLICY, service_level=q)) for q in LEVELS], axis=1)
        coming = self.wanted[:, known.days : known.days + LEAD + REVIEW]
        if coming.shape[1] == LEAD + REVIEW:
            self.promised.append(service_of(made, POLICY, target))
            self.kept.append(coming.sum(axis=1)[:, None] <= target)
        return target


def _print(report: dict[str, object]) -> None:
    print(f"{report['variants']} variants, out of stock {report['out_of_stock']:.1%} of days")
    print(
        f"{'demand of':14}{'variants':>10}{'out':>8}{'restored':>12}{'likelihood':>12}{'days in stock':>15}"
    )
    for name, row in report["censoring"].items():  # type: ignore[attr-defined]
        print(
            f"{name:14}{row['variants']:>10}{row['out_of_stock']:>8.1%}"
            f"{row['restored']:>+12.1%}{row['likelihood']:>+12.1%}{row['days_in_stock']:>+15.1%}"
        )
    print(f"{'class':14}{'variants':>10}{'asked':>12}" + "".join(f"{q:>10.0%}" for q in LEVELS))
    for name, row in report["service"].items():  # type: ignore[attr-defined]
        for line in ("promised", "kept", "achieved"):
            head = f"{name:14}{row['variants']:>10}" if line == "promised" else " " * 24
            print(f"{head}{line:>12}" + "".join(f"{x:>10.1%}" for x in row[line]))
    print(f"{report['seconds']:.0f} s")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
