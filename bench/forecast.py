"""Rolling-origin accuracy of the forecast engines on a panel file: `bin/bench forecast --panel FILE`.

An origin is the last day known. A SKU is scored at an origin if it sold in the last 90 days and was first
sold at least a day before. Scored are the daily means and, what counts for reorders, quantiles of the
horizon's sum.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from app.domain.demand import Panel
from app.domain.forecasts import ENGINES, MAX_DAYS, Choice, choose, forecast
from app.domain.forecasts.learned import has_time
from bench.accuracy import LEVELS, NAMES, mean_of_origins, scaled_errors, slices
from bench.panel import PanelError, Sales, read

ACTIVE_DAYS = 90
COLUMNS = ("n", "rmsse", "mase", "wape", "bias", "wql", "pl95", "cov80", "cov95", "p95_hit")


def main(argv: list[str]) -> int:
    """Run the benchmark; 0 on success, 2 with one line on standard error for bad input."""
    options = _parser().parse_args(argv)
    try:
        report, predictions = run(options)
    except (PanelError, ValueError) as error:
        print(f"bench forecast: {error}", file=sys.stderr)
        return 2
    _print(report)
    if options.out:
        _columns(predictions).to_parquet(options.out, index=False)
    if options.json:
        Path(options.json).write_text(json.dumps(report, indent=1) + "\n")
    return 0


def _columns(predictions: pd.DataFrame) -> pd.DataFrame:
    """The columns of the predictions' file; `engine` leads where more than one was asked for."""
    several = predictions["engine"].nunique() > 1
    return predictions[[*(["engine"] if several else []), "sku", "origin", "mean", *NAMES, "model"]]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench forecast", description="Rolling-origin forecast accuracy")
    parser.add_argument(
        "--panel",
        type=Path,
        required=True,
        help="Parquet or CSV: sku date quantity [price in_stock description]",
    )
    parser.add_argument("--horizon", type=int, default=28)
    parser.add_argument("--origins", default="3", help="how many, or last known days YYYY-MM-DD,…")
    parser.add_argument("--step", type=int, default=28, help="days between origins when a number is given")
    parser.add_argument("--engine", default="auto", help=f"one or more of {','.join(ENGINES)}")
    parser.add_argument("--limit", type=int, help="score this many SKUs only (the whole shop stays known)")
    parser.add_argument(
        "--weeks",
        type=int,
        default=4,
        help="weeks that the auto engine has learnt in the shop: large ones ask the models of the last four",
    )
    parser.add_argument("--out", help="predictions, Parquet")
    parser.add_argument("--json", help="the tables, JSON")
    parser.add_argument("--seed", type=int, default=0)
    return parser


def run(options: argparse.Namespace) -> tuple[dict[str, object], pd.DataFrame]:
    """The report and the scored predictions of every engine asked for, at every origin."""
    if not 1 <= options.horizon <= MAX_DAYS:
        raise ValueError(f"--horizon must be 1 to {MAX_DAYS} days, got {options.horizon}")
    sales = read(options.panel)
    origins = _origins(options.origins, options.step, options.horizon, sales)
    parts, seconds, count = [], dict.fromkeys(options.engine.split(","), 0.0), 0
    for origin in origins:
        panel, actual = _known_and_actual(sales, origin, options.horizon)
        rows = _scored(panel, options.limit)
        count += len(rows)
        earlier = _learnt_before(panel, options) if "auto" in seconds else None
        for engine in seconds:
            begin = time.perf_counter()
            part = _predict(panel, rows, engine, options, earlier)
            seconds[engine] += time.perf_counter() - begin
            parts.append(_score(part, panel.take(rows), actual[rows], origin).assign(engine=engine))
    predictions = pd.concat(parts, ignore_index=True)
    report = {
        "panel": str(options.panel),
        "horizon": options.horizon,
        "origins": [str(origin) for origin in origins],
        "engines": {
            engine: _tables(part) | {"seconds_per_1000_skus": seconds[engine] / max(count, 1) * 1000}
            for engine, part in predictions.groupby("engine", sort=False)
        },
    }
    return report, predictions


def _tables(rows: pd.DataFrame) -> dict[str, object]:
    old = rows[rows["history"] >= 30]
    tables: dict[str, object] = {"all": mean_of_origins(rows), "slices": slices(rows)}
    return {"history >= 30 days": mean_of_origins(old) if len(old) else None, **tables}


def _origins(text: str, step: int, horizon: int, sales: Sales) -> list[date]:
    if not text.isdigit():
        try:
            return [date.fromisoformat(part) for part in text.split(",")]
        except ValueError as error:
            raise ValueError(f"--origins takes a number or days YYYY-MM-DD,…: {error}") from error
    last = sales.last_day - timedelta(days=horizon)
    return [last - timedelta(days=step * k) for k in reversed(range(int(text)))]


def _known_and_actual(sales: Sales, origin: date, horizon: int) -> tuple[Panel, np.ndarray]:
    """The panel known at `origin` and what then sold: (n, horizon) units."""
    end = origin + timedelta(days=horizon)
    if end > sales.last_day:
        raise ValueError(f"origin {origin} + {horizon} days is after the file's last day, {sales.last_day}")
    panel = sales.until(origin)
    later = (sales.day > np.datetime64(origin, "D")) & (sales.day <= np.datetime64(end, "D"))
    row = np.searchsorted(panel.keys, sales.sku[later])
    row = np.minimum(row, len(panel) - 1)
    seen = panel.keys[row] == sales.sku[later]
    actual = np.zeros((len(panel), horizon))
    column = (sales.day[later] - np.datetime64(origin, "D")).astype(int) - 1
    np.add.at(actual, (row[seen], column[seen]), sales.quantity[later][seen])
    return panel, actual


def _scored(panel: Panel, limit: int | None) -> np.ndarray:
    sold = panel.units > 0
    recent = sold[:, -ACTIVE_DAYS:].any(axis=1)
    rows = np.flatnonzero(recent & sold[:, :-1].any(axis=1))
    if limit is None or limit >= len(rows):
        return rows
    return np.sort(np.random.default_rng(0).permutation(rows)[:limit])


def _learnt_before(panel: Panel, options: argparse.Namespace) -> Choice | None:
    """What the auto engine has learnt in the weeks before, as far as it uses that; None: nothing."""
    choice = None
    for week in reversed(range(1, options.weeks if has_time(panel) else 1)):
        past = panel.until_column(panel.days - 7 * week)
        choice = choose(past, focus=options.horizon, seed=options.seed, earlier=choice)
    return choice


def _predict(
    panel: Panel, rows: np.ndarray, engine: str, options: argparse.Namespace, earlier: Choice | None
) -> pd.DataFrame:
    """Quantiles of the horizon's sum and, as columns d1 …, daily means of the scored rows."""
    learnt = engine == "auto"
    result = forecast(
        panel,
        horizon=options.horizon,
        engine=engine,
        only=rows,
        refuse_below_days=1,
        choice=choose(panel, focus=options.horizon, seed=options.seed, earlier=earlier) if learnt else None,
        seed=options.seed,
    )
    frame = pd.DataFrame({"sku": result.keys, "mean": result.mean_of_sum(options.horizon)})
    for level, name in zip(LEVELS, NAMES, strict=True):
        frame[name] = result.quantile_of_sum(options.horizon, level)
    frame["model"], frame["class"] = result.model, result.demand_class
    days = pd.DataFrame(result.daily_mean, columns=[f"d{k}" for k in range(options.horizon)])
    return pd.concat([frame, days], axis=1)


def _score(frame: pd.DataFrame, panel: Panel, actual: np.ndarray, origin: date) -> pd.DataFrame:
    first = (panel.units > 0).argmax(axis=1)
    daily = frame[[name for name in frame.columns if name[0] == "d" and name[1:].isdigit()]].to_numpy()
    errors = scaled_errors(panel.units, first, actual, daily)
    kept = frame[["sku", "mean", *NAMES, "model", "class"]]
    return kept.assign(origin=str(origin), actual=actual.sum(axis=1), history=panel.days - first, **errors)


def _print(report: dict[str, object]) -> None:
    engines = report["engines"]
    assert isinstance(engines, dict)
    print(f"{report['panel']}: sums over {report['horizon']} days, origins {', '.join(report['origins'])}")  # type: ignore[arg-type]
    for engine, tables in engines.items():
        print(f"\n{engine}: {tables['seconds_per_1000_skus']:.2f} s per 1,000 SKUs")
        print(f"{'':24}" + "".join(f"{name:>9}" for name in COLUMNS))
        _line("history >= 30 days", tables["history >= 30 days"])
        _line("all", tables["all"])
        for name, table in tables["slices"].items():
            _line(name, table)


def _line(name: str, table: dict[str, float] | None) -> None:
    if table is not None:
        cells = [f"{table[c]:9.0f}" if c == "n" else f"{table[c]:9.3f}" for c in COLUMNS]
        print(f"{name:24}" + "".join(cells))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
