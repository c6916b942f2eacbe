"""Prophet's answers, kept by product until they can change: made once a day, by whoever comes to it"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.domain import forecasts as engines
from app.domain.arrays import Ints
from app.domain.demand import Panel
from app.domain.forecasts import GRID_DAYS, GRID_Q, Answers
from app.models.forecasts import ForecastAnswer
from app.platform import columns, db

_FLOAT = np.dtype("<f8")


def unanswered(panel: Panel) -> Ints:
    """The rows of `panel` without a kept answer that still is the one which would be made now."""
    found = db.rows("SELECT variant_id, digest FROM forecast_answers")
    kept = {row.variant_id: bytes(row.digest) for row in found}
    now = zip(panel.keys.tolist(), engines.digests(panel), strict=True)
    return np.flatnonzero([kept.get(key) != digest for key, digest in now])


def keep(panel: Panel, made: Answers) -> None:
    """Keep what was answered for all products of `panel`, in place of earlier answers."""
    db.execute("DELETE FROM forecast_answers WHERE variant_id = ANY(:ids)", ids=panel.keys.tolist())
    n = len(panel)
    table = made.quantiles.reshape(n, len(GRID_DAYS) * len(GRID_Q))
    sums = np.concatenate([made.mean, table], axis=1).astype(_FLOAT)
    values: dict[str, columns.Column] = {
        "variant_id": panel.keys.astype(np.int64),
        "digest": engines.digests(panel),
        "content": [row.tobytes() for row in sums],
    }
    columns.append(ForecastAnswer, values, n)


def load(variant_ids: Sequence[int]) -> Answers:
    """The kept answers for these products, to the byte as they were made."""
    width = len(GRID_DAYS) * (1 + len(GRID_Q))
    keys = np.empty(len(variant_ids), dtype=np.int64)
    sums = np.empty((len(variant_ids), width))
    n = 0
    wanted = "SELECT variant_id, content FROM forecast_answers WHERE variant_id = ANY(:ids)"
    for row in db.stream(wanted, batch=500, ids=list(variant_ids)):
        keys[n], sums[n] = row.variant_id, np.frombuffer(row.content, dtype=_FLOAT)
        n += 1
    mean, quantiles = sums[:n, : len(GRID_DAYS)], sums[:n, len(GRID_DAYS) :]
    return Answers(keys[:n], mean, quantiles.reshape(n, len(GRID_DAYS), len(GRID_Q)))


def forget_all_but(variant_ids: Sequence[int]) -> None:
    """Drop the answers for products that nobody asks about any more."""
    db.execute("DELETE FROM forecast_answers WHERE variant_id <> ALL(:ids)", ids=list(variant_ids))
