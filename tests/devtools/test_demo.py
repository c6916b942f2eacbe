"""The demo's own parts: what it remembers, what it starts, how it reads pages and reports its check."""

from __future__ import annotations

import base64
import json
import stat
import sys
from pathlib import Path

import pytest

from app.config import Settings
from devtools.demo import __main__ as command_line
from devtools.demo import settings as demo_settings
from devtools.demo.check import Outcome, run_steps
from devtools.demo.install import all_scopes
from devtools.demo.journey import form_values
from devtools.demo.stack import procfile
from devtools.demo.visitor import wait_for
from devtools.paths import ROOT
from devtools.processes import ProcessFailed


def test_secrets_are_made_once_and_kept_private(tmp_path: Path) -> None:
    file = tmp_path / "env.json"
    first = demo_settings.load(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert demo_settings.load(file) == first
    assert demo_settings.load(tmp_path / "other.json").client_secret != first.client_secret


def test_a_port_that_is_taken_is_replaced_or_refused(tmp_path: Path) -> None:
    import socket

    file = tmp_path / "env.json"
    first = demo_settings.load(file)
    with socket.socket() as other:
        other.bind(("127.0.0.1", first.app_port))
        other.listen()
        second = demo_settings.load(file)
        assert second.app_port != first.app_port
        assert second.simulator_port == first.simulator_port
        with pytest.raises(RuntimeError, match=f"Port {first.app_port} is taken"):
            demo_settings.load(file, simulator_port=first.app_port)


def test_the_app_accepts_the_demos_environment(tmp_path: Path) -> None:
    demo = demo_settings.load(tmp_path / "env.json")
    environment = demo.app_environment(
        database_url="postgresql://app:x@127.0.0.1/fluxor",
        migration_url="postgresql://owner:x@127.0.0.1/fluxor",
        redis_url="redis://127.0.0.1/0",
    )
    settings = Settings.from_env(environment)
    assert settings.store_url("a.myshopify.com") == f"{demo.simulator_url}/shops/a.myshopify.com"
    assert settings.token_keys[0][1] == base64.b64decode(demo.token_key)
    assert settings.mailgun_base_url == demo.simulator_url


def test_the_procfile_names_what_the_demo_starts() -> None:
    commands = procfile()
    assert set(commands) == {"release", "web", "worker", "cron"}
    assert commands["web"][:4] == [sys.executable, "-m", "gunicorn", "wsgi:app"]
    assert commands["web"][commands["web"].index("--workers") + 1] == "1"


def test_two_demos_of_one_checkout_use_two_areas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLUXOR_LOCAL", str(tmp_path))
    with command_line.own_area("demo") as first:
        with command_line.own_area("demo") as second:
            assert (first, second) == ("demo", "demo-2")
        with command_line.own_area("demo") as again:
            assert again == "demo-2"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--variants", "0"], "at least 1"),
        (["--sales", "missing.parquet"], "there is no such file"),
        (["--json", "out.json"], "belongs to --check"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        command_line.parse(arguments)
    assert message in capsys.readouterr().err


def test_optional_scopes_are_granted_with_the_others() -> None:
    scopes = all_scopes(ROOT / "shopify.app.toml")
    assert {"read_orders", "read_products", "read_all_orders"} <= set(scopes)


def test_a_form_is_read_as_a_browser_would_send_it() -> None:
    page = """
    <form><input name="threshold" type="text" value="5"><input type="checkbox" name="off" value="1">
    <input type="checkbox" name="on" value="1" checked><input value="unnamed">
    <textarea name="mails">a@example.com
    b@example.com</textarea>
    <select name="zone"><option value="UTC">UTC</option><option value="Europe/Berlin" selected>B</option></select>
    <select name="engine"><option value="auto">Auto</option><option value="prophet">P</option></select></form>
    """
    assert form_values(page) == {
        "threshold": "5",
        "on": "1",
        "mails": "a@example.com\n    b@example.com",
        "zone": "Europe/Berlin",
        "engine": "auto",
    }


def test_every_step_is_done_and_a_failed_one_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> str:
        raise ProcessFailed("the reason")

    outcomes = run_steps([("first", lambda: "seen"), ("second", broken), ("third", lambda: "also seen")])
    assert [(outcome.step, outcome.ok) for outcome in outcomes] == [
        ("first", True),
        ("second", False),
        ("third", True),
    ]
    assert outcomes[1].evidence == "ProcessFailed: the reason"
    assert isinstance(outcomes[0], Outcome)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("FAIL second") and "the reason" in lines[1]


def test_waiting_in_vain_says_for_what() -> None:
    with pytest.raises(ProcessFailed, match="in vain for the moon"):
        wait_for(lambda: False, 0, "the moon")


def test_the_app_manifest_for_heroku_names_only_keys_that_the_app_reads() -> None:
    described = set(json.loads((ROOT / "app.json").read_text())["env"])
    source = (ROOT / "app" / "config.py").read_text()
    assert {key for key in described if f'"{key}"' not in source} == {"WEB_CONCURRENCY"}
