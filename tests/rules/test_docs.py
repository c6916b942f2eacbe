"""Documents that are generated are current, and every module says what it is for."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from devtools import architecture
from devtools.paths import ROOT

FOLDERS = (*architecture.PACKAGES, "tests", "migrations")


def modules(root: Path) -> list[Path]:
    return [file for folder in FOLDERS for file in sorted((root / folder).rglob("*.py"))]


def undocumented(files: list[Path]) -> list[str]:
    """Modules without docstring; an empty `__init__.py` of a test folder may be silent."""
    return [
        str(file)
        for file in files
        if not ast.get_docstring(ast.parse(file.read_text()))
        and not (file.name == "__init__.py" and "tests" in file.parts and not file.read_text().strip())
    ]


def test_every_module_says_what_it_is_for() -> None:
    assert undocumented(modules(ROOT)) == []


def test_a_silent_module_is_found(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__init__.py").write_text('"""The app."""\n')
    (tmp_path / "app" / "silent.py").write_text("x = 1\n")
    assert undocumented(modules(tmp_path)) == [str(tmp_path / "app" / "silent.py")]
    with pytest.raises(architecture.NoDocstring, match=r"silent\.py"):
        architecture.tree(tmp_path, ("app",))


def test_the_architecture_page_is_current() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "devtools.architecture", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_the_tree_lists_packages_and_modules_in_order(tmp_path: Path) -> None:
    (tmp_path / "app" / "domain").mkdir(parents=True)
    (tmp_path / "app" / "__init__.py").write_text('"""The app."""\n')
    (tmp_path / "app" / "cli.py").write_text('"""Commands.\n\nMore of them.\n"""\n')
    (tmp_path / "app" / "domain" / "__init__.py").write_text('"""Numbers."""\n')
    (tmp_path / "app" / "domain" / "laws.py").write_text('"""Distributions."""\n')
    section = architecture.tree(tmp_path, ("app",))
    assert section == (
        "### `app/`\n\nThe app.\n\n- `cli.py` — Commands\n- `domain/` — Numbers\n  - `laws.py` — Distributions"
    )
    page = architecture.updated(f"# Title\n{architecture.BEGIN}\nold\n{architecture.END}\nrest\n", section)
    assert section in page and "old" not in page and page.endswith("rest\n")


def test_links_between_documents_lead_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    dead = []
    for page in pages:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            if not (page.parent / target).exists():
                dead.append(f"{page.name}: {target}")
    assert dead == []
