"""Starts everything that a demo consists of, in order, each with its progress line."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from devtools import assets, paths, translations
from devtools.databases import Server, create_database
from devtools.demo import settings as demo_settings
from devtools.demo.settings import DemoSettings
from devtools.postgres import APP, OWNER, SUPER, EmbeddedPostgres
from devtools.processes import Child, ProcessFailed, Program, Supervisor
from devtools.services import migrations_key
from devtools.steps import step
from devtools.valkey import EmbeddedValkey

DATABASE = "fluxor"
WORKERS = 2
SIMULATOR_SECONDS = 600.0  # a large --sales file takes its time


@dataclass(frozen=True)
class Options:
    """What the user asked for."""

    variants: int = 1000
    sales: Path | None = None
    fresh: bool = False
    port: int | None = None


def health_url(app_url: str) -> str:
    """The page that answers 200 when the app can serve."""
    return f"{app_url}/healthz"


def answers_ok(url: str) -> bool:
    """Whether the address answers with a status below 400."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status < 400)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


def procfile(root: Path = paths.ROOT) -> dict[str, list[str]]:
    """The commands of Procfile by process, for this environment's interpreter."""
    commands = {}
    for line in (root / "Procfile").read_text().splitlines():
        name, _, command = line.partition(":")
        words = shlex.split(os.path.expandvars(command.replace("${WEB_CONCURRENCY:-2}", "1")))
        commands[name] = [sys.executable, "-m", *words]
    return commands


class Stack:
    """One demo: its area in `.local/`, its settings and its running processes."""

    def __init__(self, area: str, supervisor: Supervisor, options: Options) -> None:
        self.area = area
        self.folder = paths.area_dir(area)
        self.supervisor = supervisor
        self.options = options
        if options.fresh:
            self.forget()
        self.settings: DemoSettings = demo_settings.load(
            self.folder / "env.json", simulator_port=options.port
        )
        self.environment: dict[str, str] = {}

    def forget(self) -> None:
        """Delete what earlier starts left, but for the secrets and ports."""
        EmbeddedPostgres(self.area, durable=True).forget()
        shutil.rmtree(self.folder / "valkey", ignore_errors=True)
        shutil.rmtree(self.folder / "simulator", ignore_errors=True)

    def start(self) -> None:
        """Start all; raise ProcessFailed with the end of the log of what did not start."""
        with step("JavaScript and CSS assets"):
            assets.ensure_assets()
        with step("Message catalogues"):
            translations.ensure_compiled()
        simulator = self.supervisor.launch(self._simulator())
        with step("PostgreSQL and Valkey"):
            self.environment = self._start_services()
        commands = procfile()
        # The web process takes seconds to load: it does so while the tables are made, and serves after that.
        web = self._launch("web", commands["web"], lambda: answers_ok(health_url(self.settings.app_url)))
        with step("Database tables"):
            self._run_release(commands["release"])
        with step("Simulated Shopify") as progress:
            self.supervisor.wait_ready(simulator, progress)
        with step("Web"):
            self.supervisor.wait_ready(web)
        for number in range(1, WORKERS + 1):
            self._launch(f"worker-{number}", commands["worker"])
        self._launch("cron", commands["cron"])

    def _launch(self, name: str, command: Sequence[str], ready: Callable[[], bool] = lambda: True) -> Child:
        program = Program(name, command, ready=ready, environment=self.environment, ready_seconds=60)
        return self.supervisor.launch(program)

    def _start_services(self) -> dict[str, str]:
        database_url, redis_url = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
        migration_url = os.environ.get("MIGRATION_DATABASE_URL") or database_url
        if not database_url:
            postgres = EmbeddedPostgres(self.area, durable=True).start(self.supervisor)
            create_database(Server(postgres.url(SUPER), OWNER, APP, postgres.url), DATABASE)
            database_url, migration_url = postgres.url(APP, DATABASE), postgres.url(OWNER, DATABASE)
        redis_url = redis_url or EmbeddedValkey(self.area, durable=True).start(self.supervisor)
        return self.settings.app_environment(
            database_url=database_url, migration_url=migration_url or database_url, redis_url=redis_url
        )

    def _run_release(self, command: Sequence[str]) -> None:
        """Make or change the tables; does nothing when neither migrations nor database changed since."""
        stamp = self.folder / "migrated"
        facts = [self.environment["MIGRATION_DATABASE_URL"].rpartition("@")[0], migrations_key()]
        key = hashlib.sha256("\n".join(facts).encode()).hexdigest()
        if not os.environ.get("DATABASE_URL") and stamp.exists() and stamp.read_text() == key:
            return
        environment = {**os.environ, **self.environment}
        done = subprocess.run(command, cwd=paths.ROOT, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise ProcessFailed(f"The database tables could not be made:\n{done.stdout}{done.stderr}")
        stamp.write_text(key)

    def _simulator(self) -> Program:
        options, settings = self.options, self.settings
        ready_file = self.folder / "simulator-ready.json"
        ready_file.unlink(missing_ok=True)
        arguments: dict[str, object] = {
            "port": settings.simulator_port,
            "state": self.folder / "simulator",
            "app-url": settings.app_url,
            "client-id": settings.client_id,
            "client-secret": settings.client_secret,
            "shop": demo_settings.SHOP,
            "variants": options.variants,
            "ready": ready_file,
            "app-toml": paths.ROOT / "shopify.app.toml",
            "app-handle": demo_settings.APP_HANDLE,
            "mailgun-domain": demo_settings.MAIL_DOMAIN,
            "mailgun-key": settings.mailgun_key,
        }
        if options.sales:
            arguments["sales"] = options.sales
        command = [sys.executable, "-m", "simulator"]
        for name, value in arguments.items():
            command += [f"--{name}", str(value)]
        return Program("simulator", command, ready=ready_file.exists, ready_seconds=SIMULATOR_SECONDS)
