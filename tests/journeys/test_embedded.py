"""A merchant's first visit in a real browser: install, watch the sync, decide, be alerted, take a report away."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect, sync_playwright

from app.config import Settings
from app.jobs import schedule
from app.platform import clock
from app.services import stores
from devtools.chromium import ensure_chromium
from tests.live import Live, live

pytestmark = pytest.mark.browser
WAIT = 60_000


@pytest.fixture(scope="module")
def shop(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live(settings, tmp_path_factory.mktemp("shopify"), variants=40, years=0.6) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=str(ensure_chromium()), args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def admin(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    page.set_default_timeout(WAIT)
    expect.set_options(timeout=WAIT)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    page.close()
    assert problems == []


def app_of(page: Page) -> FrameLocator:
    return page.frame_locator("iframe").first


def test_a_first_visit_from_install_to_report(shop: Live, admin: Page) -> None:
    admin.goto(f"{shop.simulator.url}/store/{shop.handle}/apps/fluxor")
    expect(admin.get_by_text("read_orders")).to_be_visible()
    admin.get_by_role("button", name="Install").click()
    app = app_of(admin)

    # The sync shows itself, and the page moves on alone once there is something to show.
    expect(app.get_by_text("Numbers may still rise")).to_be_visible()
    assert shop.work() == []
    expect(app.get_by_role("heading", name="Reorder suggestions")).to_be_visible()
    expect(app.get_by_role("heading", name="Sales trend")).to_be_visible()
    expect(app.get_by_role("heading", name="Inventory levels")).to_be_visible()
    expect(app.get_by_text("Data from Shopify")).to_be_visible()

    # A product explains its number.
    admin.get_by_role("link", name="Suggestions").click()
    expect(app.get_by_role("heading", name="Reorder suggestions", level=1)).to_be_visible()
    app.locator("table tbody a").first.click()
    expect(app.get_by_role("heading", name="Sales and forecast")).to_be_visible()
    expect(app.get_by_text("Expected demand until the next order arrives")).to_be_visible()

    # A changed threshold and a recipient bring a mail.
    admin.get_by_role("link", name="Settings").click()
    expect(app.get_by_role("heading", name="Settings", exact=True)).to_be_visible()
    app.get_by_label("Low-stock threshold").fill("100000")
    app.get_by_label("Send alerts to").fill("buyer@shop.example")
    save(admin, app)
    before = len(shop.outbox())
    assert shop.work() == []
    assert len(shop.outbox()) == before  # it waits for the store's hour
    next_digest(shop)
    mails = [mail for mail in shop.outbox(since=before) if mail["to"] == "buyer@shop.example"]
    # On a Monday the week's summary comes with it.
    (digest,) = [mail for mail in mails if "Low Stock Alert" in mail["subject"]]
    assert "products are low in stock" in digest["text"] and "products are low in stock" in digest["html"]
    link = re.search(r"http\S+/alerts/unsubscribe\S+", digest["text"])
    assert link and link.group(0).replace("&", "&amp;") in digest["html"]

    # A report is made and taken away through its signed link.
    admin.get_by_role("link", name="Reports").click()
    expect(app.get_by_role("heading", name="Reports", exact=True)).to_be_visible()
    app.get_by_role("button", name=re.compile("^Make report")).first.click()
    expect(app.get_by_text("Being made")).to_be_visible()
    assert shop.work() == []
    with admin.expect_download() as download:
        app.get_by_role("link", name=re.compile("download", re.IGNORECASE)).first.click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0][:4] == ["product_name", "sku", "current_stock", "predicted_demand"]
    assert len(rows) > 1


def next_digest(shop: Live) -> None:
    """The hourly command runs, a minute before and after eight o'clock of the next day where the store is."""
    with shop.scope():
        zone = ZoneInfo(stores.time_zone())
    morning = datetime.combine(clock.today(zone.key) + timedelta(days=1), time(8), zone).astimezone(UTC)
    for minutes in (-1, 1):
        with clock.travel(morning + timedelta(minutes=minutes) - clock.now()), shop.app.app_context():
            schedule.digest_due()
            assert shop.work() == []


def save(admin: Page, app: FrameLocator) -> None:
    """Press the contextual save bar that the admin draws, and wait until the app says that it saved."""
    admin.get_by_role("button", name="Save").first.click()
    expect(admin.get_by_text(re.compile(r"\b[Ss]aved\b")).first).to_be_visible()


def test_a_viewer_sees_but_may_not_change(shop: Live, admin: Page) -> None:
    admin.goto(f"{shop.simulator.url}/store/{shop.handle}/apps/fluxor")
    app = app_of(admin)
    expect(app.get_by_text("Data from Shopify")).to_be_visible()
    chooser = admin.get_by_label("Staff")
    chooser.select_option(index=1)
    expect(app.get_by_text("Data from Shopify")).to_be_visible()
    admin.get_by_role("link", name="Settings").click()
    expect(app.get_by_role("heading", name="Settings").first).to_be_visible()
    expect(app.get_by_role("button", name=re.compile("save|test e-mail", re.IGNORECASE))).to_have_count(0)


@pytest.mark.parametrize("width", [1280, 375])
def test_no_page_scrolls_sideways_or_jumps(shop: Live, browser: Browser, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 812})
    for path in ("", "/suggestions", "/products", "/alerts", "/reports", "/settings"):
        page.goto(f"{shop.simulator.url}/store/{shop.handle}/apps/fluxor{path}")
        expect(app_of(page).locator("h1")).to_be_visible(timeout=WAIT)
        frame = next(frame for frame in page.frames if frame.url.startswith(shop.url))
        wide = frame.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{path} at {width} px is {wide} px too wide"
        shift = frame.evaluate(
            """() => new Promise(done => {
                let sum = 0;
                const add = (entry) => { if (!entry.hadRecentInput) sum += entry.value };
                new PerformanceObserver((list) => list.getEntries().forEach(add))
                    .observe({type: 'layout-shift', buffered: true});
                setTimeout(() => done(sum), 300);
            })"""
        )
        assert shift <= 0.1, f"{path} at {width} px shifts by {shift}"
    page.close()
