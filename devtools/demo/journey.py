"""The steps of `bin/demo --check`: each drives a part of the merchant's journey and says what it saw."""

from __future__ import annotations

import csv
import re
import time
from collections import Counter
from collections.abc import Callable
from urllib.parse import quote

from devtools.demo.install import Shopify, install
from devtools.demo.settings import SHOP
from devtools.demo.visitor import Visitor, wait_for
from devtools.processes import ProcessFailed

# What the page's status line says once the first sync is over, and when it went wrong.
FRESH, RUNNING, FAILED = "Data from Shopify", "Reading from Shopify", "The last sync failed"
PRODUCT = re.compile(r'href="[^"]*/products/(\d+)')
ALERT_ADDRESS = "owner@fluxor-demo.example"
REFUSALS = (401, 403, 409, 503)  # refused in words; a 500 would be an error of ours
FIRST_SUGGESTIONS_SECONDS = 120.0  # promised for 1,000 variants


class Journey:
    """What the steps share: the two sides, and when the app was installed.

    Args:
        variants: how many the store has; the promised time grows with them.
    """

    def __init__(self, shopify: Shopify, visitor: Visitor, *, variants: int) -> None:
        self.shopify = shopify
        self.visitor = visitor
        self.scale = max(1.0, variants / 1000)
        self.installed_at = time.monotonic()

    def steps(self) -> list[tuple[str, Callable[[], str]]]:
        """Name and action of each step, in order; an action answers its evidence or raises ProcessFailed."""
        return [
            ("install", self.install),
            ("sync", self.sync),
            ("forecast", self.forecast),
            ("suggestions", self.suggestions),
            ("alert mail", self.alert_mail),
            ("CSV", self.csv),
            ("webhook", self.webhook),
            ("uninstall", self.uninstall),
        ]

    def install(self) -> str:
        """Press Install on the grant screen and open the app's first page."""
        self.installed_at = time.monotonic()
        page = install(self.shopify)
        expect(self.shopify.installed(), "Shopify does not say that the app is installed.")
        return f"first page answered {page.status_code} with {len(page.content):,} bytes"

    def sync(self) -> str:
        """Wait for the first sync and compare the units of every day with the simulator's truth."""

        def is_done() -> bool:
            status = self.visitor.page("/status")
            expect(FAILED not in status, "The first sync failed; the workers' logs say why.")
            return FRESH in status and RUNNING not in status

        wait_for(is_done, 300 * self.scale, "the first sync")
        ours = Counter[str]()
        for row in self.visitor.report("sales", 120 * self.scale):
            ours[row["day"]] += int(row["units"])
        truth = Counter[str]()
        for row in csv.DictReader(self.shopify.truth("units").splitlines()):
            truth[row["day"]] += int(row["units"])
        wrong = sorted(day for day in set(ours) | set(truth) if ours[day] != truth[day])
        expect(not wrong, f"units differ from Shopify's on {len(wrong)} days, the first {wrong[:1]}")
        return f"{sum(ours.values()):,} units on {len(truth):,} days, equal to Shopify's on each"

    def forecast(self) -> str:
        """Wait until products have forecasts."""
        found: list[dict[str, str]] = []

        def is_done() -> bool:
            found[:] = self.visitor.report("forecast", 120 * self.scale)
            return any(row["predicted_demand"] for row in found)

        wait_for(is_done, 300 * self.scale, "the first forecasts")
        models = Counter(row["model"] for row in found if row["predicted_demand"])
        told = ", ".join(f"{count} {model}" for model, count in models.most_common())
        return f"{sum(models.values()):,} forecasts ({told})"

    def suggestions(self) -> str:
        """Wait for suggestions on the page and look at one product's explanation."""
        products: list[str] = []

        def is_there() -> bool:
            products[:] = PRODUCT.findall(self.visitor.page("/suggestions"))
            return bool(products)

        wait_for(is_there, 300 * self.scale, "the first suggestions")
        seconds = time.monotonic() - self.installed_at
        limit = FIRST_SUGGESTIONS_SECONDS * self.scale
        expect(
            seconds <= limit, f"first suggestions {seconds:.0f} s after install; {limit:.0f} s are promised"
        )
        rows = [row for row in self.visitor.report("reorder") if int(row["reorder_quantity"]) > 0]
        expect(bool(rows), "The reorder report is empty.")
        self.visitor.page(f"/products/{products[0]}")
        return f"{len(rows):,} suggestions, the first seen {seconds:.0f} s after install"

    def alert_mail(self) -> str:
        """Give an address and a higher threshold, have stock checked, and find the mail in the outbox."""
        stocks = sorted(int(row["current_stock"]) for row in self.visitor.report("inventory"))
        threshold = stocks[len(stocks) * 9 // 10] + 1  # nine products in ten are below it
        form = form_values(self.visitor.page("/settings"))
        changes = {"alert_emails": ALERT_ADDRESS, "low_stock_threshold": str(threshold)}
        self.visitor.post("/settings", **{**form, **changes})
        self.visitor.post("/alerts/send")
        found: list[dict[str, str]] = []

        def is_sent() -> bool:
            mails = self.shopify.get("/outbox")["messages"]
            found[:] = [mail for mail in mails if mail["subject"].startswith("Low Stock Alert")]
            return bool(found)

        wait_for(is_sent, 120 * self.scale, "the alert mail")
        return f"{found[0]['subject']!r} to {found[0]['to']}, threshold {threshold}"

    def csv(self) -> str:
        """Compare the stock of every variant in the inventory report with the simulator's truth."""
        rows = self.visitor.report("inventory")
        ours = sum(int(row["current_stock"]) for row in rows)
        stock = csv.DictReader(self.shopify.truth("stock").splitlines())
        truth = sum(int(row["quantity"]) for row in stock if row["name"] == "available")
        expect(ours == truth, f"the report adds up to {ours} available units, Shopify has {truth}")
        return f"{len(rows):,} rows by a signed link; {ours:,} available units, as Shopify has"

    def webhook(self) -> str:
        """Place an order in the shop and see the product's stock follow."""
        before = self.stock_by_sku()
        sku = next((sku for sku, stock in before.items() if stock >= 10), "")
        expect(bool(sku), "No product has 10 in stock.")
        self.shopify.shop("orders", lines=[{"sku": sku, "quantity": 3}])
        started = time.monotonic()
        wait_for(lambda: self.stock_by_sku().get(sku) == before[sku] - 3, 60, f"the stock of {sku} to follow")
        deliveries = self.shopify.get("/deliveries", {"shop": SHOP})["deliveries"]
        topics = sorted({delivery["topic"] for delivery in deliveries})
        expect("orders/create" in topics, f"orders/create was not delivered, only {topics}")
        return f"{sku}: {before[sku]} → {before[sku] - 3} in {time.monotonic() - started:.1f} s; {', '.join(topics)}"

    def stock_by_sku(self) -> dict[str, int]:
        """Available units of each SKU that only one variant has, from the inventory report."""
        rows = self.visitor.report("inventory")
        counts = Counter(row["sku"] for row in rows)
        return {
            row["sku"]: int(row["current_stock"]) for row in rows if row["sku"] and counts[row["sku"]] == 1
        }

    def uninstall(self) -> str:
        """Uninstall in the admin; the app must let nobody in any more."""
        token = self.shopify.id_token()
        self.shopify.press("uninstall")
        headers = {"Authorization": f"Bearer {token}"}
        statuses: list[int] = []

        def is_closed() -> bool:
            answer = self.visitor.http.get(
                f"{self.visitor.app_url}/suggestions?shop={quote(SHOP)}", headers=headers, timeout=30
            )
            statuses[:] = [answer.status_code]
            return answer.status_code >= 400

        wait_for(is_closed, 30, "the app to close")
        expect(statuses[0] in REFUSALS, f"a page answers {statuses[0]} after uninstalling")
        return f"app/uninstalled arrived; a page now answers {statuses[0]}"


def expect(fact: bool, otherwise: str) -> None:
    """Raise ProcessFailed with `otherwise` unless `fact` holds."""
    if not fact:
        raise ProcessFailed(otherwise)


def form_values(page: str) -> dict[str, str]:
    """What a form would send: values of inputs and text areas, the selected option of each select."""
    values = {}
    for tag in re.findall(r"<input\b[^>]*>", page):
        name, value = _attribute(tag, "name"), _attribute(tag, "value")
        if name and (_attribute(tag, "type") not in ("checkbox", "radio") or " checked" in tag):
            values[name] = value
    for attributes, content in re.findall(r"<textarea\b([^>]*)>(.*?)</textarea>", page, re.DOTALL):
        values[_attribute(attributes, "name")] = content
    for attributes, content in re.findall(r"<select\b([^>]*)>(.*?)</select>", page, re.DOTALL):
        options = re.findall(r"<option\b([^>]*)>", content)
        chosen = next((option for option in options if "selected" in option), options[0] if options else "")
        values[_attribute(attributes, "name")] = _attribute(chosen, "value")
    return values


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return found.group(1) if found else ""
