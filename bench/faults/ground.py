"""The place of the faults: PostgreSQL, Valkey, a simulated Shopify and the app's processes, to be hurt one by one."""

from __future__ import annotations

import base64
import contextlib
import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import redis
import requests

from app import create_app
from app.config import Settings
from app.platform import db, schema, tenancy
from app.services import stores
from bench._ground import store
from bench.faults.forks import Zygote, send, until
from devtools.databases import Server, create_database
from devtools.paths import ROOT, area_dir
from devtools.ports import free_port
from devtools.postgres import APP, OWNER, SUPER, EmbeddedPostgres
from devtools.processes import Child, Program, Supervisor
from devtools.valkey import binary
from simulator.config import SimulatorConfig
from simulator.serving import start as start_simulator

SECRET, KEY, SHOP = "secret-of-the-app-that-is-under-faults", "client-under-faults", "faults.myshopify.com"
MAIL_DOMAIN, MAIL_KEY = "mail.faults.test", "mail-key-of-the-faults"


class Place:
    """Everything that runs; `pids` holds the app's processes by name.

    PostgreSQL and Valkey listen on `also_on` too, if given: an address of a network that is ours alone.
    """

    def __init__(self, supervisor: Supervisor, state: Path, *, also_on: str = "") -> None:
        self.supervisor, self.state, self.also_on = supervisor, state, also_on
        self.port, self.redis_port = free_port(), free_port()
        self.postgres = EmbeddedPostgres("faults", durable=True, also_on=also_on)
        self.postgres.forget()
        self.server = self.postgres.start(supervisor)
        self.database = supervisor.children[-1]
        known = Server(self.server.url(SUPER), OWNER, APP, self.server.url)
        create_database(known, "faults")
        self.valkey = self.start_valkey()
        self.simulator = start_simulator(self._simulated())
        self.environment = self._environment()
        self.settings = Settings.from_env(self.environment)
        schema.upgrade(self.settings.migration_database_url, self.settings.database_url)
        self.zygote = Zygote(ROOT, self.environment)
        self.pids: dict[str, int] = {}
        self.ports = [self.port]
        self.app = create_app(self.settings)
        self.store_id = 0
        self.next_release: Zygote | None = None
        self.release = 0

    def _simulated(self) -> SimulatorConfig:
        return SimulatorConfig(
            state=self.state / "shopify",
            app_url=f"http://127.0.0.1:{self.port}",
            client_id=KEY,
            client_secret=SECRET,
            app_toml=ROOT / "shopify.app.toml",
            shop=SHOP,
            variants=10,
            years=0.2,
            orders_per_year=400,
            mailgun_domain=MAIL_DOMAIN,
            mailgun_key=MAIL_KEY,
            scopes="read_inventory,read_locations,read_orders,read_products,read_all_orders",
        )

    def _environment(self) -> dict[str, str]:
        url = self.simulator.url
        return {
            **os.environ,
            "DATABASE_URL": self.server.url(APP, "faults"),
            "MIGRATION_DATABASE_URL": self.server.url(OWNER, "faults"),
            "REDIS_URL": f"redis://127.0.0.1:{self.redis_port}/0",
            "SHOPIFY_API_KEY": KEY,
            "SHOPIFY_API_SECRET": SECRET,
            "SHOPIFY_STORE_URL": url + "/shops/{shop}",
            "SHOPIFY_ADMIN_ORIGIN": url,
            "SHOPIFY_APP_BRIDGE_URL": f"{url}/app-bridge.js",
            "MAILGUN_BASE_URL": url,
            "MAILGUN_API_KEY": MAIL_KEY,
            "MAILGUN_DOMAIN": MAIL_DOMAIN,
            "APP_URL": f"http://127.0.0.1:{self.port}",
            "SECRET_KEY": "k" * 40,
            "TOKEN_KEYS": "k1:" + base64.b64encode(b"1" * 32).decode(),
            "LOG_LEVEL": os.environ.get("LOG_LEVEL", "CRITICAL"),
        }

    # -- the parts

    def start_valkey(self) -> Child:
        """Valkey with its data on disk, as far as they are there."""
        folder = self.state / "valkey"
        folder.mkdir(exist_ok=True)
        options = {
            "port": str(self.redis_port),
            "bind": f"127.0.0.1 {self.also_on}".strip(),
            "protected-mode": "no" if self.also_on else "yes",
            "dir": str(folder),
            "appendonly": "yes",
            "save": "",
            "maxmemory-policy": "noeviction",
            "loglevel": "warning",
        }
        command: list[str | Path] = [binary()]
        for name, value in options.items():
            command += [f"--{name}", *value.split(" ")]
        self.valkey = self.supervisor.start(Program("valkey", command, ready=self._valkey_answers))
        return self.valkey

    def _valkey_answers(self) -> bool:
        try:
            return bool(redis.Redis(port=self.redis_port).ping())
        except redis.RedisError:
            return False

    def start_postgres(self) -> None:
        """The server once more, on its data and its port."""
        self.database = self.supervisor.start(self.postgres.program(self.server))

    def start_web(self, *, port: int | None = None, zygote: Zygote | None = None, name: str = "web") -> None:
        """The web process of Procfile, with one worker of eight threads."""
        port = port or self.port
        self.pids[name] = (zygote or self.zygote).fork(
            *("gunicorn", "wsgi:app", "--worker-class=gthread", "--workers=1", "--threads=8", "--timeout=30"),
            *("--graceful-timeout=8", "--no-control-socket", f"--bind=127.0.0.1:{port}", "--log-level=error"),
            log=self.supervisor.logs / f"{name}.log",
        )

    def start_worker(self, *, zygote: Zygote | None = None, name: str = "worker") -> None:
        """The worker process of Procfile."""
        log = self.supervisor.logs / f"{name}.log"
        self.pids[name] = (zygote or self.zygote).fork("flask", "--app", "wsgi", "worker", log=log)

    def start_cron(self) -> None:
        """The clock's process of Procfile."""
        log = self.supervisor.logs / "cron.log"
        self.pids["cron"] = self.zygote.fork("flask", "--app", "wsgi", "cron", log=log)

    def is_up(self, port: int | None = None) -> bool:
        """Whether the web answers there."""
        with contextlib.suppress(requests.RequestException):
            return requests.get(f"http://127.0.0.1:{port or self.port}/healthz", timeout=2).status_code == 200
        return False

    # -- hurting

    def tell(self, name: str, number: signal.Signals, *, family: bool = False) -> None:
        """Send a signal to one of the app's processes (with all its children)."""
        send(self.pids[name], number, family=family)

    def wait_gone(self, name: str, seconds: float) -> None:
        """Wait until the process has ended."""
        pid = self.pids[name]
        until(lambda: not Path(f"/proc/{pid}").exists(), seconds, f"the end of {name}")

    def drop(self, child: Child, number: signal.Signals = signal.SIGKILL) -> None:
        """End a service without ado."""
        child.process.send_signal(number)
        child.process.wait(20)
        self.supervisor.children.remove(child)

    def sql(self, statement: str, *, role: str = SUPER, again_after_deadlocks: int = 0) -> list[Any]:
        """A statement as superuser."""
        try:
            with contextlib.closing(psycopg2.connect(self.server.url(role, "faults"))) as connection:
                connection.autocommit = True
                with connection.cursor() as cursor:
                    cursor.execute(statement)
                    return cursor.fetchall() if cursor.description else []
        except psycopg2.errors.DeadlockDetected:
            if not again_after_deadlocks:
                raise
            return self.sql(statement, role=role, again_after_deadlocks=again_after_deadlocks - 1)

    @contextmanager
    def scope(self) -> Iterator[int]:
        """The store's scope, in this process."""
        with self.app.app_context(), tenancy.store_scope(db.session(), self.store_id):
            yield self.store_id

    def open(self, *, is_lean: bool) -> None:
        """Start the app's processes, install the shop as a merchant does, and wait for the first sync.

        A lean place has no clock's process, and a store without products.
        """
        self.start_web()
        self.start_worker()
        if is_lean:
            self.store_id = store(self.app, SHOP)
            until(self.is_up, 120, "the web's start")
            return
        self.start_cron()
        until(self.is_up, 120, "the web's start")
        url, handle = self.simulator.url, SHOP.split(".")[0]
        requests.post(f"{url}/store/{handle}/apps/fluxor/install", timeout=60).raise_for_status()
        launch = requests.get(f"{url}/control/shops/{SHOP}/launch_url", timeout=60).json()["url"]
        requests.get(launch, timeout=60).raise_for_status()
        with self.app.app_context():
            found = stores.find(SHOP)
            assert found is not None
            self.store_id = found.id
        with self.scope():
            stores.settings().engine = "moving_average"
            db.session().commit()
        until(lambda: self.sql("SELECT 1 FROM sync_runs WHERE status = 'done'"), 180, "the first sync")

    def close(self) -> None:
        """End all that runs."""
        for name in self.pids:
            with contextlib.suppress(ProcessLookupError):
                self.tell(name, signal.SIGKILL, family=True)
        self.zygote.end()
        if self.next_release is not None:
            self.next_release.end()
        self.simulator.stop()
        with self.app.app_context():
            db.close_all()


@contextmanager
def place(*, is_lean: bool = False, also_on: str = "") -> Iterator[Place]:
    """A fresh place, all of it gone at the end."""
    with (
        tempfile.TemporaryDirectory(prefix="fluxor-faults-") as folder,
        Supervisor(area_dir("faults") / "logs") as own,
    ):
        made = Place(own, Path(folder), also_on=also_on)
        try:
            made.open(is_lean=is_lean)
            yield made
        finally:
            made.close()
