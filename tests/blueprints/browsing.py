"""A tab in a real Chromium, signed in as somebody of a store."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, Route, expect

from tests import factories
from tests.factories import Shop
from tests.signing import id_token

WATCH = """
window.seen = {shift: 0, blocked: []};
const note = (one) => { if (!one.hadRecentInput) seen.shift += one.value; };
new PerformanceObserver((list) => list.getEntries().forEach(note)).observe({type: "layout-shift", buffered: true});
document.addEventListener("securitypolicyviolation", (one) => seen.blocked.push(one.violatedDirective));
"""


def visit(browser: Browser, address: str, shop: Shop, *, role: str = "owner", width: int = 1280) -> Page:
    """A tab whose requests carry a fresh ID token, as App Bridge sees to inside the admin."""
    context = browser.new_context(
        base_url=address,
        viewport={"width": width, "height": 800},
        locale="en-GB",
        timezone_id="Europe/Berlin",
    )

    def sign(route: Route) -> None:
        if not route.request.url.startswith(address):
            route.fulfill(body="", content_type="text/javascript")
            return
        token = id_token(shop.domain, user=factories.USERS[role])
        route.continue_(headers={**route.request.headers, "authorization": f"Bearer {token}"})

    context.route("**/*", sign)
    context.add_init_script(WATCH)
    page = context.new_page()
    page.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    return page
