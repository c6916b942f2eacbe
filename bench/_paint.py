"""How soon a page shows its largest part, and how far it jumps meanwhile: Chromium, with an empty cache each time."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, Route, sync_playwright

from bench._pages import headers
from devtools.chromium import ensure_chromium

PAGES = ("/", "/products", "/suggestions", "/suppliers", "/settings", "/products/1")
LCP_MS, SHIFT = 1000.0, 0.1
_WATCH = """
window.seen = {paint: 0, shift: 0};
new PerformanceObserver((list) => list.getEntries().forEach((one) => { seen.paint = one.startTime; }))
    .observe({type: "largest-contentful-paint", buffered: true});
new PerformanceObserver((list) => list.getEntries().forEach((one) => {
    if (!one.hadRecentInput) seen.shift += one.value;
})).observe({type: "layout-shift", buffered: true});
"""


def paint(url: str, *, times: int = 3) -> dict[str, dict[str, Any]]:
    """For each page the median LCP of some visits in ms, the worst shift, and the KiB that came over the wire."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(ensure_chromium()), args=["--no-sandbox"])
        report = {}
        for path in PAGES:
            visits = [_visit(browser, url, path) for _ in range(times)]
            painted = sorted(visit["paint"] for visit in visits)[times // 2]
            shift = max(visit["shift"] for visit in visits)
            report[f"paint of {path}"] = {
                "ok": painted <= LCP_MS and shift <= SHIFT,
                "lcp_ms": round(painted),
                "shift": round(shift, 3),
                "kib": round(visits[0]["bytes"] / 1024),
            }
        browser.close()
    return report


def _visit(browser: Any, url: str, path: str) -> dict[str, float]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    sizes: list[int] = []

    def sign(route: Route) -> None:
        """As App Bridge does inside the admin; nothing of other hosts is fetched."""
        if urlsplit(route.request.url).netloc != urlsplit(url).netloc:
            route.fulfill(body="", content_type="text/javascript")
            return
        route.continue_(headers={**route.request.headers, **headers(0)})

    context.route("**/*", sign)
    context.add_init_script(_WATCH)
    page: Page = context.new_page()
    page.set_default_timeout(120_000)
    page.on("response", lambda answer: sizes.append(int(answer.headers.get("content-length", 0))))
    page.goto(url + path, wait_until="load")
    page.wait_for_function("() => document.fonts.status === 'loaded' && seen.paint > 0")
    seen: dict[str, float] = page.evaluate("() => seen")
    context.close()
    return {**seen, "bytes": float(sum(sizes))}
