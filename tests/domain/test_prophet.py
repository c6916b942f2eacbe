"""Prophet behind the door of the domain: sane answers; that they are the library's own, tests/services shows."""

import numpy as np
import pytest

from app.domain.demand import Panel
from app.domain.forecasts import Forecasts, forecast, prophet_model
from app.domain.forecasts.answers import seeds
from tests.domain.shops import DAY, shop


def test_prophet_follows_what_is_steady_and_short_histories_get_the_week_average(
    prophets_panel: Panel, prophets: Forecasts
) -> None:
    panel, made = prophets_panel, prophets
    assert made.model.tolist() == ["prophet", "prophet", "prophet", "moving_average"]
    assert made.mean_of_sum(28)[0] == pytest.approx(28 * panel.units[0].mean(), rel=0.5)
    assert made.mean_of_sum(180)[1] == pytest.approx(180 * 3e6, rel=1e-6)
    assert made.mean_of_sum(28)[2] < 5
    assert (np.diff(made.sum_quantiles, axis=1) >= 0).all() and (
        np.diff(made.sum_quantiles, axis=2) >= 0
    ).all()


def test_where_the_quick_fit_gives_up_a_short_history_is_fitted_by_newton(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from cmdstanpy import CmdStanModel

    tried, optimize = [], CmdStanModel.optimize

    def stubborn(model: CmdStanModel, *given: object, **how: object) -> object:
        tried.append(how["algorithm"])
        if how["algorithm"] == "LBFGS":
            raise RuntimeError("line search failed")
        return optimize(model, *given, **how)

    monkeypatch.setattr(CmdStanModel, "optimize", stubborn)
    units = shop(1, 40).units[0]
    fitted = prophet_model.fit(units, DAY, seed=1)
    assert tried[0] == "LBFGS" and tried[-1] == "Newton"
    assert prophet_model.expected(fitted, DAY, 40, 28).mean() == pytest.approx(units.mean(), rel=0.5)


def test_a_product_that_no_fit_succeeds_for_gets_the_average_and_the_others_the_same_prophet_as_before(
    prophets_panel: Panel, prophets: Forecasts, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cmdstanpy import CmdStanModel

    optimize, first = CmdStanModel.optimize, seeds(prophets_panel.keys, 0)[0]

    def hopeless(model: CmdStanModel, *given: object, **how: object) -> object:
        if how["seed"] == first:
            raise RuntimeError("line search failed")
        return optimize(model, *given, **how)

    monkeypatch.setattr(CmdStanModel, "optimize", hopeless)
    again, average = (
        forecast(prophets_panel, engine="prophet"),
        forecast(prophets_panel, engine="calibrated_average"),
    )
    assert again.model.tolist() == ["calibrated_average", "prophet", "prophet", "moving_average"]
    assert again.reason.tolist()[:3] == ["gave_up_prophet", "chosen_prophet", "chosen_prophet"]
    assert again.sum_quantiles[0].tobytes() == average.sum_quantiles[0].tobytes()
    assert again.sum_mean[0].tobytes() == average.sum_mean[0].tobytes()
    assert again.sum_quantiles[1:3].tobytes() == prophets.sum_quantiles[1:3].tobytes()


def test_a_history_that_prophet_cannot_take_is_said() -> None:
    with pytest.raises(ValueError, match="less than 2"):
        prophet_model.fit(np.array([3.0]), DAY, seed=1)
