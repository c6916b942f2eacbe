"""What a simulator is started with: one frozen dataclass, shared by the command line and by tests."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

DEFAULT_SHOP = "fluxor-demo.myshopify.com"
# Options that shape the generated data: when one changes, kept state no longer fits and is made anew.
_SHAPES_DATA = ("shop", "variants", "years", "seed", "sales", "orders_per_year", "timezone")


@dataclass(frozen=True)
class SimulatorConfig:
    """Options of one simulator.

    `state` keeps databases and bulk results; `port` 0 picks a free one. `all_orders` says that Shopify has
    approved `read_all_orders`; it takes effect only if the app's toml asks for that scope and it is granted.
    `grant_optional` says that merchants grant `optional_scopes` when they install (else only when asked at run
    time by `shopify.scopes.request`).
    `bulk_lines_per_second` bounds the speed of bulk operations (0 = as fast as possible).
    """

    state: Path
    app_url: str
    client_id: str
    client_secret: str
    port: int = 0
    shop: str = DEFAULT_SHOP
    variants: int = 1000
    years: float = 2.0
    seed: int = 7
    sales: Path | None = None
    orders_per_year: int = 20_000
    timezone: str = "Europe/Berlin"
    app_toml: Path | None = None
    app_handle: str = "fluxor"
    old_client_secret: str | None = None
    mailgun_domain: str = "mail.fluxor.test"
    mailgun_key: str = "simulated-mailgun-key"
    all_orders: bool = True
    protected_data: bool = True
    grant_optional: bool = True
    bulk_lines_per_second: int = 0
    webhook_timeout_seconds: float = 5.0
    generate: bool = True
    scopes: str | None = None
    ready: Path | None = None

    def data_fingerprint(self) -> str:
        """Identifies the generated data: equal fingerprints may share a state directory."""
        values = asdict(self)
        shape: dict[str, object] = {name: values[name] for name in _SHAPES_DATA}
        if self.sales is not None:
            status = self.sales.stat()
            shape["sales"] = [str(self.sales.resolve()), status.st_size, status.st_mtime_ns]
        return hashlib.sha256(json.dumps(shape, sort_keys=True, default=str).encode()).hexdigest()
