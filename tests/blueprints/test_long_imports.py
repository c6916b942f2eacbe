"""Long files are worked on by a job: it says how far it is, ends whatever dies meanwhile, and does nothing twice."""

from __future__ import annotations

import io
import os
import re
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import text
from sqlalchemy.exc import DataError
from werkzeug.test import TestResponse

from app.jobs import imports as jobs
from app.platform import db, outbox, queue, tenancy
from app.services import imports
from app.services.imports import AT_ONCE_ROWS, planning, writing
from tests import factories, people
from tests.factories import Shop

ROWS = 2 * AT_ONCE_ROWS
LONG = "SKU,Lead time,Supplier\nSKU-1000,9,New Mill\n" + "".join(f"GONE-{n},5,\n" for n in range(1, ROWS))
STOCKY = "No.,SKU,Status,Date,Adjustment,Cost\n" + "".join(
    f"{n},SKU-1000,adjusted,2026-03-25,-1,3.10\n" for n in range(ROWS)
)


@pytest.fixture(scope="module")
def shop(app: Flask) -> Shop:
    found = factories.make_store(app)
    factories.fill(app, found)
    return found


@pytest.fixture(scope="module")
def other(app: Flask) -> Shop:
    return factories.make_store(app, name="Stranger")


@pytest.fixture(autouse=True)
def clean(app: Flask, shop: Shop) -> Iterator[None]:
    yield
    with app.app_context():
        queue.connection().flushdb()
        with tenancy.store_scope(db.session(), shop.id), db.transaction():
            for table in ("imports", "variant_settings", "suppliers", "outbox"):
                db.execute(f"DELETE FROM {table}")


def rows(app: Flask, shop: Shop, sql: str) -> list[Any]:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        return list(db.rows(sql))


def state(app: Flask, shop: Shop) -> Any:
    return rows(app, shop, "SELECT * FROM imports ORDER BY id DESC LIMIT 1")[0]


def bring(client: FlaskClient, shop: Shop, content: str = LONG) -> str:
    answer = client.post(
        "/imports",
        data={"file": (io.BytesIO(content.encode()), "long.csv")},
        headers=shop.headers("manager", fragment=True),
        content_type="multipart/form-data",
    )
    assert answer.status_code == 204, answer.text
    return str(answer.headers["HX-Location"]).partition("?")[0]


def ask(client: FlaskClient, shop: Shop, path: str, role: str = "manager") -> TestResponse:
    return client.post(path, headers=shop.headers(role, fragment=True))


def poll(client: FlaskClient, shop: Shop, path: str, role: str = "manager") -> TestResponse:
    return client.get(path, headers=shop.headers(role, fragment=True))


def page(client: FlaskClient, shop: Shop, path: str, role: str = "manager", language: str = "en") -> str:
    answer = client.get(path, headers=shop.headers(role) | {"Accept-Language": language})
    assert answer.status_code == 200
    return " ".join(answer.text.split())


def lead_times(app: Flask, shop: Shop) -> list[int]:
    found = rows(app, shop, "SELECT lead_time_days FROM variant_settings WHERE lead_time_days IS NOT NULL")
    return [row.lead_time_days for row in found]


def test_a_long_file_is_checked_applied_and_undone_by_jobs(
    app: Flask, client: FlaskClient, shop: Shop
) -> None:
    path = bring(client, shop)
    shown = page(client, shop, path, "viewer")
    assert "Being checked" in shown and "Its turn comes in a moment" in shown and "every 1s" in shown
    assert 'role="status"' in shown and "Rows without a product" not in shown
    waiting = poll(client, shop, path)
    assert "HX-Retarget" not in waiting.headers and 'id="import-progress"' in waiting.text
    people.work(app)
    ended = poll(client, shop, path)
    assert (ended.headers["HX-Retarget"], ended.headers["HX-Reswap"]) == ("#import", "outerHTML")
    assert f"Rows without a product: {ROWS - 1}" in ended.text and "every 1s" not in ended.text
    asked = ask(client, shop, f"{path}/apply")
    assert "Being imported" in asked.text and "HX-Trigger" not in asked.headers
    assert lead_times(app, shop) == []
    for act in ("apply", "undo", "columns"):
        refused = ask(client, shop, f"{path}/{act}")
        assert refused.status_code == 409 and "being worked on" in refused.text
    people.work(app)
    assert "Undo this import" in poll(client, shop, path).text and lead_times(app, shop) == [9]
    trail = rows(app, shop, "SELECT actor FROM audit_entries WHERE action = 'import.applied'")
    assert [row.actor for row in trail] == ["Manager Person"]
    assert "Being undone" in ask(client, shop, f"{path}/undo").text
    people.work(app)
    assert "Undone" in page(client, shop, path) and lead_times(app, shop) == []
    assert rows(app, shop, "SELECT 1 FROM suppliers WHERE name = 'New Mill'") == []
    assert rows(app, shop, "SELECT 1 FROM outbox WHERE name LIKE 'import-%'") == []


def test_a_short_file_is_there_at_once_and_needs_no_worker(
    app: Flask, client: FlaskClient, shop: Shop
) -> None:
    path = bring(client, shop, "SKU,Lead time\nSKU-1000,9\n")
    assert "Products that change" in page(client, shop, path)
    assert "Undo this import" in ask(client, shop, f"{path}/apply").text
    assert lead_times(app, shop) == [9]


def test_whoever_looks_sees_how_far_it_is(
    app: Flask, client: FlaskClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "_STRIDE", 100)
    path, seen = bring(client, shop), []
    before = imports.heard

    def look(import_id: int, *, done: int) -> None:
        with db.separate_transaction() as own:
            own.execute(text("SELECT set_config('app.store_id', :id, true)"), {"id": str(shop.id)})
            seen.append(tuple(own.execute(text("SELECT work_status, rows_done FROM imports")).one()))
        before(import_id, done=done)

    monkeypatch.setattr(imports, "heard", look)
    people.work(app)
    assert seen == [("queued", 0), *(("running", n) for n in (0, 0, 100, 200, 300))]
    assert (state(app, shop).work_status, state(app, shop).rows_done) == ("done", ROWS)
    rows(app, shop, "UPDATE imports SET work_status = 'running', rows_done = 300 RETURNING 1")
    assert f"300 of {ROWS} rows checked." in page(client, shop, path, "viewer")
    assert f'<progress max="{ROWS}" value="300"' in page(client, shop, path, "viewer")


def killed(app: Flask, shop: Shop, number: int, place: Any, name: str, after: int) -> None:
    """A process of its own does the work, and is killed once it has done that so many times."""
    with app.app_context():
        db.close_all()
    pid = os.fork()
    if pid == 0:
        try:
            act, left = getattr(place, name), [after]

            def once_more(*arguments: Any, **keywords: Any) -> Any:
                found = act(*arguments, **keywords)
                left[0] -= 1
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return found

            setattr(place, name, once_more)
            with app.app_context():
                queue.connection().connection_pool.disconnect()
                jobs.work(shop.id, number)
        finally:
            os._exit(1)
    assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGKILL


MOMENTS = [
    (imports, "heard", 1),
    (imports, "heard", 3),
    (writing.copying, "upsert", 1),
    (writing.copying, "append", 1),
    (imports, "perform", 1),
]


@pytest.mark.parametrize(("place", "name", "after"), MOMENTS, ids=[f"{name}-{n}" for _, name, n in MOMENTS])
def test_a_killed_worker_leaves_nothing_half_done_and_the_next_does_it_once(
    app: Flask, client: FlaskClient, shop: Shop, place: Any, name: str, after: int
) -> None:
    path = bring(client, shop, STOCKY)
    people.work(app)
    ask(client, shop, f"{path}/apply")
    number = state(app, shop).id
    killed(app, shop, number, place, name, after)
    assert rows(app, shop, "SELECT 1 FROM imported_records") == []
    assert rows(app, shop, "SELECT 1 FROM variant_settings WHERE unit_cost IS NOT NULL") == []
    people.work(app)
    assert state(app, shop).status == "applied"
    assert rows(app, shop, "SELECT COUNT(*) AS n FROM imported_records")[0].n == ROWS
    with app.app_context():
        jobs.work(shop.id, number)  # the first one's job comes up again
    assert rows(app, shop, "SELECT COUNT(*) AS n FROM imported_records")[0].n == ROWS
    ask(client, shop, f"{path}/undo")
    people.work(app)
    assert rows(app, shop, "SELECT 1 FROM imported_records") == []
    assert rows(app, shop, "SELECT 1 FROM variant_settings WHERE unit_cost IS NOT NULL") == []


def test_without_redis_the_page_says_so_and_nothing_is_lost(
    app: Flask, client: FlaskClient, shop: Shop
) -> None:
    away = Redis.from_url("redis://127.0.0.1:1", socket_connect_timeout=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(app.extensions, "redis", away)
        path = bring(client, shop)
        for shown in (page(client, shop, path), poll(client, shop, path).text):
            assert shown.count("banner-title") == 1 and "Background work is paused" in shown
            assert "Your file is kept. It goes on once background work does." in shown
        assert "told=1" in page(client, shop, path)
        assert "banner" not in poll(client, shop, f"{path}?told=1").text
        short = bring(client, shop, "SKU,Lead time\nSKU-1001,4\n")
        assert "Undo this import" in ask(client, shop, f"{short}/apply").text
    assert "Background work is paused" not in page(client, shop, path)
    people.work(app)
    assert "Being checked" in page(client, shop, path)
    with app.app_context(), db.transaction():
        db.execute("UPDATE outbox SET asked_at = now() - interval '1 hour'")
        queue.resend(outbox.waiting(patience=outbox.timedelta(minutes=1)))
    people.work(app)
    assert f"Rows without a product: {ROWS - 1}" in page(client, shop, path)


def test_work_that_breaks_off_says_so_and_can_be_asked_for_again(
    app: Flask, client: FlaskClient, shop: Shop
) -> None:
    path = bring(client, shop)
    people.work(app)

    def broken(*_: Any, **__: Any) -> None:
        raise DataError("planted", None, Exception())

    ask(client, shop, f"{path}/apply")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing, "apply", broken)
        people.work(app)
    shown = page(client, shop, path)
    assert "Nothing was imported" in shown and "failed and changed nothing. Try it again." in shown
    assert "Nothing was imported" in page(client, shop, "/imports") and lead_times(app, shop) == []
    ask(client, shop, f"{path}/apply")
    people.work(app)
    assert lead_times(app, shop) == [9]
    assert "failed" not in page(client, shop, path)


def test_work_that_was_given_up_is_no_longer_waited_for(app: Flask, client: FlaskClient, shop: Shop) -> None:
    path = bring(client, shop)
    rows(app, shop, "UPDATE outbox SET parked_at = now() RETURNING 1")
    shown = page(client, shop, path)
    assert "The file was not checked" in shown and "every 1s" not in shown
    assert "Being checked" in ask(client, shop, f"{path}/columns").text
    people.work(app)
    assert "A column is missing" in page(client, shop, path)


def test_a_preview_of_the_release_before_is_checked_on_request(
    app: Flask, client: FlaskClient, shop: Shop
) -> None:
    path = bring(client, shop, "SKU,Lead time\nSKU-1000,9\n")
    rows(
        app, shop, "UPDATE imports SET outcome = NULL, work = '', work_status = 'done', rows = 0 RETURNING 1"
    )
    shown = page(client, shop, path)
    assert "The file was not checked" in shown and "Read it this way" in shown
    columns = {"column-sku": "SKU", "column-lead_time_days": "Lead time"}
    again = client.post(f"{path}/columns", data=columns, headers=shop.headers("manager", fragment=True)).text
    assert "Products that change" in again and "not checked" not in again


def test_what_changed_after_the_check_stops_it_and_is_shown(
    app: Flask, client: FlaskClient, shop: Shop
) -> None:
    path = bring(client, shop)
    people.work(app)
    again = bring(client, shop)
    people.work(app)
    for one in (path, again):
        ask(client, shop, f"{one}/apply")
        people.work(app)
    shown = page(client, shop, again)
    assert "Nothing was imported" in shown and "Something has changed since the file was checked" in shown
    assert "The file changes nothing." in shown
    assert "Undo this import" in page(client, shop, path)


def test_what_is_wrong_with_a_row_is_said_in_the_readers_language(client: FlaskClient, shop: Shop) -> None:
    path = bring(client, shop, "SKU,MOQ,Cost,Supplier\nSKU-1000,0,dear,\nSKU-1001,1,1,\nSKU-1001,2,1,\n")
    english, german = page(client, shop, path), page(client, shop, path, "viewer", "de")
    assert "MOQ “0”: Enter a whole number from 1 to 1,000,000." in english
    assert re.search(r"MOQ „0“: [^<]* 1 bis 1\.000\.000", german), german
    assert "Cost: “dear” is no amount" in english and "ist kein Betrag" in german
    assert "stands in an earlier row" in english and "stands in an earlier row" not in german


def test_only_those_who_may_edit_set_long_work_going(
    app: Flask, client: FlaskClient, shop: Shop, other: Shop
) -> None:
    path = bring(client, shop)
    people.work(app)
    for act in ("apply", "undo", "columns"):
        assert ask(client, shop, f"{path}/{act}", "viewer").status_code == 403
        assert ask(client, other, f"{path}/{act}", "owner").status_code == 404
    assert poll(client, other, path, "owner").status_code == 404
    assert client.get(path).status_code == 401
    with app.app_context():
        jobs.work(other.id, state(app, shop).id)  # another store's job does not reach it
    assert state(app, shop).status == "preview" and lead_times(app, shop) == []
