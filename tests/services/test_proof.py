"""The proof as a use case: made from stored sales and stock records, the same again, honest where it cannot be."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from app.jobs import proof as jobs
from app.models.inventory import StockDay
from app.platform import clock, db, tenancy
from app.queries import proof as pages
from app.services import proof
from tests import factories
from tests.factories import Item, Shop

ITEMS = (
    Item("Sold out often", (6, 4, 0, 5), on_hand=12),
    Item("Always there", (3, 2, 4), on_hand=60),
    Item("Without a cost", (2, 1, 3), on_hand=60, cost=None),
    Item("Too new", (3, 2), on_hand=9, days=20),
    Item("Not counted", (3, 2), on_hand=0, is_tracked=False),
)


@pytest.fixture(scope="module")
def shop(app: Flask) -> Shop:
    """120 days of sales; stock was recorded for the last 60, and the first product was out on each third day."""
    made = factories.make_store(app)
    ids = factories.fill(app, made, ITEMS, first_id=3000)
    today = clock.today("Europe/Berlin")
    with app.app_context(), tenancy.store_scope(db.session(), made.id), db.transaction() as session:
        for back in range(1, 61):
            for variant_id, item in zip(ids, ITEMS, strict=True):
                left = 0 if variant_id == ids[0] and back % 4 == 2 else item.on_hand
                day = today - timedelta(days=back)
                session.add(StockDay(inventory_item_id=variant_id, day=day, available=left, on_hand=left))
    return made


def wanted(app: Flask, shop: Shop) -> int:
    with tenancy.store_scope(db.session(), shop.id), db.transaction():
        return proof.request(actor="A manager", now=clock.now())


def made(app: Flask, shop: Shop) -> pages.Finished:
    with app.app_context():
        jobs.make(shop.id, wanted(app, shop))
        with tenancy.store_scope(db.session(), shop.id):
            state = pages.state(now=clock.now())
            assert state.finished is not None and state.error == ""
            return state.finished


@pytest.fixture(scope="module")
def finished(app: Flask, shop: Shop) -> pages.Finished:
    return made(app, shop)


def test_it_compares_the_products_that_can_be_compared(
    app: Flask, shop: Shop, finished: pages.Finished
) -> None:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        rows = {row.product: row for row in pages.table(sort="product").rows}
        assert set(rows) == {"Sold out often", "Always there", "Without a cost"}
        assert pages.of_variant(3000) == rows["Sold out often"]
        assert pages.of_variant(3003) is None
    assert (finished.products, finished.left_out) == (3, 1)
    often, there = rows["Sold out often"], rows["Always there"]
    assert often.empty_days_had > 5 and often.lost_had > 0
    assert there.empty_days_had == 0 and there.lost_had == 0
    assert there.stock_had == 60
    assert rows["Without a cost"].gain is None
    assert finished.last_day == clock.today("Europe/Berlin") - timedelta(days=1)
    assert 0.9 < finished.recorded <= 1


def test_losing_cases_are_in_the_table(app: Flask, shop: Shop, finished: pages.Finished) -> None:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        everything, better, worse = (pages.table(show=show) for show in ("all", "better", "worse"))
        assert everything.counts["all"] == 3
        assert {row.variant_id for row in better.rows} | {row.variant_id for row in worse.rows} <= {
            row.variant_id for row in everything.rows
        }
        assert all(row.gain is not None and row.gain < 0 for row in worse.rows)
        assert [row.product for row in pages.table(search="often").rows] == ["Sold out often"]
        assert pages.table(sort="; DROP", show="odd", page=99).page.number == 1


def test_a_new_one_takes_the_place_of_the_old_and_says_the_same(
    app: Flask, shop: Shop, finished: pages.Finished
) -> None:
    again = made(app, shop)
    assert again.id != finished.id
    assert again.figures == finished.figures
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        assert db.rows("SELECT COUNT(*) AS n FROM proofs")[0].n == 1


def test_two_wishes_are_one(app: Flask) -> None:
    with app.app_context():
        other = factories.make_store(app)
        assert wanted(app, other) == wanted(app, other)


@pytest.mark.parametrize(
    ("items", "code"),
    [
        ((), "no_sales"),
        ((Item("Young", (3,), on_hand=3, days=30),), "too_early"),
        ((Item("Not counted", (3,), on_hand=3, is_tracked=False),), "nothing_to_compare"),
    ],
)
def test_too_little_of_a_past_is_said(app: Flask, items: tuple[Item, ...], code: str) -> None:
    other = factories.make_store(app)
    factories.fill(app, other, items, first_id=5000)
    with app.app_context():
        jobs.make(other.id, wanted(app, other))
        with tenancy.store_scope(db.session(), other.id):
            state = pages.state(now=clock.now())
            assert (state.error, state.done, state.finished) == (code, None, None)
            if code == "too_early":
                assert state.ready_on == clock.today("Europe/Berlin") + timedelta(days=69)


def test_one_that_never_came_is_given_up(app: Flask) -> None:
    other = factories.make_store(app)
    with app.app_context():
        first = wanted(app, other)
        with tenancy.store_scope(db.session(), other.id), db.transaction():
            assert pages.state(now=clock.now()).done == 0.0
            db.execute("UPDATE proofs SET created_at = :then", then=clock.now() - timedelta(days=2))
            assert pages.state(now=clock.now()).done is None
        assert wanted(app, other) != first


def test_a_proof_that_is_gone_or_done_is_left_alone(app: Flask, shop: Shop, finished: pages.Finished) -> None:
    with app.app_context():
        jobs.make(shop.id, 987_654)
        with tenancy.store_scope(db.session(), shop.id):
            latest = pages.state(now=clock.now()).finished
            assert latest is not None
        jobs.make(shop.id, latest.id)
        with tenancy.store_scope(db.session(), shop.id):
            assert pages.state(now=clock.now()).finished == latest
