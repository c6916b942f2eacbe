"""Proof on the shop's own past: what our orders would have done there, beside what the merchant had (F28).

At each past review only what was known then goes into the forecast and the order. What customers wanted on
days that sold out is drawn, several times over, and every way of ordering meets the same draws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from app.domain.arrays import Bools, Floats, Ints, Keys
from app.domain.demand import Panel
from app.domain.demand.sold_out import restore, sampled_demand
from app.domain.forecasts import Choice, Forecasts, choose, forecast
from app.domain.replenishment.inputs import Policy
from app.domain.replenishment.order_size import order_quantity, within_maximum
from app.domain.replenishment.replay import Decide, Order, Replay, replay
from app.domain.replenishment.settling import Reviewed, Reviews
from app.domain.replenishment.target import ROUNDING, target_stock

ShareOut = Callable[[Forecasts, Policy, Reviewed], Policy]
Moving = Callable[[Forecasts], Bools]
"""(forecasts of a review) → (n,) whose levels are shared out, and targets therefore come down step by step."""

DRAWS = 8
MOST_DAYS, FEWEST_DAYS, LEARN_DAYS = 182, 42, 56
RETRAIN_DAYS = 28
RULE_DAYS = 30  # the rule many tools follow: 30 days' average × (lead time + 30 days)
CHUNK = 400  # variants replayed at once: bounds memory
ACTIVE_DAYS = 90


@dataclass(frozen=True)
class Way:
    """One way of ordering over the measured days: (n, K) units `sold` and `lost`, days that ended `empty`, and
    mean closing `stock` in units (NaN where nobody recorded it)."""

    sold: Floats
    lost: Floats
    empty: Floats
    stock: Floats


@dataclass(frozen=True)
class Proof:
    """n variants over `days` measured days from column `first_column` of the panel, with K draws of demand.

    `had`, `ours`, `rule` are the ways compared. `recorded` and `inferred` (n,) count the measured days with a
    stock record, and those held to be sold out because chance does not explain their silence.
    """

    keys: Keys
    first_column: int
    days: int
    had: Way
    ours: Way
    rule: Way
    recorded: Floats
    inferred: Floats


def window(days: int) -> tuple[int, int] | None:
    """(column of the first review, days replayed) of a history of that length; None where it is too short."""
    length = min(MOST_DAYS, days - LEARN_DAYS - 1)
    return None if length < FEWEST_DAYS else (days - 1 - length, length)


def provable(panel: Panel, first_review: int) -> Bools:
    """(n,) variants old enough by the first review to be forecast, and alive then."""
    recent = (panel.units[:, max(0, first_review + 1 - ACTIVE_DAYS) : first_review + 1] > 0).any(axis=1)
    proven: Bools = recent & (panel.starts <= first_review - 28)
    return proven


def prove(
    panel: Panel,
    policy: Policy,
    *,
    rows: Ints,
    closing: Floats,
    inferred: Bools,
    engine: str = "auto",
    seed: int = 0,
    progress: Callable[[float], None] = lambda _: None,
    share_out: ShareOut = lambda _, policy, __: policy,
    moving: Moving = lambda made: np.zeros(len(made), dtype=bool),
) -> Proof:
    """Replay `rows` of the panel under `policy` (given in their order) over the window of its history.

    `closing` (n, days of the panel) is the recorded stock at each day's close, NaN where unknown; `inferred`
    marks days held to be sold out. The panel's `in_stock` must say the same. `progress` hears of shares done,
    `share_out` says what the policy is once the forecasts of a review are known, `moving` for whom. Raises
    ValueError where the history is too short, see `window`. The same seed gives the same proof.
    """
    found = window(panel.days)
    if found is None:
        raise ValueError(
            f"{panel.days} days of history are too few; {LEARN_DAYS + FEWEST_DAYS + 1} are needed"
        )
    first, days = found
    lead, review = (np.ceil(policy.each(name, len(rows))) for name in ("lead_time_days", "review_days"))
    warm = int(min((lead + review).max(), days // 3))
    measured = slice(first + 1 + warm, panel.days)
    ours = _Planner(
        panel.keys[rows], policy, engine, seed, lambda done: progress(done / days), share_out, moving
    )
    ways: list[list[Way]] = [[], [], []]
    for part in _parts(len(rows)):
        wanted = sampled_demand(panel.take(rows[part]), first + 1, days, seed=seed + part.start, draws=DRAWS)
        ways[0].append(_had(panel, rows[part], closing[part], wanted, measured))
        for kept, decide in ((ways[1], ours.decide), (ways[2], _rule(lead[part], panel.keys[rows[part]]))):
            made = replay(
                panel,
                decide,
                rows=rows[part],
                first_review=first,
                days=days,
                review_days=review[part].astype(np.int64),
                lead_time_days=lead[part].astype(np.int64),
                demand=wanted,
                order=_orders(policy, len(rows), part),
            )
            kept.append(_of_replay(made, warm))
    return Proof(
        keys=panel.keys[rows],
        first_column=measured.start,
        days=days - warm,
        had=_joined(ways[0]),
        ours=_joined(ways[1]),
        rule=_joined(ways[2]),
        recorded=(~np.isnan(closing[:, measured])).sum(axis=1).astype(np.float64),
        inferred=inferred[:, measured].sum(axis=1).astype(np.float64),
    )


class _Planner:
    """Our targets at each review, worked out once for all replayed variants from what was known then."""

    def __init__(
        self,
        keys: Keys,
        policy: Policy,
        engine: str,
        seed: int,
        progress: Callable[[float], None],
        share_out: ShareOut,
        moving: Moving,
    ) -> None:
        self.keys, self.policy, self.engine, self.seed = keys, policy, engine, seed
        self.progress, self.share_out, self.moving = progress, share_out, moving
        n = len(keys)
        lead, review = (policy.each(name, n) for name in ("lead_time_days", "review_days"))
        self.focus = int(np.median(lead + review))
        self.choice: Choice | None = None
        self.begun = self.trained = 0
        self.targets: dict[int, Floats] = {}
        self.reviews = Reviews(lead, review)

    def decide(self, known: Panel, at: Ints) -> Floats:
        """Target stock (m, DRAWS), the same in each draw."""
        if known.days not in self.targets:
            self.targets[known.days] = self._all(known)
        places = np.searchsorted(self.keys, known.keys[at])
        return np.repeat(self.targets[known.days][places, None], DRAWS, axis=1)

    def _all(self, known: Panel) -> Floats:
        wanted = replace(restore(known), in_stock=None)  # as the nightly forecast sees it
        self.begun = self.begun or known.days
        if self.engine == "auto" and (self.choice is None or known.days - self.trained >= RETRAIN_DAYS):
            self.choice, self.trained = choose(wanted, focus=self.focus, seed=self.seed), known.days
        made = forecast(
            wanted,
            horizon=1,
            engine=self.engine,
            only=np.searchsorted(known.keys, self.keys),
            choice=self.choice,
            seed=self.seed,
        )
        self.progress(float(known.days - self.begun))
        before = self.reviews.before(float(known.days), ~self.moving(made) | made.out_of_season)
        target = target_stock(made, self.share_out(made, self.policy, before))
        target = self.reviews.settled(float(known.days), target, made, before)
        return np.maximum(target, self.policy.each("min_stock", len(self.keys)))


def _rule(lead: Floats, keys: Keys) -> Decide:
    """What many tools order up to: the last 30 days' average × (lead time + 30 days)."""

    def decide(known: Panel, at: Ints) -> Floats:
        begun = np.minimum(known.history_days[at], RULE_DAYS)
        average = known.units[at, -RULE_DAYS:].sum(axis=1) / begun
        target = average * (lead[np.searchsorted(keys, known.keys[at])] + RULE_DAYS)
        return np.repeat(np.maximum(target, 0.0)[:, None], DRAWS, axis=1)

    return decide


def _orders(policy: Policy, n: int, part: slice) -> Order:
    """Orders as `plan` makes them: minimum quantity, whole cases, within the maximum stock."""
    moq, case, most = (policy.each(f, n)[part] for f in ("moq", "case_size", "max_stock"))

    def order(places: Ints, target: Floats, position: Floats) -> Floats:
        least, whole = moq[places, None], case[places, None]
        wanted = order_quantity(np.ceil(target - position - ROUNDING), least, whole)
        return within_maximum(wanted, most[places, None] - position, least, whole)

    return order


def _had(panel: Panel, rows: Ints, closing: Floats, wanted: Floats, measured: slice) -> Way:
    """What the merchant had: recorded sales and stock; lost is what the draws wanted beyond the sales."""
    sold = np.maximum(panel.units[rows, measured], 0.0)
    days = sold.shape[1]
    lost = (wanted[:, :, wanted.shape[2] - days :] - sold[:, None]).sum(axis=2)
    share = np.ones_like(sold) if panel.in_stock is None else panel.in_stock[rows, measured]
    empty = (share < 1.0).sum(axis=1)  # without a record: not known to be
    record = closing[:, measured]
    count = (~np.isnan(record)).sum(axis=1)
    stock = np.divide(
        np.maximum(np.nan_to_num(record), 0.0).sum(axis=1),
        count,
        out=np.full(len(rows), np.nan),
        where=count > 0,
    )
    draws = lost.shape[1]
    return Way(_draws(sold.sum(axis=1), draws), lost, _draws(empty, draws), _draws(stock, draws))


def _draws(values: Floats, draws: int) -> Floats:
    return np.repeat(np.asarray(values, dtype=np.float64)[:, None], draws, axis=1)


def _of_replay(made: Replay, warm: int) -> Way:
    stock = made.stock[:, :, warm:]
    sold, lost = made.sold[:, :, warm:].sum(axis=2), made.lost[:, :, warm:].sum(axis=2)
    return Way(sold, lost, (stock <= 0).sum(axis=2).astype(np.float64), stock.mean(axis=2))


def _parts(n: int) -> Iterator[slice]:
    for begin in range(0, n, CHUNK):
        yield slice(begin, min(begin + CHUNK, n))


def _joined(parts: list[Way]) -> Way:
    return Way(*(np.concatenate(column) for column in zip(*(vars(p).values() for p in parts), strict=True)))
