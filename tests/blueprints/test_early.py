"""What somebody does while the page's scripts are still on their way is done when they have come."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Route, expect

from app.platform import queue
from tests import factories
from tests.blueprints.browsing import visit
from tests.factories import Shop

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def store(app: Flask) -> Shop:
    found = factories.ready_store(app)[0]
    with app.app_context():
        queue.connection().flushdb()
    return found


@pytest.fixture
def tab(browser: Browser, address: str, store: Shop) -> Iterator[Page]:
    page = visit(browser, address, store)
    yield page
    page.context.close()


@pytest.fixture
def late(tab: Page) -> Iterator[Callable[[], None]]:
    """htmx is held back until the answered function is called."""
    held: list[Route] = []
    tab.route("**/vendor/htmx*", lambda route: held.append(route))

    def arrive() -> None:
        while held:
            held.pop().continue_()

    yield arrive
    arrive()


def test_a_form_sent_early_is_sent_once_when_it_can_be(tab: Page, late: Callable[[], None]) -> None:
    asked: list[str] = []
    tab.on("request", lambda one: asked.append(one.method) if "/reports" in one.url else None)
    tab.goto("/reports", wait_until="commit")
    button = tab.get_by_role("button", name="Make report: Reorder")
    button.click()
    button.click()
    assert asked == ["GET"]  # the page itself
    late()
    expect(tab.locator("#history")).to_contain_text("Being made")
    assert asked.count("POST") == 1
    assert "kind=" not in tab.url


def test_a_button_pressed_early_acts_when_it_can(tab: Page, late: Callable[[], None]) -> None:
    tab.goto("/suggestions?show=all", wait_until="commit")
    tab.get_by_role("button", name="In stock").click()
    late()
    column = tab.locator("#suggestions thead th", has_text="In stock")
    expect(column).to_have_attribute("aria-sort", "ascending")


def test_a_search_typed_early_finds_when_it_can(tab: Page, late: Callable[[], None]) -> None:
    tab.goto("/suggestions?show=all", wait_until="commit")
    search = tab.get_by_label("Search product or SKU")
    search.fill("no such thing")
    search.press("Tab")  # leaving the field is an event of its own
    late()
    expect(tab.get_by_text("Nothing found")).to_be_visible()
    expect(tab).to_have_url(re.compile("search=no"))


def test_a_page_without_its_script_says_so(tab: Page) -> None:
    tab.route("**/vendor/htmx*", lambda route: route.abort())
    tab.goto("/reports")
    tab.get_by_role("button", name="Make report: Reorder").click()
    expect(tab.locator("#problem")).to_have_text("A part of this page did not load. Reload it.")
    assert "kind=" not in tab.url
