"""What each engine's order policy would have cost in stock for its service: `bin/bench replay --panel FILE`.

Weekly reviews, order up to the quantile of demand over lead time + review, lost sales. Each engine is run at
many service levels; what counts is the mean stock value at which 90 % and 95 % of demand (in money) is met.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

from app.domain.demand import Panel
from app.domain.forecasts import ENGINES, automatic, forecast
from app.domain.forecasts.automatic import Choice
from app.domain.forecasts.result import GRID_DAYS, GRID_Q, at_probability
from app.domain.replenishment.replay import Decide, Replay, replay, stock_at_fill
from bench.panel import PanelError, read

LEVELS = np.array([0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99, 0.995])
FILLS = (0.90, 0.95)
PROMISED = 0.95
ACTIVE_DAYS = 90


def main(argv: list[str]) -> int:
    """Run the benchmark; 0 on success, 2 with one line on standard error for bad input."""
    options = _parser().parse_args(argv)
    try:
        report = run(options)
    except (PanelError, ValueError) as error:
        print(f"bench replay: {error}", file=sys.stderr)
        return 2
    _print(report)
    if options.json:
        Path(options.json).write_text(json.dumps(report, indent=1) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench replay", description="Stock value at a given service")
    parser.add_argument("--panel", type=Path, required=True)
    parser.add_argument("--reviews", type=int, default=28)
    parser.add_argument("--review-days", type=int, default=7)
    parser.add_argument("--lead-time", type=int, default=14)
    parser.add_argument("--engine", default="auto,average_28,moving_average")
    parser.add_argument("--limit", type=int, help="replay this many SKUs (the whole shop stays known)")
    parser.add_argument(
        "--retrain", type=int, default=4, help="reviews between two choices of the auto engine"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json")
    return parser


def run(options: argparse.Namespace) -> dict[str, object]:
    """The report: for each engine the service–stock curve, and stock value at each of FILLS."""
    panel = read(options.panel).whole()
    first = panel.days - 1 - options.reviews * options.review_days - 1
    if first < 30:
        raise ValueError(
            f"{options.reviews} reviews leave {first} days before the first; use fewer --reviews"
        )
    rows = _replayed(panel, first, options.limit)
    value = np.ones(len(rows)) if panel.price is None else np.nan_to_num(panel.price[rows], nan=1.0)
    engines = {}
    for engine in options.engine.split(","):
        begin = time.perf_counter()
        result = replay(
            panel,
            _policy(engine, options),
            rows=rows,
            first_review=first,
            reviews=options.reviews,
            review_days=options.review_days,
            lead_time_days=options.lead_time,
        )
        engines[engine] = _figures(result, value) | {"seconds": time.perf_counter() - begin}
    return {"panel": str(options.panel), "skus": len(rows), "reviews": options.reviews, "engines": engines}


def _replayed(panel: Panel, first: int, limit: int | None) -> np.ndarray:
    sold = panel.units > 0
    recent = sold[:, max(0, first + 1 - ACTIVE_DAYS) : first + 1].any(axis=1)
    rows = np.flatnonzero(recent & (panel.starts <= first - 30))
    if limit is None or limit >= len(rows):
        return rows
    return np.sort(np.random.default_rng(0).permutation(rows)[:limit])


def _policy(engine: str, options: argparse.Namespace) -> Decide:
    period = options.lead_time + options.review_days
    if engine not in ENGINES:
        raise ValueError(f"no forecast engine {engine!r}; choose from {', '.join(ENGINES)}")
    if engine == "auto":
        return _Automatic(period, options.retrain, options.seed).targets

    def targets(known: Panel, rows: np.ndarray) -> np.ndarray:
        made = forecast(known, engine=engine, only=rows, refuse_below_days=1, seed=options.seed)
        return np.stack([made.quantile_of_sum(period, q) for q in LEVELS], axis=1)

    return targets


class _Automatic:
    """The automatic engine, trained anew every few reviews and used with the newest sales at each."""

    def __init__(self, period: int, retrain: int, seed: int) -> None:
        self.period, self.retrain, self.seed = period, retrain, seed
        self.review = 0
        self.choice: Choice | None = None

    def targets(self, known: Panel, rows: np.ndarray) -> np.ndarray:
        if self.choice is None or self.review % self.retrain == 0:
            self.choice = automatic.choose(known, focus=self.period, seed=self.seed)
        self.review += 1
        table = automatic.quantiles(self.choice, known, rows)
        h = int(np.searchsorted(GRID_DAYS, self.period))
        low = table[:, h - 1] if h else np.zeros_like(table[:, 0])
        begin = GRID_DAYS[h - 1] if h else 0
        share = (self.period - begin) / (GRID_DAYS[h] - begin)
        line = low * (1 - share) + table[:, h] * share
        return np.stack([at_probability(line, GRID_Q, np.full(len(rows), q)) for q in LEVELS], axis=1)


def _figures(result: Replay, value: np.ndarray) -> dict[str, object]:
    fill, stock, service = result.fill_rate(value), result.stock_value(value), result.cycle_service()
    spread = result.interval(value)
    k = int(np.searchsorted(LEVELS, PROMISED))
    return {
        "stock_at": {f"{f:.0%}": stock_at_fill(fill, stock, f) for f in FILLS},
        "fill_at_promised": float(fill[k]),
        "fill_interval": [float(x) for x in spread[k]],
        "cycles_without_stockout_at_promised": float(service[k]),
        "curve": [
            {"level": float(q), "fill": float(f), "stock": float(s), "cycles": float(c)}
            for q, f, s, c in zip(LEVELS, fill, stock, service, strict=True)
        ],
    }


def _print(report: dict[str, object]) -> None:
    engines = report["engines"]
    assert isinstance(engines, dict)
    print(f"{report['panel']}: {report['skus']} SKUs, {report['reviews']} reviews")
    heads = [f"stock at {f:.0%}" for f in FILLS] + [f"fill at {PROMISED}", "95 % interval", "cycles ok", "s"]
    print(f"{'engine':20}" + "".join(f"{head:>16}" for head in heads))
    for name, row in engines.items():
        low, high = row["fill_interval"]
        cells = [_money(stock) for stock in row["stock_at"].values()]
        cells += [f"{row['fill_at_promised']:.3f}", f"{low:.3f}–{high:.3f}"]
        cells += [f"{row['cycles_without_stockout_at_promised']:.3f}", f"{row['seconds']:.1f}"]
        print(f"{name:20}" + "".join(f"{cell:>16}" for cell in cells))


def _money(stock: float) -> str:
    return "not reached" if np.isnan(stock) else f"{stock:,.0f}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
