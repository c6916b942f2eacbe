"""A running simulator with a small shop, and a client that speaks to it over HTTP as any app would."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from simulator.config import SimulatorConfig
from simulator.schema import SchemaUnavailable, ensure_schema_files
from simulator.serving import RunningSimulator, start
from tests.simulator.receiver import Receiver

CLIENT_ID = "0123456789abcdef0123456789abcdef"
CLIENT_SECRET = "a-client-secret-that-is-long-enough-for-hs256"
SHOP = "test-shop.myshopify.com"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
OFFLINE = "urn:shopify:params:oauth:token-type:offline-access-token"
ONLINE = "urn:shopify:params:oauth:token-type:online-access-token"
TOML = """
name = "Fluxor"
client_id = "x"
application_url = "https://app.example.test"
embedded = true
[access_scopes]
scopes = "read_products,write_inventory,read_locations,read_orders,read_all_orders,{extra}"
[auth]
redirect_urls = ["https://app.example.test/auth/callback"]
[webhooks]
api_version = "2026-07"
  [[webhooks.subscriptions]]
  topics = ["orders/create", "orders/updated", "orders/cancelled"]
  uri = "/webhooks"
  include_fields = ["id", "updated_at", "line_items.id", "line_items.variant_id",
  "line_items.current_quantity"]
  [[webhooks.subscriptions]]
  topics = ["orders/edited", "orders/delete", "refunds/create", "inventory_levels/update", "products/create",
            "products/update", "products/delete", "app/uninstalled", "app/scopes_update", "shop/update",
            "bulk_operations/finish"]
  uri = "/webhooks"
  [[webhooks.subscriptions]]
  compliance_topics = ["customers/data_request", "customers/redact", "shop/redact"]
  uri = "/webhooks"
"""
TRANSFERS = "write_inventory_transfers,write_inventory_shipments,write_inventory_shipments_received_items"


class Client:
    """Calls a simulator as Shopify's clients do."""

    def __init__(self, running: RunningSimulator, shop: str = SHOP) -> None:
        self.running, self.shop = running, shop
        self.url, self.base = running.url, f"{running.url}/shops/{shop}"
        self.http = requests.Session()
        self.token = ""

    def control(self, action: str, **fields: Any) -> Any:
        """Make something happen in the shop."""
        response = self.http.post(f"{self.url}/control/shops/{self.shop}/{action}", json=fields, timeout=120)
        assert response.status_code == 200, response.text
        return response.json()

    def fault(self, kind: str, **fields: Any) -> None:
        """Set a fault for this shop."""
        fields = {"shop": self.shop, **fields}
        response = self.http.post(f"{self.url}/control/faults", json={"kind": kind, **fields}, timeout=120)
        assert response.status_code == 200, response.text

    def move_clock(self, seconds: float) -> None:
        """Move simulated time forward."""
        self.http.post(
            f"{self.url}/control/clock", json={"advance_seconds": seconds}, timeout=120
        ).raise_for_status()

    def drain(self) -> None:
        """Wait until all webhooks due are sent."""
        answer = self.http.post(
            f"{self.url}/control/deliveries/drain", json={"seconds": 20}, timeout=120
        ).json()
        assert answer == {"drained": True}

    def id_token(self, **fields: Any) -> str:
        """A fresh ID token."""
        return str(self.control("id_token", **fields)["id_token"])

    def oauth(self, **fields: Any) -> requests.Response:
        """Call the token endpoint with the client's credentials."""
        given = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, **fields}
        return self.http.post(f"{self.base}/admin/oauth/access_token", json=given, timeout=120)

    def exchange(self, **fields: Any) -> requests.Response:
        """Token exchange for an expiring offline token."""
        given = {
            "grant_type": EXCHANGE,
            "subject_token_type": ID_TOKEN,
            "requested_token_type": OFFLINE,
            "expiring": 1,
        }
        return self.oauth(
            **{**given, "subject_token": fields.pop("subject_token", None) or self.id_token(), **fields}
        )

    def install(self) -> Client:
        """Install the app and get a token."""
        self.control("install")
        self.token = self.exchange().json()["access_token"]
        return self

    def post(self, query: str, variables: Any = None, **options: Any) -> requests.Response:
        """A raw GraphQL call."""
        version = options.pop("version", "2026-10")
        headers = {"X-Shopify-Access-Token": options.pop("token", self.token), **options.pop("headers", {})}
        url = f"{self.base}/admin/api/{version}/graphql.json"
        return self.http.post(
            url,
            json={"query": query, "variables": variables},
            headers=headers,
            timeout=options.get("timeout", 60),
        )

    def graphql(self, query: str, **variables: Any) -> Any:
        """The whole answer."""
        response = self.post(query, variables)
        assert response.status_code == 200, response.text
        return response.json()

    def data(self, query: str, **variables: Any) -> Any:
        """The data of an answer without errors."""
        answer = self.graphql(query, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def truth(self, name: str) -> list[list[str]]:
        """Rows of a truth table."""
        text = self.http.get(f"{self.url}/control/shops/{self.shop}/truth/{name}.csv", timeout=120).text
        return [line.split(",") for line in text.splitlines()[1:]]

    def bulk(self, query: str) -> Any:
        """Run a bulk operation to its end."""
        run = "mutation($q: String!) { bulkOperationRunQuery(query: $q, groupObjects: false)"
        started = self.data(run + " { bulkOperation { id } userErrors { code message } } }", q=query)
        assert not started["bulkOperationRunQuery"]["userErrors"], started
        return self.finish_bulk(started["bulkOperationRunQuery"]["bulkOperation"]["id"])

    def finish_bulk(self, number: str) -> Any:
        """Poll an operation until it has ended."""
        fields = "id status errorCode objectCount rootObjectCount fileSize url partialDataUrl completedAt"
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            answer = self.data(f"query($i: ID!) {{ bulkOperation(id: $i) {{ {fields} }} }}", i=number)[
                "bulkOperation"
            ]
            if answer["status"] not in ("CREATED", "RUNNING", "CANCELING"):
                return answer
            time.sleep(0.05)
        raise AssertionError(f"{number} did not finish within 60 s")


@pytest.fixture(scope="session")
def schema_cache() -> None:
    """The schema files, or a skip that says why they are missing."""
    try:
        ensure_schema_files()
    except SchemaUnavailable as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    """The app's end of the webhooks."""
    with Receiver() as running:
        yield running


@pytest.fixture(scope="module")
def simulator(
    tmp_path_factory: pytest.TempPathFactory, receiver: Receiver, schema_cache: None
) -> Iterator[RunningSimulator]:
    """A simulator with a shop of 60 variants and three months of orders."""
    folder: Path = tmp_path_factory.mktemp("simulator")
    (folder / "shopify.app.toml").write_text(TOML.format(extra=TRANSFERS))
    config = SimulatorConfig(
        state=folder / "state",
        app_url=receiver.url,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        shop=SHOP,
        variants=60,
        years=0.25,
        orders_per_year=4000,
        app_toml=folder / "shopify.app.toml",
        webhook_timeout_seconds=1.0,
    )
    with start(config) as running:
        yield running


@pytest.fixture
def client(simulator: RunningSimulator, receiver: Receiver) -> Iterator[Client]:
    """An installed app with a fresh token and no faults."""
    receiver.reset()
    made = Client(simulator).install()
    yield made
    made.http.delete(f"{made.url}/control/faults", timeout=120)
    made.drain()
