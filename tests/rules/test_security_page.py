"""docs/security.md claims nothing that no test holds: every test it names exists, every guard is listed."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from devtools import mutate_guards
from devtools.guards import GUARDS, Guard
from devtools.mutate_guards import GuardNotFound
from devtools.paths import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text()
# Those of Shopify's checks that concern an app of this kind.
CHECKS = 25


def missing_tests(page: str, root: Path = ROOT) -> list[str]:
    """The tests that the page names and that are not there."""
    missing = []
    for file, name in re.findall(r"`(tests/[\w/]+\.py)::(\w+)", page):
        path = root / file
        names = (
            {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}
            if path.is_file()
            else set()
        )
        if name not in names:
            missing.append(f"{file}::{name}")
    return missing


def test_every_test_that_the_page_names_exists() -> None:
    assert len(re.findall(r"`tests/", PAGE)) > 20
    assert missing_tests(PAGE) == []


def test_a_planted_name_is_found() -> None:
    assert missing_tests("`tests/rules/test_jobs.py::test_planted`") == [
        "tests/rules/test_jobs.py::test_planted"
    ]
    assert missing_tests("`tests/none.py::test_x`") == ["tests/none.py::test_x"]


def test_every_check_of_shopifys_is_answered() -> None:
    assert len(re.findall(r"^\| [A-Z]+_[A-Z_]+ \| \S", PAGE, re.MULTILINE)) == CHECKS


def test_every_guard_on_the_page_is_on_the_list() -> None:
    rows = re.findall(r"^\| ([^|]+) \| `((?:app|migrations)/[^`]+)` \| `tests/", PAGE, re.MULTILINE)
    assert rows
    assert set(rows) <= {(guard.name, guard.file) for guard in GUARDS}


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_the_list_of_guards_follows_the_code(guard: Guard) -> None:
    assert (ROOT / guard.file).read_text().count(guard.text) == 1
    assert guard.text != guard.instead
    assert (ROOT / guard.test.split("::")[0]).is_file()


def test_a_guard_is_removed_and_put_back(tmp_path: Path) -> None:
    file = tmp_path / "door.py"
    file.write_text("if locked:\n    stop()\n")
    guard = Guard("door", "door.py", "if locked:", "if False:", "none")
    with mutate_guards.without(guard, tmp_path):
        assert file.read_text() == "if False:\n    stop()\n"
    assert file.read_text() == "if locked:\n    stop()\n"
    file.write_text("nothing\n")
    with pytest.raises(GuardNotFound, match="0 times"), mutate_guards.without(guard, tmp_path):
        pass


def test_every_address_of_the_app_is_relative_or_https() -> None:
    text = (ROOT / "shopify.app.toml").read_text()
    assert re.findall(r"^\s*uri\s*=", text, re.MULTILINE)
    assert re.findall(r"http://[^\"\s]*", text) == []


def test_the_workflow_audits_the_dependencies() -> None:
    assert "pip-audit" in (ROOT / ".github" / "workflows" / "ci.yml").read_text()
