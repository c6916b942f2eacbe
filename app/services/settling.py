"""Targets that are shared out by value come down step by step: what each had come to at its latest review is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from app.domain.arrays import Bools, Floats, Ints
from app.domain.forecasts import Forecasts
from app.domain.replenishment import Policy, Suggestions
from app.domain.replenishment.settling import Reviewed, foreseen
from app.models.replenishment import ReviewedTarget
from app.platform import columns, db

# What a target was made for: with other settings it says nothing of today's.
_SETTINGS = ("lead_time_days", "lead_time_sd_days", "review_days", "service_level")
_KINDS = {
    "variant_id": "bigint",
    "reviewed_on": "date",
    "target": "double",
    "foreseen": "double",
    "level": "double",
    **dict.fromkeys(_SETTINGS, "double"),
}


@dataclass(frozen=True)
class Reviews:
    """What is known of the latest reviews of variants `ids`, and which of them `settle`: whose are noted.

    `level` is the service level that each got at its review, NaN where there was none.
    """

    ids: Ints
    before: Reviewed
    settle: Bools
    level: Floats
    settings: dict[str, Floats]

    @property
    def due(self) -> Bools:
        """(n,) whose next review has come, or who had none that counts."""
        return self.before.is_due(self.settings["review_days"])

    def keep_levels(self, policy: Policy) -> Policy:
        """The policy with the levels of the latest review until the next: shared out each night they sway."""
        levels = policy.each("service_level", len(self.ids))
        return replace(policy, service_level=np.where(self.due, levels, self.level))


def reviews(ids: Sequence[int], asked: Policy, settle: Bools, *, today: date) -> Reviews:
    """What the targets of variants that `settle` had come to, void where settings have changed since.

    `asked` is the policy as it is set, before levels are shared out.
    """
    wanted, n = np.asarray(ids, dtype=np.int64), len(ids)
    settings = {name: asked.each(name, n) for name in _SETTINGS}
    target, level, days, to_come = np.full(n, np.nan), np.full(n, np.nan), np.zeros(n), np.ones(n)
    if settle.any():
        found = columns.read(
            f"SELECT {', '.join(_KINDS)} FROM reviewed_targets ORDER BY variant_id",  # noqa: S608
            _KINDS,
        )
        known = np.isin(wanted, found["variant_id"]) & settle
        place = np.searchsorted(found["variant_id"], wanted[known])
        same = np.all([found[name][place] == settings[name][known] for name in settings], axis=0)
        target[known] = np.where(same, found["target"][place], np.nan)
        # The store's time zone may have changed to one where it is the day before.
        days[known] = np.maximum((np.datetime64(today) - found["reviewed_on"][place]).astype(np.int64), 0)
        to_come[known], level[known] = found["foreseen"][place], found["level"][place]
    return Reviews(wanted, Reviewed(target, days, to_come), settle, level, settings)


def note(found: Reviews, made: Suggestions, forecasts: Forecasts, policy: Policy, *, today: date) -> None:
    """Keep what the targets of products have come to whose next review has come."""
    if not found.settle.any():
        return
    noted = found.due & found.settle & ~forecasts.refused
    to_come = foreseen(forecasts, found.settings["lead_time_days"], found.settings["review_days"])
    db.execute("DELETE FROM reviewed_targets WHERE variant_id = ANY(:ids)", ids=found.ids[found.due].tolist())
    values: dict[str, Any] = {
        "variant_id": found.ids[noted],
        "reviewed_on": today,
        "target": made.settled.reached[noted],
        "foreseen": to_come[noted],
        "level": policy.each("service_level", len(found.ids))[noted],
        **{name: found.settings[name][noted] for name in _SETTINGS},
    }
    columns.append(ReviewedTarget, values, int(noted.sum()))


def forget(variant_ids: Sequence[int] | None = None) -> None:
    """Let the targets of these products, or of all, come down at once: a merchant has said what is not demand."""
    if variant_ids is None:
        db.execute("DELETE FROM reviewed_targets")
    else:
        db.execute("DELETE FROM reviewed_targets WHERE variant_id = ANY(:ids)", ids=list(variant_ids))
