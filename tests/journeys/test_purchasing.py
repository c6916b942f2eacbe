"""From a suggestion to the shelf in a real browser: accept, send by mail, receive a part, and order no unit twice."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect, sync_playwright
from pypdf import PdfReader

from app.config import Settings
from app.jobs import forecasts as forecast_jobs
from app.platform import db
from devtools.chromium import ensure_chromium
from tests.live import Live, live

pytestmark = pytest.mark.browser
WAIT = 60_000


@pytest.fixture(scope="module")
def shop(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live(settings, tmp_path_factory.mktemp("shopify"), variants=25, years=0.4) as running:
        assert running.install().status_code == 200
        assert running.work() == []
        yield running


@pytest.fixture
def admin() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser: Browser = playwright.chromium.launch(
            executable_path=str(ensure_chromium()), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900}, accept_downloads=True)
        page.set_default_timeout(WAIT)
        expect.set_options(timeout=WAIT)
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        yield page
        browser.close()
    assert problems == []


def app_of(page: Page) -> FrameLocator:
    return page.frame_locator("iframe").first


def rows(shop: Live, sql: str, **values: Any) -> Any:
    with shop.scope():
        return db.rows(sql, **values)


def suggested(shop: Live, variant_id: int) -> int:
    """The quantity of a plan made now from the stored forecast."""
    with shop.scope() as store_id:
        pass
    with shop.app.app_context():
        forecast_jobs.replan(store_id)
    found = rows(shop, "SELECT quantity FROM suggestions WHERE variant_id = :id", id=variant_id)
    return int(found[0].quantity)


def test_from_a_suggestion_to_the_shelf(shop: Live, admin: Page) -> None:
    chosen = rows(
        shop,
        "SELECT s.variant_id, s.quantity, v.display_name, v.sku FROM suggestions s"
        " JOIN variants v ON v.id = s.variant_id ORDER BY s.quantity DESC, s.variant_id LIMIT 1",
    )[0]
    wanted = int(chosen.quantity) // 2
    part = wanted // 3
    assert part > 0

    # Another quantity is accepted where the suggestion stands, and lands on the supplier's draft.
    admin.goto(f"{shop.simulator.url}/store/{shop.handle}/apps/fluxor/suggestions")
    app = app_of(admin)
    app.get_by_label(f"Quantity of {chosen.display_name} to order", exact=True).fill(str(wanted))
    app.get_by_role("button", name=f"Accept: {chosen.display_name}", exact=True).click()
    app.get_by_role("link", name=re.compile(rf"^{wanted:,} on draft PO-0001$")).click()
    expect(app.get_by_role("heading", name="PO-0001")).to_be_visible()

    # It goes to the supplier by mail, with its PDF; the same PDF can be taken away here.
    app.get_by_label("E-mail", exact=True).fill("orders@supplier.example")
    app.get_by_label("Message").fill("Please confirm.")
    app.get_by_role("button", name="Save and send by e-mail").click()
    expect(app.get_by_text("On its way to orders@supplier.example")).to_be_visible()
    before = len(shop.outbox())
    assert shop.work() == []
    mails = shop.outbox()
    assert len(mails) == before + 1
    assert mails[0]["to"] == "orders@supplier.example"
    assert mails[0]["subject"].startswith("Purchase order PO-0001 from ")
    assert "Please confirm." in mails[0]["text"] and "Please confirm." in mails[0]["html"]
    assert [one["name"] for one in mails[0]["attachments"]] == ["PO-0001.pdf"]
    expect(app.get_by_text("Sent to orders@supplier.example")).to_be_visible()
    with admin.expect_download() as download:
        app.get_by_role("link", name="Download PDF").click()
    pdf = Path(download.value.path()).read_bytes()
    assert len(pdf) == mails[0]["attachments"][0]["bytes"]
    text = PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
    assert chosen.sku in text and f"{wanted:,}" in text

    # What is on its way is not suggested again; after a part has come, only what is open counts as incoming.
    assert suggested(shop, chosen.variant_id) == chosen.quantity - wanted
    app.get_by_label(re.compile("^Arrived now: ")).fill(str(part))
    app.get_by_role("button", name="Record delivery").click()
    expect(app.get_by_text("Partly received")).to_be_visible()
    assert shop.work() == []
    assert suggested(shop, chosen.variant_id) == chosen.quantity - (wanted - part)

    # Once the merchant has put the units on the shelf in Shopify, they are stock: nothing was counted twice.
    _put_on_the_shelf(shop, chosen.variant_id, part)
    assert suggested(shop, chosen.variant_id) == chosen.quantity - wanted


def _put_on_the_shelf(shop: Live, variant_id: int, units: int) -> None:
    shop.control("stock", variant_id=variant_id, delta=units)
    shop.deliver()
    assert shop.work() == []


def test_the_merchants_own_number_reaches_ledger_and_csv_alike(shop: Live, admin: Page) -> None:
    chosen = rows(
        shop,
        "SELECT s.variant_id, s.quantity, v.display_name, v.sku FROM suggestions s"
        " JOIN variants v ON v.id = s.variant_id WHERE s.expected_demand > 0"
        " ORDER BY s.expected_demand, s.variant_id LIMIT 1",
    )[0]
    admin.goto(f"{shop.simulator.url}/store/{shop.handle}/apps/fluxor/products")
    app = app_of(admin)
    app.get_by_label("Search product, SKU, barcode or supplier").fill(chosen.sku)
    app.get_by_role("link", name=chosen.display_name).first.click()

    # Enter units a day with a reason; the plan follows and its ledger names the override.
    app.get_by_text("Enter your own number").click()
    app.get_by_label("Your number", exact=True).fill("40")
    app.get_by_label("Reason", exact=True).fill("A fair in town")
    app.locator("#override").get_by_role("button", name="Save").click()
    expect(app.locator("#replanning-override")).to_contain_text("being worked out anew")
    assert shop.work() == []
    expect(app.locator("#replanning-override")).to_have_text("The suggestion is up to date.")
    expect(app.locator("#ledger")).to_contain_text("A fair in town")
    cells = app.locator("#ledger .ledger .num").all_inner_texts()
    *parts, quantity = [int(text.replace("−", "-").replace(",", "")) for text in cells if text != "Units"]
    assert sum(parts) == quantity > chosen.quantity

    # The CSV of the list as it stands on screen holds the same quantity.
    app.get_by_role("link", name="← Products").click()
    app.get_by_label("Search product, SKU, barcode or supplier").fill(chosen.sku)
    expect(app.locator("#products tbody tr")).to_have_count(1)
    with admin.expect_download() as download:
        app.get_by_role("link", name="Download CSV").click()
    found = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8-sig"))))
    assert [(row["SKU"], int(row["Order"])) for row in found] == [(chosen.sku, quantity)]
