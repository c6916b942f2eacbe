"""The automatic choice: a mix of the learned engine and the calibrated average, weighed by a backtest."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import numpy as np

from app.domain.arrays import Floats, Ints
from app.domain.demand import Panel
from app.domain.forecasts import learned as learning
from app.domain.forecasts.calibrated import TRIAL_VARIANTS, best_decay, calibrated_average, sampled
from app.domain.forecasts.learned import Learned
from app.domain.forecasts.result import GRID_DAYS, GRID_Q

SHARES = np.array([0.0, 0.25, 0.5, 0.75, 0.9, 1.0])
PRIOR_SHARE = 0.9
PRIOR_SUMS = 150.0  # how many backtested sums the prior is worth
TRIAL_ROWS = 30_000
TRIAL_LENGTHS = (7, 14, 28)
TRIAL_DAYS = 28


@dataclass(frozen=True)
class Choice:
    """What the backtest chose for a shop: the learned engine's share, its model, and the losses behind it.

    `gain` is how much smaller the chosen mix's loss was than the calibrated average's (0.1 = 10 %), NaN
    where no backtest was possible.
    """

    share: float
    decay: float
    learned: Learned | None
    gain: float

    def to_json(self) -> str:
        """As text to store; `from_json` gives it back."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Choice:
        """The choice that `to_json` wrote."""
        fields = json.loads(text)
        model = fields.pop("learned")
        if model is not None:
            model = Learned(**(model | {"boosters": tuple(model["boosters"])}))
        return cls(learned=model, **fields)


def in_words(choice: Choice) -> str:
    """Why this mix, for a shopkeeper."""
    if choice.learned is None:
        return (
            "Recent average: it came closest on this shop's own last weeks, or there is little to learn from"
        )
    share = f"{choice.share:.0%}".replace("%", " %")
    words = f"Learnt from all products of this shop ({share}), the rest from the product's recent average"
    if choice.gain > 0:
        words += f"; on the last weeks {choice.gain:.0%} closer than the average alone".replace("%", " %", 1)
    return words.replace("  %", " %")


def choose(panel: Panel, *, focus: int = 28, seed: int = 0) -> Choice:
    """Backtest the mix at a cut-off four weeks back, then train on everything known."""
    decay = best_decay(panel)
    if not learning.can_learn(panel):
        return Choice(0.0, decay, None, np.nan)
    share, gain = _backtest(panel, focus, seed)
    model = learning.learn(panel, decay, focus=focus, seed=seed) if share > 0 else None
    return Choice(share, decay, model, gain)


def quantiles(choice: Choice, panel: Panel, rows: Ints) -> Floats:
    """(n, H, Q) quantiles of the mix: the two engines' quantiles averaged by the choice's share."""
    simple = 0.0 if choice.share == 1 else calibrated_average(panel, rows, choice.decay)
    if choice.learned is None:
        return np.asarray(simple)
    deep = learning.predict(choice.learned, panel, rows)
    return np.asarray(choice.share * deep + (1 - choice.share) * simple)


def _backtest(panel: Panel, focus: int, seed: int) -> tuple[float, float]:
    """Share of the learned engine with the least pinball loss on the last weeks, and its gain."""
    back = int(min(TRIAL_DAYS, panel.days // 3))
    past = panel.until_column(panel.days - back)
    if not learning.can_learn(past):
        return PRIOR_SHARE, np.nan
    decay = best_decay(past)
    rows = np.flatnonzero((past.units[:, -90:] > 0).any(axis=1))
    rows = rows[sampled(len(rows), TRIAL_VARIANTS)]
    model = learning.learn(past, decay, focus=focus, seed=seed, max_rows=TRIAL_ROWS)
    deep, simple = learning.predict(model, past, rows), calibrated_average(past, rows, decay)
    coming = np.maximum(panel.units[panel.starts < past.days][rows, past.days :], 0.0)
    losses = np.zeros(len(SHARES))
    for length in (x for x in TRIAL_LENGTHS if x <= back):
        h = int(np.searchsorted(GRID_DAYS, length))
        actual = coming[:, :length].sum(axis=1)
        for s, share in enumerate(SHARES):
            losses[s] += pinball(actual, share * deep[:, h] + (1 - share) * simple[:, h]) / length
    return _shrunk_choice(losses, len(rows))


def _shrunk_choice(losses: Floats, sums: int) -> tuple[float, float]:
    """Least loss after a pull towards the prior share that fades as the backtest grows."""
    if not losses.min() > 0:
        return PRIOR_SHARE, np.nan
    pull = PRIOR_SUMS / (PRIOR_SUMS + sums) * (SHARES - PRIOR_SHARE) ** 2
    best = int((losses / losses.min() + pull).argmin())
    return float(SHARES[best]), float(1 - losses[best] / losses[0])


def pinball(actual: Floats, quantiles_at_grid: Floats) -> float:
    """Σ of pinball losses of (n,) actual sums against (n, Q) quantiles, over the grid's middle levels (F27)."""
    middle = (GRID_Q >= 0.025) & (GRID_Q <= 0.975)
    gap = actual[:, None] - quantiles_at_grid[:, middle]
    q = GRID_Q[middle]
    return float(np.maximum(q * gap, (q - 1) * gap).sum())
