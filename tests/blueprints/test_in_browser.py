"""The pages in a real Chromium: nothing blocked by the security policy, nothing that axe minds, no layout
shift, no sideways scrolling on a phone, and what htmx does with sorting, searching, saving and polling.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from app.jobs import forecasts, proof, reports
from app.jobs import imports as import_jobs
from app.platform import clock, db, queue, tenancy
from app.services import events, imports, purchasing, stores
from app.services import proof as proofs
from app.services.forecasts import parts
from tests import factories
from tests.blueprints.browsing import visit
from tests.factories import Shop
from tests.places import two_places

pytestmark = pytest.mark.browser
AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
PAGES = [
    "/",
    "/suggestions?show=all",
    "/products",
    "/products/{first}",
    "/products/{refused}",
    "/proof",
    "/accuracy",
    "/alerts",
    "/reports",
    "/settings",
    "/settings/members",
    "/settings/data",
    "/suppliers",
    "/suppliers/{supplier}",
    "/purchase-orders",
    "/purchase-orders/{draft}",
    "/purchase-orders/{sent}",
    "/events",
    "/imports",
    "/imports/{preview}",
    "/imports/{waiting}",
    "/sync",
    "/nowhere",
]
# Functions, because the policy forbids to evaluate text.
DRAWN = "() => [...document.querySelectorAll('canvas')].every((one) => window.Chart?.getChart(one))"


@pytest.fixture(scope="module")
def places(app: Flask, store: tuple[Shop, list[int]]) -> dict[str, int]:
    """Ids that the addresses of PAGES name: products, a supplier, orders before and after sending, a file."""
    shop, ids = store
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        made = {"actor": "Owner Person", "now": clock.now()}
        draft = purchasing.accept(ids[0], quantity=12, **made)
        sent = purchasing.accept(ids[1], quantity=9, **made)
        purchasing.send(sent.id, version=sent.version, today=clock.today("Europe/Berlin"), **made)
        file = f"SKU,Lead time,MOQ\nSKU-{ids[0]},9,24\nNONE-1,7,\n".encode()
        preview = imports.upload("settings.csv", file, kind=None, **made)
        imports.perform(preview, now=clock.now())
        file += b"NONE-2,7,\n" * imports.AT_ONCE_ROWS
        return {
            "first": ids[0],
            "refused": ids[4],
            "supplier": draft.supplier_id,
            "draft": draft.id,
            "sent": sent.id,
            "preview": preview,
            "waiting": imports.upload("long.csv", file, kind=None, **made),
        }


@pytest.fixture(scope="module")
def store(app: Flask) -> tuple[Shop, list[int]]:
    found = factories.ready_store(app)
    with app.app_context():
        with tenancy.store_scope(db.session(), found[0].id), db.transaction():
            wanted = proofs.request(actor="Owner Person", now=clock.now())
            for ahead in (-40, 9):
                day = clock.today("Europe/Berlin") + timedelta(days=ahead)
                events.add(
                    name="Tea week",
                    kind="event",
                    first_day=day,
                    last_day=day + timedelta(days=6),
                    scope="all",
                    target="",
                    lift_percent=None,
                    actor="Owner Person",
                    now=clock.now(),
                )
        forecasts.run(found[0].id)
        proof.make(found[0].id, wanted)
        queue.connection().flushdb()
    return found


@pytest.fixture
def tab(browser: Browser, address: str, store: tuple[Shop, list[int]]) -> Iterator[Page]:
    page = visit(browser, address, store[0])
    yield page
    page.context.close()


@pytest.mark.parametrize("width", [1280, 375])
@pytest.mark.parametrize("path", PAGES)
def test_the_page_holds_up(
    browser: Browser,
    address: str,
    store: tuple[Shop, list[int]],
    places: dict[str, int],
    path: str,
    width: int,
) -> None:
    page = visit(browser, address, store[0], width=width)
    holds_up(page, path.format(**places))
    page.context.close()


@pytest.mark.parametrize("width", [1280, 375])
@pytest.mark.parametrize("path", ["/transfers", "/products/{}"])
def test_what_is_to_be_moved_holds_up_and_opens_by_key(
    app: Flask, browser: Browser, address: str, path: str, width: int
) -> None:
    shop, ids = two_places(app, first_id=6000)
    page = visit(browser, address, shop, width=width)
    holds_up(page, path.format(ids[0]))
    why = page.locator("details.why").first
    why.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(why.get_by_text("Expected demand there")).to_be_visible()
    page.context.close()


def holds_up(page: Page, path: str) -> None:
    """Nothing on the page is broken, blocked, shifted, too wide, or minded by axe."""
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.on("console", lambda message: broken.append(message.text) if message.type == "error" else None)
    page.goto(path, wait_until="load")
    page.wait_for_function(DRAWN)
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run()")
    assert [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found["violations"]] == []
    seen = page.evaluate("seen")
    assert seen["blocked"] == []
    assert seen["shift"] <= 0.1
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert broken == ([] if path != "/nowhere" else broken[:1])


def test_sorting_searching_and_going_back(tab: Page) -> None:
    tab.goto("/suggestions?show=all")
    names = tab.locator("#suggestions tbody th a")
    expect(names).to_have_count(6)
    tab.get_by_role("button", name="In stock").click()
    column = tab.locator("#suggestions thead th", has_text="In stock")
    expect(column).to_have_attribute("aria-sort", "ascending")
    expect(names.first).to_have_text("Green tea 100 g")
    tab.get_by_role("button", name="In stock").click()
    expect(column).to_have_attribute("aria-sort", "descending")
    expect(names.first).to_have_text("Porcelain cup")
    expect(tab).to_have_url(re.compile("sort=-stock"))
    search = tab.get_by_label("Search product or SKU")
    search.press_sequentially("t", delay=10)
    search.press_sequentially("ea", delay=10)
    expect(names).to_have_count(1)
    expect(search).to_be_focused()
    expect(tab).to_have_url(re.compile("search=tea"))
    expect(column).to_have_attribute("aria-sort", "descending")
    search.fill("no such thing")
    expect(tab.get_by_text("Nothing found")).to_be_visible()
    tab.go_back()
    expect(names).to_have_count(1)
    tab.reload()
    expect(names).to_have_count(1)
    expect(tab.get_by_label("Search product or SKU")).to_have_value("tea")


def test_products_are_filtered_ticked_and_changed_together(tab: Page) -> None:
    tab.goto("/products")
    names = tab.locator("#products tbody th a")
    expect(names).to_have_count(6)
    tab.get_by_text("Add filter").click()
    tab.get_by_label("Field").select_option("vendor")
    tab.get_by_label("Is or is not").select_option("not")
    tab.get_by_label("Value", exact=True).select_option("Clay Works")
    tab.get_by_role("button", name="Apply").click()
    expect(names).to_have_count(4)
    expect(tab).to_have_url(re.compile("not=vendor:Clay"))
    bulk = tab.locator("#bulk")
    expect(bulk).to_be_hidden()
    tab.get_by_label("Select Green tea 100 g").check()
    tab.get_by_label("Select Paper filters").check()
    expect(bulk.locator("[data-picked]")).to_have_text("Selected: 2")
    bulk.get_by_role("textbox", name="Case size").fill("0")
    bulk.get_by_role("button", name="Show what would change").click()
    expect(bulk.locator("#case_size-error")).to_contain_text("whole number from 1")
    expect(bulk.locator("[data-picked]")).to_have_text("Selected: 2")
    bulk.get_by_role("textbox", name="Case size").fill("6")
    bulk.get_by_role("button", name="Show what would change").click()
    expect(bulk).to_contain_text("2 of 2 products would change.")
    bulk.get_by_role("button", name="Change 2 products").click()
    expect(tab.locator("#toasts")).to_have_text("2 products changed")
    expect(bulk).to_be_hidden()
    expect(names).to_have_count(4)
    tab.get_by_role("button", name="Remove all filters").click()
    expect(names).to_have_count(6)


def test_the_sales_trend_takes_another_range(tab: Page) -> None:
    tab.goto("/")
    chart = "() => Chart.getChart(document.querySelector('#trend canvas'))?.data.labels.length"
    tab.wait_for_function(f"{chart} === 30")
    tab.get_by_role("button", name="365 days").click()
    tab.wait_for_function(f"{chart} === 53")
    expect(tab.get_by_role("button", name="365 days")).to_have_attribute("aria-pressed", "true")
    expect(tab).to_have_url(re.compile("days=365"))
    tab.locator("#trend summary").click()
    expect(tab.locator("#trend tbody tr")).to_have_count(53)


def test_settings_say_what_is_wrong_beside_the_field_and_toast_success(tab: Page) -> None:
    tab.goto("/settings")
    tab.get_by_label("Low-stock threshold").fill("many")
    tab.get_by_role("button", name="Save").click()
    expect(tab.locator("#low_stock_threshold-error")).to_contain_text("whole number")
    expect(tab.get_by_label("Low-stock threshold")).to_have_value("many")
    tab.get_by_label("Low-stock threshold").fill("12")
    tab.get_by_role("button", name="Save").click()
    expect(tab.locator("#toasts")).to_have_text("Settings saved")
    expect(tab.locator("#low_stock_threshold-error")).to_have_count(0)
    tab.reload()
    expect(tab.get_by_label("Low-stock threshold")).to_have_value("12")


def test_a_changed_product_shows_its_new_plan_when_it_is_made(
    app: Flask, tab: Page, store: tuple[Shop, list[int]]
) -> None:
    shop, ids = store
    tab.goto(f"/products/{ids[0]}")
    figure = tab.locator("#figures dd").first
    before = figure.inner_text()
    tab.get_by_label("Minimum order quantity").fill("5000")
    tab.get_by_role("button", name="Save").click()
    expect(tab.locator("#replanning")).to_contain_text("worked out anew")
    with app.app_context():
        forecasts.replan(shop.id)
    expect(figure).to_have_text("5,000")
    assert before != "5,000"
    expect(tab.locator("#ledger")).to_contain_text("Raised to the minimum order quantity")
    expect(tab.locator("#replanning")).to_have_text("The suggestion is up to date.")
    expect(tab.locator("#replanning [hx-get]")).to_have_count(0)


def test_a_report_appears_by_itself_and_downloads(
    app: Flask, tab: Page, store: tuple[Shop, list[int]]
) -> None:
    shop, _ = store
    tab.goto("/reports")
    tab.get_by_role("button", name="Make report: Reorder").click()
    expect(tab.locator("#history")).to_contain_text("Being made")
    with app.app_context():
        with tenancy.store_scope(db.session(), shop.id):
            number = db.rows("SELECT MAX(id) AS id FROM reports")[0].id
        reports.make(shop.id, number)
    link = tab.get_by_role("link", name="Download")
    with tab.expect_download() as download:
        link.click()
    assert download.value.suggested_filename.startswith("fluxor-reorder-")
    assert "product_name" in Path(download.value.path()).read_text(encoding="utf-8-sig")


def test_a_long_file_shows_its_check_and_import_as_they_go(
    app: Flask, tab: Page, store: tuple[Shop, list[int]], tmp_path: Path
) -> None:
    shop, ids = store
    file = tmp_path / "long.csv"
    file.write_text(f"SKU,Lead time\nSKU-{ids[3]},9\n" + "NONE,7\n" * imports.AT_ONCE_ROWS)
    tab.goto("/imports")
    tab.get_by_label("File", exact=True).set_input_files(file)
    tab.get_by_role("button", name="Show what would change").click()
    expect(tab.get_by_role("status").filter(has_text="Its turn comes in a moment")).to_be_visible()
    number = int(re.search(r"/imports/(\d+)", tab.url)[1])  # type: ignore[index]
    with app.app_context():
        import_jobs.work(shop.id, number)
    tab.get_by_role("button", name="Import", exact=True).click()
    expect(tab.locator("#import")).to_contain_text("Being imported")
    with app.app_context():
        import_jobs.work(shop.id, number)
    expect(tab.get_by_role("button", name="Undo this import")).to_be_visible()
    expect(tab.locator("#import [hx-trigger]")).to_have_count(0)


def test_the_first_sync_turns_into_the_dashboard(browser: Browser, address: str, app: Flask) -> None:
    shop = factories.make_store(app, name="Newcomer")
    factories.fill(app, shop, factories.ITEMS[:2], first_id=50_000)
    factories.sync_run(app, shop, status="running", stage="orders", done={"products": 2}, finished_at=None)
    tab = visit(browser, address, shop)
    tab.goto("/")
    expect(tab.get_by_role("heading", name="Getting your store ready")).to_be_visible()
    expect(tab.locator(".stages .done")).to_have_count(3)
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        db.execute("UPDATE sync_runs SET status = 'done', stage = 'done', finished_at = now()")
    factories.forecast(app, shop)
    expect(tab.get_by_role("heading", name="Reorder suggestions")).to_be_visible()
    tab.wait_for_function(DRAWN)
    expect(tab.locator("#home")).not_to_have_attribute("hx-get", re.compile(".*"))
    tab.context.close()


def test_a_forecast_in_parts_is_told_on_a_phone_until_it_is_whole(
    browser: Browser, address: str, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, _ = factories.ready_store(app, items=factories.ITEMS[:2])
    monkeypatch.setattr(parts, "AT_ONCE", 1)
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        stores.settings().engine = "prophet"
    factories.forecast(app, shop)
    tab = visit(browser, address, shop, width=375)
    tab.goto("/")
    expect(tab.locator("#status")).to_contain_text("Forecast under way: 0 of 2 products")
    tab.evaluate(AXE.read_text())
    assert tab.evaluate("axe.run()")["violations"] == []
    assert tab.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    with app.app_context():
        with tenancy.store_scope(db.session(), shop.id):
            run_id, number = db.rows("SELECT run_id, number FROM forecast_parts")[0]
        forecasts.part(shop.id, run_id, number)
        forecasts.whole(shop.id, run_id)
    expect(tab.locator("#status")).to_contain_text("New numbers are in")
    expect(tab.locator("#status")).not_to_contain_text("under way")
    tab.context.close()


def test_a_refusal_is_said_without_taking_the_page_away(browser: Browser, address: str, app: Flask) -> None:
    shop, _ = factories.ready_store(app, items=factories.ITEMS[:2])
    tab = visit(browser, address, shop)
    tab.goto("/alerts")
    rows = tab.locator("#alerts tbody tr")
    expect(rows).to_have_count(2)
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        db.execute("DELETE FROM alerts")
    tab.get_by_role("button", name="Dismiss").first.click()
    expect(tab.locator("#problem")).to_contain_text("Alert not found")
    expect(rows).to_have_count(2)
    tab.get_by_role("button", name="All", exact=True).click()
    expect(tab.locator("#problem")).to_be_empty()
    expect(tab.get_by_text("No alerts so far")).to_be_visible()
    tab.context.close()
