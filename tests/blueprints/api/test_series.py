"""`POST /api/forecast`: a series in, daily predictions out; bounded, remembered, and honest about thin evidence."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any

import pytest

from app.services import forecasts
from tests.blueprints.api.conftest import Api

FIRST = date(2026, 1, 1)


def series(days: int, units: Any = lambda n: 5 + n % 3) -> list[dict[str, Any]]:
    return [{"ds": str(FIRST + timedelta(days=n)), "y": units(n)} for n in range(days)]


def test_predictions_follow_the_last_day(api: Api) -> None:
    answer = api.post("/api/forecast?horizon=14", "viewer", json=series(90))
    assert answer.status_code == 200
    assert set(answer.json) == {"success", "model", "confidence", "reason", "predictions"}
    assert answer.json["confidence"] == "normal"
    made = answer.json["predictions"]
    assert [row["ds"] for row in made] == [str(FIRST + timedelta(days=90 + n)) for n in range(14)]
    for row in made:
        assert row["forecast_date"] == row["ds"]
        assert row["low"] <= row["predicted_demand"] <= row["high"]
        assert 4 < row["predicted_demand"] < 8


def test_the_address_without_api_is_the_same_door(api: Api) -> None:
    whole = api.post("/api/forecast", "viewer", json=series(45)).json
    assert api.post("/forecast", "viewer", json=series(45)).json == whole
    nobody = api.post("/forecast", "anonymous", json=series(45))
    assert (nobody.status_code, nobody.mimetype) == (401, "application/problem+json")
    assert api.post("/forecast", json=[]).json["errors"]


def test_a_short_series_is_forecast_with_low_confidence(api: Api) -> None:
    assert api.post("/api/forecast", json=series(20)).json["confidence"] == "low"


def test_order_and_doubles_do_not_matter_but_gaps_are_days_without_sales(api: Api) -> None:
    whole = api.post("/api/forecast", json=series(60)).json
    assert api.post("/api/forecast", json=series(60)[::-1]).json == whole
    halves = [{**point, "y": point["y"] / 2} for point in series(60) for _ in range(2)]
    assert api.post("/api/forecast", json=halves).json["predictions"] == whole["predictions"]
    thin = api.post("/api/forecast", json=series(60)[::2] + series(60)[-1:]).json
    assert thin["predictions"][0]["predicted_demand"] < whole["predictions"][0]["predicted_demand"]


def test_the_same_series_is_answered_from_memory(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    first = api.post("/api/forecast", json=series(50)).json
    monkeypatch.setattr(forecasts, "of_series", lambda *_a, **_k: pytest.fail("worked out again"))
    assert api.post("/api/forecast", "manager", json=series(50)).json == first
    with pytest.raises(pytest.fail.Exception):
        api.client().application.config["PROPAGATE_EXCEPTIONS"] = True
        forecasts.of_series([], horizon=1, engine="auto")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ([], 422),
        ({}, 422),
        (series(6), 422),
        (series(40, lambda _n: 0), 422),
        ([{"ds": "yesterday", "y": 1}], 422),
        ([{"ds": 5, "y": 1}], 422),
        ([{"ds": "2026-01-01", "y": "1"}], 422),
        ([{"ds": "2026-01-01", "y": 1e12}], 422),
        ([{"ds": "2026-01-01"}], 422),
        ([{"ds": "2026-01-01", "y": 1, "z": 1}], 422),
        ([{"ds": "1970-01-01", "y": 1}, {"ds": "2026-01-01", "y": 1}], 422),
        (series(1) * 3651, 422),
    ],
)
def test_what_cannot_be_forecast_is_said(api: Api, body: Any, status: int) -> None:
    answer = api.post("/api/forecast", json=body)
    assert answer.status_code == status
    assert answer.json["errors"][0]["detail"]


def test_bodies_that_are_no_json(api: Api) -> None:
    kind = {"Content-Type": "application/json"}
    for body in (b"", b"{", b'[{"ds": "2026-01-01", "y": NaN', b"\xff", b"[" * 100_000):
        assert api.post("/api/forecast", data=body, headers=kind).status_code == 400
    assert api.post("/api/forecast", data=b"ds=1").status_code == 415
    huge = b"[" + b'{"ds": "2026-01-01", "y": 1},' * 200_000 + b"]"
    assert api.post("/api/forecast", data=huge, headers=kind).status_code == 413


@pytest.mark.parametrize("query", ["horizon=0", "horizon=181", "engine=oracle"])
def test_how_to_forecast_is_checked(api: Api, query: str) -> None:
    assert api.post(f"/api/forecast?{query}", json=series(40)).status_code == 422


def test_forecasting_has_a_limit_of_its_own(api: Api) -> None:
    answers = (api.post("/api/forecast", json=[]).status_code for _ in range(300))
    before = list(itertools.takewhile(lambda status: status != 429, answers))
    assert 30 <= len(before) < 300  # a try comes free every two seconds, so a slow machine makes a few more
    assert set(before) == {422}
    assert api.get("/api/inventory", "owner").status_code == 200
