"""Purchase orders in the database: numbers, drafts, two tabs, deliveries, and what the next plan makes of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError

from app.domain.purchasing import ActNotAllowed, TooManyUnits
from app.jobs import forecasts as forecast_jobs
from app.platform import clock, db, tenancy
from app.services import purchasing, snoozes, stores
from app.services.catalog import VariantNotFound
from app.services.purchasing import DraftChange, LineChange, OrderChanged, OrderNotFound, UnableToOrder
from tests import factories
from tests.factories import Item, Shop

TODAY = date(2026, 3, 2)
ITEMS = (
    Item("Beans", (6, 4, 8, 5), on_hand=12, incoming=0),
    Item("Filters", (9, 12, 7), on_hand=5, incoming=24),
    Item("Tea", (3, 2, 4), on_hand=0, vendor="Leaf & Co"),
    Item("Nameless", (3, 2, 4), on_hand=0, vendor=""),
)


@pytest.fixture
def shop(app: Flask) -> Shop:
    found = factories.make_store(app)
    factories.fill(app, found, ITEMS)
    with scope(app, found):  # the plan is what is tested here: any forecast will do, the quickest is best
        stores.change_settings({"engine": "moving_average"}, actor="test", now=clock.now())
    factories.forecast(app, found)
    return found


@contextmanager
def scope(app: Flask, shop: Shop) -> Iterator[None]:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        yield


def one(sql: str, **values: Any) -> Any:
    return db.rows(sql, **values)[0]


def suggested(app: Flask, shop: Shop, variant_id: int) -> Any:
    """The suggestion of the next plan: quantity and incoming."""
    with app.app_context():
        forecast_jobs.replan(shop.id)
    with scope(app, shop):
        return one("SELECT quantity, incoming FROM suggestions WHERE variant_id = :id", id=variant_id)


def ordered(
    app: Flask, shop: Shop, variant_id: int, quantity: int, *, also_in_shopify: bool = False
) -> tuple[int, int]:
    """An order of one line that has been sent; answers its id and the line's."""
    with scope(app, shop):
        order = purchasing.accept(variant_id, quantity=quantity, actor="Ann", now=clock.now())
        line = one("SELECT id, unit_cost FROM purchase_order_lines WHERE order_id = :id", id=order.id)
        change = DraftChange({line.id: LineChange(quantity, line.unit_cost)}, None, "", also_in_shopify)
        purchasing.change_draft(order.id, change, version=order.version, actor="Ann", now=clock.now())
        purchasing.send(order.id, version=order.version, today=TODAY, actor="Ann", now=clock.now())
        return order.id, line.id


def version(order_id: int) -> int:
    return int(one("SELECT version FROM purchase_orders WHERE id = :id", id=order_id).version)


def test_accepting_twice_orders_once_and_lands_on_the_suppliers_draft(app: Flask, shop: Shop) -> None:
    with scope(app, shop):
        first = purchasing.accept(1000, quantity=None, actor="Ann", now=clock.now())
        again = purchasing.accept(1000, quantity=30, actor="Ann", now=clock.now())
        other = purchasing.accept(1001, quantity=12, actor="Ann", now=clock.now())
        tea = purchasing.accept(1002, quantity=5, actor="Ann", now=clock.now())
        assert first.id == again.id == other.id != tea.id
        lines = db.rows(
            "SELECT variant_id, ordered FROM purchase_order_lines WHERE order_id = :id", id=first.id
        )
        assert sorted((row.variant_id, row.ordered) for row in lines) == [(1000, 30), (1001, 12)]
        assert [first.number, tea.number] == [1, 2]


def test_all_that_is_due_comes_with_one_act_and_chosen_quantities_stay(app: Flask, shop: Shop) -> None:
    with scope(app, shop):
        order = purchasing.accept(1000, quantity=7, actor="Ann", now=clock.now())
        again = purchasing.order_due(order.supplier_id, actor="Ann", now=clock.now())
        assert again.id == order.id
        lines = {
            row.variant_id: (row.ordered, row.suggested)
            for row in db.rows("SELECT * FROM purchase_order_lines WHERE order_id = :id", id=order.id)
        }
        wanted = {row.variant_id: row.quantity for row in db.rows("SELECT * FROM suggestions")}
        assert lines == {1000: (7, wanted[1000]), 1001: (wanted[1001], wanted[1001])}


def test_a_product_without_vendor_can_be_ordered_too(app: Flask, shop: Shop) -> None:
    with scope(app, shop):
        order = purchasing.accept(1003, quantity=4, actor="Ann", now=clock.now())
        assert (
            one("SELECT name FROM suppliers WHERE id = :id", id=order.supplier_id).name
            == "Supplier not named"
        )


def test_numbers_have_no_gaps_and_no_doubles_when_many_order_at_once(app: Flask) -> None:
    items = [Item(f"Thing {i}", (2, 3), on_hand=0, days=3, vendor=f"Vendor {i}") for i in range(12)]
    shop = factories.make_store(app)
    ids = factories.fill(app, shop, items)
    barrier, problems = threading.Barrier(len(ids)), []

    def order(place: int, variant_id: int) -> None:
        barrier.wait(30)
        try:
            with scope(app, shop):
                purchasing.accept(variant_id, quantity=1, actor="Ann", now=clock.now())
                if place % 3 == 0:
                    raise RuntimeError("this visitor's request fails after the number was taken")
        except RuntimeError:
            pass
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=order, args=pair) for pair in enumerate(ids)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert problems == []
    with scope(app, shop):
        numbers = [row.number for row in db.rows("SELECT number FROM purchase_orders ORDER BY number")]
    assert numbers == list(range(1, 9))


def test_two_members_who_accept_at_once_meet_on_one_draft(app: Flask, shop: Shop) -> None:
    barrier, made = threading.Barrier(2), []

    def order(variant_id: int) -> None:
        barrier.wait(30)
        with scope(app, shop):
            made.append(purchasing.accept(variant_id, quantity=3, actor="Ann", now=clock.now()).id)

    threads = [threading.Thread(target=order, args=(variant_id,)) for variant_id in (1000, 1001)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(made) == 2
    assert len(set(made)) == 1


def test_a_second_tab_overwrites_nothing(app: Flask, shop: Shop) -> None:
    with scope(app, shop):
        order = purchasing.accept(1000, quantity=3, actor="Ann", now=clock.now())
        order_id, seen = order.id, order.version
        line = one("SELECT id FROM purchase_order_lines WHERE order_id = :id", id=order_id).id
    change = DraftChange({line: LineChange(9, Decimal("1.5"))}, None, "first tab", False)
    with scope(app, shop):
        purchasing.change_draft(order_id, change, version=seen, actor="Ann", now=clock.now())
    late = DraftChange({line: LineChange(1, None)}, None, "second tab", False)
    with pytest.raises(OrderChanged, match="Load the page again"), scope(app, shop):
        purchasing.change_draft(order_id, late, version=seen, actor="Ben", now=clock.now())
    with scope(app, shop):
        assert one("SELECT note FROM purchase_orders WHERE id = :id", id=order_id).note == "first tab"
        assert one("SELECT ordered FROM purchase_order_lines WHERE id = :id", id=line).ordered == 9


def test_sending_says_when_it_is_expected_and_is_kept_in_the_audit(app: Flask, shop: Shop) -> None:
    with scope(app, shop):
        supplier = one("SELECT id FROM suppliers WHERE vendor = 'Hill Farm'").id
        purchasing.change_supplier(supplier, {"lead_time_days": 9}, actor="Ann")
    order_id, _ = ordered(app, shop, 1000, 10)
    with scope(app, shop):
        order = one("SELECT * FROM purchase_orders WHERE id = :id", id=order_id)
        assert (order.status, order.expected_on) == ("sent", TODAY + timedelta(days=9))
        acts = [row.action for row in db.rows("SELECT action FROM audit_entries ORDER BY id")]
        assert acts[-4:] == [
            "purchase_order.created",
            "purchase_order.line_set",
            "purchase_order.changed",
            "purchase_order.sent",
        ]


def test_an_order_without_products_is_not_sent(app: Flask, shop: Shop) -> None:
    with pytest.raises(UnableToOrder, match="Add one first"), scope(app, shop):
        supplier = one("SELECT id FROM suppliers WHERE vendor = 'Hill Farm'").id
        order = purchasing.new_draft(supplier, actor="Ann", now=clock.now())
        purchasing.send(order.id, version=order.version, today=TODAY, actor="Ann", now=clock.now())


def test_deliveries_keep_good_rejected_and_cancelled_apart(app: Flask, shop: Shop) -> None:
    order_id, line_id = ordered(app, shop, 1000, 30)
    with scope(app, shop):
        purchasing.receive(
            order_id, {line_id: (10, 2)}, version=version(order_id), actor="Ann", now=clock.now()
        )
    with pytest.raises(TooManyUnits, match=r"Beans: 19 units, while 18 of 30 are open"), scope(app, shop):
        purchasing.receive(
            order_id, {line_id: (19, 0)}, version=version(order_id), actor="Ann", now=clock.now()
        )
    with scope(app, shop):
        assert (
            one("SELECT status FROM purchase_orders WHERE id = :id", id=order_id).status == "partly_received"
        )
        purchasing.close(order_id, version=version(order_id), actor="Ann", now=clock.now())
    with scope(app, shop):
        line = one("SELECT * FROM purchase_order_lines WHERE id = :id", id=line_id)
        assert (line.ordered, line.received, line.rejected, line.cancelled) == (30, 10, 2, 18)
        receipts = db.rows("SELECT received, rejected, actor FROM purchase_receipts")
        assert [tuple(row) for row in receipts] == [(10, 2, "Ann")]
    with pytest.raises(ActNotAllowed), scope(app, shop):
        purchasing.receive(
            order_id, {line_id: (1, 0)}, version=version(order_id), actor="Ann", now=clock.now()
        )


def test_the_table_itself_refuses_units_out_of_nothing(app: Flask, shop: Shop) -> None:
    _, line_id = ordered(app, shop, 1000, 5)
    with pytest.raises(IntegrityError), scope(app, shop):
        db.execute("UPDATE purchase_order_lines SET received = 6 WHERE id = :id", id=line_id)


def test_an_own_order_counts_beside_shopifys_incoming_and_falls_by_what_arrived(
    app: Flask, shop: Shop
) -> None:
    before = suggested(app, shop, 1001)
    assert before.incoming == 24
    order_id, line_id = ordered(app, shop, 1001, 20)
    after = suggested(app, shop, 1001)
    assert (after.incoming, after.quantity) == (44, before.quantity - 20)
    with scope(app, shop):
        purchasing.receive(
            order_id, {line_id: (5, 1)}, version=version(order_id), actor="Ann", now=clock.now()
        )
    partly = suggested(app, shop, 1001)
    assert (partly.incoming, partly.quantity) == (38, before.quantity - 14)
    with scope(app, shop):
        purchasing.close(order_id, version=version(order_id), actor="Ann", now=clock.now())
    assert tuple(suggested(app, shop, 1001)) == (before.quantity, 24)


@pytest.mark.parametrize(("units", "incoming"), [(20, 24), (24, 24), (30, 30)])
def test_an_order_that_shopify_lists_too_is_counted_once(
    app: Flask, shop: Shop, units: int, incoming: int
) -> None:
    ordered(app, shop, 1001, units, also_in_shopify=True)
    assert suggested(app, shop, 1001).incoming == incoming


def test_a_draft_and_a_cancelled_order_are_not_on_their_way(app: Flask, shop: Shop) -> None:
    with scope(app, shop):
        order = purchasing.accept(1000, quantity=10, actor="Ann", now=clock.now())
        order_id = order.id
    assert suggested(app, shop, 1000).incoming == 0
    with scope(app, shop):
        purchasing.cancel(order_id, version=version(order_id), actor="Ann", now=clock.now())
    assert suggested(app, shop, 1000).incoming == 0
    with scope(app, shop):
        assert (
            one("SELECT cancelled FROM purchase_order_lines WHERE order_id = :id", id=order_id).cancelled
            == 10
        )


def test_the_day_of_arrival_moves_the_stock_out_date(app: Flask, shop: Shop) -> None:
    def stock_out() -> date | None:
        suggested(app, shop, 1000)
        with scope(app, shop):
            found: date | None = one("SELECT stock_out FROM suggestions WHERE variant_id = 1000").stock_out
            return found

    alone = stock_out()
    order_id, _ = ordered(app, shop, 1000, 400)
    today = clock.today("Europe/Berlin")

    def arrives(in_days: int) -> None:
        with scope(app, shop):
            purchasing.reschedule(
                order_id,
                expected_on=today + timedelta(days=in_days),
                also_in_shopify=False,
                version=version(order_id),
                actor="Ann",
                now=clock.now(),
            )

    arrives(60)
    assert stock_out() == alone
    arrives(1)
    assert alone is not None
    later = stock_out()
    assert later is not None and later > alone


def test_a_cost_in_another_currency_is_never_taken_from_shopify(app: Flask, shop: Shop) -> None:
    with scope(app, shop):
        supplier = one("SELECT id FROM suppliers WHERE vendor = 'Hill Farm'").id
        purchasing.change_supplier(supplier, {"currency": "USD"}, actor="Ann")
        order = purchasing.accept(1000, quantity=3, actor="Ann", now=clock.now())
        assert order.currency == "USD"
        line = one("SELECT id, unit_cost FROM purchase_order_lines WHERE order_id = :id", id=order.id)
        assert line.unit_cost is None
        change = DraftChange({line.id: LineChange(3, Decimal("5.1234"))}, None, "", False)
        purchasing.change_draft(order.id, change, version=order.version, actor="Ann", now=clock.now())
        purchasing.send(order.id, version=order.version, today=TODAY, actor="Ann", now=clock.now())
        again = purchasing.accept(1000, quantity=3, actor="Ann", now=clock.now())
        cost = one("SELECT unit_cost FROM purchase_order_lines WHERE order_id = :id", id=again.id).unit_cost
        assert cost == Decimal("5.1234")


def test_a_snooze_survives_planning_and_ends_on_its_day(app: Flask, shop: Shop) -> None:
    today = clock.today("Europe/Berlin")
    with scope(app, shop):
        snoozes.snooze(
            1000, until=today + timedelta(days=5), reason="Sale ends soon", actor="Ann", now=clock.now()
        )
    suggested(app, shop, 1000)
    with scope(app, shop):
        assert one("SELECT reason FROM suggestion_snoozes").reason == "Sale ends soon"
        supplier = one("SELECT id FROM suppliers WHERE vendor = 'Hill Farm'").id
        order = purchasing.order_due(supplier, actor="Ann", now=clock.now())
        lines = db.rows("SELECT variant_id FROM purchase_order_lines WHERE order_id = :id", id=order.id)
        assert [row.variant_id for row in lines] == [1001]
    with clock.travel(timedelta(days=5)):
        suggested(app, shop, 1000)
    with scope(app, shop):
        assert db.rows("SELECT * FROM suggestion_snoozes") == []


def test_another_store_reaches_nothing(app: Flask, shop: Shop) -> None:
    order_id, line_id = ordered(app, shop, 1000, 5)
    stranger = factories.make_store(app)
    with scope(app, stranger):
        with pytest.raises(OrderNotFound):
            purchasing.receive(order_id, {line_id: (1, 0)}, version=1, actor="Eve", now=clock.now())
        with pytest.raises(VariantNotFound):
            purchasing.accept(1000, quantity=1, actor="Eve", now=clock.now())
        with pytest.raises(VariantNotFound):
            snoozes.snooze(1000, until=TODAY, reason="", actor="Eve", now=clock.now())
