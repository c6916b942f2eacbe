"""Outside the admin, in a real browser: sign up, confirm, connect a store, see the dashboard, take a report away."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from app.config import Settings
from devtools.chromium import ensure_chromium
from tests.live import Live, live

pytestmark = pytest.mark.browser
WAIT = 60_000
PASSWORD = "Good horse 7"
AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
# Charts shrink in a moment. Asked for in one go: what Playwright asks again and again the page's CSP forbids.
SURPLUS = """async () => {
  const surplus = () => document.documentElement.scrollWidth - innerWidth;
  for (let frame = 0; frame < 600 && surplus() > 0; frame++) await new Promise(requestAnimationFrame);
  return surplus();
}"""


@pytest.fixture(scope="module")
def shop(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live(settings, tmp_path_factory.mktemp("shopify"), variants=30, years=0.5) as running:
        yield running


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser: Browser = playwright.chromium.launch(
            executable_path=str(ensure_chromium()), args=["--no-sandbox"]
        )
        found = browser.new_page(viewport={"width": 1280, "height": 900}, accept_downloads=True)
        found.set_default_timeout(WAIT)
        expect.set_options(timeout=WAIT)
        problems: list[str] = []
        found.on("pageerror", lambda error: problems.append(str(error)))
        yield found
        browser.close()
        assert problems == []


def look(page: Page) -> None:
    """Nothing serious for whoever uses a screen reader, and nothing wider than a phone."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run().then(r => r.violations.map(v => [v.id, v.impact]))")
    assert [entry for entry in found if entry[1] in ("serious", "critical")] == []
    size = page.viewport_size
    page.set_viewport_size({"width": 375, "height": 800})
    assert size is not None and page.evaluate(SURPLUS) <= 0
    page.set_viewport_size(size)


def sign_up(shop: Live, page: Page) -> None:
    page.goto(shop.url)
    page.get_by_role("link", name="Log in").click()
    look(page)
    page.get_by_role("link", name="Sign up").click()
    page.get_by_label("E-mail").fill("merchant@example.com")
    page.get_by_label("Password", exact=True).fill("weak")
    page.get_by_label("Password again").fill("weak")
    page.get_by_role("button", name="Sign up").click()
    expect(page.locator("#password-error")).to_contain_text("at least 8 characters")
    look(page)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Look at your mail")).to_be_visible()


def confirm(shop: Live, page: Page) -> None:
    assert shop.work() == []
    mail = shop.outbox()[0]
    assert (mail["to"], mail["subject"]) == ("merchant@example.com", "Confirm your e-mail address")
    link = re.search(r"http\S+token=[\w.%-]+", mail["text"])
    assert link and link.group(0) in mail["html"]
    page.goto(link.group(0))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm and log in").click()


def test_from_sign_up_to_a_report(shop: Live, page: Page, tmp_path: Path) -> None:
    sign_up(shop, page)
    confirm(shop, page)

    expect(page.get_by_role("heading", name="Connect a store")).to_be_visible()
    look(page)
    page.get_by_label("Store address").fill(shop.handle)
    page.get_by_role("button", name="Go on to Shopify").click()
    page.get_by_role("button", name="Install").click()
    page.wait_for_url(f"{shop.url}/")
    assert shop.work() == []

    page.reload()
    expect(page.get_by_role("heading", name="Reorder suggestions")).to_be_visible()
    look(page)
    page.get_by_role("link", name="Reports").click()
    page.get_by_role("button", name="Make report").first.click()
    expect(page.get_by_role("cell", name="Being made")).to_be_visible()
    assert shop.work() == []
    page.reload()
    with page.expect_download() as started:
        page.get_by_role("link", name=re.compile("Download")).first.click()
    target = tmp_path / "report.csv"
    started.value.save_as(target)
    rows = list(csv.DictReader(target.open(encoding="utf-8-sig")))
    assert len(rows) >= 30
    assert list(rows[0])[:4] == ["product_name", "sku", "current_stock", "predicted_demand"]


def test_on_a_phone_the_menu_folds_and_logging_out_ends_it(shop: Live, page: Page) -> None:
    page.goto(f"{shop.url}/login")
    page.get_by_label("E-mail").fill("merchant@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.set_viewport_size({"width": 375, "height": 800})
    expect(page.get_by_role("link", name="Products")).to_be_hidden()
    menu = page.get_by_role("button", name="Menu")
    menu.click()
    expect(menu).to_have_attribute("aria-expanded", "true")
    page.get_by_role("link", name="Products").click()
    expect(page.get_by_role("heading", name="Products")).to_be_visible()
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    answer = page.goto(f"{shop.url}/products")
    assert answer is not None and answer.status == 401
