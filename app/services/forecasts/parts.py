"""A long run's slow products in parts, which any number of workers answer, and the last of which makes it whole.

A part carries the history that it is about, so that it reads nothing else of the store and all parts see the same
moment. Each few answers are stored together with how far the part is: a worker's death costs those alone. Whoever
writes locks the run first, so that a newer run, and the count of parts that are left, come before or after.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import func, select

from app.domain import forecasts as engines
from app.domain.demand import Panel
from app.domain.forecasts import GRID_DAYS, GRID_Q, Answers
from app.models.forecasts import ForecastPart, ForecastRun
from app.platform import db
from app.services.forecasts import answers

# So many products are asked about within the run itself: ten seconds, for which nobody need be kept waiting longer.
AT_ONCE = 300
# At most so many in a part: some fifteen seconds, beside which a job's own start (two, Prophet's import) counts
# little. Where the products are few the parts are smaller, so that several workers share them evenly.
IN_A_PART = 400
EVEN_PARTS, LEAST_IN_A_PART = 8, 100
# So many are stored in one transaction.
IN_A_STEP = 50


@dataclass(frozen=True)
class Stalled:
    """A run of which nothing has moved for long, and its parts that are not answered."""

    run_id: int
    parts: list[int]


def supersede(*, now: datetime) -> None:
    """End the run that is under way, if any: its parts find nothing to do any more; its answers stay."""
    db.execute(
        "UPDATE forecast_runs SET status = 'superseded', finished_at = :now WHERE status = 'running'", now=now
    )
    db.execute("DELETE FROM forecast_parts")


def divide(run_id: int, panel: Panel, *, now: datetime) -> list[int]:
    """Store the products of `panel` as parts of the run; returns the parts' numbers."""
    last = db.session().execute(select(func.max(ForecastPart.number)).where(ForecastPart.run_id == run_id))
    first = (last.scalar() or 0) + 1
    size = min(max(-(-len(panel) // EVEN_PARTS), LEAST_IN_A_PART), IN_A_PART)
    rows = [np.arange(i, min(i + size, len(panel))) for i in range(0, len(panel), size)]
    for number, mine in enumerate(rows, first):
        content = _packed(panel.take(mine))
        part = ForecastPart(run_id=run_id, number=number, variants=len(mine), content=content, touched_at=now)
        db.session().add(part)
        db.session().flush()
        db.session().expunge(part)  # a store's whole history is not kept in memory twice
    return list(range(first, first + len(rows)))


def left(run_id: int, number: int) -> Panel | None:
    """What of a part is not answered yet, as a panel; None when all is, or when a newer run has taken over."""
    query = select(ForecastPart.content).where(
        ForecastPart.run_id == run_id,
        ForecastPart.number == number,
        ForecastPart.done < ForecastPart.variants,
    )
    content = db.session().execute(query).scalar_one_or_none()
    if content is None:
        return None
    panel = _unpacked(content)
    return panel.take(answers.unanswered(panel))


def steps(panel: Panel) -> Iterator[Panel]:
    """Some products at a time; one empty step where nothing is left, so that the part is noted as done."""
    for i in range(0, max(len(panel), 1), IN_A_STEP):
        yield panel.take(np.arange(i, min(i + IN_A_STEP, len(panel))))


def ask(panel: Panel) -> Answers:
    """The slow engine's answers for `panel`."""
    return engines.ask(panel)


def keep(run_id: int, number: int, panel: Panel, made: Answers, *, left: int, now: datetime) -> bool:
    """Store the answers for `panel`, and that `left` products of the part remain; False when the run is over."""
    if lock(run_id) is None:
        return False
    answers.keep(panel, made)
    db.execute(
        "UPDATE forecast_parts SET done = variants - :left, touched_at = :now"
        " WHERE run_id = :run AND number = :number",
        run=run_id,
        number=number,
        left=left,
        now=now,
    )
    return True


def lock(run_id: int) -> ForecastRun | None:
    """The run, locked until the transaction ends; None unless it is under way."""
    query = select(ForecastRun).where(ForecastRun.id == run_id, ForecastRun.status == "running")
    return db.session().execute(query.with_for_update()).scalar_one_or_none()


def are_done(run_id: int) -> bool:
    """Whether the run is under way and none of its parts is left; of parts that end together one sees it."""
    return lock(run_id) is not None and not _open(run_id)


def give_up(run_id: int, number: int, *, now: datetime) -> None:
    """Answer what is left of a part with nothing, so that the stand-in answers for it."""
    panel = left(run_id, number)
    if panel is not None:
        shape = (len(panel), len(GRID_DAYS))
        nothing = Answers(panel.keys, np.full(shape, np.nan), np.full((*shape, len(GRID_Q)), np.nan))
        keep(run_id, number, panel, nothing, left=0, now=now)


def stalled(*, now: datetime, after: timedelta) -> Stalled | None:
    """The run that is under way, if none of its parts has moved for so long."""
    found = db.rows(
        "SELECT run_id FROM forecast_parts GROUP BY run_id HAVING MAX(touched_at) < :limit", limit=now - after
    )
    return Stalled(found[0].run_id, _open(found[0].run_id)) if found else None


def _open(run_id: int) -> list[int]:
    found = db.rows(
        "SELECT number FROM forecast_parts WHERE run_id = :run AND done < variants ORDER BY number",
        run=run_id,
    )
    return [row.number for row in found]


def _packed(panel: Panel) -> bytes:
    target = io.BytesIO()
    first_day = np.datetime64(panel.first_day, "D")
    np.savez_compressed(target, keys=panel.keys, first_day=first_day, starts=panel.starts, units=panel.units)
    return target.getvalue()


def _unpacked(content: bytes) -> Panel:
    with np.load(io.BytesIO(content), allow_pickle=False) as found:
        first_day = found["first_day"].astype(object).item()
        return Panel(found["keys"], first_day, found["units"], found["starts"])
