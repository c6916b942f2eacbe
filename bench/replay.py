"""What each engine's order policy would have cost in stock for its service: `bin/bench replay --panel FILE`.

Weekly reviews, order up to the quantile of demand over lead time + review, lost sales. Each engine is run at
many service levels; what counts is the mean stock value at which 90 % and 95 % of demand (in money) is met. By value,
targets come down step by step, as in the app.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from pathlib import Path

import numpy as np

from app.domain.demand import Panel
from app.domain.forecasts import ENGINES, Forecasts, automatic, forecast
from app.domain.forecasts.automatic import Choice
from app.domain.replenishment import Policy
from app.domain.replenishment.allocation import expected_fill, targets_by_value
from app.domain.replenishment.replay import Decide, Replay, replay, stock_at_fill
from app.domain.replenishment.settling import Reviews
from bench.panel import PanelError, read

# Close enough that the lines between two settings hide nothing, for each engine alike.
LEVELS = np.concatenate(
    [np.linspace(0.5, 0.8, 7), np.linspace(0.825, 0.95, 6), [0.96, 0.97, 0.98, 0.985, 0.99, 0.995]]
)
RATES = np.geomspace(0.6, 0.0008, 28)
BY_VALUE = "-by-value"
FILLS = (0.90, 0.95)
PROMISED = 0.95
ACTIVE_DAYS = 90


def main(argv: list[str]) -> int:
    """Run the benchmark; 0 on success, 2 with one line on standard error for bad input."""
    options = _parser().parse_args(argv)
    logging.disable(logging.INFO)  # Prophet's sampler reports each fit
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
    parser.add_argument(
        "--engine",
        default=f"auto{BY_VALUE},auto,average_28,moving_average",
        help=f"engines at one service level for all SKUs, or with {BY_VALUE} where stock saves most sales",
    )
    parser.add_argument(
        "--prophet-skus",
        type=int,
        default=30,
        help="SKUs on which Prophet runs beside the others; 0 for none",
    )
    parser.add_argument("--limit", type=int, help="replay this many SKUs (the whole shop stays known)")
    parser.add_argument(
        "--retrain",
        type=int,
        default=4,
        help="reviews between two choices of the auto engine. The app learns anew every week, as with 1, which takes"
        " four times as long as 4: the figures in docs/decisions/003 are from 4",
    )
    parser.add_argument("--at-once", action="store_true", help="let targets by value come down at once")
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
    few = np.sort(np.random.default_rng(1).permutation(len(rows))[: options.prophet_skus])
    bench = _Bench(panel, rows, value, first, options)
    engines, sample = {}, {}
    for engine in options.engine.split(","):
        engines[engine], sample[engine] = bench.run(engine, few)
    if len(few) and "prophet" not in engines:
        only = _Bench(panel, rows[few], value[few], first, options)
        _, sample["prophet"] = only.run("prophet", np.arange(len(few)))
    return {
        "panel": str(options.panel),
        "skus": len(rows),
        "reviews": options.reviews,
        "engines": engines,
        "sample_skus": len(few),
        "sample": sample if len(few) else {},
    }


class _Bench:
    """Replays one engine's policy after the other on the same SKUs."""

    def __init__(
        self, panel: Panel, rows: np.ndarray, value: np.ndarray, first: int, options: argparse.Namespace
    ) -> None:
        self.panel, self.rows, self.value = panel, rows, value
        self.first, self.options = first, options
        self.forecasts = {name: _Made(name, options) for name in ENGINES}

    def run(self, engine: str, few: np.ndarray) -> tuple[dict[str, object], dict[str, object]]:
        """Figures of all SKUs, and of `few` of them."""
        begin = time.perf_counter()
        decide, promised = self._policy(engine)
        result = replay(
            self.panel,
            decide,
            rows=self.rows,
            first_review=self.first,
            days=self.options.reviews * self.options.review_days,
            review_days=self.options.review_days,
            lead_time_days=self.options.lead_time,
        )
        promises = np.mean(promised, axis=0) if promised else LEVELS
        whole = _figures(result, self.value, promises) | {"seconds": time.perf_counter() - begin}
        part = _figures(result.take(few), self.value[few], promises) if len(few) else {}
        return whole, part | {"seconds": whole["seconds"]}

    def _policy(self, engine: str) -> tuple[Decide, list[np.ndarray]]:
        """What to order up to at each review, and the fill that it promised each time (by value alone)."""
        name = engine.removesuffix(BY_VALUE)
        if name not in ENGINES:
            raise ValueError(f"no forecast engine {name!r}; choose from {', '.join(ENGINES)}, auto{BY_VALUE}")
        made, promised = self.forecasts[name], []
        policy = Policy(lead_time_days=self.options.lead_time, review_days=self.options.review_days)
        period = self.options.lead_time + self.options.review_days
        days = [np.full(len(self.rows), float(d)) for d in (self.options.lead_time, self.options.review_days)]
        reviews = Reviews(*days)

        def one_level(known: Panel, rows: np.ndarray) -> np.ndarray:
            forecasts = made.at(known, rows)
            return np.stack([forecasts.quantile_of_sum(period, q) for q in LEVELS], axis=1)

        def by_value(known: Panel, rows: np.ndarray) -> np.ndarray:
            value = np.ones(len(rows)) if known.price is None else np.nan_to_num(known.price[rows], nan=1.0)
            forecasts = made.at(known, rows)
            targets = targets_by_value(forecasts, policy, value=value, cost=value, rates=RATES)
            void = forecasts.out_of_season | self.options.at_once
            before = reviews.before(float(known.days), void)
            targets = reviews.settled(float(known.days), targets, forecasts, before)
            promised.append(expected_fill(forecasts, policy, targets, value))
            return targets

        return (by_value if engine.endswith(BY_VALUE) else one_level), promised


def _replayed(panel: Panel, first: int, limit: int | None) -> np.ndarray:
    sold = panel.units > 0
    recent = sold[:, max(0, first + 1 - ACTIVE_DAYS) : first + 1].any(axis=1)
    rows = np.flatnonzero(recent & (panel.starts <= first - 30))
    if limit is None or limit >= len(rows):
        return rows
    return np.sort(np.random.default_rng(0).permutation(rows)[:limit])


class _Made:
    """One engine's forecasts at each review, made once; the automatic one is trained every few reviews."""

    def __init__(self, engine: str, options: argparse.Namespace) -> None:
        self.engine, self.options = engine, options
        self.choice: Choice | None = None
        self.made: dict[int, Forecasts] = {}

    def at(self, known: Panel, rows: np.ndarray) -> Forecasts:
        """The engine's forecasts of `rows` from what was `known`."""
        if known.days not in self.made:
            if self.engine == "auto" and len(self.made) % self.options.retrain == 0:
                focus = self.options.lead_time + self.options.review_days
                self.choice = automatic.choose(
                    known, focus=focus, seed=self.options.seed, earlier=self.choice
                )
            self.made[known.days] = forecast(
                known,
                horizon=1,
                engine=self.engine,
                only=rows,
                refuse_below_days=1,
                choice=self.choice,
                seed=self.options.seed,
            )
        return self.made[known.days]


def _figures(result: Replay, value: np.ndarray, promised: np.ndarray) -> dict[str, object]:
    """`promised` of each setting: its service level, or by value the share of demand that it expected to meet."""
    fill, stock, service = result.fill_rate(value), result.stock_value(value), result.cycle_service()
    spread = result.interval(value)
    k = int(np.argmin(np.abs(promised - PROMISED)))
    return {
        "stock_at": {f"{f:.0%}": stock_at_fill(fill, stock, f) for f in FILLS},
        "fill_at_promised": float(fill[k]),
        "fill_interval": [float(x) for x in spread[k]],
        "cycles_without_stockout_at_promised": float(service[k]),
        "curve": [
            {"promised": float(q), "fill": float(f), "stock": float(s), "cycles": float(c)}
            for q, f, s, c in zip(promised, fill, stock, service, strict=True)
        ],
    }


def _print(report: dict[str, object]) -> None:
    print(f"{report['panel']}: {report['skus']} SKUs, {report['reviews']} reviews")
    _table(report["engines"])
    if report["sample"]:
        print(f"the same on {report['sample_skus']} of them, with Prophet")
        _table(report["sample"])


def _table(engines: object) -> None:
    assert isinstance(engines, dict)
    heads = [f"stock at {f:.0%}" for f in FILLS] + [f"fill at {PROMISED}", "95 % interval", "cycles ok", "s"]
    print(f"{'engine':20}" + "".join(f"{head:>16}" for head in [*heads[:2], "to 7-day", *heads[2:]]))
    rule = engines.get("moving_average", {"stock_at": {}})["stock_at"].get(f"{FILLS[0]:.0%}", np.nan)
    for name, row in engines.items():
        low, high = row["fill_interval"]
        cells = [_money(stock) for stock in row["stock_at"].values()]
        cells += [f"{row['stock_at'][f'{FILLS[0]:.0%}'] / rule - 1:+.1%}"]
        cells += [f"{row['fill_at_promised']:.3f}", f"{low:.3f}–{high:.3f}"]
        cells += [f"{row['cycles_without_stockout_at_promised']:.3f}", f"{row['seconds']:.1f}"]
        print(f"{name:20}" + "".join(f"{cell:>16}" for cell in cells))


def _money(stock: float) -> str:
    return "not reached" if np.isnan(stock) else f"{stock:,.0f}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
