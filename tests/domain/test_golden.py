"""The golden values G1–G25: each formula against figures computed independently."""

import numpy as np
import pytest

from app.domain import economics, laws
from app.domain.demand import Panel, censoring, pattern
from app.domain.forecasts import accuracy, intermittent
from app.domain.replenishment import Policy, Stock, order_size, plan, projection, target
from tests.domain.golden import DAY, NB_SUMS, known_forecasts

Z = {0.90: 1.281552, 0.95: 1.644854, 0.98: 2.053749}


@pytest.mark.parametrize(("variance", "share"), [(50, 0.5375), (100, 0.5398), (200, 0.5469)])
def test_g1_velocity_reorder_point_protects_half_of_the_cycles(variance: float, share: float) -> None:
    assert economics.velocity_reorder_point(150, 10) == 50
    assert laws.cycle_service(50, variance, 50) == pytest.approx(share, abs=5e-5)


def test_g2_g3_reorder_points() -> None:
    assert laws.quantile(50, 50, [0.95, 0.99]).tolist() == [62, 67]
    assert laws.cycle_service(50, 50, [62, 61]) == pytest.approx([0.9576, 0.9443], abs=5e-5)
    assert laws.quantile(50, 100, [0.95, 0.99]).tolist() == [67, 75]
    assert laws.quantile(50, 200, [0.95, 0.99]).tolist() == [75, 88]


@pytest.mark.parametrize(("sd", "safety"), [(0, [9.062, 11.631, 14.522]), (3, [21.252, 27.277, 34.058])])
def test_g4_g5_normal_safety_stock(sd: float, safety: list[float]) -> None:
    assert laws.normal_safety_stock(5, 5, 10, list(Z), sd) == pytest.approx(safety, abs=1e-3)


def test_g6_slow_mover() -> None:
    assert laws.quantile(1.4, 1.4, [0.9, 0.95, 0.98]).tolist() == [3, 4, 4]
    assert laws.cycle_service(1.4, 1.4, [3, 4, 4]) == pytest.approx([0.9463, 0.9857, 0.9857], abs=5e-5)
    normal = 1.4 + laws.normal_safety_stock(0.1, 0.1, 14, list(Z), 0)
    assert normal == pytest.approx([2.916, 3.346, 3.830], abs=1e-3)
    floors = laws.cycle_service(1.4, 1.4, np.floor(normal))
    assert floors == pytest.approx([0.8335, 0.9463, 0.9463], abs=5e-5)


def test_g7_lumpy() -> None:
    assert laws.quantile(1.4, 5.6, [0.9, 0.95, 0.98]).tolist() == [4, 6, 9]
    assert laws.cycle_service(1.4, 5.6, [4, 6, 9]) == pytest.approx([0.9103, 0.9559, 0.9840], abs=5e-5)
    assert laws.cycle_service(1.4, 5.6, [3, 4, 4]) == pytest.approx([0.8699, 0.9103, 0.9103], abs=5e-5)


def test_g8_order_up_to_level_covers_lead_time_and_review() -> None:
    assert laws.quantile(85, 85, [0.95, 0.98]).tolist() == [100, 104]
    wrong = laws.quantile(50, 50, [0.95, 0.98]) + 35
    assert wrong.tolist() == [97, 100]
    assert laws.cycle_service(85, 85, wrong) == pytest.approx([0.9102, 0.9507], abs=5e-5)


@pytest.mark.parametrize(("mean", "variance", "days", "wrong", "right"), NB_SUMS)
def test_g9_quantile_of_the_sum(mean: float, variance: float, days: int, wrong: float, right: float) -> None:
    assert days * laws.quantile(mean, variance, 0.95) == wrong
    assert laws.quantile(days * mean, days * variance, 0.95) == right


def test_g9_daily_bounds_of_a_slow_item_sum_to_nothing() -> None:
    assert 14 * laws.quantile(0.1, 0.1, 0.90) == 0


def test_quantiles_are_exact_where_the_inverse_errs_in_its_last_digits() -> None:
    rng = np.random.default_rng(1)
    mean = 10 ** rng.uniform(-3, 6, 3000)
    variance = mean * np.where(rng.random(3000) < 0.3, 1.0, 1 + 10 ** rng.uniform(-6, 3, 3000))
    # Of the first the inverse of the negative binomial is a unit too low.
    mean, variance = np.append(11210132.496574767, mean), np.append(11310269.606609961, variance)
    alpha = np.append(0.7838651809046855, rng.uniform(0.001, 0.999, 3000))
    units = laws.quantile(mean, variance, alpha)
    assert (laws.cycle_service(mean, variance, units) >= alpha).all()
    assert (laws.cycle_service(mean, variance, units - 1) < alpha).all()
    assert laws.cycle_service(5, [5, 10], [-1, -0.5]).tolist() == [0, 0]


def test_g10_g11_economic_order_quantity_and_case() -> None:
    assert economics.economic_order_quantity(1825, 40, 3) == pytest.approx(220.605, abs=5e-4)
    assert economics.yearly_cost(220.605, 1825, 40, 3) == pytest.approx(661.816, abs=5e-4)
    assert economics.yearly_cost(216, 1825, 40, 3) == pytest.approx(661.963, abs=5e-4)
    assert economics.yearly_cost(240, 1825, 40, 3) == pytest.approx(664.167, abs=5e-4)
    assert economics.best_multiple(24, 1825, 40, 3) == 216


def test_g12_newsvendor() -> None:
    assert economics.newsvendor_normal(120, 10, 8, 2) == pytest.approx(128.416, abs=5e-4)
    assert economics.newsvendor(120, 120, 8, 2) == 129
    assert economics.newsvendor_normal(120, 10, 18, 2) == pytest.approx(132.8155, abs=5e-5)


def test_g13_g14_service_fill_rate_and_loss() -> None:
    levels = [85, 92, 100, 107]
    assert laws.cycle_service(85, 85, levels) == pytest.approx([0.5288, 0.7938, 0.9507, 0.9909], abs=5e-5)
    fill = [laws.fill_rate(5, 5, s, 10, 7) for s in levels]
    assert fill == pytest.approx([0.89502, 0.96501, 0.99347, 0.99898], abs=5e-6)
    loss = laws.unit_loss(85, 85, levels)
    assert loss == pytest.approx([3.67446, 1.22469, 0.22872, 0.03562], abs=5e-6)


@pytest.mark.parametrize(
    ("need", "moq", "case", "units"), [(59, 0, 12, 60), (20, 50, 12, 60), (0, 50, 12, 0)]
)
def test_g15_minimum_order_and_case(need: float, moq: float, case: float, units: float) -> None:
    assert order_size.order_quantity(*np.array([[need], [moq], [case]], float)).tolist() == [units]


def test_g16_zero_runs() -> None:
    assert [censoring.zero_run_days(rate) for rate in (1, 0.5, 0.2)] == [5, 10, 24]
    assert [censoring.zero_run_days(rate, 0.5) for rate in (1, 0.5, 0.2)] == [9, 14, 28]


G17 = np.array([[0, 0, 3, 0, 0, 0, 2, 0, 1, 0, 0, 4]], float)


def test_g17_croston_and_its_kin() -> None:
    size, interval = intermittent.croston(G17)
    assert (size[0], interval[0]) == pytest.approx((2.839, 2.991), abs=5e-4)
    assert size / interval == pytest.approx([0.949181], abs=5e-7)
    assert intermittent.sba(G17) == pytest.approx([0.901722], abs=5e-7)
    chance, size = intermittent.tsb(G17)
    assert chance == pytest.approx([0.361089], abs=5e-7)
    assert chance * size == pytest.approx([1.025132], abs=5e-7)


def test_g18_demand_class() -> None:
    panel = Panel(np.array([1]), DAY, G17, np.array([0]))
    adi, cv2 = pattern.interval_and_variation(panel)
    assert (adi[0], cv2[0]) == pytest.approx((3.0, 0.2))
    assert pattern.demand_class(panel, new_below_days=1).tolist() == ["intermittent"]


def test_g19_random_lead_time() -> None:
    mean, variance = laws.moments(5, 10, 17, 3)
    assert (float(mean), float(variance)) == (85, 395)
    assert laws.quantile(mean, variance, list(Z)).tolist() == [111, 120, 130]
    normal = 85 + laws.normal_safety_stock(5, 10, 17, list(Z), 3)
    assert normal == pytest.approx([110.470, 117.691, 125.817], abs=1e-3)
    assert laws.quantile(*laws.moments(5, 10, 17), [0.95, 0.98]).tolist() == [107, 113]


def test_g20_censored_likelihood() -> None:
    stock = np.array([5, 3, 4, 2, 6, 1, 0], float)
    sold = np.array([2, 3, 1, 2, 3, 0, 0], float)
    rate, _ = censoring.censored_rate(sold[None], stock[None], poisson=True)
    assert rate == pytest.approx([2.11794], abs=5e-5)
    assert -censoring.log_likelihood(sold, stock, 2.11794) == pytest.approx(7.959088, abs=5e-7)
    assert -censoring.log_likelihood(sold, stock, 2.0) == pytest.approx(7.976011, abs=5e-7)
    assert censoring.log_likelihood(sold, stock, 2.0, 2.0) == pytest.approx(-8.382305, abs=5e-7)


def test_g21_stock_gap_and_a_late_order() -> None:
    demand = np.cumsum(np.full((1, 30), 5.0), axis=1)
    arrived = projection.arrivals(1, 30, np.zeros(1), np.zeros(1), [projection.Receipt(0, 10, 20)])
    day = projection.first_empty_day(np.array([37.0]), arrived, demand)
    assert day.tolist() == [8]
    assert (day - 10).tolist() == [-2]
    assert projection.stock_gap(day, arrived).tolist() == [True]
    lost, left = projection.lost_sales(37, np.full(12, 5.0), {10: 20})
    assert (lost[7], lost[8], lost.sum(), left) == (3, 5, 8, 5)


def test_g22_cost_of_waiting() -> None:
    loss = laws.unit_loss(85, 85, [85, 92])
    assert loss == pytest.approx([3.674, 1.225], abs=5e-4)
    assert 8 * loss == pytest.approx([29.40, 9.80], abs=5e-3)
    # The same from a forecast's quantiles alone, whose steps between whole units are rounded off.
    stock = Stock([85, 92], unit_cost=2, price=10)
    made = plan(stock, known_forecasts(5.0, n=2), Policy(10, 0, 7), today=DAY)
    assert made.cost_of_waiting == pytest.approx([29.40, 9.80], rel=0.1)


def test_g23_pooling_over_sites() -> None:
    apart = 4 * laws.normal_safety_stock(5, 5, 10, 0.95, 0)
    pooled = laws.normal_safety_stock(20, 20, 10, 0.95, 0)
    assert (float(apart), float(pooled)) == pytest.approx((46.523, 23.262), abs=1e-3)
    assert (4 * laws.quantile(50, 50, 0.95), laws.quantile(200, 200, 0.95)) == (248, 224)


def test_g24_accuracy() -> None:
    y, f = np.array([4, 0, 6, 2, 8.0]), np.array([5, 1, 4, 3, 6.0])
    x, history = np.array([7, 3, 7, 5, 7.0]), np.array([3, 1, 5, 2, 7, 4, 2, 6, 3, 6.0])
    assert accuracy.wape(y, f) == pytest.approx(0.35)
    assert accuracy.bias(y, f) == pytest.approx(-0.05)
    assert accuracy.mase(y, f, history, 5) == pytest.approx(1.4)
    assert accuracy.pinball(y, x, 0.9) == pytest.approx(0.38)
    assert accuracy.coverage(y, x) == pytest.approx(0.8)


def test_g25_rules_of_other_tools() -> None:
    assert economics.planning_period_need(5, 14, 30, 200, 60, 40) == 320
    assert economics.days_of_stock_need(5, 30, 60, 40) == 50


def test_plan_uses_the_quantile_of_lead_time_plus_review() -> None:
    forecasts = known_forecasts(5.0)
    stock = target.stock_for(forecasts, np.array([17.0]), np.zeros(1), np.array([0.95]))
    assert stock == pytest.approx([100], abs=1.5)
