"""Finds a Chromium for the browser tests and screenshots, or installs Debian's when that is possible."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_APPS = ("Google Chrome.app/Contents/MacOS/Google Chrome", "Chromium.app/Contents/MacOS/Chromium")
PLAYWRIGHT_PATTERNS = (
    "chromium-*/chrome-linux*/chrome",
    "chromium-*/chrome-mac*/Chromium.app/Contents/MacOS/Chromium",
    "chromium_headless_shell-*/chrome-linux*/headless_shell",
)


class NoChromium(RuntimeError):
    """There is none and it cannot be installed; the message says how to get one."""


def ensure_chromium() -> Path:
    """The executable to give to Playwright's `launch(executable_path=…)`."""
    for candidate in _candidates():
        if _runs(candidate):
            return candidate
    if os.geteuid() == 0 and shutil.which("apt-get"):
        _apt_install("chromium", "fonts-liberation")
        found = shutil.which("chromium")
        if found and _runs(Path(found)):
            return Path(found)
    raise NoChromium("Browser tests need Chromium: apt install chromium, or name an executable in CHROMIUM.")


def _candidates() -> Iterator[Path]:
    if chosen := os.environ.get("CHROMIUM"):
        if not _runs(Path(chosen)):
            raise NoChromium(f"CHROMIUM names {chosen}, which does not run.")
        yield Path(chosen)
    for name in NAMES:
        if found := shutil.which(name):
            yield Path(found)
    yield from (Path("/Applications") / app for app in MAC_APPS)
    cache = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    folders = [Path(cache)] if cache and cache != "0" else []
    folders += [Path.home() / ".cache/ms-playwright", Path.home() / "Library/Caches/ms-playwright"]
    for folder in folders:
        for pattern in PLAYWRIGHT_PATTERNS:
            yield from sorted(folder.glob(pattern), reverse=True)  # the newest first


def _runs(executable: Path) -> bool:
    """Whether it answers its version (Ubuntu's chromium-browser may be an empty shell around snap)."""
    try:
        done = subprocess.run([executable, "--version"], capture_output=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _apt_install(*packages: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "-qq", "update"], ["apt-get", "-qq", "-y", "install", *packages]):
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode:
            reason = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
            raise NoChromium(f"{' '.join(command)} failed ({reason[0]}): install Chromium, or set CHROMIUM.")
