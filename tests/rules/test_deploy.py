"""What docs/deploy.md and app.json say about deploying is what the app reads, runs and offers."""

from __future__ import annotations

import inspect
import json
import re

from flask import Flask

from app import config
from app.config import Settings
from app.jobs.schedule import PERIODIC
from devtools.paths import ROOT

PAGE = (ROOT / "docs" / "deploy.md").read_text()
MANIFEST = json.loads((ROOT / "app.json").read_text())
# Read by the processes around the app, not by Settings.
_AROUND = {"WEB_CONCURRENCY", "PORT"}
_FROM_ADDONS = {"DATABASE_URL", "REDIS_URL"}


def keys() -> set[str]:
    """Every environment key that Settings reads."""
    read = set(re.findall(r'"([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+)"', inspect.getsource(config)))
    assert {"DATABASE_URL", "TOKEN_KEYS", "MAIL_FROM", "API_PER_MINUTE", "REDIS_TLS_VERIFY"} <= read
    return read


def test_every_key_stands_in_the_table_and_no_other() -> None:
    listed = set()
    for row in re.findall(r"^\| (`[A-Z].*?) \|", PAGE, re.MULTILINE):
        listed |= set(re.findall(r"`([A-Z_0-9]+)`", row))
    assert listed == keys() | _AROUND


def test_heroku_asks_for_what_must_be_set() -> None:
    required = {name for name, one in MANIFEST["env"].items() if one.get("required", True)}
    assert set(MANIFEST["env"]) <= keys() | _AROUND
    given = dict.fromkeys(_FROM_ADDONS, "x")
    assert required | set(given) == {
        "DATABASE_URL",
        "REDIS_URL",
        "APP_URL",
        "SHOPIFY_API_KEY",
        "SHOPIFY_API_SECRET",
        "SECRET_KEY",
        "TOKEN_KEYS",
    }
    for name in required:
        assert f"{name}=" in PAGE, f"docs/deploy.md does not set {name}"


def test_buildpacks_and_addons_are_those_of_the_manifest() -> None:
    assert re.findall(r"buildpacks:add (\S+)", PAGE) == [one["url"] for one in MANIFEST["buildpacks"]]
    assert re.findall(r"addons:create (\S+)", PAGE) == MANIFEST["addons"]
    assert f"--stack {MANIFEST['stack']}" in PAGE


def test_scheduler_lines_are_commands_and_all_of_them(app: Flask) -> None:
    lines = re.findall(r"^\| `flask --app wsgi (\S+)` \| (every [^|]+) \|", PAGE, re.MULTILINE)
    assert {command for command, _ in lines} == {entry.command for entry in PERIODIC}
    assert {command for command, _ in lines} <= set(app.cli.commands)
    for _, frequency in lines:  # Heroku Scheduler knows no others
        assert frequency.startswith(("every 10 minutes", "every hour", "every day"))


def test_processes_are_those_of_the_procfile() -> None:
    processes = {line.partition(":")[0] for line in (ROOT / "Procfile").read_text().splitlines() if line}
    assert processes == {"release", *MANIFEST["formation"]}
    for command in ("migrate", "worker", "cron"):
        assert f"flask --app wsgi {command}" in PAGE


def test_redis_by_tls_without_a_signed_certificate(settings: Settings) -> None:
    from dataclasses import replace

    from app.platform import queue

    app = Flask(__name__)
    queue.configure(app, replace(settings, redis_url="rediss://h:1/0", redis_tls_verify=False))
    assert app.extensions["redis"].connection_pool.connection_kwargs["ssl_cert_reqs"] == "none"
    queue.configure(app, replace(settings, redis_url="rediss://h:1/0"))
    assert "ssl_cert_reqs" not in app.extensions["redis"].connection_pool.connection_kwargs
