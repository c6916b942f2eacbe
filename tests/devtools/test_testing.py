"""bin/test: what the static checks said beside the tests is told and counts; none outlives the run."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from devtools import testing


@pytest.fixture
def checks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("FLUXOR_LOCAL", str(tmp_path))
    return monkeypatch


@pytest.mark.parametrize("status", [0, 1])
def test_what_the_checks_say_is_told_and_counts(
    checks: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    said = f"print('lint was asked'); raise SystemExit({status})"
    checks.setattr(testing, "CHECKS", [sys.executable, "-c", said])
    with ExitStack() as stack:
        assert testing.in_order(testing.begin_checks(stack)) is (status == 0)
    assert capsys.readouterr().out == "Static checks:\nlint was asked\n"


def test_checks_end_with_a_run_that_is_stopped(checks: pytest.MonkeyPatch) -> None:
    checks.setattr(testing, "CHECKS", [sys.executable, "-c", "import signal; signal.pause()"])
    with ExitStack() as stack:
        process = testing.begin_checks(stack).process
        assert process.poll() is None
    assert process.poll() is not None


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (["tests/domain", "-k", "prophet"], True),
        (["-q", "tests/domain/test_past.py::test_sums_by_hand", "--cov=app/domain"], True),
        (["tests/domain", "tests/jobs"], False),
        (["tests/domain/../jobs"], False),
        (["-k", "prophet"], False),
        (["tests"], False),
        ([], False),
    ],
)
def test_the_domain_is_tested_without_servers(arguments: list[str], answer: bool) -> None:
    assert testing.only_domain(arguments) is answer
