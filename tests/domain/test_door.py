"""The doors of the domain: a panel becomes forecasts, suggestions and alerts of the promised shapes."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from app.domain import alerts
from app.domain.demand import Panel
from app.domain.forecasts import Choice, Forecasts, forecast
from app.domain.replenishment import Policy, Receipt, Stock, plan
from tests.domain.shops import shop

NOW = datetime(2026, 3, 1, 6, tzinfo=UTC)


@pytest.fixture(scope="module")
def forecasts(market: Panel, choice: Choice) -> Forecasts:
    return forecast(market, choice=choice)


def test_quantiles_rise_with_days_and_probability(forecasts: Forecasts) -> None:
    by_days = np.array([forecasts.quantile_of_sum(d, 0.95) for d in (0, 1, 4, 7, 13, 28, 100, 180)])
    by_q = np.array([forecasts.quantile_of_sum(21, q) for q in (0.001, 0.05, 0.5, 0.61, 0.95, 0.999)])
    assert (np.diff(by_days, axis=0) >= 0).all()
    assert (np.diff(by_q, axis=0) >= 0).all()
    assert (by_days[0] == 0).all()


def test_mean_is_near_the_truth_and_days_add_up(market: Panel, forecasts: Forecasts) -> None:
    truth = market.units.mean(axis=1) * 28
    assert np.abs(forecasts.mean_of_sum(28) / truth - 1).mean() < 0.15
    assert np.abs(forecasts.daily_mean.sum(axis=1) / forecasts.mean_of_sum(28) - 1).max() < 0.2


def test_forecasts_can_be_rebuilt_from_what_is_stored(forecasts: Forecasts) -> None:
    again = Forecasts(**{name: getattr(forecasts, name) for name in forecasts.__dataclass_fields__})
    assert np.array_equal(again.quantile_of_sum(17, 0.9), forecasts.quantile_of_sum(17, 0.9))


def test_short_history_is_marked_and_shorter_is_refused_with_a_date() -> None:
    panel = shop(3, 200)
    short = Panel(panel.keys, panel.first_day, panel.units, np.array([0, 180, 197]))
    result = forecast(short, engine="moving_average")
    assert result.confidence.tolist() == ["normal", "low", "low"]
    assert result.refused_until.tolist() == [None, None, panel.first_day + timedelta(days=203)]
    assert np.isnan(result.sum_mean[2]).all()


def test_unknown_engine_is_named() -> None:
    with pytest.raises(ValueError, match="no forecast engine 'oracle'; choose one of auto"):
        forecast(shop(2), engine="oracle")


def test_ledger_adds_up_and_quantities_are_whole_cases(forecasts: Forecasts) -> None:
    rng = np.random.default_rng(5)
    n = len(forecasts)
    stock = Stock(
        on_hand=rng.integers(-5, 200, n),
        committed=rng.integers(0, 9, n),
        incoming=rng.integers(0, 30, n),
        unit_cost=2.5,
        price=np.where(np.arange(n) % 3, 6.0, np.nan),
        receipts=[Receipt(row=0, in_days=3, units=1)],
    )
    policy = Policy(moq=rng.integers(0, 40, n), case_size=rng.integers(1, 13, n), max_stock=250, min_stock=4)
    suggestions = plan(stock, forecasts, policy, today=date(2026, 2, 17))
    for i in range(n):
        one = suggestions[i]
        assert sum(line.units for line in one.ledger) == one.quantity >= 0
        assert one.quantity % np.asarray(policy.case_size)[i] == 0
        assert one.quantity == 0 or one.quantity >= np.asarray(policy.moq)[i]
    assert set(suggestions.urgency) <= {"now", "soon", "later", "none"}
    assert (suggestions.quantity > 0).any()


def test_refused_forecasts_give_no_order_and_an_unknown_urgency() -> None:
    panel = shop(3, 200)
    short = Panel(panel.keys, panel.first_day, panel.units, np.array([0, 0, 197]))
    suggestions = plan(Stock(on_hand=0), forecast(short), Policy(), today=date(2026, 2, 17))
    assert suggestions[2].quantity == 0
    assert suggestions[2].urgency == "unknown"
    assert suggestions[2].order_by is None


def test_alerts_speak_once_until_recovered_graver_or_cooled_down(forecasts: Forecasts) -> None:
    low = plan(Stock(on_hand=1), forecasts, Policy(), today=date(2026, 2, 17))
    first = alerts.due(low, 1, threshold=5, now=NOW)
    assert len(first.alerts) == len(forecasts)
    assert {a.gravity for a in first.alerts} <= {"high", "medium"}
    sent = {a.key: alerts.Past(NOW, True, a.gravity) for a in first.alerts}
    assert alerts.due(low, 1, threshold=5, past=sent, now=NOW + timedelta(days=3)).alerts == ()
    empty = plan(Stock(on_hand=0), forecasts, Policy(), today=date(2026, 2, 17))
    soon, later = NOW + timedelta(hours=23), NOW + timedelta(hours=25)
    assert alerts.due(empty, 0, threshold=5, past=sent, now=soon).alerts == ()
    graver = alerts.due(empty, 0, threshold=5, past=sent, now=later).alerts
    assert {a.kind for a in graver} == {"out_of_stock"}
    assert (
        alerts.due(plan(Stock(9999), forecasts, Policy(), today=date(2026, 2, 17)), 9999, now=later).alerts
        == ()
    )
    plenty = plan(Stock(on_hand=9999), forecasts, Policy(), today=date(2026, 2, 17))
    assert len(alerts.due(plenty, 9999, threshold=5, past=sent, now=later).recovered) == len(forecasts)


def test_without_a_threshold_only_what_can_still_be_mended_is_told(forecasts: Forecasts) -> None:
    low = plan(Stock(on_hand=1), forecasts, Policy(), today=date(2026, 2, 17))
    late = [by is not None and by < low.today for by in low.order_by.tolist()]
    told = alerts.due(low, 1, threshold=0, now=NOW).alerts
    assert len(told) == sum(late) > 0
    assert {a.kind for a in told} == {"runs_out_before_delivery"}
    ordered = replace(low, quantity=np.zeros(len(low)), stock_gap=np.zeros(len(low), dtype=bool))
    assert alerts.due(ordered, 1, threshold=0, now=NOW).alerts == ()
    too_late = replace(ordered, stock_gap=np.ones(len(low), dtype=bool))
    assert len(alerts.due(too_late, 1, threshold=0, now=NOW).alerts) == sum(late)


def test_snoozed_products_stay_silent(forecasts: Forecasts) -> None:
    low = plan(Stock(on_hand=1), forecasts, Policy(), today=date(2026, 2, 17))
    quiet = {key: alerts.Past(snoozed_until=NOW + timedelta(days=1)) for key in forecasts.keys.tolist()}
    assert alerts.due(low, 1, threshold=5, past=quiet, now=NOW).alerts == ()


@pytest.mark.parametrize(
    ("local", "digest", "summary"),
    [
        (datetime(2026, 3, 2, 7, 59), False, False),  # noqa: DTZ001  (a store's own clock; Monday)
        (datetime(2026, 3, 2, 8), True, True),  # noqa: DTZ001
        (datetime(2026, 3, 3, 21), True, False),  # noqa: DTZ001
        (datetime(2026, 3, 1, 12), False, False),  # noqa: DTZ001  (Sunday, a quiet day)
    ],
)
def test_mails_go_out_from_their_hour_on(local: datetime, digest: bool, summary: bool) -> None:
    assert alerts.digest_is_due(local, hour=8, quiet_days={7}) is digest
    assert alerts.summary_is_due(local, hour=8) is summary
