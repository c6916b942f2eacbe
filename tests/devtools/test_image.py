"""The Dockerfile's steps, run one by one without an engine, and the image's command started from what they leave."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from devtools import assets, dockerfile, ports
from devtools.dockerfile import CannotRead, Ignored
from devtools.image import Builder, Built, StepFailed, environment
from devtools.paths import ROOT
from devtools.services import Services
from devtools.services import test_services as private_services


def from_the_same_locks(built: Built, command: str) -> bool:
    """Where npm and pip would fetch, take what this machine installed from the same lock files."""
    if command == "npm ci":
        assert assets.modules_are_current(built.inside("package-lock.json"), assets.MODULES)
        built.inside("node_modules").symlink_to(assets.MODULES)
    elif command == "python -m venv /opt/venv":
        built.inside("/opt/venv").parent.mkdir()
        built.inside("/opt/venv").symlink_to(sys.prefix)
    elif "pip install" in command:
        assert "--require-hashes" in command
        assert built.inside(command.split()[-1]).read_bytes() == (ROOT / "requirements.txt").read_bytes()
    else:
        return False
    return True


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return Builder(ROOT, tmp_path_factory.mktemp("image"), stand_in=from_the_same_locks).build()


def test_every_step_works_and_the_image_holds_what_it_needs_and_no_more(image: Built) -> None:
    files = {path.relative_to(image.inside(".")).parts[0] for path in image.inside(".").rglob("*")}
    assert files == {"app", "migrations", "wsgi.py", "shopify.app.toml"}
    assert image.inside("app/static/vendor/manifest.json").is_file()
    assert list(image.inside("app/translations").rglob("*.mo"))
    assert not list(image.inside(".").rglob("*.pyc"))
    assert any("libgomp1" in command for command in image.system)


def test_the_image_runs_as_a_user_of_its_own(image: Built) -> None:
    names = [one.name for one in image.stage.instructions]
    assert image.user not in ("root", "0")
    assert any("useradd" in command and image.user in command for command in image.system)
    assert names.index("USER") < names.index("CMD")


@pytest.fixture
def answering(image: Built, tmp_path: Path) -> Iterator[int]:
    """The image's own command, started from the image's files alone, with real services; yields its port."""
    with private_services() as services:
        port = ports.free_port()
        command = [*shlex.split(image.stage.last("CMD").strip("[]").replace(",", " "))]
        variables = {**environment(image), **deployed(services), "PORT": str(port), "WEB_CONCURRENCY": "1"}
        log = (tmp_path / "log").open("wb")
        process = subprocess.Popen(
            command, cwd=image.inside("."), env=variables, stdout=log, stderr=log, start_new_session=True
        )
        try:
            deadline = time.monotonic() + 90
            while not is_healthy(port):
                assert process.poll() is None and time.monotonic() < deadline, (tmp_path / "log").read_text()
                time.sleep(0.1)
            yield port
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def is_healthy(port: int) -> bool:
    try:
        return bool(urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).status == 200)
    except OSError:
        return False


def deployed(services: Services) -> dict[str, str]:
    """The environment that docs/deploy.md asks for."""
    return {
        "DATABASE_URL": services.app_url,
        "REDIS_URL": services.redis_url,
        "APP_URL": "https://fluxor.example.com",
        "SHOPIFY_API_KEY": "key",
        "SHOPIFY_API_SECRET": "secret",
        "SECRET_KEY": "k" * 40,
        "TOKEN_KEYS": "k1:MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE=",
    }


def test_its_command_answers(image: Built, answering: int) -> None:
    check = image.stage.last("HEALTHCHECK").partition("CMD ")[2]
    command = [part.replace('\\"', '"') for part in re.findall(r'"((?:[^"\\]|\\.)*)"', check)]
    healthy = subprocess.run(command, env={**environment(image), "PORT": str(answering)}, capture_output=True)
    assert healthy.returncode == 0, healthy.stderr
    page = urllib.request.urlopen(f"http://127.0.0.1:{answering}/login", timeout=10).read().decode()
    sheet = re.search(r'href="(/static/vendor/[^"]+\.css)"', page)
    assert sheet is not None
    assert urllib.request.urlopen(f"http://127.0.0.1:{answering}{sheet[1]}", timeout=10).status == 200


def test_a_health_check_of_nothing_fails(image: Built) -> None:
    check = image.stage.last("HEALTHCHECK").partition("CMD ")[2]
    command = [part.replace('\\"', '"') for part in re.findall(r'"((?:[^"\\]|\\.)*)"', check)]
    variables = {**environment(image), "PORT": str(ports.free_port())}
    assert subprocess.run(command, env=variables, capture_output=True).returncode != 0


def test_web_is_started_alike_everywhere(image: Built) -> None:
    heroku = next(line for line in (ROOT / "Procfile").read_text().splitlines() if line.startswith("web:"))
    here = image.stage.last("CMD").replace(" --bind 0.0.0.0:$PORT", "")
    assert heroku.removeprefix("web: ") in here


def planted(folder: Path, text: str, ignored: str = "") -> Builder:
    context = folder / "context"
    context.mkdir()
    (context / "Dockerfile").write_text(text)
    (context / ".dockerignore").write_text(ignored)
    (context / "kept").write_text("x")
    (context / "folder").mkdir()
    (context / "folder" / "inner.pyc").write_text("x")
    return Builder(context, folder / "roots")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("FROM a\nCOPY absent ./\n", "line 2: there is no absent"),
        ("FROM a\nCOPY kept ./\n", "there is no kept"),
        ("FROM a\nWORKDIR /srv/x\nRUN test -e nothing\n", "line 3"),
        ("FROM a AS b\nFROM c\nCOPY --from=b /opt/none ./\n", "there is no /opt/none"),
    ],
)
def test_a_step_that_does_not_work_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(StepFailed, match=said):
        planted(tmp_path, text, "kept").build()


def test_stages_copy_from_each_other_and_commands_see_moved_paths(tmp_path: Path) -> None:
    text = (
        "# comment\nFROM a AS first\nWORKDIR /src\nRUN mkdir -p /opt/made && \\\n  echo hi > /opt/made/file\n"
        "FROM b\nWORKDIR /srv/x\nENV A=1 PATH=/opt/made:$PATH\nCOPY --from=first /opt/made /opt/made\n"
        'COPY folder ./folder\nRUN cat /opt/made/file > out; echo "$A" >> out\n'
    )
    built = planted(tmp_path, text, "**/*.pyc").build()
    assert built.inside("out").read_text() == "hi\n1\n"
    assert list(built.inside("folder").iterdir()) == []
    assert environment(built)["PATH"].startswith(f"{built.root}/opt/made{os.pathsep}")
    assert not Path("/opt/made").exists()


def test_what_is_not_understood_is_said() -> None:
    with pytest.raises(CannotRead, match="line 2: ADD"):
        dockerfile.stages("FROM a\nADD x y\n")
    with pytest.raises(CannotRead, match="before the first FROM"):
        dockerfile.stages("RUN true\n")


def test_ignored_files() -> None:
    ignored = Ignored("# why\n.git\n**/*.pyc\napp/static/vendor\n.env*\n")
    for path in (".git/config", "a/b/c.pyc", "app/static/vendor/x.js", ".env.local"):
        assert Path(path) in ignored, path
    for path in ("app/static/app.css", "app/.gitkeep", "vendor/x", "a/.env"):
        assert Path(path) not in ignored, path
    assert shutil.which("sh")
