"""`python -m devtools.pictures`: makes the pictures of the guide from a demo of its own, so that they can be renewed.

A shop of 150 variants is installed and worked with as a merchant would; then each page is photographed in Chromium.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

from devtools import look_back, paths
from devtools.chromium import ensure_chromium
from devtools.demo import install
from devtools.demo.journey import Journey
from devtools.demo.settings import SHOP
from devtools.demo.stack import Options, Stack
from devtools.demo.visitor import Visitor, wait_for
from devtools.processes import ProcessFailed, Supervisor, stop_signals_raise
from devtools.steps import step

FOLDER = paths.ROOT / "docs" / "images"
VARIANTS, WIDE, PHONE, HEIGHT = 150, 1280, 375, 860
LARGEST = 300_000
COLOURS = 128


@dataclass(frozen=True)
class Picture:
    """One picture: its name, the page it shows, where to look, and how much of it."""

    name: str
    path: str
    width: int = WIDE
    height: int = HEIGHT
    look_at: str = ""


@dataclass
class Scene:
    """What was done in the shop, so that pages have something to show."""

    visitor: Visitor
    places: dict[str, str]

    def pictures(self) -> list[Picture]:
        """The pictures in the guide's order."""
        return [
            Picture("home", "/", height=1500),
            Picture("home-phone", "/", width=PHONE, height=780),
            Picture("suggestions", "/suggestions"),
            Picture("transfers", "/transfers", height=800),
            Picture("order-draft", self.places["draft"]),
            Picture("order-receive", self.places["sent"]),
            Picture("suppliers", "/suppliers", height=700),
            Picture("supplier", self.places["supplier"], height=760),
            Picture("products", "/products"),
            Picture("product", self.places["product"], height=1240),
            Picture("ledger", self.places["product"], look_at="#ledger"),
            Picture("accuracy", "/accuracy", height=1240),
            Picture("alerts", "/alerts", height=700),
            Picture("reports", "/reports", height=640),
            Picture("sync", "/sync"),
            Picture("import", self.places["import"], height=1000),
            Picture("settings", "/settings", height=1000),
        ]


def prepare(visitor: Visitor) -> Scene:
    """Set the shop up, order what is due from two suppliers, send one order, bring a file."""
    _api(visitor, "PATCH", "/settings", {"alert_emails": ["owner@example.com"], "lead_time_days": 12})
    due = _api(visitor, "GET", "/suggestions?per_page=200")["items"]
    suppliers = list(dict.fromkeys(one["supplier_id"] for one in due if one["supplier_id"]))
    for one in suppliers:
        _api(visitor, "PATCH", f"/suppliers/{one}", {"email": "orders@example.com", "lead_time_days": 10})
    orders = [_api(visitor, "POST", "/purchase-orders", {"supplier_id": one}) for one in suppliers[:2]]
    _api(visitor, "POST", f"/purchase-orders/{orders[0]['id']}/send", {"version": orders[0]["version"]})
    free = [one for one in due if one["supplier_id"] not in suppliers[:2]] or due
    product = max(free, key=lambda one: one["predicted_demand"] or 0)["product_id"]
    visitor.post("/sync/compare")
    wait_for(lambda: "No comparison yet" not in visitor.page("/sync/comparison"), 120, "a comparison")
    places = {
        "sent": f"/purchase-orders/{orders[0]['id']}",
        "draft": f"/purchase-orders/{orders[-1]['id']}",
        "supplier": f"/suppliers/{suppliers[0]}",
        "product": f"/products/{product}",
        "import": _bring(visitor),
    }
    return Scene(visitor, places)


def _api(visitor: Visitor, method: str, path: str, body: object = None) -> Any:
    answer = visitor.http.request(
        method,
        f"{visitor.app_url}/api{path}",
        json=body,
        headers={"Authorization": f"Bearer {visitor.shopify.id_token()}"},
        timeout=60,
    )
    if answer.status_code >= 400:
        raise ProcessFailed(f"{method} {path} answered {answer.status_code}: {answer.text[:300]}")
    return answer.json()


def _bring(visitor: Visitor) -> str:
    """Bring a file of settings; answers the address of its preview."""
    rows = [row for row in visitor.report("inventory") if row["sku"]][:8]
    text = "SKU,Lead time,MOQ,Supplier\n" + "".join(f"{row['sku']},9,24,Harbour Trading\n" for row in rows)
    answer = visitor.http.post(
        f"{visitor.app_url}/imports",
        files={"file": ("settings.csv", text + "OLD-99,7,,\n")},
        headers={"Authorization": f"Bearer {visitor.shopify.id_token()}", "HX-Request": "true"},
        timeout=60,
    )
    return _location(answer)


def _location(answer: requests.Response) -> str:
    place = answer.headers.get("HX-Location", "")
    if not place:
        raise ProcessFailed(f"{answer.request.url} answered {answer.status_code}: {answer.text[:300]}")
    return place.partition("?")[0]


def photograph(browser: Browser, scene: Scene, picture: Picture, folder: Path) -> Path:
    """Open the page as the admin does, wait for its charts, and keep what is seen."""
    context = browser.new_context(
        base_url=scene.visitor.app_url,
        viewport={"width": picture.width, "height": picture.height},
        locale="en-GB",
        timezone_id="Europe/Berlin",
        reduced_motion="reduce",
    )
    _sign(context, scene)
    page = context.new_page()
    page.goto(picture.path, wait_until="networkidle")
    page.wait_for_function(
        "() => [...document.querySelectorAll('canvas')].every((one) => window.Chart?.getChart(one))"
    )
    content = _seen(page, picture)
    context.close()
    file = folder / f"{picture.name}.png"
    Image.open(io.BytesIO(content)).convert("RGB").quantize(COLOURS).save(file, optimize=True)
    if file.stat().st_size > LARGEST:
        raise ProcessFailed(f"{file.name} has {file.stat().st_size:,} bytes: show less of the page.")
    return file


def _seen(page: Page, picture: Picture) -> bytes:
    if picture.look_at:
        return page.locator(picture.look_at).first.screenshot()
    return page.screenshot()


def _sign(context: BrowserContext, scene: Scene) -> None:
    """Send a fresh ID token with each request to the app, as App Bridge does; fetch nothing from elsewhere."""

    def sign(route: Route) -> None:
        if not route.request.url.startswith(scene.visitor.app_url):
            route.fulfill(body="", content_type="text/javascript")
            return
        token = scene.visitor.shopify.id_token()
        route.continue_(headers={**route.request.headers, "authorization": f"Bearer {token}"})

    context.route("**/*", sign)


def shop_at_work(stack: Stack) -> Scene:
    """Install the app, wait for its first suggestions, and order."""
    shopify = install.Shopify(stack.settings.simulator_url)
    visitor = Visitor(stack.settings.app_url, shopify)
    journey = Journey(shopify, visitor, variants=VARIANTS)
    actions: list[tuple[str, Callable[[], object]]] = [
        ("Installed", journey.install),
        ("Read from Shopify", journey.sync),
        ("Forecast", journey.forecast),
    ]
    for name, action in actions:
        with step(name):
            action()
    with step("Forecasts of past weeks"):
        look_back.note_past_forecasts(stack.environment, SHOP)
        wait_for(lambda: 'id="accuracy-products"' in visitor.page("/accuracy"), 120, "their accuracy")
    with step("Suggestions"):
        wait_for(lambda: "/products/" in visitor.page("/suggestions"), 120, "suggestions")
    with step("Orders and an import"):
        return prepare(visitor)


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0 when every picture was made."""
    parser = argparse.ArgumentParser(prog="python -m devtools.pictures", description=__doc__)
    parser.add_argument("--out", type=Path, default=FOLDER, help="where to put them (docs/images)")
    parser.add_argument("--again", action="store_true", help="with the shop of the last time")
    parser.add_argument("names", nargs="*", help="only these pictures")
    options = parser.parse_args(arguments)
    area = "pictures"
    with stop_signals_raise(), Supervisor(paths.area_dir(area) / "logs") as supervisor:
        stack = Stack(area, supervisor, Options(variants=VARIANTS, fresh=not options.again))
        stack.start()
        scene = shop_at_work(stack)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=str(ensure_chromium()), args=["--no-sandbox"]
            )
            for picture in scene.pictures():
                if not options.names or picture.name in options.names:
                    with step(picture.name):
                        photograph(browser, scene, picture, options.out)
            browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
