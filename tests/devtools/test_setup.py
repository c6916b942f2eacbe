"""The set-up runs on a bare Python, means pip's settings for uv as well, and finds only hashed pins."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from devtools import launch, setup
from devtools.paths import ROOT


@pytest.mark.parametrize("module", ["devtools.launch", "devtools.setup", "devtools.assets"])
def test_what_runs_before_the_packages_are_there_needs_none(module: str) -> None:
    command = [sys.executable, "-S", "-c", f"import {module}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_pip_settings_reach_uv_and_the_environment_wins() -> None:
    config = "\n".join(
        [
            ":env:.cert='/etc/own.pem'",
            ":env:.default-timeout='180'",
            "global.cert='/etc/other.pem'",
            "global.index-url='https://packages.example/simple'",
            "global.extra-index-url='https://a.example/simple https://b.example/simple'",
            "global.find-links='/wheels /more'",
            "user.color='true'",
        ]
    )
    assert setup.uv_settings(config, {"UV_HTTP_TIMEOUT": "5"}) == {
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "SSL_CERT_FILE": "/etc/own.pem",
        "UV_DEFAULT_INDEX": "https://packages.example/simple",
        "UV_INDEX": "https://a.example/simple https://b.example/simple",
        "UV_FIND_LINKS": "/wheels,/more",
    }


def test_the_pin_of_one_package_is_cut_out_with_its_hashes() -> None:
    text = "a==1 \\\n    --hash=sha256:00\n    # via b\nuv==2 \\\n    --hash=sha256:11 \\\n    --hash=sha256:22\n"
    wanted = "uv==2 \\\n    --hash=sha256:11 \\\n    --hash=sha256:22\n"
    assert setup.pinned_requirement(text, "uv") == wanted
    with pytest.raises(setup.SetupFailed, match="no hashed pin of missing"):
        setup.pinned_requirement(text, "missing")


def test_every_requirement_is_pinned_and_hashed() -> None:
    for name in setup.REQUIREMENTS:
        blocks = (ROOT / name).read_text().replace("\\\n", "").splitlines()
        pins = [line for line in blocks if line.strip() and not line.lstrip().startswith("#")]
        assert pins and all("==" in line and "--hash=sha256:" in line for line in pins), name


def test_an_old_python_is_told_so(tmp_path: Path) -> None:
    shims = tmp_path / "bin"
    shims.mkdir()
    for name in ("python3.13", "python3.12", "python3.11", "python3"):
        (shims / name).write_text("#!/bin/sh\nexit 1\n")
        (shims / name).chmod(0o755)
    environment = {"PATH": f"{shims}:{os.environ['PATH']}", "FLUXOR_LOCAL": str(tmp_path / "local")}
    done = subprocess.run([ROOT / "bin/check"], env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "Fluxor needs Python 3.11 or newer: install it, or name one in FLUXOR_PYTHON.\n"


def test_a_missing_venv_module_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLUXOR_LOCAL", str(tmp_path))
    fake = tmp_path / "python"
    fake.write_text(
        "#!/bin/sh\necho 'The virtual environment was not created: ensurepip is not available'\nexit 1\n"
    )
    fake.chmod(0o755)
    monkeypatch.setattr(setup.sys, "executable", str(fake))
    with pytest.raises(setup.SetupFailed, match="apt install python3-venv"):
        setup.ensure_environment()


def test_what_python_compiles_is_kept_apart_from_the_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLUXOR_LOCAL", str(tmp_path / "local"))
    (tmp_path / "planted.py").write_text("")
    given = launch.environment({"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(tmp_path)})
    subprocess.run([sys.executable, "-c", "import planted"], env=given, check=True)
    assert list((tmp_path / "local" / "bytecode").rglob("planted.*.pyc"))
    assert not list(tmp_path.rglob("__pycache__"))
    assert launch.environment({"PYTHONPYCACHEPREFIX": "/own"}) == {"PYTHONPYCACHEPREFIX": "/own"}
