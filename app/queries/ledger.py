"""Lines of a ledger in the reader's words: why a quantity, and why it is not what it was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from app.words import replenishment as words


@dataclass(frozen=True)
class LedgerEntry:
    """One signed line in the reader's words; the lines sum to the quantity."""

    code: str
    label: str
    units: int
    detail: str


@dataclass(frozen=True)
class Change:
    """Why a quantity is not what it was: the lines sum to it less the quantity `before`, planned on `since`."""

    since: date
    before: int
    lines: list[LedgerEntry]


def entry(*, code: str, units: int, detail: Any, label: str = "") -> LedgerEntry:
    """The stored line; `label` is set in plans of an earlier release, which were stored in words."""
    return LedgerEntry(code, label or words.label(code), units, words.detail(code, detail))


def change(*, since: str, before: int, **units: int) -> Change:
    """The stored change, without the causes that changed nothing."""
    lines = [LedgerEntry(code, words.cause(code), of, "") for code, of in units.items() if of]
    return Change(date.fromisoformat(since), before, lines)
