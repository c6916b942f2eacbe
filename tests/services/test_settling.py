"""Targets by value come down step by step: the last review's is kept, ledger and change say so, sums are exact."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.domain.replenishment.change import CAUSES
from app.jobs import forecasts
from app.platform import clock, db, tenancy
from app.services import catalog, events, overrides, reports, settling, stores, wholesale
from tests import factories
from tests.factories import Shop

NOW = clock.now()
TODAY = clock.today("Europe/Berlin")
WEEK_AGO = TODAY - timedelta(days=7)
Ready = tuple[Shop, list[int]]


def write(app: Flask, shop: Shop, sql: str, **values: Any) -> None:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        db.execute(sql, **values)


def read(app: Flask, shop: Shop, sql: str) -> list[Any]:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        return list(db.rows(sql))


def planned(app: Flask, shop: Shop) -> dict[int, Any]:
    with app.app_context():
        forecasts.replan(shop.id)
    return {row.variant_id: row for row in read(app, shop, "SELECT * FROM suggestions")}


def reviewed(app: Flask, shop: Shop) -> dict[int, Any]:
    return {row.variant_id: row for row in read(app, shop, "SELECT * FROM reviewed_targets")}


def lines(row: Any) -> dict[str, Any]:
    return {line["code"]: line for line in row.ledger}


def levels(rows: dict[int, Any]) -> dict[int, float]:
    return {
        key: lines(row)["safety"]["detail"]["percent"] for key, row in rows.items() if "safety" in lines(row)
    }


@pytest.fixture
def store(app: Flask) -> Ready:
    """A store whose levels are shared out by value, a week after a review at which targets were twice as high."""
    shop, ids = factories.ready_store(app)
    write(app, shop, "UPDATE store_settings SET service_by = 'value'")
    planned(app, shop)
    write(
        app,
        shop,
        "UPDATE reviewed_targets SET target = 2 * target, foreseen = 1, reviewed_on = :day",
        day=WEEK_AGO,
    )
    write(app, shop, "UPDATE plan_bases SET planned_on = :day", day=WEEK_AGO)
    return shop, ids


def test_a_target_comes_down_by_a_third_of_the_way_in_a_week(
    app: Flask, client: FlaskClient, store: Ready
) -> None:
    shop, ids = store
    before = {key: row.target for key, row in reviewed(app, shop).items()}
    now = planned(app, shop)
    coffee = now[ids[0]]
    assert ids[0] in before and ids[3] not in before, "without a cost a level does not move"
    kept = lines(coffee)["settling"]
    # Its own target is what is on hand, needed and so on without the line; 14 of 21 days are still to come.
    plain = coffee.target_stock - kept["units"]
    assert kept["units"] == pytest.approx((before[ids[0]] - plain) * 2 / 3, abs=0.81)
    assert kept["detail"] == {"was": round(before[ids[0]]), "on": WEEK_AGO.isoformat()}
    for row in now.values():
        assert sum(line["units"] for line in row.ledger) == row.quantity
    assert "settling" not in lines(now[ids[3]])
    noted = reviewed(app, shop)[ids[0]]
    assert noted.reviewed_on == TODAY and noted.target == pytest.approx(coffee.target_stock, abs=0.81)
    again = planned(app, shop)[ids[0]]
    assert again.target_stock == coffee.target_stock, "planned twice on one day is the same"
    assert lines(again)["settling"]["units"] == kept["units"]
    assert levels(planned(app, shop)) == levels(now), "nor are levels shared out anew"
    for role in ("owner", "viewer"):
        page = client.get(f"/products/{ids[0]}", headers=shop.headers(role)).get_data(as_text=True)
        assert "Target comes down step by step" in page and "a quiet week may be chance" in page
        assert "Stock shared out by value: levels, and targets that come down step by step" in page


def test_between_two_reviews_the_review_counts(app: Flask, store: Ready) -> None:
    shop, ids = store
    write(app, shop, "UPDATE reviewed_targets SET reviewed_on = :day", day=TODAY - timedelta(days=3))
    before = reviewed(app, shop)[ids[0]]
    coffee = planned(app, shop)[ids[0]]
    plain = coffee.target_stock - lines(coffee)["settling"]["units"]
    assert lines(coffee)["settling"]["units"] == pytest.approx((before.target - plain) * 18 / 21, abs=0.81)
    assert reviewed(app, shop)[ids[0]] == before


def test_levels_are_shared_out_anew_at_reviews_alone(app: Flask, store: Ready) -> None:
    shop, ids = store
    review = levels(planned(app, shop))
    noted = {key: row.level for key, row in reviewed(app, shop).items()}
    assert {key: round(100 * level, 2) for key, level in noted.items() if key in review} == {
        key: level for key, level in review.items() if key in noted
    }
    # Another price would share out otherwise: a day later it does not yet, a week later it does.
    write(app, shop, "UPDATE variants SET price = price * 9 WHERE id = :id", id=ids[0])
    write(app, shop, "UPDATE reviewed_targets SET reviewed_on = reviewed_on - 1")
    assert levels(planned(app, shop)) == review
    write(app, shop, "UPDATE reviewed_targets SET reviewed_on = reviewed_on - 6")
    assert levels(planned(app, shop)) != review


def test_the_change_is_split_exactly_on_page_report_and_api(
    app: Flask, client: FlaskClient, store: Ready
) -> None:
    shop, ids = store
    now = planned(app, shop)
    coffee = now[ids[0]]
    assert coffee.change["sharing"] and not coffee.change["settings"], "nobody has set another level"
    for row in now.values():
        if row.change:
            assert sum(row.change[cause] for cause in CAUSES) == row.quantity - row.change["before"]
    told = client.get(f"/api/suggestions/{ids[0]}", headers=shop.headers("viewer")).get_json()
    assert {"settling"} <= {line["code"] for line in told["ledger"]}
    assert {"sharing"} <= {line["code"] for line in told["change"]["lines"]}
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        number = reports.request("reorder", actor="test", now=NOW)
        reports.make(number, today=TODAY, now=NOW)
        rows = csv.DictReader(io.StringIO(factories.file_of(number).decode("utf-8-sig")))
    told = next(row for row in rows if row["product_name"] == factories.ITEMS[0].name)
    assert int(told["changed_by_sharing"]) == coffee.change["sharing"]
    # A week later it is what was kept then that comes down further.
    write(app, shop, "DELETE FROM plan_bases WHERE planned_on <> :day", day=TODAY)
    write(app, shop, "UPDATE plan_bases SET planned_on = :day", day=WEEK_AGO)
    write(app, shop, "UPDATE reviewed_targets SET reviewed_on = :day", day=WEEK_AGO)
    later = planned(app, shop)[ids[0]]
    assert lines(later)["settling"]["units"] < lines(coffee)["settling"]["units"]
    assert later.change["sharing"] == later.quantity - coffee.quantity, "nothing else has changed"


@pytest.mark.parametrize(
    "changed",
    [
        "UPDATE store_settings SET lead_time_days = lead_time_days + 1",
        "UPDATE store_settings SET lead_time_sd_days = lead_time_sd_days + 1",
        "UPDATE store_settings SET review_days = review_days - 1",
        "UPDATE store_settings SET service_level = 0.93, service_level_a = 0.93",
        "UPDATE store_settings SET service_by = 'level'",
        "UPDATE reviewed_targets SET reviewed_on = reviewed_on - 14",
    ],
)
def test_a_target_for_other_settings_or_of_long_ago_does_not_count(
    app: Flask, store: Ready, changed: str
) -> None:
    shop, ids = store
    write(app, shop, changed)
    assert "settling" not in lines(planned(app, shop)[ids[0]])


def test_a_level_of_its_own_is_kept_exactly(app: Flask, store: Ready) -> None:
    shop, ids = store
    write(
        app,
        shop,
        "INSERT INTO variant_settings (store_id, variant_id, service_level, updated_at) VALUES (:s, :v, 0.95, now())",
        s=shop.id,
        v=ids[0],
    )
    now = planned(app, shop)
    assert "settling" not in lines(now[ids[0]]) and "settling" in lines(now[ids[2]])
    assert ids[0] not in reviewed(app, shop)


def test_an_override_and_a_coming_event_come_and_go_at_once(app: Flask, store: Ready) -> None:
    shop, ids = store
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        overrides.put(
            ids[0],
            kind="percent",
            value=Decimal(20),
            until=TODAY + timedelta(days=9),
            reason="Fair",
            actor="test",
            now=NOW,
            today=TODAY,
        )
    now = planned(app, shop)
    assert "settling" not in lines(now[ids[0]]) and "settling" in lines(now[ids[2]])
    assert reviewed(app, shop).keys().isdisjoint({ids[0]})
    write(app, shop, "UPDATE forecast_overrides SET ended_at = now(), ended_by = 'test'")
    assert "settling" not in lines(planned(app, shop)[ids[0]]), "and is no target to come down from"


def test_what_the_merchant_says_of_demand_counts_at_once(app: Flask, store: Ready) -> None:
    shop, ids = store

    def left(tell: Any) -> set[int]:
        with app.app_context(), tenancy.store_scope(db.session(), shop.id):
            try:
                with db.transaction():
                    tell()
                    found = {row.variant_id for row in db.rows("SELECT variant_id FROM reviewed_targets")}
                    raise _Undone
            except _Undone:
                return found

    noted = set(reviewed(app, shop))
    assert {ids[0], ids[2]} <= noted
    day = date(2026, 2, 2)
    named = {"name": "Fair", "kind": "event", "first_day": day, "last_day": day, "lift_percent": None}
    named |= {"actor": "test", "now": NOW}
    assert left(lambda: None) == noted
    assert left(lambda: events.add(**named, scope="all", target="")) == set()
    assert left(lambda: events.add(**named, scope="vendor", target="Clay Works")) == noted - {ids[2], ids[4]}
    engine = {"engine": "moving_average"}
    assert left(lambda: stores.change_settings(engine, actor="test", now=NOW)) == set()
    assert left(lambda: stores.change_settings({"review_days": 9}, actor="test", now=NOW)) == noted
    assert left(lambda: catalog.change_variant_settings(ids[0], engine, actor="test", now=NOW)) == noted - {
        ids[0]
    }
    assert left(lambda: catalog.change_variant_settings(ids[0], {"moq": 3}, actor="test", now=NOW)) == noted
    write(
        app,
        shop,
        "INSERT INTO wholesale_lines (store_id, line_id, variant_id, day, units, usual_units)"
        " SELECT store_id, id, variant_id, :day, 9, 1 FROM order_lines WHERE variant_id = :id LIMIT 1",
        day=day,
        id=ids[0],
    )
    line = read(app, shop, "SELECT line_id FROM wholesale_lines")[0].line_id
    one_off = {"is_counted": True, "actor": "test"}
    assert left(lambda: wholesale.decide(ids[0], line, **one_off)) == noted - {ids[0]}
    with pytest.raises(wholesale.LineNotFound):
        left(lambda: wholesale.decide(ids[0], line + 1, **one_off))
    write(
        app,
        shop,
        "INSERT INTO variant_merges (store_id, old_variant_id, new_variant_id, sku, status, decided_by)"
        " VALUES (:s, 7, :new, 'A', 'proposed', '')",
        s=shop.id,
        new=ids[2],
    )
    merge = read(app, shop, "SELECT id FROM variant_merges")[0].id
    decided = {"actor": "test", "now": NOW}
    assert left(lambda: catalog.decide_merge(merge, accept=True, **decided)) == noted - {ids[2]}
    assert left(lambda: catalog.decide_merge(merge, accept=False, **decided)) == noted
    assert left(settling.forget) == set()


def test_an_event_taken_back_or_called_ordinary_counts_at_once(app: Flask, store: Ready) -> None:
    shop, ids = store
    day = date(2026, 2, 2)

    def tell(what: Any) -> Any:
        with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
            return what()

    def named() -> int:
        event = events.add(
            name="Fair",
            kind="event",
            first_day=day,
            last_day=day,
            scope="vendor",
            target="Clay Works",
            lift_percent=None,
            actor="test",
            now=NOW,
        )
        return int(event.id)

    number = tell(named)
    for what in (
        lambda: events.call_ordinary(number, True, actor="test"),
        lambda: events.remove(number, actor="test", now=NOW),
    ):
        planned(app, shop)
        assert ids[2] in reviewed(app, shop)
        tell(what)
        assert ids[2] not in reviewed(app, shop) and ids[0] in reviewed(app, shop)


class _Undone(Exception):
    """The store as it was."""


def test_a_stranger_never_reads_our_targets(app: Flask, store: Ready) -> None:
    other, _ = factories.ready_store(app, name="Other")
    assert reviewed(app, other) == {}
    write(app, other, "DELETE FROM reviewed_targets")
    assert reviewed(app, store[0])
