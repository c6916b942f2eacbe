"""What Home says of all suggestions is what they add up to, after whatever was written and whoever was snoozed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from app.platform import clock, db, tenancy
from app.queries import dashboard, replenishment
from app.services import snoozes, stores
from tests import factories
from tests.factories import Shop
from tests.totals import home_figures

VARIANTS = (1000, 1001, 1002, 1003)
_INSERT = """
    INSERT INTO suggestions (store_id, variant_id, quantity, on_hand, committed, incoming, protection_days, urgency,
                             urgency_rank, overstock_units, overstock_value, cost, stock_gap, ledger)
    VALUES (app_store_id(), :variant, :quantity, :on_hand, :committed, 0, 7, :urgency, 0, :over, :value, :cost,
            false, '[]')
    ON CONFLICT (store_id, variant_id) DO UPDATE SET quantity = EXCLUDED.quantity, on_hand = EXCLUDED.on_hand,
        committed = EXCLUDED.committed, urgency = EXCLUDED.urgency, overstock_units = EXCLUDED.overstock_units,
        overstock_value = EXCLUDED.overstock_value, cost = EXCLUDED.cost
"""
few = st.integers(0, 3)
money = st.none() | st.integers(0, 900)
suggested = st.fixed_dictionaries(
    {
        "variant": st.sampled_from(VARIANTS),
        "quantity": few,
        "on_hand": st.integers(-2, 9),
        "committed": few,
        "urgency": st.sampled_from(["now", "soon", "later", "none", "unknown"]),
        "over": few,
        "value": money,
        "cost": money,
    }
)


def _snooze(variant: int) -> None:
    snoozes.snooze(variant, until=date(2030, 1, 1), reason="", actor="test", now=clock.now())


ACTS = st.one_of(
    suggested.map(lambda values: lambda: db.execute(_INSERT, **values)),
    st.sampled_from(VARIANTS).map(lambda one: lambda: _snooze(one)),
    st.sampled_from(VARIANTS).map(lambda one: lambda: snoozes.wake(one, actor="test")),
    st.sampled_from(VARIANTS).map(
        lambda one: lambda: db.execute("DELETE FROM suggestions WHERE variant_id = :id", id=one)
    ),
    few.map(lambda more: lambda: db.execute("UPDATE suggestions SET on_hand = on_hand + :n", n=more)),
    st.just(lambda: db.execute("DELETE FROM suggestions")),
)


@pytest.fixture(scope="module")
def shop(app: Flask) -> Shop:
    made = factories.make_store(app)
    factories.fill(
        app, made, [factories.Item(f"Item {n}", (1,), on_hand=n, days=3) for n in range(len(VARIANTS))]
    )
    return made


@given(acts=st.lists(ACTS, min_size=6, max_size=16))
@settings(max_examples=20)
def test_home_says_what_the_suggestions_add_up_to(app: Flask, shop: Shop, acts: list[Any]) -> None:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        stores.settings()
        for act in acts:
            act()
            expected, told = home_figures(), dashboard.overview()
            levels = expected.pop("levels")
            assert {name: getattr(told, name) for name in expected} == expected
            named = {str(words): levels.get(state, (0, 0)) for state, words in dashboard._STATES.items()}
            assert {one.state: (one.products, one.units) for one in told.levels} == named
            for show in ("order", "snoozed", "all"):
                table = replenishment.table(show=show)
                assert table.page.total == len(table.rows)
        db.session().rollback()
