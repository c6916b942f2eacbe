"""The world of one simulator: its clock, shops, faults, mail, webhooks, and the threads at work in it."""

from __future__ import annotations

import gc
import hashlib
import json
import logging
import re
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

from simulator.bulk.operations import resume_interrupted
from simulator.clock import Clock
from simulator.config import SimulatorConfig
from simulator.faults.registry import Faults
from simulator.graphql.cost import Bucket
from simulator.identity import install
from simulator.manifest import read_manifest
from simulator.records import Records
from simulator.schema import VERSIONS, SchemaUnavailable, load_schema
from simulator.store.database import Shop
from simulator.webhooks.dispatcher import Dispatcher

log = logging.getLogger(__name__)
SHOP_PATTERN = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")


class UnknownShop(KeyError):
    """No shop of that name is simulated."""


class World:
    """Everything that one running simulator holds. `url` is set once the port is known."""

    def __init__(self, config: SimulatorConfig, progress: Callable[[str], None] = lambda line: None) -> None:
        self.config = config
        self.progress = progress
        self.manifest = read_manifest(config)
        self.url = ""
        self.stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._shops: dict[str, Shop] = {}
        self._buckets: dict[str, Bucket] = {}
        self._lock = threading.Lock()
        self._open_state()
        self.faults = Faults(config.seed, self.stopping.wait)
        self.storage_key = hashlib.sha256(f"storage:{config.client_secret}".encode()).digest()
        self.dispatcher = Dispatcher(self)
        self._open_shops()

    def _open_state(self) -> None:
        """Keep the state of an earlier run with the same data options; otherwise begin anew."""
        state, mark = self.config.state, self.config.state / "data.json"
        wanted = {"fingerprint": self.config.data_fingerprint()}
        if mark.exists() and json.loads(mark.read_text()) != wanted:
            self.progress("The options differ from those of the kept data: generating anew.")
            for name in (
                "shops",
                "simulator.sqlite",
                "simulator.sqlite-wal",
                "simulator.sqlite-shm",
                "data.json",
            ):
                path = state / name
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        (state / "shops").mkdir(parents=True, exist_ok=True)
        self.records = Records(state / "simulator.sqlite")
        clock = self.records.get("clock", {"offset": 0.0, "rate": 1.0})
        self.clock = Clock(clock["offset"], clock["rate"])
        self.clock.on_move(self._keep_clock)

    def _keep_clock(self) -> None:
        self.records.put("clock", {"offset": self.clock.offset, "rate": self.clock.rate})

    def _open_shops(self) -> None:
        kept = sorted(p.name for p in (self.config.state / "shops").iterdir() if (p / "complete").exists())
        for name in kept:
            self._adopt(Shop(name, self.config.state / "shops" / name, self.clock))
        if self.config.shop not in self._shops and self.config.generate:
            self.create_shop(self.config.shop)
        (self.config.state / "data.json").write_text(
            json.dumps({"fingerprint": self.config.data_fingerprint()})
        )

    def _adopt(self, shop: Shop) -> Shop:
        shop.publish = self.dispatcher.publish
        resume_interrupted(shop)
        self._shops[shop.domain] = shop
        return shop

    def create_shop(self, domain: str, **options: object) -> Shop:
        """Generate another shop. `options` override variants, years, seed, orders_per_year, timezone,
        sales.
        """
        from simulator.generation.build import build_shop

        if not SHOP_PATTERN.fullmatch(domain):
            raise ValueError(f"{domain!r} is not a shop domain; use a name like some-shop.myshopify.com")
        if domain in self._shops:
            raise ValueError(f"{domain} exists already")
        folder = self.config.state / "shops" / domain
        shutil.rmtree(folder, ignore_errors=True)
        shop = Shop(domain, folder, self.clock)
        build_shop(shop, self.config, self.progress, **options)
        (folder / "complete").touch()
        return self._adopt(shop)

    def start(self) -> None:
        """Begin background work: webhooks, timers, and loading the schema."""
        self.dispatcher.start()
        self.background(self._timers, "timers")
        self.background(self._load_schemas, "schema", awaited=False)

    def _load_schemas(self) -> None:
        try:
            load_schema(VERSIONS[-1])
            # The schema is a million objects that never die: without this each collection visits them all.
            gc.collect()
            gc.freeze()
        except SchemaUnavailable as error:
            log.error("%s", error)

    def _timers(self) -> None:
        """48 hours after an uninstall (simulated), shop/redact follows."""
        while not self.stopping.wait(0.5):
            for shop in self.shops():
                due = shop.setting("redact_at")
                if due is not None and due <= self.clock.now():
                    install.redact(shop)

    def shops(self) -> list[Shop]:
        """All shops, by name."""
        return [self._shops[name] for name in sorted(self._shops)]

    def shop(self, name: str) -> Shop:
        """A shop by domain or handle; raises `UnknownShop`."""
        found = self._shops.get(name) or self._shops.get(f"{name}.myshopify.com")
        if found is None:
            raise UnknownShop(name)
        return found

    def bucket(self, shop: Shop) -> Bucket:
        """The leaky bucket of the app in a shop."""
        with self._lock:
            if shop.domain not in self._buckets:
                self._buckets[shop.domain] = Bucket(shop.setting("plan", "standard"))
            return self._buckets[shop.domain]

    @property
    def webhook_secret(self) -> str:
        """After a rotation webhooks may still be signed with the old secret (`/control/secret` switches)."""
        old = self.config.old_client_secret
        return old if old and self.records.get("sign_with_old_secret", False) else self.config.client_secret

    def background(self, work: Callable[[], None], name: str, *, awaited: bool = True) -> None:
        """Run `work` in a thread; if `awaited`, the end of the simulator waits for it a little."""
        thread = threading.Thread(target=work, name=name, daemon=True)
        if awaited:
            self._threads = [t for t in self._threads if t.is_alive()] + [thread]
        thread.start()

    def stop(self) -> None:
        """Stop background work and close files."""
        self._keep_clock()
        self.stopping.set()
        self.dispatcher.stop()
        deadline = time.monotonic() + 3
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        for shop in self.shops():
            shop.close()
        self.records.close()

    def path_of(self, *parts: str) -> Path:
        """A path inside the state directory."""
        return self.config.state.joinpath(*parts)
