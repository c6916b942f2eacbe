"""Runs the journey's steps, prints a line for each and writes them as JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import requests

from devtools.demo.install import Shopify
from devtools.demo.journey import Journey
from devtools.demo.stack import Stack
from devtools.demo.visitor import Visitor
from devtools.processes import ProcessFailed


@dataclass(frozen=True)
class Outcome:
    """One step's result."""

    step: str
    ok: bool
    seconds: float
    evidence: str


def run(stack: Stack, report: Path | None) -> int:
    """Drive the journey on a started stack; 0 when every step is in order."""
    shopify = Shopify(stack.settings.simulator_url)
    visitor = Visitor(stack.settings.app_url, shopify)
    journey = Journey(shopify, visitor, variants=stack.options.variants)
    outcomes = run_steps(journey.steps())
    if report:
        report.write_text(json.dumps([asdict(outcome) for outcome in outcomes], indent=2) + "\n")
    if all(outcome.ok for outcome in outcomes):
        return 0
    print(f"\nLogs: {stack.folder / 'logs'}")
    return 1


def run_steps(steps: Iterable[tuple[str, Callable[[], str]]]) -> list[Outcome]:
    """Do each in turn, also after one has failed; print a line for each."""
    outcomes = []
    for name, action in steps:
        started = time.monotonic()
        try:
            evidence, ok = action(), True
        except (ProcessFailed, requests.RequestException, KeyError, ValueError) as problem:
            evidence, ok = f"{type(problem).__name__}: {problem}", False
        seconds = round(time.monotonic() - started, 2)
        print(f"{'ok  ' if ok else 'FAIL'} {name:<12} {seconds:7.1f} s  {evidence}", flush=True)
        outcomes.append(Outcome(name, ok, seconds, evidence))
    return outcomes
