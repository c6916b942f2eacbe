"""Every page as owner, viewer, stranger and nobody; what a page includes is what its fragment answers."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories import Shop

Ready = tuple[Shop, list[int]]
PAGES = [
    "/",
    "/suggestions",
    "/suggestions?sort=-cost&show=all&search=tea",
    "/products",
    "/products?sort=-stock",
    "/products?is=state:low&not=vendor:Clay+Works&columns=cover,class",
    "/products/values?field=supplier",
    "/products/{first}",
    "/products/{refused}",
    "/alerts",
    "/alerts?show=all&page=9",
    "/reports",
    "/settings",
    "/settings/mail",
    "/sync",
    "/sync/comparison",
    "/status",
    "/trend?days=365",
    "/trend?days=nonsense",
]
POSTS = [
    "/sync",
    "/setup/dismiss",
    "/products/{first}/settings",
    "/products/bulk",
    "/products/bulk/preview",
    "/products/{first}/override",
    "/products/{first}/override/end",
    "/alerts/1/dismiss",
    "/alerts/dismiss",
    "/alerts/1/snooze",
    "/alerts/send",
    "/reports",
    "/settings",
    "/settings/test-mail",
    "/sync/read",
    "/sync/compare",
    "/sync/merges/1",
    "/sync/deliveries/1/retry",
    "/sync/parked/retry",
]


def address(path: str, ids: list[int]) -> str:
    return path.format(first=ids[0], refused=ids[4])


@pytest.mark.parametrize("role", ["owner", "manager", "viewer"])
@pytest.mark.parametrize("path", PAGES)
def test_members_see_the_page(client: FlaskClient, ready: Ready, path: str, role: str) -> None:
    shop, ids = ready
    answer = client.get(address(path, ids), headers=shop.headers(role))
    assert answer.status_code == 200
    assert answer.mimetype == "text/html"


@pytest.mark.parametrize("path", PAGES)
def test_nobody_sees_nothing(client: FlaskClient, ready: Ready, path: str) -> None:
    _, ids = ready
    answer = client.get(address(path, ids))
    assert answer.status_code == 401
    assert "Coffee" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("path", POSTS)
def test_nobody_changes_nothing(client: FlaskClient, ready: Ready, path: str) -> None:
    assert client.post(address(path, ready[1])).status_code == 401


@pytest.mark.parametrize("path", POSTS)
def test_viewers_change_nothing(client: FlaskClient, ready: Ready, path: str) -> None:
    shop, ids = ready
    answer = client.post(address(path, ids), headers=shop.headers("viewer", fragment=True))
    assert answer.status_code == 403
    assert answer.headers["HX-Retarget"] == "#problem"


@pytest.mark.parametrize("path", ["/settings", "/settings/test-mail"])
def test_managers_do_not_change_the_settings(client: FlaskClient, ready: Ready, path: str) -> None:
    assert client.post(path, headers=ready[0].headers("manager")).status_code == 403


def test_a_page_load_without_token_goes_to_the_bounce_page(client: FlaskClient, ready: Ready) -> None:
    answer = client.get("/", query_string={"shop": ready[0].domain, "host": "aG9zdA", "embedded": "1"})
    assert answer.status_code == 302
    assert "/auth/bounce" in answer.headers["Location"]


@pytest.mark.parametrize("path", PAGES)
def test_another_store_sees_none_of_it(client: FlaskClient, ready: Ready, stranger: Ready, path: str) -> None:
    answer = client.get(address(path, ready[1]), headers=stranger[0].headers())
    assert answer.status_code == (404 if path.startswith("/products/{") else 200)
    page = answer.get_data(as_text=True)
    assert "Paper filters" not in page
    assert ready[0].domain not in page


def test_another_store_changes_none_of_it(client: FlaskClient, ready: Ready, stranger: Ready) -> None:
    headers = stranger[0].headers(fragment=True)
    assert client.post(f"/products/{ready[1][0]}/settings", headers=headers).status_code == 404
    number = re.search(r"/alerts/(\d+)/dismiss", page(client, ready, "/alerts"))
    assert number is not None
    assert client.post(f"/alerts/{number[1]}/dismiss", headers=headers).status_code == 404
    snooze = client.post(f"/alerts/{number[1]}/snooze", data={"hours": "24"}, headers=headers)
    assert snooze.status_code == 404
    assert client.post("/alerts/dismiss", data={"alert": number[1]}, headers=headers).status_code == 404
    assert f"/alerts/{number[1]}/dismiss" in page(client, ready, "/alerts")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/suggestions",
        "/suggestions?show=all&sort=product&page=1",
        "/products?sort=-stock",
        "/alerts",
        "/reports",
    ],
)
def test_a_fragment_is_a_part_of_its_page(client: FlaskClient, ready: Ready, path: str) -> None:
    fragment, whole = page(client, ready, path, fragment=True), page(client, ready, path)
    assert "<html" not in fragment
    assert steady(fragment) in steady(whole)


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/", 8),
        ("/suggestions", 7),
        ("/products", 8),
        ("/products/{first}", 19),
        ("/alerts", 10),
        ("/reports", 9),
    ],
)
def test_a_page_asks_the_database_a_bounded_number_of_times(
    app: Flask, client: FlaskClient, ready: Ready, path: str, most: int
) -> None:
    from sqlalchemy import event

    from app.platform import db

    with app.app_context():
        engine = db.db.engine
    asked: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", count)
    try:
        page(client, ready, path)
    finally:
        event.remove(engine, "before_cursor_execute", count)
    assert len(asked) <= most, "\n".join(asked)


def page(client: FlaskClient, ready: Ready, path: str, *, fragment: bool = False) -> str:
    shop, ids = ready
    answer = client.get(address(path, ids), headers=shop.headers(fragment=fragment))
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def steady(html: str) -> str:
    """The text without signatures, which differ by the second, and without indentation."""
    return " ".join(re.sub(r"token=[\w.-]+", "", html).split())


def test_what_is_not_known_is_not_shown_as_nought(client: FlaskClient, ready: Ready) -> None:
    refused = page(client, ready, "/products/{refused}")
    assert "Fluxor tries again from" in refused
    assert "Without a forecast Fluxor does not say how much to order" in refused
    assert "<tfoot>" not in refused
    sold_out = page(client, ready, f"/products/{ready[1][1]}")
    assert "Out now" in sold_out


def test_the_ledger_sums_to_the_quantity_on_the_page(client: FlaskClient, ready: Ready) -> None:
    shown = page(client, ready, "/products/{first}")
    ledger = shown[
        shown.index('<table class="ledger">') : shown.index("</table>", shown.index('class="ledger"'))
    ]
    units = [
        int(text.replace("−", "-").replace(",", "")) for text in re.findall(r'"num">([+−\d,]+)<', ledger)
    ]
    *lines, quantity = units
    assert len(lines) >= 3
    assert sum(lines) == quantity > 0
    assert f"Why {quantity}" in shown


def test_the_history_of_a_new_product_begins_shortly_before_its_first_sale(
    client: FlaskClient, ready: Ready
) -> None:
    def drawn(path: str) -> int:
        series = re.search(r"data-series='([^']*)'", page(client, ready, path))
        assert series is not None
        return len(json.loads(unescape(series[1]))["history"]["days"])

    assert drawn("/products/{first}") == 120
    assert drawn("/products/{refused}") == 28
