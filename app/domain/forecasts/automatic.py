"""The automatic choice: a mix of the learned engine and two calibrated averages, weighed by a backtest."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from app.domain.arrays import Floats, Ints
from app.domain.demand import Panel
from app.domain.forecasts import learned as learning
from app.domain.forecasts.calibrated import TRIAL_VARIANTS, best_decay, calibrated_average, sampled
from app.domain.forecasts.learned import Learned
from app.domain.forecasts.own_spread import own_spread
from app.domain.forecasts.result import GRID_Q
from app.domain.forecasts.season import FROM_DAYS, Season
from app.domain.forecasts.shop import YEAR

SHARES = np.array([0.0, 0.25, 0.5, 0.75, 0.9, 1.0])
OWN_SHARES = np.array([0.0, 0.5, 1.0])
PRIOR_SHARE, PRIOR_SHARE_SMALL = 0.9, 0.6  # in a large shop, and in one of few variants
SMALL = 150.0  # variants at which a shop is half small
SHORT = 60.0  # days at which a small shop's history lends the learned engine half its weight
FADING = 3  # power of a year ÷ the history that the averages' share keeps while they do not know the season
OWN_MOST = 1_500  # in larger shops the pooled ranges are the better ones, and the others' time is saved
PRIOR_SUMS = 60.0  # how many backtested sums the prior is worth
PULL = 0.6  # relative loss that the prior outweighs at a distance of 1
TRIAL_ROWS = 30_000
TRIAL_LENGTHS = np.array([7, 14, 28])
TRIAL_DAYS = 28
EARLIER = 3  # weeks whose models answer beside the newest in shops that have time for it
KNOWN_DAYS = 30  # of a product's history from which on they do: they have seen less of a launch
VERSION = 4  # of what is stored: one made by an earlier program is made anew
FEW_DAYS = 14
LONG_DAYS = 400  # from here on at least two cut-offs
MOST_CUTS = 6  # in shops of few variants and many days
WANTED_SUMS = 600


@dataclass(frozen=True)
class Choice:
    """What the backtest chose for a shop: the learned engine's share, its model, and the losses behind it.

    `own` is the share of own_spread in the rest; what then is left is the calibrated average's. `gain` is
    how much smaller the chosen mix's loss was than the better average's (0.1 = 10 %), NaN where no backtest
    was possible. `earlier` are models of the weeks before, which answer beside the newest: each saw other luck.
    """

    share: float
    own: float
    decay: float
    learned: Learned | None
    gain: float
    days: int  # of history that it was made from
    version: int = VERSION
    earlier: tuple[Learned, ...] = ()

    def to_json(self) -> str:
        """As text to store, but for the models of earlier weeks; `from_json` gives it back."""
        fields = asdict(replace(self, earlier=()))
        del fields["earlier"]
        return json.dumps(fields)

    def earlier_to_json(self) -> str:
        """The models of earlier weeks as text of its own: programs of before do not know them."""
        return json.dumps([asdict(model) for model in self.earlier])

    @classmethod
    def from_json(cls, text: str, earlier: str | None = None) -> Choice:
        """The choice that `to_json` and `earlier_to_json` wrote, or an earlier program's."""
        fields = json.loads(text)
        model = fields.pop("learned")
        models = tuple(_model(one) for one in json.loads(earlier or "[]"))
        return cls(learned=None if model is None else _model(model), earlier=models, **fields)


def _model(fields: dict[str, Any]) -> Learned:
    parts = {"boosters": tuple(map(tuple, fields["boosters"])), "season": Season(**fields["season"])}
    return Learned(**(fields | parts))


def reason(choice: Choice) -> str:
    """Why this mix: a code with its numbers, as `learnt share=75 closer=12` (both in percent)."""
    if choice.learned is None:
        return "average" if choice.gain == choice.gain else "average_unlearnt"
    learnt = f"learnt share={choice.share:.0%}".removesuffix("%")
    return f"{learnt} closer={choice.gain:.0%}".removesuffix("%") if choice.gain > 0 else learnt


def choose(panel: Panel, *, focus: int = 28, seed: int = 0, earlier: Choice | None = None) -> Choice:
    """Backtest the mix at cut-offs of the last weeks, then train on everything known.

    What was chosen some days `earlier` for the same shop, where it still fits, has a say in the forecasts.
    """
    decay = best_decay(panel)
    if not learning.can_learn(panel):
        return Choice(0.0, _prior(len(panel), panel.days)[1], decay, None, np.nan, panel.days)
    share, own, gain = _backtest(panel, focus, seed)
    if share == 0:
        return Choice(share, own, decay, None, gain, panel.days)
    model = learning.learn(panel, decay, focus=focus, seed=seed)
    return Choice(share, own, decay, model, gain, panel.days, earlier=_earlier(earlier, panel))


def _earlier(choice: Choice | None, panel: Panel) -> tuple[Learned, ...]:
    if choice is None or choice.learned is None or not still_fits(choice, panel):
        return ()
    return (choice.learned, *choice.earlier)[:EARLIER] if learning.has_time(panel) else ()


def still_fits(choice: Choice, panel: Panel) -> bool:
    """Whether the choice can be used on this panel, whose last day is at most a few days later.

    More days than those tell that older history has come in. A model expects the features that it was trained
    with.
    """
    if choice.version != VERSION or not 0 <= panel.days - choice.days <= FEW_DAYS:
        return False
    models = () if choice.learned is None else (choice.learned, *choice.earlier)
    return all(learning.expects(model, panel) for model in models)


def quantiles(choice: Choice, panel: Panel, rows: Ints) -> Floats:
    """(n, H, Q) quantiles of the mix: the engines' quantiles brought together by the choice's shares."""
    parts, rest = [], 1.0 - choice.share
    if choice.learned is not None:
        parts.append((choice.share, _by_models(choice.learned, choice.earlier, panel, rows)))
    if rest * choice.own > 0:
        parts.append((rest * choice.own, own_spread(panel, rows)))
    if rest * (1 - choice.own) > 0:
        parts.append((rest * (1 - choice.own), calibrated_average(panel, rows, choice.decay)))
    return _mixed(parts)


def _by_models(newest: Learned, earlier: tuple[Learned, ...], panel: Panel, rows: Ints) -> Floats:
    """What the models of the last weeks say together; of products that are newer, what the newest says."""
    table = learning.predict(newest, panel, rows)
    if earlier:
        share = 1 / (1 + len(earlier))
        old = np.flatnonzero(panel.history_days[rows] >= KNOWN_DAYS)
        before = [(share, learning.predict(model, panel, rows[old])) for model in earlier]
        table[old] = _mixed([(share, table[old]), *before])
    return table


def _mixed(parts: list[tuple[float, Floats]]) -> Floats:
    """Tables of quantiles averaged by their shares, on the scale of square roots.

    Where one engine is far above the others, it there counts for less: the spread of demand grows with its
    size, so the larger answer is the less certain one.
    """
    return np.asarray(sum(share * np.sqrt(table) for share, table in parts) ** 2)


def _prior(n: int, days: int) -> tuple[float, float]:
    """Shares of the learned engine, and of own_spread in the rest, that held over many shops of n variants.

    After a year the learned engine knows the season, which the averages learn a year later: until then the
    rest shrinks, faster than the backtest can tell, whose model has seen months less of the second year.
    """
    small = SMALL / (SMALL + n)
    rest = 1 - PRIOR_SHARE + small * (PRIOR_SHARE - PRIOR_SHARE_SMALL * days / (days + SHORT))
    own = 1 / (1 + (n / SMALL) ** 2) if n <= OWN_MOST else 0.0
    return 1 - rest * ((YEAR / days) ** FADING if YEAR < days < FROM_DAYS else 1.0), own


def _backtest(panel: Panel, focus: int, seed: int) -> tuple[float, float, float]:
    """Shares with the least pinball loss on the last weeks, and their gain on the best simple average.

    One model, trained on what was known before the first cut-off, answers at each of them with the sales
    known by then, as it would have in use.
    """
    back = min(TRIAL_DAYS * _cuts(panel), panel.days // 3)
    past = panel.until_column(panel.days - back)
    prior = _prior(len(panel), panel.days)
    if not learning.can_learn(past):
        return *prior, np.nan
    model = learning.learn(past, best_decay(past), focus=focus, seed=seed, max_rows=TRIAL_ROWS)
    owns = np.unique(np.append(OWN_SHARES, prior[1])) if len(panel) <= OWN_MOST else np.zeros(1)
    losses, sums = np.zeros((len(SHARES), len(owns))), 0
    for cut in range(panel.days - back, panel.days - min(TRIAL_DAYS, back) + 1, TRIAL_DAYS):
        found, count = _losses(panel, cut, model, owns)
        losses, sums = losses + found, sums + count
    return _shrunk_choice(losses, owns, sums, prior)


def _cuts(panel: Panel) -> int:
    """How many cut-offs, four weeks apart: as many as a shop of few variants needs and its history bears."""
    if panel.days < LONG_DAYS:
        return 1
    bearable = min(panel.days // (5 * TRIAL_DAYS), MOST_CUTS)
    return int(np.clip(-(-WANTED_SUMS // len(panel)), 2, bearable))


def _losses(panel: Panel, cut: int, model: Learned, owns: Floats) -> tuple[Floats, int]:
    """(shares, owns) Σ pinball loss of each mix at one cut-off, a unit a day, and the number of sums."""
    past = panel.until_column(cut)
    rows = np.flatnonzero((past.units[:, -90:] > 0).any(axis=1))
    rows = rows[sampled(len(rows), TRIAL_VARIANTS)]
    lengths = TRIAL_LENGTHS[panel.days - cut >= TRIAL_LENGTHS]
    deep = learning.predict(model, past, rows, lengths)
    pooled = calibrated_average(past, rows, model.decay, lengths)
    own = own_spread(past, rows, lengths) if owns.any() else pooled
    coming = np.maximum(panel.units[panel.starts < cut][rows, cut:], 0.0)
    losses = np.zeros((len(SHARES), len(owns)))
    for h, length in enumerate(lengths):
        actual = coming[:, :length].sum(axis=1)
        for o, part in enumerate(owns):
            simple = _mixed([(part, own[:, h]), (1 - part, pooled[:, h])])
            for s, share in enumerate(SHARES):
                both = _mixed([(share, deep[:, h]), (1 - share, simple)])
                losses[s, o] += pinball(actual, both) / length
    return losses, len(rows)


def _shrunk_choice(
    losses: Floats, owns: Floats, sums: int, prior: tuple[float, float]
) -> tuple[float, float, float]:
    """Least loss after a pull towards the prior that fades as the backtest grows."""
    if not losses.min() > 0:
        return *prior, np.nan
    distance = (SHARES[:, None] - prior[0]) ** 2 + 0.5 * (owns[None, :] - prior[1]) ** 2
    pulled = losses / losses.min() + PULL * PRIOR_SUMS / (PRIOR_SUMS + sums) * distance
    s, o = np.unravel_index(int(pulled.argmin()), pulled.shape)
    return float(SHARES[s]), float(owns[o]), float(1 - losses[s, o] / losses[0].min())


def pinball(actual: Floats, quantiles_at_grid: Floats) -> float:
    """Σ of pinball losses of (n,) actual sums against (n, Q) quantiles, over the grid's middle levels (F27)."""
    middle = (GRID_Q >= 0.025) & (GRID_Q <= 0.975)
    gap = actual[:, None] - quantiles_at_grid[:, middle]
    q = GRID_Q[middle]
    return float(np.maximum(q * gap, (q - 1) * gap).sum())
