"""Members and their roles, and the store's data: taken away by its owner, or deleted for good."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.platform import db, queue, tenancy
from app.services import exports
from tests import factories, people
from tests.factories import Shop


@pytest.fixture
def shop(app: Flask) -> Shop:
    found = factories.make_store(app)
    factories.fill(app, found, factories.ITEMS[:2], first_id=40_000 + found.id * 10)
    with app.app_context():
        queue.connection().flushdb()
    return found


def roles(app: Flask, shop: Shop) -> dict[str, str]:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        return {row.name.split()[0]: row.role for row in db.rows("SELECT name, role FROM members")}


def member_id(app: Flask, shop: Shop, role: str) -> int:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        return int(db.rows("SELECT id FROM members WHERE role = :role", role=role)[0].id)


def test_a_role_is_changed_and_holds_at_once(app: Flask, client: FlaskClient, shop: Shop) -> None:
    viewer = member_id(app, shop, "viewer")
    assert client.post("/sync", headers=shop.headers("viewer", fragment=True)).status_code == 403
    url = f"/settings/members/{viewer}/role"
    assert client.post(url, data={"role": "manager"}, headers=shop.headers(fragment=True)).status_code == 200
    assert roles(app, shop)["Viewer"] == "manager"
    assert client.post("/sync", headers=shop.headers("viewer", fragment=True)).status_code == 200
    assert client.post(url, data={"role": "king"}, headers=shop.headers(fragment=True)).status_code == 400


def test_ownership_is_handed_over_and_never_lost(app: Flask, client: FlaskClient, shop: Shop) -> None:
    owner, manager = member_id(app, shop, "owner"), member_id(app, shop, "manager")
    headers = shop.headers(fragment=True)
    for path, data in (("role", {"role": "viewer"}), ("remove", {})):
        refused = client.post(f"/settings/members/{owner}/{path}", data=data, headers=headers)
        assert refused.status_code == 409
        assert "Make somebody else the owner first" in refused.get_data(as_text=True)
    handed = client.post(f"/settings/members/{manager}/role", data={"role": "owner"}, headers=headers)
    assert handed.status_code == 204
    assert roles(app, shop) == {"Owner": "manager", "Manager": "owner", "Viewer": "viewer"}
    # Who was the owner may no longer do what owners do.
    assert client.post(f"/settings/members/{owner}/remove", headers=headers).status_code == 403


def test_a_removed_log_in_loses_the_way_in(app: Flask, client: FlaskClient, shop: Shop) -> None:
    user_id, _ = people.make_user(app)
    people.join(app, user_id, shop.id, "manager")
    proof = people.bearer(people.token(app, user_id, shop.id))
    assert client.get("/settings", headers=proof).status_code == 200
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        found = int(db.rows("SELECT member_id FROM store_users WHERE user_id = :id", id=user_id)[0].member_id)
    client.post(f"/settings/members/{found}/remove", headers=shop.headers(fragment=True))
    assert client.get("/settings", headers=proof).status_code in (303, 401)


@pytest.mark.parametrize("role", ["manager", "viewer"])
def test_others_see_the_members_and_change_nothing(
    app: Flask, client: FlaskClient, shop: Shop, role: str
) -> None:
    page = client.get("/settings/members", headers=shop.headers(role)).get_data(as_text=True)
    assert "Owner Person" in page
    assert "hx-post" not in page.split('id="members"')[1].split("</table>")[0]
    page = client.get("/settings/data", headers=shop.headers(role)).get_data(as_text=True)
    assert "Only the owner" in page
    assert "/settings/data/" not in page


def export(app: Flask, client: FlaskClient, shop: Shop) -> str:
    asked = client.post("/settings/data/export", headers=shop.headers(fragment=True)).get_data(as_text=True)
    assert "Being made" in asked
    people.work(app)
    page = client.get("/settings/data", headers=shop.headers()).get_data(as_text=True)
    link = re.search(r'href="(/settings/data/download\?token=[^"]+)"', page)
    assert link, page
    return unescape(link[1])


def test_an_export_holds_every_table_of_this_store_alone(app: Flask, client: FlaskClient, shop: Shop) -> None:
    other = factories.make_store(app, name="Stranger")
    factories.fill(app, other, factories.ITEMS[2:4], first_id=60_000 + other.id * 10)
    answer = client.get(export(app, client, shop))  # without any other proof
    assert answer.mimetype == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert archive.testzip() is None
    # The files of earlier reports and exports are the data again.
    told = [table.name for table in exports.tables() if table.name != "report_parts"]
    assert sorted(archive.namelist()) == [f"{name}.csv" for name in told]
    assert len(archive.namelist()) > 20
    tables = {
        name: list(csv.DictReader(io.StringIO(archive.read(name).decode()))) for name in archive.namelist()
    }
    assert len(tables["variants.csv"]) == 2
    assert {row["store_id"] for rows in tables.values() for row in rows} == {str(shop.id)}
    assert not any(column.endswith("_sealed") for rows in tables.values() for row in rows for column in row)


def test_an_export_is_no_report(app: Flask, client: FlaskClient, shop: Shop) -> None:
    link = export(app, client, shop)
    assert "fluxor-data" not in client.get("/reports", headers=shop.headers("viewer")).get_data(as_text=True)
    token = link.split("token=")[1]
    assert client.get(f"/reports/download?token={token}").status_code == 403
    assert client.get(f"/settings/data/download?token={token[:-2]}xx").status_code == 403


def test_deleting_needs_the_shops_name_and_then_leaves_nothing(
    app: Flask, client: FlaskClient, shop: Shop
) -> None:
    headers = shop.headers(fragment=True)
    refused = client.post("/settings/data/delete", data={"confirmation": "yes"}, headers=headers)
    assert refused.status_code == 422
    assert f"Type {shop.domain} to confirm." in refused.get_data(as_text=True)
    done = client.post("/settings/data/delete", data={"confirmation": shop.domain}, headers=headers)
    assert "is being deleted" in done.get_data(as_text=True)
    people.work(app)
    with app.app_context():
        assert db.rows("SELECT id FROM stores WHERE id = :id", id=shop.id) == []
        assert len(db.rows("SELECT 1 FROM erasures WHERE shop = :shop", shop=shop.domain)) == 1
        with tenancy.store_scope(db.session(), shop.id):
            for table in exports.tables():
                assert db.rows(f'SELECT 1 FROM "{table.name}" LIMIT 1') == [], table.name
