"""Goods of a holiday: known by their titles, low after it unless they sell on, and no example for other days."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from app.domain.demand import Panel
from app.domain.demand.holidays import HOLIDAYS, NONE, OFF_DAYS, day_of, named, off_days, off_season
from app.domain.demand.sold_out import restore, sampled_demand
from app.domain.forecasts import ENGINES, GRID_DAYS, GRID_Q, MAX_DAYS, forecast
from app.domain.forecasts.out_of_season import AFTER, kept_low
from app.domain.forecasts.result import mean_of

CHRISTMAS = HOLIDAYS.index("christmas")


@pytest.mark.parametrize(
    ("title", "holiday"),
    [
        ("PAPER CHAIN KIT 50'S CHRISTMAS", "christmas"),
        ("Xmas pudding", "christmas"),
        ("Santa's sleigh", "christmas"),
        ("Adventskalender mit Tee", "christmas"),
        ("Advent candle", "christmas"),
        ("Weihnachtstee", "christmas"),
        ("Bûche de Noël", "christmas"),
        ("Kerstkrans", "christmas"),
        ("Nürnberger Lebkuchen", "christmas"),
        ("Flat glass bauble", "christmas"),
        ("Easter egg", "easter"),
        ("Osterhase 100 g", "easter"),
        ("Œufs de Pâques", "easter"),
        ("Box for Valentine's Day", "valentine"),
        ("Halloween mask", "halloween"),
        ("Adventure map", None),
        ("Hallowe’en sweets", "halloween"),
        ("Bu\u0302che de Noe\u0308l", "christmas"),  # each accent behind its letter
        ("Kerstin's cushion", None),
        ("Sleigh bed, oak", None),
        ("Hair baubles, pack of 6", None),
        ("Santa Fe blanket", None),
        ("Santa Maria tortillas", None),
        ("Oster blender", None),
        ("Österreich-Fahne", None),
        ("Eastern rug", None),
        ("Valentino bag", None),
        ("Green tea", None),
        ("", None),
    ],
)
def test_a_title_names_its_holiday_or_none(title: str, holiday: str | None) -> None:
    assert named([title]).tolist() == [NONE if holiday is None else HOLIDAYS.index(holiday)]


def test_the_days_of_holidays() -> None:
    assert [day_of(i, 2026) for i in range(len(HOLIDAYS))] == [
        date(2026, 12, 25),
        date(2026, 4, 5),
        date(2026, 2, 14),
        date(2026, 10, 31),
    ]
    assert day_of(HOLIDAYS.index("easter"), 2011) == date(2011, 4, 24)


def test_out_of_season_begins_the_day_after_and_ends_before_the_next_season() -> None:
    off = off_season(CHRISTMAS, date(2025, 12, 20), 400)
    assert off.sum() == OFF_DAYS + 400 - 5 - 1 - 365
    assert off[:6].tolist() == [False] * 6
    assert off[6 : 6 + OFF_DAYS].all()
    assert not off[6 + OFF_DAYS : 6 + 365].any()
    assert off_season(CHRISTMAS, date(2026, 1, 10), 5).all()


def goods(last: date, units: float = 10.0, days: int = 200, n: int = 2, holiday: int = CHRISTMAS) -> Panel:
    """`n` variants that sold `units` each day up to `last`, the first of them goods of a holiday."""
    first = last - timedelta(days=days - 1)
    marks = np.array([holiday] + [NONE] * (n - 1))
    return Panel(np.arange(n), first, np.full((n, days), units), np.zeros(n, dtype=np.int64), holiday=marks)


def flat(panel: Panel, daily: float) -> np.ndarray:
    """Quantiles of sums of `daily` units a day, a little apart."""
    spread = 1 + 0.1 * (GRID_Q - 0.5)
    return np.tile(daily * GRID_DAYS[:, None] * spread, (len(panel), 1, 1))


def test_after_the_holiday_a_tenth_of_the_level_in_season_is_expected() -> None:
    panel = goods(date(2025, 12, 25))
    made, low = kept_low(flat(panel, 10.0), panel, np.arange(2))
    assert low.tolist() == [True, False]
    days = np.where(GRID_DAYS <= OFF_DAYS, AFTER * GRID_DAYS, AFTER * OFF_DAYS + GRID_DAYS - OFF_DAYS)
    assert mean_of(made[0]) == pytest.approx(10 * days)
    assert made[1] == pytest.approx(flat(panel, 10.0)[1])


def test_before_the_holiday_only_the_days_after_it_come_down() -> None:
    panel = goods(date(2025, 12, 15))
    made, _ = kept_low(flat(panel, 10.0), panel, np.arange(2))
    expected = mean_of(made[0])
    assert expected[GRID_DAYS <= 10] == pytest.approx(10.0 * GRID_DAYS[GRID_DAYS <= 10])
    assert expected[GRID_DAYS == 28] == pytest.approx(10 * (10 + 18 * AFTER))


def test_what_has_sold_on_out_of_season_before_is_expected_to() -> None:
    panel = goods(date(2025, 12, 25), days=400)
    sold = panel.units.copy()
    sold[0, off_days(panel)[0]] = 4.0
    made, low = kept_low(flat(panel, 10.0), replace(panel, units=sold), np.arange(2))
    assert low[0]
    assert mean_of(made[0])[GRID_DAYS == 28] == pytest.approx(28 * 4.0)


def test_an_engine_that_expects_less_is_left_alone() -> None:
    panel = goods(date(2025, 12, 25))
    made, low = kept_low(flat(panel, 0.5), panel, np.arange(2))
    assert not low.any()
    assert made == pytest.approx(flat(panel, 0.5))


def test_a_newcomer_whose_level_in_season_is_unknown_is_left_alone() -> None:
    panel = replace(goods(date(2026, 1, 5)), starts=np.array([190, 0]))  # four days before Christmas
    _, low = kept_low(flat(panel, 10.0), panel, np.arange(2))
    assert not low.any()


def test_nothing_changes_where_no_holiday_is_near_or_named() -> None:
    summer = goods(date(2025, 6, 1))
    table = flat(summer, 10.0)
    assert kept_low(table, summer, np.arange(2))[0] is table
    winter = goods(date(2025, 12, 25))
    for none in (replace(winter, holiday=None), replace(winter, holiday=np.array([NONE, NONE]))):
        made, low = kept_low(table, none, np.arange(2))
        assert made is table
        assert not low.any()


def test_quantiles_stay_in_order_through_the_turn_of_the_season() -> None:
    panel = goods(date(2025, 12, 20), n=1)
    made, _ = kept_low(flat(panel, 3.0), panel, np.arange(1))
    assert (np.diff(made, axis=1) >= 0).all()
    assert (np.diff(made, axis=2) >= 0).all()


@pytest.mark.parametrize("engine", [name for name in ENGINES if name not in ("prophet", "learned", "auto")])
def test_the_door_says_why_and_plain_averages_stay_plain(engine: str) -> None:
    panel = goods(date(2025, 12, 31), n=6)
    sold = panel.units + np.random.default_rng(0).integers(-3, 4, panel.units.shape)
    made = forecast(replace(panel, units=sold), engine=engine)
    plain = engine in ("moving_average", "average_28")
    assert made.reason[0].endswith(" holiday=christmas") is not plain
    assert "holiday" not in made.reason[1]
    ratio = made.mean_of_sum(28)[0] / made.mean_of_sum(28)[1]
    assert ratio == pytest.approx(1.0 if plain else AFTER, abs=0.1)


def test_a_short_history_says_both() -> None:
    panel = goods(date(2025, 12, 27), days=25, n=2)
    made = forecast(panel, engine="own_spread")
    assert made.reason.tolist() == ["short days=25 holiday=christmas", "short days=25"]


def test_sold_out_days_after_the_holiday_are_not_given_its_demand() -> None:
    panel = goods(date(2026, 1, 20), n=2)
    share, sold = np.ones(panel.units.shape), panel.units.copy()
    share[:, -20:], sold[:, -20:] = 0.0, 0.0  # gone from the first of January on
    short = replace(panel, units=sold, in_stock=share)
    wanted = restore(short).units
    assert wanted[0, -20:].sum() == 0
    assert wanted[1, -20:].sum() > 0
    assert sampled_demand(short, panel.days - 20, 20, seed=1)[0].sum() == 0


def test_panels_keep_their_holidays_apart() -> None:
    panel = goods(date(2025, 12, 25))
    assert panel.take(np.array([1])).holiday.tolist() == [NONE]
    assert panel.until_column(50).holiday.tolist() == [CHRISTMAS, NONE]
    assert off_days(replace(panel, holiday=None)).sum() == 0
    with pytest.raises(ValueError, match="holidays for 2 variants"):
        replace(panel, holiday=np.array([0]))
    assert MAX_DAYS > OFF_DAYS
