"""Forecasts of a store: read and written by binary COPY, learnt once and used on the nights that follow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import pytest
from flask import Flask

from app.domain import forecasts as engines
from app.domain.demand import Panel
from app.domain.forecasts import learned
from app.models.forecasts import ForecastRun
from app.models.replenishment import Suggestion
from app.models.sales import DailySales
from app.platform import clock, columns, db, tenancy
from app.services import forecasts, stores
from app.services.forecasts import choices, parts
from tests.factories import Item, fill, make_store

TODAY = clock.today("Europe/Berlin")
ITEMS = [
    Item(f"Product {k}", tuple(np.random.default_rng(k).poisson(2 + k % 5, 90).tolist()), 9)
    for k in range(12)
]


@pytest.fixture
def store(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    monkeypatch.setattr(learned, "TREES", 5)
    monkeypatch.setattr(learned, "MAX_ROWS", 1500)
    shop = make_store(app)
    ids = fill(app, shop, ITEMS)
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        stores.settings().engine = "auto"
        yield ids
        db.session().rollback()


def _made(today: date) -> engines.Forecasts:
    made = forecasts.run(today=today, now=clock.now())
    assert made is not None and made.forecasts is not None
    return made.forecasts


def _learnt_on() -> date:
    return db.rows("SELECT origin FROM forecast_choices")[0].origin


def test_what_is_stored_is_what_was_made(store: list[int]) -> None:
    made = _made(TODAY)
    again = forecasts.load()
    assert again is not None
    for name in made.__dataclass_fields__:
        ours, theirs = getattr(made, name), getattr(again, name)
        if isinstance(ours, np.ndarray):
            assert ours.tolist() == theirs.tolist() or np.array_equal(ours, theirs, equal_nan=True), name
        else:
            assert ours == theirs, name


def test_it_learns_once_and_uses_the_newest_sales_on_the_nights_that_follow(store: list[int]) -> None:
    first = _made(TODAY)
    assert _learnt_on() == TODAY - timedelta(days=1)
    db.session().add(DailySales(variant_id=store[0], day=TODAY, units=400, revenue=99))
    db.session().flush()
    second = _made(TODAY + timedelta(days=1))
    assert _learnt_on() == TODAY - timedelta(days=1)
    assert second.mean_of_sum(28)[0] > 1.2 * first.mean_of_sum(28)[0]
    _made(TODAY + timedelta(days=8))
    assert _learnt_on() == TODAY + timedelta(days=7)


def test_what_was_learnt_the_weeks_before_is_kept_beside(
    store: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learned, "has_time", lambda panel: True)
    kept: list[tuple[str, int]] = []
    for week in range(3):
        _made(TODAY + timedelta(days=8 * week))
        row = db.rows("SELECT content, earlier FROM forecast_choices")[0]
        kept.append((row.content, len(json.loads(row.earlier))))
    assert [count for _, count in kept] == [0, 1, 2]
    assert json.loads(kept[1][0])["learned"] == json.loads(row.earlier)[0]
    again = engines.Choice.from_json(row.content, row.earlier)
    assert len(again.earlier) == 2 and again.learned is not None
    db.execute("UPDATE forecast_choices SET earlier = NULL")
    _made(TODAY + timedelta(days=24))
    assert len(json.loads(db.rows("SELECT earlier FROM forecast_choices")[0].earlier)) == 1


def test_it_learns_most_about_sums_as_long_as_most_products_are_ordered_for(
    store: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def choose(panel: Panel, *, focus: int, earlier: engines.Choice | None) -> engines.Choice:
        asked.append(focus)
        assert (earlier is None) == (len(asked) == 1), "what was learnt a week before has a say"
        return engines.choose(panel, focus=focus)

    monkeypatch.setattr(choices, "choose", choose)
    stores.settings().lead_time_days, stores.settings().review_days = 30, 7
    _made(TODAY)
    for number, days in ((0, 20), (1, 21), (2, 90)):
        units = dict.fromkeys(("quantity", "on_hand", "committed", "incoming"), 0)
        planned = {"protection_days": days, "urgency": "none", "urgency_rank": 4, "ledger": []}
        db.session().add(Suggestion(variant_id=store[number], **units, **planned))
    db.session().flush()
    _made(TODAY + timedelta(days=8))
    assert asked == [37, 21]


def test_it_learns_anew_when_older_history_has_come_in(store: list[int]) -> None:
    _made(TODAY)
    kept = db.rows("SELECT content FROM forecast_choices")[0].content
    for back in range(400, 430):
        db.session().add(
            DailySales(variant_id=store[0], day=TODAY - timedelta(days=back), units=3, revenue=9)
        )
    db.session().flush()
    _made(TODAY + timedelta(days=1))
    assert db.rows("SELECT content FROM forecast_choices")[0].content != kept
    assert _learnt_on() == TODAY


def test_an_engine_that_does_not_learn_stores_nothing_learnt(store: list[int]) -> None:
    stores.settings().engine = "average_28"
    _made(TODAY)
    assert db.rows("SELECT * FROM forecast_choices") == []


def test_a_store_without_sales_has_nothing_to_forecast(app: Flask) -> None:
    shop = make_store(app)
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        assert forecasts.run(today=TODAY, now=clock.now()) is None


def test_columns_come_typed_and_of_this_store_alone(store: list[int]) -> None:
    kinds = {"id": "bigint", "day": "date", "units": "integer", "revenue": "double"}
    found = columns.read(
        "SELECT variant_id, day, units::int, revenue::float8 FROM daily_sales WHERE variant_id = %(id)s",
        kinds,
        id=store[3],
    )
    rows = db.rows("SELECT day, units, revenue FROM daily_sales WHERE variant_id = :id", id=store[3])
    assert found["day"].astype(object).tolist() == [row.day for row in rows]
    assert found["units"].tolist() == [row.units for row in rows]
    assert found["revenue"].tolist() == [float(row.revenue) for row in rows]
    assert set(found["id"]) == {store[3]}


def test_a_missing_value_is_named(store: list[int]) -> None:
    with pytest.raises(ValueError, match="a value of id, cost is NULL"):
        columns.read(
            "SELECT 1::bigint, x FROM (VALUES (1.0::float8), (NULL)) AS v(x)",
            {"id": "bigint", "cost": "double"},
        )
    db.session().rollback()
    with pytest.raises(ValueError, match="a value of cost is NULL"):
        columns.read("SELECT NULL::float8", {"cost": "double"})


def test_long_results_are_cut_batch_by_batch(store: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "_BATCH", 100)
    found = columns.read("SELECT g::bigint FROM generate_series(1, 5000) AS g", {"n": "bigint"})
    assert found["n"].tolist() == list(range(1, 5001))


@pytest.mark.parametrize(("products", "parts_of"), [(9, [3, 3, 3]), (17, [3] * 5 + [2]), (50, [6] * 8 + [2])])
def test_few_products_make_even_parts_and_many_make_whole_ones(
    store: list[int], monkeypatch: pytest.MonkeyPatch, products: int, parts_of: list[int]
) -> None:
    monkeypatch.setattr(parts, "LEAST_IN_A_PART", 3)
    monkeypatch.setattr(parts, "IN_A_PART", 6)
    starts = np.zeros(products, dtype=np.int64)
    panel = Panel(np.arange(products), TODAY, np.ones((products, 2)), starts)
    run = ForecastRun(engine="prophet", origin=TODAY, started_at=clock.now())
    db.session().add(run)
    db.session().flush()
    numbers = parts.divide(run.id, panel, now=clock.now())
    sizes = [row.variants for row in db.rows("SELECT variants FROM forecast_parts ORDER BY number")]
    assert (numbers, sizes) == (list(range(1, len(parts_of) + 1)), parts_of)


def test_a_part_holds_the_history_of_its_own_products_and_of_no_others(
    store: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "AT_ONCE", 1)
    monkeypatch.setattr(parts, "IN_A_PART", 3)
    stores.settings().engine = "prophet"
    made = forecasts.run(today=TODAY, now=clock.now())
    assert made is not None and made.forecasts is None and made.parts == [1, 2, 3, 4]
    db.execute("DELETE FROM daily_sales")
    panel = parts.left(made.run_id, 2)
    assert panel is not None and panel.keys.tolist() == store[3:6]
    assert panel.last_day == TODAY - timedelta(days=1)
    for row, item in enumerate(ITEMS[3:6]):
        sold = [item.units[back % 90] if back <= item.days else 0 for back in range(1, panel.days + 1)]
        assert panel.units[row, ::-1].tolist() == sold
