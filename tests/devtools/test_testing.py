"""bin/test: what the static checks said beside the tests is told and counts; none outlives the run."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from devtools import testing
from devtools.processes import Supervisor


@pytest.fixture
def supervisor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    monkeypatch.setenv("FLUXOR_LOCAL", str(tmp_path))
    with Supervisor(tmp_path / "logs") as found:
        yield found


@pytest.mark.parametrize("status", [0, 1])
def test_what_the_checks_say_is_told_and_counts(
    supervisor: Supervisor, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    said = f"print('lint was asked'); raise SystemExit({status})"
    checks = testing.begin(supervisor, "checks", [sys.executable, "-c", said])
    assert testing.in_order(checks) is (status == 0)
    assert capsys.readouterr().out == "Static checks:\nlint was asked\n"


def test_checks_end_with_a_run_that_is_stopped(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        forever = [sys.executable, "-c", "import signal; signal.pause()"]
        process = testing.begin(supervisor, "checks", forever).process
        assert process.poll() is None
    assert process.poll() is not None


def test_a_new_checkout_is_compiled_once(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "told"
    script = f"open({str(told)!r}, 'a').write('compiled ')"
    monkeypatch.setattr(testing, "COLLECT", [sys.executable, "-c", script])
    for _ in range(2):
        with testing.compiled_once(supervisor):
            pass
        assert told.read_text() == "compiled "


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


@pytest.mark.parametrize(
    ("arguments", "more"),
    [
        (["tests/domain", "--cov=app/domain", "--cov-branch"], ["--cov-report="]),
        (["tests/domain", "--cov=app/domain", "--cov-report=html"], []),
        (["tests/domain"], []),
        (["tests/jobs", "--cov=app/jobs"], []),
    ],
)
def test_the_domains_coverage_is_worked_out_once(arguments: list[str], more: list[str]) -> None:
    assert testing.one_look(arguments) == more


def test_what_the_domains_tests_do_not_cover_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FLUXOR_LOCAL", str(tmp_path))
    asked = ["tests/domain/test_wholesale.py", "--cov=app/domain/demand", "--cov-fail-under=100"]
    monkeypatch.setattr(sys, "argv", ["test", *asked])
    assert testing.main() != 0
    assert "app/domain/demand/sold_out.py" in capfd.readouterr().out
