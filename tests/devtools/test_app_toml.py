"""The check of shopify.app.toml says what to do when it cannot be made, and passes on what the CLI says."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from devtools import app_toml
from devtools.app_toml import CliMissing


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FLUXOR_LOCAL", str(tmp_path))
    return tmp_path


def test_without_npm_it_says_what_to_do(local: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(local))
    with pytest.raises(CliMissing, match=r"install Node\.js"):
        app_toml.validate()


@pytest.mark.parametrize("status", [0, 1])
def test_the_clis_words_and_status_are_passed_on(
    local: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    """A stand-in for npm's two packages: it names the file that it was given."""
    node = local / "npm" / "node-22" / "node_modules" / "node" / "bin" / "node"
    cli = local / "npm" / "shopify-cli" / "node_modules" / "@shopify" / "cli" / "bin" / "run.js"
    for file, package in ((node, app_toml.NODE), (cli, app_toml.CLI)):
        file.parent.mkdir(parents=True)
        (local / "npm" / file.relative_to(local / "npm").parts[0] / f".{package.replace('/', '-')}").touch()
    said = 'import os, sys\nprint(os.listdir(sys.argv[sys.argv.index("--path") + 1]))\n'
    node.write_text(f"#!{sys.executable}\n{said}sys.exit({status})\n")
    node.chmod(node.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(SystemExit) as ended:
        app_toml.main()
    assert ended.value.code == status
    assert "shopify.app.toml" in capsys.readouterr().out
