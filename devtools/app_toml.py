"""bin/check shopify-toml: Shopify's own CLI reads shopify.app.toml, offline, as `shopify app build` does.

Apart from bin/test, because it installs the CLI and a Node of its own (200 MB) once into .local/npm.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from devtools.locks import locked
from devtools.paths import ROOT, local_dir

CLI, NODE = "@shopify/cli@4.8.2", "node@22"
TOML = ROOT / "shopify.app.toml"
_QUIET = {"CI": "1", "SHOPIFY_CLI_NO_ANALYTICS": "1", "DO_NOT_TRACK": "1"}


class CliMissing(RuntimeError):
    """npm is not there, or could not install the CLI; the message says what to do."""


def validate(toml: Path = TOML) -> subprocess.CompletedProcess[str]:
    """What the CLI says of the file; its status is 1 when something is wrong with it. Raises CliMissing."""
    node, cli = _installed()
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(toml, Path(folder, TOML.name))
        Path(folder, "package.json").write_text('{"name": "fluxor", "private": true}\n')
        command = [str(node), str(cli), "app", "build", "--path", folder, "--skip-dependencies-installation"]
        return subprocess.run(
            command, env={**os.environ, **_QUIET}, capture_output=True, text=True, timeout=180, check=False
        )


def main() -> None:
    """Print what the CLI says; leave with its status."""
    try:
        done = validate()
    except CliMissing as error:
        sys.exit(str(error))
    print((done.stdout + done.stderr).strip())
    sys.exit(done.returncode)


def _installed() -> tuple[Path, Path]:
    """Node and the CLI's script."""
    folder = local_dir() / "npm"
    with locked(local_dir() / "shopify-cli.lock"):
        # The CLI needs Node 22, whatever the machine has; only Node's package runs a script to fetch its binary.
        node = _install(folder / "node-22", NODE) / "node" / "bin" / "node"
        cli = (
            _install(folder / "shopify-cli", CLI, "--ignore-scripts") / "@shopify" / "cli" / "bin" / "run.js"
        )
    return node, cli


def _install(folder: Path, package: str, *options: str) -> Path:
    """The folder of installed modules; installs once."""
    mark = folder / f".{package.replace('/', '-')}"
    if not mark.exists():
        npm = shutil.which("npm")
        if npm is None:
            raise CliMissing("npm is not on PATH: install Node.js, then run bin/check shopify-toml again.")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}\n')
        command = [npm, "install", "--no-audit", "--no-fund", "--silent", *options, package]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600, check=False)
        if done.returncode:
            raise CliMissing(f"npm could not install {package}: {done.stderr.strip()[-300:]}")
        mark.touch()
    return folder / "node_modules"
