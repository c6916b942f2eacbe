"""The proof: asked for by a member, worked out by a job from the store's own past, kept until the next one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import select

from app.domain.arrays import Floats
from app.domain.demand import Panel
from app.domain.demand.records import share_in_stock, unexplained_runs
from app.domain.replenishment import Stock
from app.domain.replenishment import proof as domain
from app.domain.replenishment.proof_figures import Lines, lines, store_figures
from app.models.proof import Proof, ProofLine
from app.platform import copying, db
from app.services import audit, demand, forecasts, replenishment, service_levels, stores

SEED = 0
GIVEN_UP_AFTER = timedelta(days=1)
_NEEDED_DAYS = domain.LEARN_DAYS + domain.FEWEST_DAYS + 1


class UnableToProve(ValueError):
    """There is too little of a past to look back on: `code` says what is missing, `ready_on` from when it is there.

    Codes: no_sales, too_early, nothing_to_compare.
    """

    def __init__(self, code: str, ready_on: date | None = None) -> None:
        super().__init__(code)
        self.code, self.ready_on = code, ready_on


def request(*, actor: str, now: datetime) -> int:
    """Note that a proof is wanted; returns the id of the one under way if there is one, else of a new one.

    One that is not there a day after it was asked for is given up.
    """
    found = db.rows(
        "SELECT id FROM proofs WHERE status IN ('queued', 'running') AND created_at > :since"
        " ORDER BY id DESC LIMIT 1",
        since=now - GIVEN_UP_AFTER,
    )
    if found:
        return int(found[0].id)
    proof = Proof(requested_by=actor, created_at=now, seed=SEED, figures={})
    db.session().add(proof)
    db.session().flush()
    audit.record(actor=actor, action="proof.requested", proof_id=proof.id)
    return proof.id


def heard(proof_id: int, *, done: float) -> None:
    """Note how far a proof is (0 to 1)."""
    db.execute(
        "UPDATE proofs SET status = 'running', done = :done"
        " WHERE id = :id AND status IN ('queued', 'running')",
        id=proof_id,
        done=done,
    )


def fail(proof_id: int, *, code: str, ready_on: date | None = None, now: datetime) -> None:
    """Note that a proof cannot be made, and why; the earlier one stays."""
    db.execute(
        "UPDATE proofs SET status = 'failed', error = :code, ready_on = :ready, finished_at = :now"
        " WHERE id = :id",
        id=proof_id,
        code=code,
        ready=ready_on,
        now=now,
    )


def make(
    proof_id: int, *, today: date, now: Callable[[], datetime], progress: Callable[[float], None]
) -> None:
    """Work out a requested proof and forget earlier ones; a second call changes nothing.

    Raises UnableToProve. The same past, settings and seed give the same proof.
    """
    wanted = db.session().execute(select(Proof).where(Proof.id == proof_id)).scalar_one_or_none()
    if wanted is None or wanted.status == "done":
        return
    panel = forecasts.load_panel(last_day=today - timedelta(days=1))
    if panel is None:
        raise UnableToProve("no_sales")
    found = domain.window(panel.days)
    if found is None:
        raise UnableToProve("too_early", panel.last_day + timedelta(days=_NEEDED_DAYS - panel.days + 1))
    store_settings, seed = stores.settings(), wanted.seed
    positions = replenishment.positions([int(key) for key in panel.keys])
    tracked = np.isin(panel.keys, list(positions))
    rows = np.flatnonzero(domain.provable(panel, found[0]) & tracked)
    if not len(rows):
        raise UnableToProve("nothing_to_compare")
    closing = demand.closing_stock(panel)
    inferred = unexplained_runs(panel) & np.isnan(closing)
    share = np.where(inferred, 0.0, share_in_stock(panel.units, closing))
    chosen = [positions[int(key)] for key in panel.keys[rows]]
    price, cost = (_money(chosen, name) for name in ("price", "unit_cost"))
    money, own = Stock(on_hand=0, price=price, unit_cost=cost), replenishment.own_levels(chosen)
    made = domain.prove(
        replace(panel, in_stock=share),
        replenishment.policy_of(chosen, replenishment.classes_of([row.id for row in chosen], today)),
        rows=rows,
        closing=closing[rows],
        inferred=inferred[rows],
        engine=store_settings.engine,
        seed=seed,
        progress=progress,
        share_out=lambda known, policy, before: service_levels.shared_out(known, policy, money, own, before),
        moving=lambda known: service_levels.moving(known, money, own),
    )
    _store(proof_id, made, price, cost, panel, left_out=int(tracked.sum()) - len(rows), seed=seed, now=now())


def _money(found: list[Any], name: str) -> Floats:
    values = [getattr(row, name) for row in found]
    return np.asarray([np.nan if value is None else float(value) for value in values])


def _store(
    proof_id: int,
    made: domain.Proof,
    price: Floats,
    cost: Floats,
    panel: Panel,
    *,
    left_out: int,
    seed: int,
    now: datetime,
) -> None:
    db.execute("DELETE FROM proofs WHERE id <> :id", id=proof_id)
    db.execute("DELETE FROM proof_lines WHERE proof_id = :id", id=proof_id)
    each = lines(made, price, cost)
    copying.append(ProofLine, _COLUMNS, _values(proof_id, made, each))
    first = panel.first_day + timedelta(days=made.first_column)
    proof = db.session().execute(select(Proof).where(Proof.id == proof_id)).scalar_one()
    proof.first_day, proof.last_day = first, first + timedelta(days=made.days - 1)
    proof.products, proof.left_out = len(made.keys), left_out
    proof.recorded = float(made.recorded.sum() / (made.days * len(made.keys)))
    proof.inferred_days = int(made.inferred.sum())
    proof.figures = {name: asdict(f) for name, f in store_figures(made, price, cost, seed=seed).items()}
    proof.status, proof.done, proof.finished_at = "done", 1.0, now


_WAYS = ("had", "ours", "rule")
_COLUMNS = [
    "proof_id",
    "variant_id",
    "wanted",
    "recorded_days",
    "inferred_days",
    *(
        f"{what}_{way}"
        for what in ("lost", "empty_days", "stock", "lost_margin", "stock_value")
        for way in _WAYS
    ),
    "gain",
]


def _values(proof_id: int, made: domain.Proof, each: Lines) -> Iterator[tuple[Any, ...]]:
    columns = [
        field[way]
        for field in (each.lost, each.empty_days, each.stock, each.lost_margin, each.stock_value)
        for way in _WAYS
    ]
    for i, key in enumerate(made.keys):
        numbers = [_known(column[i]) for column in (*columns, each.gain)]
        counts = (int(made.recorded[i]), int(made.inferred[i]))
        yield (proof_id, int(key), float(each.wanted[i]), *counts, *numbers)


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
