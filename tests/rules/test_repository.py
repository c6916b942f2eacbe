"""The repository holds the product alone: no secrets, foreign code, machine's paths, nor files too long to read."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from devtools.paths import ROOT

MAX_BYTES = 1_000_000
MAX_FILE_LINES = 250
MAX_TEST_LINES = 400  # a list of cases may be longer than what it tests
MAX_FUNCTION_LINES = 60
# Files that may be longer, and why.
LONG_FILES: dict[str, str] = {
    "bench/_month.py": "all that can happen in a month, one small method each, and the comparison after it",
    "bench/sync.py": "three measurements of the sync, each read from its set-up to its figures",
    "simulator/control/life.py": "one kind of random event after the other, drawn from one seed",
    "simulator/generation/writing.py": "one pass that writes two years of events in the order they happened",
    "simulator/graphql/endpoint.py": "the order in which Shopify checks a request, from version to throttle",
    "simulator/graphql/types/inventory.py": "one resolver class for each inventory type of the schema",
    "simulator/graphql/types/orders.py": "one resolver class for each order type of the schema",
    "simulator/store/orders.py": "everything that can happen to an order, each with its stock movements",
}
WHOLE = "migrations/versions/"  # a migration is written once, reads from top to bottom and is never edited
# Functions that may be longer, and why: "path:name".
LONG_FUNCTIONS: dict[str, str] = {
    "simulator/generation/writing.py:products": "the columns of the product tables, written out",
    "simulator/generation/writing.py:_removal": "refund, edit and cancellation share one order of events",
    "simulator/store/catalog.py:create_product": "the columns of a new product, written out",
}
# Lists of pins and hashes, made by tools.
GENERATED = ("requirements.txt", "requirements-dev.txt", "package-lock.json")

# Written in pieces, so that this file does not find itself.
FORBIDDEN = {
    "a package registry's host": re.compile(
        r"files\.python" + r"hosted|pypi\." + r"org|registry\." + r"npmjs|proxy\." + r"golang"
    ),
    "a path of somebody's machine": re.compile(
        r"(?<![\w.])/(?:" + "work|root|home/[a-z]+|Users/[A-Za-z]+" + r")/(?!\.)"
    ),
    "a private key": re.compile("-----BEGIN" + r" (?:[A-Z]+ )?PRIVATE KEY"),
    "a Shopify token": re.compile(r"\bshp(?:at|ua|ca|pa|ss)_" + r"[0-9a-fA-F]{32}\b"),
    "a Mailgun key": re.compile(r"\bkey-" + r"[0-9a-f]{32}\b"),
    "a cloud key": re.compile(r"\bAKIA" + r"[0-9A-Z]{16}\b|\bghp_" + r"[A-Za-z0-9]{36}\b"),
    "a bundled library": re.compile(r"/\*! (?:jQuery|Chart\.js|htmx)" + r"|@license" + r" React"),
}


def tracked() -> list[Path]:
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in names.stdout.split("\0") if name and (ROOT / name).is_file()]


def text_of(file: Path) -> str:
    content = file.read_bytes()
    return "" if b"\0" in content[:8000] else content.decode(errors="replace")


def offences(text: str) -> list[str]:
    return [what for what, pattern in FORBIDDEN.items() if pattern.search(text)]


def function_lengths(source: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_tracked_file_holds_what_does_not_belong_here() -> None:
    found = {
        str(file.relative_to(ROOT)): bad
        for file in tracked()
        if file.name not in GENERATED and (bad := offences(text_of(file)))
    }
    assert found == {}


@pytest.mark.parametrize(
    "planted",
    [
        "https://files.python" + "hosted.org/x.whl",
        "open('/ro" + "ot/x/y')",
        "see /wo" + "rk/x/y.md",
        "-----BEGIN " + "RSA PRIVATE KEY-----",
        "shpat_" + "0123456789abcdef" * 2,
        "key-" + "0123456789abcdef" * 2,
        "AKIA" + "ABCDEFGHIJKLMNOP",
        "/*! Chart" + ".js v4",
    ],
)
def test_each_planted_offence_is_found(planted: str) -> None:
    assert len(offences(planted)) == 1


def test_the_lock_files_name_no_registry() -> None:
    for name in GENERATED:
        assert "a package registry's host" not in offences((ROOT / name).read_text())


def test_no_file_is_large() -> None:
    assert [str(file) for file in tracked() if file.stat().st_size > MAX_BYTES] == []


def test_files_and_functions_keep_their_budgets() -> None:
    long_files, long_functions = [], []
    for file in tracked():
        name = str(file.relative_to(ROOT))
        if file.suffix != ".py" or name.startswith(WHOLE):
            continue
        source = file.read_text()
        most = MAX_TEST_LINES if name.startswith("tests/") else MAX_FILE_LINES
        if len(source.splitlines()) > most and name not in LONG_FILES:
            long_files.append(f"{name}: {len(source.splitlines())} lines")
        for function, lines in function_lengths(source):
            if lines > MAX_FUNCTION_LINES and f"{name}:{function}" not in LONG_FUNCTIONS:
                long_functions.append(f"{name}:{function}: {lines} lines")
    assert long_files == [], "split them, or justify them in LONG_FILES"
    assert long_functions == [], "split them, or justify them in LONG_FUNCTIONS"


def test_exceptions_are_still_needed() -> None:
    for name in LONG_FILES:
        assert len((ROOT / name).read_text().splitlines()) > MAX_FILE_LINES, name
    for entry in LONG_FUNCTIONS:
        name, _, function = entry.partition(":")
        lengths = dict(function_lengths((ROOT / name).read_text()))
        assert lengths.get(function, 0) > MAX_FUNCTION_LINES, entry


def test_lengths_are_counted_from_def_to_the_last_line() -> None:
    source = "def short():\n    pass\n\n\nclass C:\n    async def long(self):\n" + "        x = 1\n" * 70
    assert dict(function_lengths(source)) == {"short": 2, "long": 71}
