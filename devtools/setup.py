"""Makes `.local/venv` from the pinned, hashed requirements; runs on a bare Python ≥ 3.11."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from devtools.locks import locked
from devtools.paths import ROOT, local_dir
from devtools.steps import step

REQUIREMENTS = ("requirements.txt", "requirements-dev.txt")
MINIMUM = (3, 11)
# pip's settings and what uv calls them: whoever configured an index or a certificate for pip means uv as
# well.
UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "cert": "SSL_CERT_FILE",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "trusted-host": "UV_INSECURE_HOST",
}


class SetupFailed(RuntimeError):
    """Something that the machine lacks; the message says what to do."""


def venv_dir() -> Path:
    """Where the environment lives."""
    return local_dir() / "venv"


def venv_python() -> Path:
    """The environment's interpreter."""
    return venv_dir() / "bin" / "python"


def ensure_environment() -> None:
    """Create or update the environment; returns at once when it is up to date."""
    if sys.version_info < MINIMUM:
        raise SetupFailed(f"Fluxor needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    if _is_current():
        return
    local_dir().mkdir(parents=True, exist_ok=True)
    with locked(local_dir() / "setup.lock"):
        if _is_current():  # another command made it while we waited
            return
        if not _works(venv_python()):
            with step(
                f"Python {sys.version_info.major}.{sys.version_info.minor} environment in {venv_dir()}"
            ):
                _create()
        with step("Python packages (pinned, hashes checked)"):
            _install()
        _stamp_file().write_text(_stamp())


def _stamp() -> str:
    """Changes whenever the requirements do."""
    return hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in REQUIREMENTS)).hexdigest()


def _stamp_file() -> Path:
    return venv_dir() / "fluxor-requirements"


def _is_current() -> bool:
    return _stamp_file().exists() and _stamp_file().read_text() == _stamp() and _works(venv_python())


def _works(python: Path) -> bool:
    """Whether the interpreter still runs (the one it was made from may have been removed)."""
    try:
        return subprocess.run([python, "-c", "import pip"], capture_output=True).returncode == 0
    except OSError:
        return False


def _create() -> None:
    shutil.rmtree(venv_dir(), ignore_errors=True)
    done = subprocess.run([sys.executable, "-m", "venv", venv_dir()], capture_output=True, text=True)
    if done.returncode:
        if "ensurepip" in done.stdout + done.stderr:
            raise SetupFailed("Python's venv module is missing: apt install python3-venv")
        raise SetupFailed(f"The Python environment could not be made:\n{done.stdout}{done.stderr}")


def _install() -> None:
    """By uv (seconds), itself installed by pip with its pinned hash; by pip alone where uv does not work."""
    pinned = local_dir() / "uv-requirement.txt"
    pinned.write_text(pinned_requirement((ROOT / "requirements-dev.txt").read_text(), "uv"))
    pip_install: list[str | Path] = [venv_python(), "-m", "pip", "install", "--quiet"]
    pip_install += ["--require-hashes", "--no-deps"]  # the files name all that is needed, and nothing else
    files = [str(ROOT / name) for name in REQUIREMENTS]
    _run([*pip_install, "-r", pinned], "pip could not install uv")
    sync: list[str | Path] = [venv_dir() / "bin" / "uv", "pip", "sync", "--quiet", "--require-hashes", *files]
    environment = {**os.environ, **uv_settings(pip_config(), os.environ), "VIRTUAL_ENV": str(venv_dir())}
    done = subprocess.run(sync, env=environment, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        print(f"    uv did not manage ({done.stderr.strip().splitlines()[-1:]}); trying pip", flush=True)
        everything = [part for file in files for part in ("-r", file)]
        _run([*pip_install, *everything], "pip install failed")
        return
    if not _works(venv_python()):  # sync removes what is not listed; pip stays useful to the user
        _run([venv_python(), "-m", "ensurepip"], "ensurepip failed")


def _run(command: list[str | Path], what: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        raise SetupFailed(f"{what}:\n{(done.stdout + done.stderr).strip()}")


def pinned_requirement(requirements: str, name: str) -> str:
    """The lines of one package (its pin and its hashes) from a compiled requirements file.

    >>> pinned_requirement("a==1 \\\\\\n    --hash=sha256:00\\nuv==2 \\\\\\n    --hash=sha256:11\\n", "uv")
    'uv==2 \\\\\\n    --hash=sha256:11\\n'
    """
    found = re.search(
        rf"^{re.escape(name)}==.*\\\n(?:    --hash=\S+(?: \\)?\n?)+", requirements, re.MULTILINE
    )
    if not found:
        raise SetupFailed(f"requirements-dev.txt holds no hashed pin of {name}.")
    return found.group(0)


def pip_config() -> str:
    """pip's settings from its files and environment, as `pip config list` prints them."""
    return subprocess.run(
        [venv_python(), "-m", "pip", "config", "list"], capture_output=True, text=True
    ).stdout


def uv_settings(pip_config: str, environment: Mapping[str, str]) -> dict[str, str]:
    """uv's environment variables for pip's settings, leaving alone what the user has set for uv.

    Args:
        pip_config: lines such as `global.index-url='https://…'` or `:env:.cert='/…'`.
    """
    found: dict[str, tuple[int, str]] = {}
    for line in pip_config.splitlines():
        key, _, value = line.partition("=")
        source, _, option = key.rpartition(".")
        name = UV_NAMES.get(option)
        rank = 1 if source == ":env:" else 0  # as in pip, the environment wins over files
        if name and name not in environment and rank >= found.get(name, (0, ""))[0]:
            found[name] = rank, value.strip().strip("'\"")
    settings = {name: value for name, (_, value) in found.items()}
    if "UV_FIND_LINKS" in settings:
        settings["UV_FIND_LINKS"] = ",".join(settings["UV_FIND_LINKS"].split())
    # pip looks for a version in every index; with hashes that is safe for uv as well
    return {"UV_INDEX_STRATEGY": "unsafe-best-match", **settings}
