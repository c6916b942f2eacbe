"""A forecast in parts: the same to the byte, done once, whatever dies, repeats or comes in between."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from cmdstanpy import CmdStanModel
from flask import Flask
from rq import SimpleWorker

from app.jobs import forecasts as jobs
from app.jobs import schedule
from app.models.catalog import VariantSettings
from app.platform import clock, db, outbox, queue, tenancy
from app.queries import sync
from app.services import forecasts, stores
from app.services.forecasts import parts
from tests.factories import Item, Shop, fill, make_store

SLOW, ALL = 7, 9
ITEMS = [
    Item(f"Product {k}", tuple(np.random.default_rng(k).poisson(1 + k % 4, 60).tolist()), 9, days=60)
    for k in range(ALL)
]
# What a forecast is, without which run made it.
FORECASTS = "SELECT (to_jsonb(f) - 'run_id' - 'store_id')::text AS row FROM forecasts f ORDER BY variant_id"


@pytest.fixture
def shop(app: Flask) -> Iterator[Shop]:
    """A store with seven products that Prophet is asked about, one of another engine, one that is new."""
    with app.app_context():
        queue.connection().flushdb()
        db.execute("DELETE FROM outbox")
        db.session().commit()
        made = make_store(app)
        ids = fill(app, made, [*ITEMS[:-1], Item("New", (2, 3), 9, days=20)])
        with scope(made):
            stores.settings().engine = "prophet"
            db.session().add(VariantSettings(variant_id=ids[SLOW], engine="average_28"))
            db.session().commit()
        yield made
        queue.connection().flushdb()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "AT_ONCE", 1)
    monkeypatch.setattr(parts, "IN_A_PART", 3)
    monkeypatch.setattr(parts, "IN_A_STEP", 2)


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows with each product that Prophet is asked about."""
    asked: list[int] = []
    optimize = CmdStanModel.optimize

    def counted(model: CmdStanModel, *given: Any, **how: Any) -> Any:
        asked.append(how["seed"])
        return optimize(model, *given, **how)

    monkeypatch.setattr(CmdStanModel, "optimize", counted)
    return asked


@contextmanager
def scope(shop: Shop) -> Iterator[None]:
    with tenancy.store_scope(db.session(), shop.id):
        yield


def value(shop: Shop, sql: str, **given: Any) -> Any:
    with scope(shop):
        return db.rows(sql, **given)[0][0]


def stored(shop: Shop) -> list[str]:
    with scope(shop):
        return [row.row for row in db.rows(FORECASTS)]


def suggested(shop: Shop) -> int:
    return int(value(shop, "SELECT COUNT(*) FROM suggestions"))


def owed(prefix: str = "forecast-") -> list[str]:
    found = db.rows("SELECT name FROM outbox WHERE name LIKE :like ORDER BY name", like=f"{prefix}%")
    db.session().rollback()
    return [row.name for row in found]


def work() -> None:
    SimpleWorker(queue.queues(), connection=queue.connection()).work(burst=True, logging_level="CRITICAL")


def a_part(shop: Shop, index: int = 0) -> tuple[int, int]:
    with scope(shop):
        row = db.rows("SELECT run_id, number FROM forecast_parts ORDER BY number OFFSET :at", at=index)[0]
        return row.run_id, row.number


def statuses(shop: Shop) -> list[str]:
    with scope(shop):
        return [row.status for row in db.rows("SELECT status FROM forecast_runs ORDER BY id")]


@pytest.mark.parametrize(("in_a_part", "in_a_step"), [(1, 1), (3, 2), (7, 4)])
def test_the_forecast_is_the_same_to_the_byte_in_any_number_of_parts(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, in_a_part: int, in_a_step: int
) -> None:
    jobs.run(shop.id)
    undivided = stored(shop)
    assert len(undivided) == ALL and owed("forecast-part") == []
    with scope(shop):
        db.execute("DELETE FROM forecast_answers")
        db.execute("DELETE FROM forecasts")
        db.session().commit()
    monkeypatch.setattr(parts, "AT_ONCE", 1)
    monkeypatch.setattr(parts, "IN_A_PART", in_a_part)
    monkeypatch.setattr(parts, "IN_A_STEP", in_a_step)
    jobs.run(shop.id)
    assert len(owed("forecast-part")) == -(-SLOW // in_a_part)
    work()
    assert stored(shop) == undivided
    assert statuses(shop) == ["done", "done"] and owed() == []
    assert value(shop, "SELECT COUNT(*) FROM forecast_parts") == 0
    assert suggested(shop) == ALL


def test_quick_products_need_not_wait_and_slow_ones_keep_their_last_forecast(shop: Shop, small: None) -> None:
    jobs.run(shop.id)
    with scope(shop):
        models = {row.variant_id: row.model for row in db.rows("SELECT variant_id, model FROM forecasts")}
    assert sorted(models.values()) == ["average_28", "moving_average"]
    assert suggested(shop) == 2
    work()
    before = stored(shop)
    with scope(shop):
        db.execute("UPDATE daily_sales SET units = units + 3")
        db.session().commit()
    jobs.run(shop.id)
    after = stored(shop)
    assert after[:SLOW] == before[:SLOW] and after[SLOW] != before[SLOW]
    assert suggested(shop) == ALL
    assert value(shop, "SELECT COUNT(*) FROM forecast_records WHERE model = 'prophet'") == SLOW
    work()
    assert all(new != old for new, old in zip(stored(shop), before, strict=True))


def test_the_page_tells_how_far_it_is(shop: Shop, small: None) -> None:
    told = []
    jobs.run(shop.id)
    for index in range(3):
        with scope(shop):
            told.append(sync.freshness().forecasting)
        jobs.part(shop.id, *a_part(shop, index))
    work()
    assert [(one.done, one.of) for one in told if one] == [(2, 9), (5, 9), (8, 9)]
    with scope(shop):
        assert sync.freshness().forecasting is None


def test_a_repeated_part_changes_nothing_and_the_run_is_made_whole_once(
    shop: Shop, small: None, fits: list[int]
) -> None:
    jobs.run(shop.id)
    for index in (0, 0, 1, 2, 2, 0):
        jobs.part(shop.id, *a_part(shop, index))
    assert len(fits) == SLOW
    run_id, number = a_part(shop)
    assert owed("forecast-whole") == [f"forecast-whole-{run_id}"]
    work()
    whole, mails = stored(shop), value(shop, "SELECT COUNT(*) FROM alert_mails")
    jobs.whole(shop.id, run_id)
    jobs.part(shop.id, run_id, number)
    assert (stored(shop), owed(), len(fits)) == (whole, [], SLOW)
    assert value(shop, "SELECT COUNT(*) FROM alert_mails") == mails


def test_a_newer_run_ends_the_older_and_takes_its_answers_over(
    shop: Shop, small: None, fits: list[int]
) -> None:
    jobs.run(shop.id)
    old = [a_part(shop, index) for index in range(3)]
    jobs.part(shop.id, *old[0])
    jobs.run(shop.id)
    assert len(fits) == 3 and statuses(shop) == ["superseded", "running"]
    for run_id, number in old:
        jobs.part(shop.id, run_id, number)
    jobs.whole(shop.id, old[0][0])
    assert len(fits) == 3 and statuses(shop) == ["superseded", "running"]
    work()
    assert len(fits) == SLOW and statuses(shop) == ["superseded", "done"]
    assert len(stored(shop)) == ALL and owed() == []


def test_a_newer_run_stops_an_older_part_amid_its_work(
    shop: Shop, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs.run(shop.id)
    asked, ask = [], parts.ask

    def slowly(panel: Any) -> Any:
        asked.append(len(panel))
        with db.separate_transaction() as own:  # what another process does meanwhile
            tenancy_of(own, shop)
            own.connection().exec_driver_sql("UPDATE forecast_runs SET status = 'superseded'")
            own.connection().exec_driver_sql("DELETE FROM forecast_parts")
        return ask(panel)

    monkeypatch.setattr(parts, "ask", slowly)
    jobs.part(shop.id, *a_part(shop))
    assert asked == [2]
    assert value(shop, "SELECT COUNT(*) FROM forecast_answers") == 0


def tenancy_of(own: Any, shop: Shop) -> None:
    own.connection().exec_driver_sql(f"SELECT set_config('app.store_id', '{shop.id}', true)")


def test_on_the_same_day_only_what_has_changed_is_asked_again(shop: Shop, fits: list[int]) -> None:
    jobs.run(shop.id)
    first = stored(shop)
    assert len(fits) == SLOW
    jobs.run(shop.id)
    assert (stored(shop), len(fits)) == (first, SLOW)
    with scope(shop):
        db.execute("UPDATE daily_sales SET units = units + 5 WHERE variant_id = 1002 AND units > 1")
        db.session().commit()
    jobs.run(shop.id)
    changed = [i for i, (new, old) in enumerate(zip(stored(shop), first, strict=True)) if new != old]
    assert 2 in changed and len(fits) == SLOW + 1
    with clock.travel(timedelta(days=1)):
        jobs.run(shop.id)
    assert len(fits) == 2 * SLOW + 1
    with scope(shop):
        stores.settings().engine = "average_28"
        db.session().commit()
    jobs.run(shop.id)
    assert value(shop, "SELECT COUNT(*) FROM forecast_answers") == 0


def test_what_changes_while_the_parts_are_asked_is_asked_again_before_the_run_is_whole(
    shop: Shop, small: None, fits: list[int]
) -> None:
    jobs.run(shop.id)
    with scope(shop):
        db.execute("UPDATE daily_sales SET units = units + 5 WHERE variant_id IN (1000, 1001) AND units > 1")
        db.session().commit()
    work()
    assert len(fits) == SLOW + 2 and statuses(shop) == ["done"]
    divided = stored(shop)
    with scope(shop):
        db.execute("DELETE FROM forecast_answers")
        db.session().commit()
    jobs.run(shop.id)
    work()
    assert stored(shop) == divided


def test_a_product_without_a_fit_gets_the_stand_in_in_a_part_as_well(
    shop: Shop, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hopeless(*_given: Any, **_how: Any) -> Any:
        raise RuntimeError("line search failed")

    monkeypatch.setattr(CmdStanModel, "optimize", hopeless)
    jobs.run(shop.id)
    work()
    with scope(shop):
        found = {
            (row.model, row.reason) for row in db.rows("SELECT * FROM forecasts WHERE variant_id < 1007")
        }
    assert found == {("calibrated_average", "gave_up_prophet")}


def test_an_emptied_redis_and_a_lost_row_cost_nothing(shop: Shop, small: None) -> None:
    jobs.run(shop.id)
    queue.connection().flushdb()
    queue.resend(outbox.waiting(patience=timedelta(seconds=-1)))
    db.session().rollback()
    assert queue.queue("backfill").count == 3
    queue.connection().flushdb()
    db.execute("DELETE FROM outbox WHERE name LIKE 'forecast-%'")
    db.session().commit()
    schedule.sweep(shop.id)
    assert owed("forecast-part") == []  # it has moved just now
    with clock.travel(timedelta(minutes=5)):
        schedule.sweep(shop.id)
        assert len(owed("forecast-part")) == 3
        run_id, _ = a_part(shop)
        for index in range(3):
            jobs.part(shop.id, *a_part(shop, index))
    queue.connection().flushdb()
    db.execute("DELETE FROM outbox WHERE name LIKE 'forecast-%'")
    db.session().commit()
    with clock.travel(timedelta(minutes=10)):
        schedule.sweep(shop.id)
        assert owed("forecast-whole") == [f"forecast-whole-{run_id}"]
        work()
    assert statuses(shop) == ["done"] and len(stored(shop)) == ALL


def test_a_part_that_kept_failing_is_given_up_and_the_others_get_their_forecast(
    shop: Shop, small: None
) -> None:
    jobs.run(shop.id)
    run_id, number = a_part(shop, 1)
    db.execute(
        "UPDATE outbox SET parked_at = now() WHERE name = :name", name=f"forecast-part-{run_id}-{number}"
    )
    db.session().commit()
    work()
    assert statuses(shop) == ["running"]
    with clock.travel(timedelta(minutes=5)):
        schedule.sweep(shop.id)
        work()
    assert statuses(shop) == ["done"]
    with scope(shop):
        found = {row.variant_id: row.reason for row in db.rows("SELECT variant_id, reason FROM forecasts")}
    assert [found[1000 + k] for k in range(SLOW)] == [
        *["chosen_prophet"] * 3,
        *["gave_up_prophet"] * 3,
        "chosen_prophet",
    ]


def test_when_all_products_are_gone_the_run_ends(shop: Shop, small: None) -> None:
    jobs.run(shop.id)
    for index in range(3):
        jobs.part(shop.id, *a_part(shop, index))
    with scope(shop):
        db.execute("UPDATE variants SET deleted_at = now()")
        db.session().commit()
    work()
    assert statuses(shop) == ["superseded"]
    assert value(shop, "SELECT COUNT(*) FROM forecast_parts") == 0


def test_no_other_store_sees_a_part_or_an_answer(app: Flask, shop: Shop, small: None) -> None:
    jobs.run(shop.id)
    run_id, number = a_part(shop)
    jobs.part(shop.id, run_id, number)
    other = make_store(app)
    assert (
        value(other, "SELECT (SELECT COUNT(*) FROM forecast_parts) + (SELECT COUNT(*) FROM forecast_answers)")
        == 0
    )
    with scope(other):
        assert parts.left(run_id, number + 1) is None
        assert parts.lock(run_id) is None
        assert forecasts.complete(run_id, now=clock.now()) is None


def test_of_two_parts_that_end_together_one_waits_and_has_the_run_made_whole(
    app: Flask, shop: Shop, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs.run(shop.id)
    ends = [a_part(shop, index) for index in range(3)]
    jobs.part(shop.id, *ends[0])
    are_done, told = parts.are_done, []
    is_kept, may_end = threading.Event(), threading.Event()

    def held(run_id: int) -> bool:
        """The first to have kept its last answers commits only when the other waits for it."""
        if not is_kept.is_set():
            is_kept.set()
            assert may_end.wait(60)
        told.append(are_done(run_id))
        return told[-1]

    monkeypatch.setattr(parts, "are_done", held)

    def end(place: tuple[int, int]) -> None:
        with app.app_context():
            jobs.part(shop.id, *place)

    both = [threading.Thread(target=end, args=(place,)) for place in ends[1:]]
    both[0].start()
    assert is_kept.wait(60)
    both[1].start()
    limit = time.monotonic() + 60
    while not value(shop, "SELECT COUNT(*) FROM pg_locks WHERE NOT granted"):
        assert time.monotonic() < limit, "the second did not wait for the first"
        time.sleep(0.02)
    may_end.set()
    for one in both:
        one.join(60)
    assert told == [False, True]
    assert owed("forecast-whole") == [f"forecast-whole-{ends[0][0]}"]
    work()
    assert statuses(shop) == ["done"]
