"""The app served on a real port beside a simulated Shopify, with its jobs worked off in the test's thread."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import requests
from flask import Flask
from rq import SimpleWorker
from rq.job import Job
from rq.registry import FailedJobRegistry, ScheduledJobRegistry
from werkzeug.serving import make_server

from app import create_app
from app.config import Settings
from app.platform import db, queue, tenancy
from app.services import stores
from devtools.ports import free_port
from simulator.config import SimulatorConfig
from simulator.serving import RunningSimulator, start
from tests.small import small_models

ROOT = Path(__file__).resolve().parents[1]
SHOP = "fluxor-demo.myshopify.com"
SCOPES = "read_inventory,read_locations,read_orders,read_products,read_all_orders"
MAIL_KEY, MAIL_DOMAIN = "simulated-mailgun-key", "mail.fluxor.test"


@dataclass
class Live:
    """One app and one Shopify that know each other."""

    app: Flask
    url: str
    simulator: RunningSimulator
    shop: str = SHOP

    @property
    def handle(self) -> str:
        """The shop's name in admin addresses."""
        return self.shop.split(".")[0]

    def install(self) -> requests.Response:
        """Install the app as a merchant does, and open it once; answers that first page."""
        requests.post(f"{self.simulator.url}/store/{self.handle}/apps/fluxor/install", timeout=120)
        return self.open()

    def open(self) -> requests.Response:
        """Load the app's first page as the admin's iframe does."""
        launch = requests.get(f"{self.simulator.url}/control/shops/{self.shop}/launch_url", timeout=120)
        return requests.get(launch.json()["url"], timeout=120)

    def control(self, action: str, **body: Any) -> Any:
        """Make something happen in the shop."""
        answer = requests.post(
            f"{self.simulator.url}/control/shops/{self.shop}/{action}", json=body, timeout=120
        )
        answer.raise_for_status()
        return answer.json()

    def deliver(self) -> None:
        """Wait until every webhook that is due has been delivered."""
        requests.post(
            f"{self.simulator.url}/control/deliveries/drain", json={}, timeout=120
        ).raise_for_status()

    def outbox(self, *, since: int = 0) -> list[dict[str, Any]]:
        """The mails that were sent after the first `since`, the newest first."""
        mails = list(requests.get(f"{self.simulator.url}/control/outbox", timeout=120).json()["messages"])
        return mails[: len(mails) - since]

    def truth(self, table: str) -> list[dict[str, str]]:
        """What is true in the shop, by the simulator's own records."""
        url = f"{self.simulator.url}/control/shops/{self.shop}/truth/{table}.csv"
        return list(csv.DictReader(io.StringIO(requests.get(url, timeout=120).text)))

    def true_units(self) -> dict[tuple[str, int], int]:
        """Net units by store-local day and variant."""
        return {(row["day"], int(row["variant_id"])): int(float(row["units"])) for row in self.truth("units")}

    def our_units(self) -> dict[tuple[str, int], int]:
        """The same from our database."""
        with self.scope():
            rows = db.rows("SELECT day, variant_id, units FROM daily_sales")
            return {(_iso(row.day), int(row.variant_id)): int(row.units) for row in rows}

    def our_stock(self) -> dict[tuple[int, int], int]:
        """Available units by variant and location from our database."""
        with self.scope():
            rows = db.rows(
                "SELECT v.id, l.location_id, l.available FROM inventory_levels l"
                " JOIN variants v ON v.store_id = l.store_id AND v.inventory_item_id = l.inventory_item_id"
            )
            return {(row.id, row.location_id): row.available for row in rows}

    def true_stock(self) -> dict[tuple[int, int], int]:
        """The same by the simulator's records."""
        return {
            (int(row["variant_id"]), int(row["location_id"])): int(row["quantity"])
            for row in self.truth("stock")
            if row["name"] == "available"
        }

    @contextmanager
    def scope(self) -> Iterator[int]:
        """The shop's scope in our database."""
        with self.app.app_context():
            store = stores.find(self.shop)
            assert store is not None
            with tenancy.store_scope(db.session(), store.id):
                yield store.id

    def work(self) -> list[str]:
        """Work off all queues, delayed jobs at once; answers the tracebacks of this shop's failed jobs."""
        with self.app.app_context():
            queues = [queue.queue(name) for name in queue.QUEUES]
            while True:
                for one in queues:
                    bring_forward(one)
                if not any(one.count for one in queues):
                    break
                SimpleWorker(queues, connection=queue.connection()).work(burst=True, logging_level="ERROR")
            store = stores.find(self.shop)
            return [
                _reason(one, job_id)
                for one in queues
                for job_id in FailedJobRegistry(queue=one).get_job_ids()
                if store is None or _is_about(job_id, store.id)
            ]


def _iso(day: date) -> str:
    return day.isoformat()


def bring_forward(one: Any) -> None:
    """Move the delayed jobs of a queue into it."""
    registry = ScheduledJobRegistry(queue=one)  # type: ignore[no-untyped-call]
    for job_id in registry.get_job_ids():
        registry.remove(job_id)
        one.enqueue_job(Job.fetch(job_id, connection=queue.connection()))


def _is_about(job_id: str, store_id: int) -> bool:
    """Whether a job is that store's; other tests may have left stores without any Shopify behind them."""
    arguments = Job.fetch(job_id, connection=queue.connection()).args
    return not arguments or bool(arguments[0] == store_id)


def _reason(one: Any, job_id: str) -> str:
    result = Job.fetch(job_id, connection=one.connection).latest_result()
    return f"{job_id}: {result.exc_string if result else 'no result'}"


@contextmanager
def live(settings: Settings, state: Path, **options: Any) -> Iterator[Live]:
    """Serve the app and a simulator of `options` until the block ends.

    Its sales and its models are few: what they are for shows on little as well, only sooner.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    config = SimulatorConfig(
        state=state,
        app_url=url,
        client_id=settings.shopify_api_key,
        client_secret=settings.shopify_api_secret,
        app_toml=ROOT / "shopify.app.toml",
        mailgun_domain=MAIL_DOMAIN,
        mailgun_key=MAIL_KEY,
        **{"variants": 40, "orders_per_year": 4000, "scopes": SCOPES, **options},
    )
    with start(config) as simulator, small_models():
        app = create_app(
            replace(
                settings,
                app_url=url,
                shopify_store_url=simulator.url + "/shops/{shop}",
                shopify_admin_origin=simulator.url,
                shopify_app_bridge_url=f"{simulator.url}/app-bridge.js",
                mailgun_base_url=simulator.url,
                mailgun_api_key=MAIL_KEY,
                mailgun_domain=MAIL_DOMAIN,
            )
        )
        server = make_server("127.0.0.1", port, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield Live(app, url, simulator, config.shop)
        finally:
            server.shutdown()
            thread.join(10)
            _forget(app)


def _forget(app: Flask) -> None:
    with app.app_context():
        queue.connection().flushdb()
        db.close_all()
        with db.separate_transaction() as own:
            from app.models.stores import Store

            for store in own.query(Store).where(Store.shop.like("%demo%")):
                own.delete(store)
