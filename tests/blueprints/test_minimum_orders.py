"""An order raised to the supplier's minimum says how long it lasts, and what taking it and waiting may cost."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from app.jobs import forecasts
from app.platform import db, tenancy
from tests import factories
from tests.factories import Shop


def with_minimums(app: Flask, shop: Shop, minimums: dict[int, int]) -> dict[int, dict[str, Any]]:
    """Each product's ledger by code, planned with these minimum orders."""
    with app.app_context():
        with tenancy.store_scope(db.session(), shop.id), db.transaction():
            for variant_id, moq in minimums.items():
                sql = "INSERT INTO variant_settings (store_id, variant_id, moq) VALUES (:s, :v, :m)"
                db.execute(sql, s=shop.id, v=variant_id, m=moq)
        forecasts.replan(shop.id)
        with tenancy.store_scope(db.session(), shop.id):
            found = db.rows("SELECT variant_id, quantity, ledger FROM suggestions")
    assert all(sum(line["units"] for line in row.ledger) == row.quantity for row in found)
    return {row.variant_id: {line["code"]: line for line in row.ledger} for row in found}


def test_a_minimum_above_the_need_is_weighed_in_money(app: Flask, client: FlaskClient) -> None:
    shop, (coffee, tea, cup, filters, *_) = factories.ready_store(app)
    ledgers = with_minimums(app, shop, {coffee: 9000, tea: 1, cup: 9000, filters: 9000})
    weighed = ledgers[coffee]["moq"]["detail"]
    assert 3 < weighed["days"] / 365 < 6 and weighed["currency"] == "EUR"
    assert weighed["accept"] > weighed["wait"] > 0 and weighed["cheaper"] == "wait"
    assert "moq" not in ledgers[tea] and "moq" not in ledgers[cup]  # needs more; needs nothing
    without_cost = ledgers[filters]["moq"]["detail"]
    assert without_cost["days"] > 365 and without_cost["cheaper"] == "" and without_cost["accept"] is None
    page = client.get(f"/products/{coffee}", headers=shop.headers("viewer")).get_data(as_text=True)
    assert f"this order lasts about {weighed['days'] / 365:.1f} years" in page
    assert "waiting costs less" in page
    assert client.get(f"/products/{coffee}", headers=factories.make_store(app).headers()).status_code == 404
