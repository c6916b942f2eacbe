"""The product list: filters with exclusion, order, columns, saved views, and the CSV of what is on screen."""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.platform import db, tenancy
from app.queries import catalog
from tests import factories
from tests.factories import Shop

Ready = tuple[Shop, list[int]]
NAMES = [item.name.replace("<b>", "&lt;b&gt;").replace("</b>", "&lt;/b&gt;") for item in factories.ITEMS]
COFFEE, TEA, CUP, FILTERS, MUG, BISCUITS = NAMES


def page(client: FlaskClient, shop: Shop, path: str = "/products", role: str = "owner", **asked: Any) -> str:
    answer = client.get(path, query_string=asked, headers=shop.headers(role, fragment=True))
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def shown(html: str) -> list[str]:
    return re.findall(r'<th scope="row">\s*<a [^>]*>([^<]*)</a>', html)


def download(client: FlaskClient, html: str) -> list[list[str]]:
    link = re.search(r'href="([^"]*/products/file[^"]*)"', html)
    assert link is not None
    answer = client.get(unescape(link[1]))
    assert answer.status_code == 200
    text = answer.get_data(as_text=True)
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:])))


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"is": "state:low"}, [MUG, TEA]),
        ({"not": "state:low"}, [COFFEE, BISCUITS, FILTERS, CUP]),
        ({"is": "state:out"}, [TEA]),
        ({"is": "vendor:Clay Works"}, [MUG, CUP]),
        ({"is": ["vendor:Clay Works", "vendor:Leaf & Co"]}, [MUG, TEA, CUP]),
        ({"is": "vendor:Clay Works", "not": "state:no_forecast"}, [CUP]),
        ({"is": "state:no_cost"}, [FILTERS]),
        ({"is": "state:on_the_way"}, [COFFEE]),
        ({"is": "state:overstock"}, [CUP]),
        ({"is": "status:ACTIVE", "search": "tea"}, [TEA]),
        ({"not": "status:ACTIVE"}, []),
        ({"is": "class:A", "not": "vendor:Hill Farm"}, [TEA]),
        ({"field": "state", "op": "not", "value": "low"}, [COFFEE, BISCUITS, FILTERS, CUP]),
        ({"is": ["nonsense", "state:nonsense", "supplier:x", "price:1"]}, sorted(NAMES)),
        ({"sort": "-stock"}, [CUP, BISCUITS, FILTERS, COFFEE, MUG, TEA]),
        ({"sort": "'; DROP TABLE variants"}, sorted(NAMES)),
    ],
)
def test_filters_pick_and_exclude(
    client: FlaskClient, ready: Ready, asked: dict[str, Any], names: list[str]
) -> None:
    assert shown(page(client, ready[0], **asked)) == names


def test_every_field_column_and_state_is_sound_sql(app: Flask, ready: Ready) -> None:
    texts = [f"state:{name}" for name in catalog.STATES]
    texts += [f"{name}:{(field.values or ('1',))[0]}" for name, field in catalog.FIELDS.items()]
    with app.app_context(), tenancy.store_scope(db.session(), ready[0].id):
        today = db.rows("SELECT current_date AS day")[0].day
        for text in texts:
            asked = catalog.read({}, [text], [])
            with_it = set(catalog.ids(asked, today=today))
            without = set(catalog.ids(catalog.read({}, [], [text]), today=today))
            assert with_it | without == set(ready[1]), text
            assert not with_it & without, text
        for name in catalog.COLUMNS:
            asked = catalog.read({"sort": f"-{name}", "columns": name}, [], [])
            table = catalog.table(asked, today=today)
            assert [row.variant_id for row in table.rows if name not in row.values] == []
            assert len(list(catalog.lines(asked, today=today))) == table.page.total == 6


def test_the_csv_is_what_is_on_screen(client: FlaskClient, ready: Ready) -> None:
    html = page(client, ready[0], sort="-stock", columns=["stock", "vendor"], **{"not": "vendor:Leaf & Co"})
    header, *rows = download(client, html)
    assert header == ["Product", "SKU", "In stock", "Vendor"]
    assert [row[0] for row in rows] == [unescape(name) for name in shown(html)]
    assert [row[2] for row in rows] == ["400", "90", "35", "10", "3"]


def test_a_name_that_looks_like_a_formula_stays_text(app: Flask, client: FlaskClient) -> None:
    shop, _ = factories.ready_store(app, items=(factories.Item("=1+1", (2,), on_hand=5),))
    _, row = download(client, page(client, shop))
    assert row[0] == "'=1+1"


def test_the_csv_link_is_for_its_store_and_not_to_be_altered(
    client: FlaskClient, ready: Ready, stranger: Ready
) -> None:
    rows = download(client, page(client, stranger[0]))
    assert "Porcelain cup" not in str(rows)
    assert client.get("/products/file", query_string={"token": "made-up"}).status_code == 403
    assert client.get("/products/file").status_code == 403


def test_columns_are_chosen_and_kept_in_the_address(client: FlaskClient, ready: Ready) -> None:
    answer = client.get(
        "/products",
        query_string={"columns": ["lead_time", "class"]},
        headers=ready[0].headers(fragment=True),
    )
    assert "columns=class,lead_time" in unescape(answer.headers["HX-Push-Url"]).replace("%2C", ",")
    assert re.findall(r'data-label="([^"]*)"', answer.get_data(as_text=True))[:2] == ["Class", "Lead time"]


def save(client: FlaskClient, shop: Shop, name: str, role: str = "owner", **data: Any) -> Any:
    return client.post(
        "/products/views",
        data={"view_name": name, "is": "state:low", **data},
        headers=shop.headers(role, fragment=True),
    )


def test_a_view_is_ones_own_or_shared(app: Flask, client: FlaskClient) -> None:
    shop, _ = factories.ready_store(app, items=factories.ITEMS[:2])
    assert save(client, shop, "Mine").status_code == 200
    assert save(client, shop, "Ours", shared="1").status_code == 200
    assert save(client, shop, "Viewer's own", role="viewer").status_code == 200
    assert save(client, shop, "Not for me to share", role="viewer", shared="1").status_code == 403
    owner, viewer = page(client, shop), page(client, shop, role="viewer")
    assert ("Mine" in owner, "Ours" in owner, "Viewer&#39;s own" in owner) == (True, True, False)
    assert ("Mine" in viewer, "Ours" in viewer, "Viewer&#39;s own" in viewer) == (False, True, True)
    number = re.search(r"/products/views/(\d+)/delete", page(client, shop, **{"is": "state:low"}))
    assert number is not None


def test_views_are_deleted_by_those_who_may(
    app: Flask, client: FlaskClient, stranger: tuple[Shop, list[int]]
) -> None:
    shop, _ = factories.ready_store(app, items=factories.ITEMS[:1])
    save(client, shop, "Ours", shared="1")
    save(client, shop, "Owner's")
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        ours, owners = (row.id for row in db.rows("SELECT id FROM product_views ORDER BY id"))

    def delete(number: int, sent: dict[str, str]) -> int:
        return int(client.post(f"/products/views/{number}/delete", headers=sent).status_code)

    assert delete(ours, shop.headers("viewer", fragment=True)) == 404
    assert delete(owners, shop.headers("manager", fragment=True)) == 404
    assert delete(ours, stranger[0].headers(fragment=True)) == 404
    assert delete(ours, shop.headers("manager", fragment=True)) == 200
    assert delete(owners, shop.headers(fragment=True)) == 200
    assert "Ours" not in page(client, shop)


def test_a_view_without_a_name_is_refused_beside_the_field(client: FlaskClient, ready: Ready) -> None:
    answer = save(client, ready[0], "  ")
    assert answer.status_code == 422
    assert 'id="view_name-error">Enter a text.' in answer.get_data(as_text=True)


def test_saving_under_the_same_name_replaces_the_view(app: Flask, client: FlaskClient) -> None:
    shop, _ = factories.ready_store(app, items=factories.ITEMS[:1])
    save(client, shop, "Mine")
    save(client, shop, "Mine", sort="-stock")
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        assert [row.query for row in db.rows("SELECT query FROM product_views")] == [
            "is=state%3Alow&sort=-stock"
        ]


def test_the_filter_offers_the_stores_own_values(client: FlaskClient, ready: Ready, stranger: Ready) -> None:
    assert "Clay Works" in page(client, ready[0], "/products/values", field="vendor")
    assert "Clay Works" in page(client, ready[0], "/products/values", field="supplier")
    assert "Clay Works" not in page(client, stranger[0], "/products/values", field="vendor")
    assert "Below the low-stock threshold" in page(client, ready[0], "/products/values", field="state")
