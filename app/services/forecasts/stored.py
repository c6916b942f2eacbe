"""The stored forecasts: written by COPY, given back as the domain's object."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from app.domain.forecasts import Forecasts
from app.models.forecasts import Forecast, ForecastBase
from app.platform import columns, db

_COLUMNS = [
    "variant_id",
    "run_id",
    "origin",
    "model",
    "confidence",
    "reason",
    "demand_class",
    "refused_until",
    "daily_mean",
    "daily_low",
    "daily_high",
    "grid_days",
    "grid_q",
    "sum_mean",
    "sum_quantiles",
]


def store(run_id: int, made: Forecasts, *, keep: Sequence[int] = ()) -> None:
    """Put these forecasts in the place of the stored ones, but for those of the variants to `keep`."""
    db.execute("DELETE FROM forecasts WHERE variant_id <> ALL(:keep)", keep=list(keep))
    n = len(made)
    values: tuple[columns.Column, ...] = (
        made.keys.astype(np.int64),
        run_id,
        made.origin,
        made.model.tolist(),
        made.confidence.tolist(),
        made.reason.tolist(),
        made.demand_class.tolist(),
        made.refused_until.tolist(),
        made.daily_mean,
        made.daily_low,
        made.daily_high,
        columns.Same(made.grid_days),
        columns.Same(made.grid_q),
        made.sum_mean,
        made.sum_quantiles.reshape(n, -1),
    )
    columns.append(Forecast, dict(zip(_COLUMNS, values, strict=True)), n)


def store_bases(
    before: Forecasts, facts: Mapping[int, list[dict[str, Any]]], *, keep: Sequence[int] = ()
) -> None:
    """Keep what was expected before coming events, of the rows that `facts` names the events of.

    What is stored of the variants to `keep` stays.
    """
    db.execute("DELETE FROM forecast_bases WHERE variant_id <> ALL(:keep)", keep=list(keep))
    rows = np.array(sorted(facts), dtype=np.int64)
    if not len(rows):
        return
    values: dict[str, columns.Column] = {
        "variant_id": before.keys[rows].astype(np.int64),
        "sum_mean": before.sum_mean[rows],
        "events": [json.dumps(facts[i]) for i in rows.tolist()],
    }
    columns.append(ForecastBase, values, len(rows))


def before_events(made: Forecasts) -> tuple[Forecasts, dict[int, dict[str, Any]]]:
    """The forecasts with the means that they had before coming events, and these events by variant."""
    found = db.rows("SELECT variant_id, sum_mean, events FROM forecast_bases ORDER BY variant_id")
    places = {int(key): place for place, key in enumerate(made.keys)} if found else {}
    mean, facts = made.sum_mean.copy() if found else made.sum_mean, {}
    for row in found:
        if row.variant_id in places:
            mean[places[row.variant_id]] = row.sum_mean
            facts[row.variant_id] = {"events": json.loads(row.events)}
    return replace(made, sum_mean=mean), facts


def load(variant_ids: Sequence[int] | None = None) -> Forecasts | None:
    """The model's stored forecasts, without overrides, as the domain's object; None while there are none.

    While a run waits for slow products, theirs are those of the run before: the newest origin counts for all.
    """
    query = select(Forecast).order_by(Forecast.variant_id)
    if variant_ids is not None:
        query = query.where(Forecast.variant_id.in_(variant_ids))
    found = [_by_model(row) for row in db.session().execute(query).scalars() if row.model_numbers != {}]
    if not found:
        return None
    first = found[0]
    shape = (len(found), len(first.grid_days), len(first.grid_q))
    return Forecasts(
        keys=np.asarray([row.variant_id for row in found]),
        origin=max(row.origin for row in found),
        horizon=len(first.daily_mean),
        daily_mean=np.asarray([row.daily_mean for row in found]),
        daily_low=np.asarray([row.daily_low for row in found]),
        daily_high=np.asarray([row.daily_high for row in found]),
        model=np.asarray([row.model for row in found], dtype=object),
        confidence=np.asarray([row.confidence for row in found], dtype=object),
        reason=np.asarray([row.reason for row in found], dtype=object),
        refused_until=np.asarray([row.refused_until for row in found], dtype=object),
        demand_class=np.asarray([row.demand_class for row in found], dtype=object),
        grid_days=np.asarray(first.grid_days),
        grid_q=np.asarray(first.grid_q),
        sum_mean=np.asarray([row.sum_mean for row in found]),
        sum_quantiles=np.asarray([row.sum_quantiles for row in found]).reshape(shape),
    )


def _by_model(row: Forecast) -> Any:
    """The row with the model's numbers where an override has put others in their place."""
    if row.model_numbers is None:
        return row
    kept = {name: getattr(row, name) for name in _COLUMNS}
    for name, value in row.model_numbers.items():
        gap = [float("nan")] * len(kept[name]) if isinstance(kept[name], list) else None
        kept[name] = gap if value is None else value
    until = kept["refused_until"]
    return SimpleNamespace(**kept | {"refused_until": until and date.fromisoformat(until)})


def take(made: Forecasts, rows: NDArray[np.int64]) -> Forecasts:
    """The forecasts of some variants, in the order of `rows`."""
    arrays: dict[str, Any] = {
        field.name: value[rows]
        for field in fields(made)
        if isinstance(value := getattr(made, field.name), np.ndarray)
        and field.name not in ("grid_days", "grid_q")
    }
    return replace(made, **arrays)
