"""Which Chromium is used, and what is said when there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from devtools import chromium


def browser(file: Path, status: int = 0) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\nexit {status}\n")
    file.chmod(0o755)
    return file


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any browser and without apt."""
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(chromium, "MAC_APPS", ())
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "browsers"))
    return tmp_path


def test_none_is_one_clear_line(bare: Path) -> None:
    with pytest.raises(chromium.NoChromium, match="apt install chromium, or name an executable in CHROMIUM"):
        chromium.ensure_chromium()


def test_one_that_does_not_run_is_passed_over(bare: Path) -> None:
    browser(bare / "bin" / "chromium", status=1)
    found = browser(bare / "bin" / "google-chrome")
    assert chromium.ensure_chromium() == found


def test_playwrights_own_is_found(bare: Path) -> None:
    browser(bare / "browsers" / "chromium-1100" / "chrome-linux" / "chrome")
    newer = browser(bare / "browsers" / "chromium-1200" / "chrome-linux" / "chrome")
    assert chromium.ensure_chromium() == newer


def test_the_users_choice_comes_first_and_must_run(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    browser(bare / "bin" / "chromium")
    chosen = browser(bare / "chosen")
    monkeypatch.setenv("CHROMIUM", str(chosen))
    assert chromium.ensure_chromium() == chosen
    browser(chosen, status=1)
    with pytest.raises(chromium.NoChromium, match="which does not run"):
        chromium.ensure_chromium()
