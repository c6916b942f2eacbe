"""Import contracts and banned calls: planted violations are caught, one by one, and the clean tree passes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from devtools.paths import ROOT

BIN = Path(sys.executable).parent
# The rooms of the house, with imports that are allowed.
SKELETON = {
    "app/__init__.py": "from app import cli, errors\nfrom app.blueprints import forecasts",
    "app/config.py": "import os\nENVIRONMENT = os.environ",
    "app/errors.py": "",
    "app/cli.py": "from app.jobs import forecasts",
    "app/domain/__init__.py": "import numpy",
    "app/domain/demand.py": "",
    "app/domain/forecasts/__init__.py": "from app.domain.forecasts import prophet_model",
    "app/domain/forecasts/prophet_model.py": "import prophet",
    "app/domain/replenishment.py": "from app.domain import forecasts",
    "app/platform/__init__.py": "",
    "app/platform/clock.py": "import time\nNOW = time.time()",
    "app/platform/db.py": "from sqlalchemy import text",
    "app/platform/mail.py": "import requests",
    "app/platform/queue.py": "import rq",
    "app/platform/web.py": "import flask",
    "app/shopify/__init__.py": "",
    "app/shopify/admin.py": "import requests\nimport shopify\nimport shopify_app",
    "app/words/__init__.py": "",
    "app/words/alerts.py": "from app.domain import forecasts\nfrom app.platform import web",
    "app/models/__init__.py": "",
    "app/models/stores.py": "import sqlalchemy",
    "app/models/catalog.py": "from app.models import stores",
    "app/models/sales.py": "from app.models import catalog",
    "app/queries/__init__.py": "",
    "app/queries/forecasts.py": "from app.models import sales",
    "app/services/__init__.py": "",
    "app/services/audit.py": "",
    "app/services/stores.py": "from app.shopify import admin\nfrom app.services import audit",
    "app/services/inventory.py": "",
    "app/services/sales.py": "from app.models import sales",
    "app/services/forecasts.py": "from app.domain import forecasts\nfrom app.queries import forecasts as rows",
    "app/jobs/__init__.py": "",
    "app/jobs/forecasts.py": "from app.services import forecasts\nfrom app.platform import clock",
    "app/jobs/schedule.py": "from app.jobs import forecasts",
    "app/blueprints/__init__.py": "",
    "app/blueprints/forecasts.py": "from app.queries import forecasts\nfrom app.jobs import forecasts as jobs",
    "app/blueprints/alerts.py": "from app.platform import web",
    "simulator/__init__.py": "import requests",
    "devtools/__init__.py": "",
    "bench/__init__.py": "from app.domain import forecasts",
}
# (file, line to add, contract that must break)
FORBIDDEN_IMPORTS = [
    ("app/services/stores.py", "from app.blueprints import forecasts", "layers"),
    ("app/services/stores.py", "from app.jobs import forecasts", "layers"),
    ("app/queries/forecasts.py", "from app.services import forecasts", "layers"),
    ("app/models/sales.py", "from app.queries import forecasts", "layers"),
    ("app/models/sales.py", "from app.shopify import admin", "layers"),
    ("app/shopify/admin.py", "from app.models import stores", "layers"),
    ("app/words/alerts.py", "from app.models import stores", "layers"),
    ("app/domain/demand.py", "from app.words import alerts", "layers"),
    ("app/platform/db.py", "from app.models import stores", "layers"),
    ("app/platform/web.py", "from app.domain import demand", "layers"),
    ("app/domain/demand.py", "from app.platform import clock", "layers"),
    ("app/config.py", "from app.platform import db", "layers"),
    ("app/cli.py", "from app.blueprints import alerts", "layers"),
    ("app/jobs/forecasts.py", "from app.blueprints import alerts", "layers"),
    ("app/models/stores.py", "from app.models import catalog", "nouns"),
    ("app/services/audit.py", "from app.services import stores", "nouns"),
    ("app/services/sales.py", "from app.services import inventory", "nouns"),
    ("app/domain/demand.py", "import flask", "pure-domain"),
    ("app/domain/demand.py", "import sqlalchemy", "pure-domain"),
    ("app/domain/demand.py", "import redis", "pure-domain"),
    ("app/domain/demand.py", "import os", "pure-domain"),
    ("app/domain/demand.py", "import random", "pure-domain"),
    ("app/domain/demand.py", "from app import config", "pure-domain"),
    ("app/services/sales.py", "import flask", "use-cases"),
    ("app/services/sales.py", "import rq", "use-cases"),
    ("app/queries/forecasts.py", "from app.platform import clock", "use-cases"),
    ("app/services/sales.py", "from app.platform import queue", "use-cases"),
    ("app/models/sales.py", "import flask", "tables"),
    ("app/blueprints/alerts.py", "import sqlalchemy", "no-sql-in-blueprints"),
    ("app/jobs/forecasts.py", "import numpy", "no-maths-at-the-doors"),
    ("app/shopify/admin.py", "import sqlalchemy", "shopify-client"),
    ("app/services/sales.py", "import requests", "network"),
    ("app/blueprints/alerts.py", "import shopify", "network"),
    ("app/jobs/forecasts.py", "import smtplib", "network"),
    ("app/errors.py", "import httpx", "network"),
    ("app/domain/replenishment.py", "import prophet", "prophet"),
    ("app/services/forecasts.py", "import prophet", "prophet"),
    ("app/blueprints/alerts.py", "from app.blueprints import forecasts", "blueprints"),
    ("app/services/sales.py", "import simulator", "product"),
    ("simulator/__init__.py", "from app.shopify import admin", "simulator"),
]
CYCLES = [
    ("app/jobs/forecasts.py", "from app.jobs import schedule", "app.jobs"),
    ("app/domain/forecasts/__init__.py", "from app.domain import replenishment", "app.domain"),
]
NEW_ROOMS = [("app/utils.py", "layers"), ("app/services/helpers.py", "nouns")]
# (file, line, the name that ruff must object to)
BANNED_CALLS = [
    ("app/services/sales.py", "import datetime\nNOW = datetime.datetime.now()", "datetime.datetime.now"),
    (
        "app/jobs/forecasts.py",
        "import datetime\nNOW = datetime.datetime.utcnow()",
        "datetime.datetime.utcnow",
    ),
    ("app/domain/demand.py", "import datetime\nTODAY = datetime.date.today()", "datetime.date.today"),
    ("app/blueprints/alerts.py", "import time\nNOW = time.time()", "time.time"),
    ("app/shopify/admin.py", "import os\nKEY = os.environ['KEY']", "os.environ"),
    ("app/errors.py", "import os\nKEY = os.getenv('KEY')", "os.getenv"),
    ("app/queries/forecasts.py", "from sqlalchemy import text\nQ = text('')", "sqlalchemy.text"),
    ("app/services/sales.py", "from sqlalchemy import insert\nQ = insert", "sqlalchemy.insert"),
    (
        "app/services/stores.py",
        "from sqlalchemy.dialects.postgresql import insert\nQ = insert",
        "sqlalchemy.dialects.postgresql.insert",
    ),
]


def build(folder: Path) -> Path:
    """The skeleton on disk, with the project's own rules."""
    for name, content in SKELETON.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'"""A room."""\n{content}\n')
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.fixture
def house(tmp_path: Path) -> Path:
    return build(tmp_path)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the linter says of each contract once every forbidden import has been planted."""
    house = build(tmp_path_factory.mktemp("planted"))
    for file, line, _ in FORBIDDEN_IMPORTS:
        add(house, file, line)
    broken = lint_imports(house).stdout.partition("Broken contracts\n")[2]
    names = {contract["name"]: contract["id"] for contract in contracts()}
    parts = re.split(r"^(.+)\n-{8,}\n", broken, flags=re.MULTILINE)[1:]
    return {names[title]: text for title, text in zip(parts[::2], parts[1::2], strict=True) if title in names}


def contracts() -> list[dict[str, str]]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


def add(house: Path, file: str, lines: str) -> None:
    with (house / file).open("a") as handle:
        handle.write(f"{lines}\n")


def lint_imports(house: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    chosen = [part for contract in contracts for part in ("--contract", contract)]
    return subprocess.run(
        [BIN / "lint-imports", "--no-cache", "--no-logo", *chosen],
        cwd=house,
        env={**os.environ, "PYTHONPATH": str(house), "COLUMNS": "400"},
        capture_output=True,
        text=True,
    )


def ruff(house: Path) -> str:
    command = [BIN / "ruff", "check", "--no-cache", "--select", "TID251", "--output-format", "concise", "app"]
    return subprocess.run(command, cwd=house, capture_output=True, text=True).stdout


def test_the_clean_skeleton_keeps_every_contract(house: Path) -> None:
    done = lint_imports(house)
    assert done.returncode == 0, done.stdout
    assert " 0 broken" in done.stdout
    assert "All checks passed" in ruff(house)


@pytest.mark.parametrize(("file", "line", "contract"), FORBIDDEN_IMPORTS)
def test_a_forbidden_import_breaks_its_contract(
    report: dict[str, str], file: str, line: str, contract: str
) -> None:
    importer = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    words = line.split()
    imported = words[1] if words[0] == "import" else f"{words[1]}.{words[3]}"
    assert re.search(rf"{importer} -> {imported} ", report[contract]), report[contract]


def test_every_contract_has_a_planted_violation() -> None:
    planted = {contract for _, _, contract in FORBIDDEN_IMPORTS} | {"siblings"}
    assert {contract["id"] for contract in contracts()} == planted


@pytest.mark.parametrize(("file", "line", "package"), CYCLES)
def test_a_cycle_within_a_package_is_caught(house: Path, file: str, line: str, package: str) -> None:
    add(house, file, line)
    done = lint_imports(house, "siblings")
    assert done.returncode == 1
    assert f"No cycles are allowed in {package}." in done.stdout


@pytest.mark.parametrize(("file", "contract"), NEW_ROOMS)
def test_a_file_without_a_place_breaks_the_contract(house: Path, file: str, contract: str) -> None:
    (house / file).write_text('"""A room that nobody planned."""\n')
    done = lint_imports(house, contract)
    assert done.returncode == 1
    assert Path(file).stem in done.stdout


def test_banned_calls_are_caught_each(house: Path) -> None:
    for file, lines, _ in BANNED_CALLS:
        add(house, file, lines)
    report = ruff(house)
    for file, _, name in BANNED_CALLS:
        assert re.search(rf"{re.escape(file)}:\d+:\d+: TID251 `{re.escape(name)}` is banned", report), name


def test_this_tree_keeps_every_contract() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout
