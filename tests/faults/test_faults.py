"""A few faults on the real processes: nothing is lost, nothing done twice. All of them: `bin/bench faults`."""

from __future__ import annotations

import pytest

from bench.faults.__main__ import run
from bench.faults.ground import place

KINDS = ["job-killed", "valkey-emptied", "postgres-cut", "web-child-killed"]


@pytest.mark.slow
def test_what_was_asked_for_happens_once_whatever_fails() -> None:
    with place(is_lean=True) as here:
        report = run(here, KINDS, 1)
    assert {name: (row["missed"], row["twice"]) for name, row in report["kinds"].items()} == dict.fromkeys(
        KINDS, ([], 0)
    )
