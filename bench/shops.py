"""Is the automatic choice near the best engine in any shop: `bin/bench shops [--panel FILE] [--seeds N]`.

Shops are made by known laws and cut from panel files (few SKUs, few days, fast movers, categories). Each engine
forecasts the next 28 days' sum at several cut-offs; the loss is the WQL of `bench.accuracy`. In a shop of five
products the best engine is a matter of luck: a row is the mean of several shops of the same kind, no engine is
picked afterwards for each of them, and beside how far the choice is behind stands that figure's standard error.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from app.domain.forecasts import ENGINES, forecast
from bench._shops import HORIZON, Trial, cut_from, made
from bench.accuracy import WQL_LEVELS

RIVALS = "auto,moving_average,average_28,calibrated_average,own_spread,learned"
BEHIND = 0.03


def main(argv: list[str]) -> int:
    """Run the benchmark; 0 when the automatic choice is nowhere more than BEHIND the best engine."""
    options = _parser().parse_args(argv)
    rows: list[dict[str, Any]] = []
    for trials in _kinds(options):
        rows.append(_row(trials, options.engine.split(",")))
        _print(rows[-1])
    if options.json:
        Path(options.json).write_text(json.dumps(rows, indent=1) + "\n")
    return 0 if all(row["behind"] <= BEHIND for row in rows) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench shops", description="The automatic choice in many shops")
    parser.add_argument("--panel", type=Path, action="append", default=[], help="cut shops from it too")
    parser.add_argument("--only", default="", help="shops whose name holds this word")
    parser.add_argument("--seeds", type=int, default=3, help="shops of each kind")
    parser.add_argument("--engine", default=RIVALS, help=f"auto and its rivals, of {','.join(ENGINES)}")
    parser.add_argument("--json", help="the rows, JSON")
    return parser


def _kinds(options: argparse.Namespace) -> Iterator[list[Trial]]:
    """For each kind of shop as many of them as asked for."""
    sources: list[Callable[..., Iterator[Trial]]] = [
        made,
        *(partial(cut_from, path) for path in options.panel),
    ]
    for source in sources:
        for trials in zip(*(source(seed=seed) for seed in range(options.seeds)), strict=True):
            if options.only in trials[0].name:
                yield list(trials)


def _row(trials: list[Trial], engines: list[str]) -> dict[str, Any]:
    losses, inside, shops, seconds = {}, {}, {}, 0.0
    for engine in engines:
        each, hits = [], []
        for trial in trials:
            parts = [_at(trial, cut, engine) for cut in trial.cuts]
            seconds += sum(part[2] for part in parts) if engine == "auto" else 0.0
            actual = np.concatenate([part[0] for part in parts])
            table = np.concatenate([part[1] for part in parts])
            each.append(_loss(actual, table))
            hits.append([(actual >= table[:, a]) & (actual <= table[:, -1 - a]) for a in (1, 0)])
        shops[engine] = np.array(each)
        losses[engine] = float(np.nanmean(each))  # a shop that then sold nothing has no loss to compare
        inside[engine] = [float(np.concatenate(part).mean()) for part in zip(*hits, strict=True)]
    best = min((loss, engine) for engine, loss in losses.items() if engine != "auto")
    return {
        "shop": trials[0].name,
        "wql": losses,
        "coverage": inside,
        "best": best[1],
        "behind": losses["auto"] / best[0] - 1,
        "error": _error(shops["auto"] - shops[best[1]]) / best[0],
        "seconds": seconds,
    }


def _error(differences: np.ndarray) -> float:
    """Standard error of the mean difference between shops; NaN for one shop."""
    known = differences[np.isfinite(differences)]
    return float(known.std(ddof=1) / np.sqrt(len(known))) if len(known) > 1 else float("nan")


def _loss(actual: np.ndarray, table: np.ndarray) -> float:
    """WQL of (n, levels) quantiles."""
    gap, q = actual[:, None] - table, np.array(WQL_LEVELS)
    return float(2 * np.maximum(q * gap, (q - 1) * gap).mean(axis=1).sum() / actual.sum())


def _at(trial: Trial, cut: int, engine: str) -> tuple[np.ndarray, np.ndarray, float]:
    """Actual sums, (n, levels) quantiles, and the seconds it took, at one cut-off."""
    known = trial.panel.until_column(cut)
    rows = np.flatnonzero((known.units[:, -90:] > 0).any(axis=1) & (known.starts < cut - 1))
    actual = trial.panel.units[trial.panel.starts < cut][rows, cut : cut + HORIZON].sum(axis=1)
    begun = time.perf_counter()
    result = forecast(known, engine=engine, only=rows, refuse_below_days=1)
    table = np.stack([result.quantile_of_sum(HORIZON, q) for q in WQL_LEVELS], axis=1)
    return actual, table, time.perf_counter() - begun


def _print(row: dict[str, Any]) -> None:
    losses, (wide, wider) = row["wql"], row["coverage"]["auto"]
    figures = "  ".join(f"{name} {loss:.3f}" for name, loss in losses.items())
    print(
        f"{row['shop']:30} {row['behind']:+7.1%} ±{row['error']:.1%}  cov {wide:.2f}/{wider:.2f}  {figures}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
