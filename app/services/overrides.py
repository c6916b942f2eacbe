"""Overrides: the merchant's own number in place of a product's forecast until a day, then the model again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
from sqlalchemy import select

from app.domain.forecasts import Forecasts
from app.domain.forecasts.override import PERCENT, UNITS, Override, overridden
from app.models.forecasts import Forecast, ForecastOverride
from app.platform import copying, db
from app.platform.i18n import gettext
from app.services import audit, forecasts
from app.services.catalog import VariantNotFound

KINDS = (UNITS, PERCENT)
NUMBERS = ("daily_mean", "daily_low", "daily_high", "sum_mean", "sum_quantiles")
_TEXTS = ("model", "confidence", "reason", "refused_until")


class UnableToOverride(ValueError):
    """This override cannot be; the message says what to enter instead."""


@dataclass(frozen=True)
class Applied:
    """The forecasts that count, the model's own for the same variants, and what each override says."""

    forecasts: Forecasts
    model: Forecasts
    facts: Mapping[int, Mapping[str, str]]


def put(
    variant_id: int,
    *,
    kind: str,
    value: Decimal,
    until: date,
    reason: str,
    actor: str,
    now: datetime,
    today: date,
) -> ForecastOverride:
    """Override a product's forecast from today until the end of `until`; an earlier override ends.

    `kind` "units": units a day; "percent": the change of the model's demand. The suggestion follows with
    the next plan. Raises VariantNotFound, UnableToOverride.
    """
    if not db.rows("SELECT id FROM variants WHERE id = :id AND deleted_at IS NULL", id=variant_id):
        raise VariantNotFound(f"There is no product {variant_id} in this store.")
    _end(variant_id, actor=actor, now=now)
    made = forecasts.load([variant_id])
    is_refused = made is None or bool(made.refused[0])
    if kind == PERCENT and is_refused:
        raise UnableToOverride(gettext("This product has no forecast to change. Enter units a day instead."))
    days = (until - today).days + 1
    by_model = _mean(made, days, today) if made is not None and not is_refused else None
    wanted = float(value) * days if kind == UNITS else (by_model or 0.0) * (1 + float(value) / 100)
    found = ForecastOverride(
        variant_id=variant_id,
        kind=kind,
        value=value,
        starts_on=today,
        until=until,
        reason=reason,
        actor=actor,
        created_at=now,
        model_units=by_model,
        override_units=wanted,
    )
    db.session().add(found)
    audit.record(
        actor=actor,
        action="forecast.overridden",
        variant_id=variant_id,
        kind=kind,
        value=str(value),
        until=until.isoformat(),
        reason=reason,
    )
    return found


def _mean(made: Forecasts, days: int, today: date) -> float:
    """What the model expects of the next days, from today on."""
    gone = max((today - made.origin).days - 1, 0)
    last = min(gone + days, int(made.grid_days[-1]))
    return float(made.mean_of_sum(last)[0] - made.mean_of_sum(min(gone, last))[0])


def end(variant_id: int, *, actor: str, now: datetime) -> bool:
    """End a product's override before its day; the model's forecast counts again with the next plan."""
    has_ended = _end(variant_id, actor=actor, now=now)
    if has_ended:
        audit.record(actor=actor, action="forecast.override_ended", variant_id=variant_id)
    return has_ended


def _end(variant_id: int, *, actor: str, now: datetime) -> bool:
    query = select(ForecastOverride).where(
        ForecastOverride.variant_id == variant_id, ForecastOverride.ended_at.is_(None)
    )
    found = db.session().execute(query.with_for_update()).scalar_one_or_none()
    if found is not None:
        found.ended_at, found.ended_by = now, actor
        db.session().flush()
    return found is not None


def apply(made: Forecasts | None, *, today: date) -> Applied | None:
    """Put what holds today in place of the model's numbers, in what is returned and in the stored forecasts.

    `made` are the model's own. Stored rows whose override is over get the model's numbers back.
    """
    held = db.rows(
        """
        SELECT o.* FROM forecast_overrides o
        JOIN variants v ON v.store_id = o.store_id AND v.id = o.variant_id
        WHERE o.ended_at IS NULL AND o.until >= :today AND v.deleted_at IS NULL
        """,
        today=today,
    )
    stored = db.rows("SELECT variant_id FROM forecasts WHERE model_numbers IS NOT NULL")
    if made is None or not (held or stored):
        return None if made is None else Applied(made, made, {})
    model = _with_missing(made, [row.variant_id for row in held])
    places = {int(key): place for place, key in enumerate(model.keys)}
    # A percentage of a forecast that is refused by now says nothing.
    holding = [row for row in held if row.kind == UNITS or not model.refused[places[row.variant_id]]]
    changed = overridden(
        model, [_override(places[row.variant_id], row, made.origin, made.grid_days[-1]) for row in holding]
    )
    now_held = {row.variant_id for row in holding}
    over = {row.variant_id for row in stored} - now_held
    known = {int(key) for key in made.keys}
    db.execute("DELETE FROM forecasts WHERE variant_id = ANY(:ids)", ids=sorted(over - known))
    _write([places[key] for key in over & known], model, model, lambda _: None)
    _write(
        [places[key] for key in now_held],
        changed,
        model,
        lambda i: copying.Json(_numbers(model, i) if int(model.keys[i]) in known else {}),
    )
    return Applied(changed, model, {row.variant_id: _facts(row) for row in holding})


def _override(place: int, row: Any, origin: date, most: int) -> Override:
    return Override(place, row.kind, float(row.value), min((row.until - origin).days, int(most)))


def _facts(row: Any) -> dict[str, str]:
    """The ledger's detail: what was entered, until when and why."""
    return {
        "kind": row.kind,
        "value": f"{row.value.normalize():f}",
        "until": row.until.isoformat(),
        "reason": row.reason,
    }


def _with_missing(made: Forecasts, keys: Sequence[int]) -> Forecasts:
    """The forecasts with a refused one added for each product that the model has never seen sell."""
    missing = sorted(set(keys) - {int(key) for key in made.keys})
    if not missing:
        return made
    empty: dict[str, Any] = {"keys": np.asarray(missing, dtype=made.keys.dtype)}
    for name in NUMBERS:
        shape = getattr(made, name).shape[1:]
        empty[name] = np.full((len(missing), *shape), np.nan)
    texts = {"model": "none", "confidence": "low", "reason": "", "demand_class": "new", "refused_until": None}
    for name, text in texts.items():
        empty[name] = np.full(len(missing), text, dtype=object)
    joined: dict[str, Any] = {
        name: np.concatenate([getattr(made, name), values]) for name, values in empty.items()
    }
    return forecasts.take(replace(made, **joined), np.argsort(joined["keys"]))


def _numbers(made: Forecasts, i: int) -> dict[str, Any]:
    """What the model said of one product, as JSON keeps it (which knows no NaN)."""
    kept: dict[str, Any] = {name: getattr(made, name)[i] for name in _TEXTS}
    refused = bool(made.refused[i])
    return kept | {name: None if refused else getattr(made, name)[i].ravel().tolist() for name in NUMBERS}


def _write(
    places: Sequence[int], shown: Forecasts, model: Forecasts, keep: Callable[[int], copying.Json | None]
) -> None:
    """Store the numbers that count for some products, with what the model said."""
    if not places:
        return
    run_id = db.rows("SELECT MAX(id) AS id FROM forecast_runs")[0].id
    columns = ("variant_id", "run_id", "origin", "demand_class", "grid_days", "grid_q", *_TEXTS, *NUMBERS)
    copying.upsert(
        Forecast,
        (*columns, "model_numbers"),
        (
            (
                int(shown.keys[i]),
                run_id,
                shown.origin,
                model.demand_class[i],
                shown.grid_days.tolist(),
                shown.grid_q.tolist(),
                *(getattr(shown, name)[i] for name in _TEXTS),
                *(getattr(shown, name)[i].ravel().tolist() for name in NUMBERS),
                keep(i),
            )
            for i in places
        ),
        key=["variant_id"],
    )
