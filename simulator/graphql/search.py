"""Shopify's search syntax (`query:` arguments) turned into SQL, with its measured traps kept.

An unquoted time such as `updated_at:>=2026-08-01T00:00:00Z` is mis-parsed on its colons: the term filters
nothing and the only sign is an `invalid_field` warning in `extensions.search`. Quoted, the bound is inclusive
and exact to the second.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from simulator.clock import parse_time

_TOKEN = re.compile(
    r"""\s*(?:(?P<open>\()|(?P<close>\))|(?P<term>-?(?:[^\s()'":]+:)?[<>=]{0,2}(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s()]+)))"""
)
_TERM = re.compile(
    r"""(?P<minus>-?)(?:(?P<name>[A-Za-z_.]+):)?(?P<op><=|>=|<|>|=)?(?P<value>.*)""", re.DOTALL
)
_SQL_OP = {"": "=", "=": "=", "<": "<", ">": ">", "<=": "<=", ">=": ">="}

Clause = tuple[str, list[Any]]
Filter = Callable[["Term", ZoneInfo], Clause]


@dataclass(frozen=True)
class Term:
    """`name:opvalue`, e.g. `updated_at:>='2026-08-01'`."""

    name: str | None
    op: str
    value: str
    quoted: bool


@dataclass
class Parsed:
    """SQL condition, its parameters, and the warnings that Shopify would give."""

    sql: str = "1"
    parameters: list[Any] = field(default_factory=list)
    warnings: list[dict[str, str]] = field(default_factory=list)


def parse(text: str | None, filters: dict[str, Filter], free: Filter | None, zone: ZoneInfo) -> Parsed:
    """Turn a search string into a condition over the fields that `filters` know; `free` takes bare words."""
    parsed = Parsed()
    if text and text.strip():
        reader = _Reader(_tokens(text), filters, free, zone, parsed.warnings)
        parsed.sql, parsed.parameters = reader.either()
    return parsed


def _tokens(text: str) -> list[str]:
    found, position = [], 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if not match:
            break
        found.append(match.group("open") or match.group("close") or match.group("term"))
        position = match.end()
    return found


@dataclass
class _Reader:
    """Recursive descent over OR, AND (also implied), NOT/-, and parentheses."""

    tokens: list[str]
    filters: dict[str, Filter]
    free: Filter | None
    zone: ZoneInfo
    warnings: list[dict[str, str]]
    at: int = 0

    def _peek(self) -> str | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def either(self) -> Clause:
        parts = [self.both()]
        while (self._peek() or "").upper() == "OR":
            self.at += 1
            parts.append(self.both())
        return _join(parts, " OR ")

    def both(self) -> Clause:
        parts = []
        while (token := self._peek()) is not None and token != ")" and token.upper() != "OR":
            if token.upper() == "AND":
                self.at += 1
                continue
            parts.append(self.one())
        return _join(parts, " AND ") if parts else ("1", [])

    def one(self) -> Clause:
        token = self.tokens[self.at]
        self.at += 1
        if token.upper() == "NOT":
            sql, parameters = self.one()
            return f"NOT ({sql})", parameters
        if token == "(":
            inner = self.either()
            if self._peek() == ")":
                self.at += 1
            return inner
        return self.term(token)

    def term(self, token: str) -> Clause:
        match = _TERM.fullmatch(token)
        assert match is not None
        value = match["value"]
        quoted = len(value) >= 2 and value[0] in "'\"" and value[-1] == value[0]
        term = Term(match["name"], match["op"] or "", value[1:-1] if quoted else value, quoted)
        clause = self._clause(term)
        return (f"NOT ({clause[0]})", clause[1]) if match["minus"] else clause

    def _clause(self, term: Term) -> Clause:
        if not term.quoted and ":" in term.value:
            self._warn(f"{term.name}:{term.op}{term.value.split(':')[0]}")
            return "1", []
        known = self.free if term.name is None else self.filters.get(term.name)
        if known is None:
            self._warn(term.name or term.value)
            return "1", []
        try:
            return known(term, self.zone)
        except ValueError:
            self._warn(str(term.name), "invalid_value")
            return "1", []

    def _warn(self, name: str, code: str = "invalid_field") -> None:
        message = (
            "Invalid search field for this query." if code == "invalid_field" else "Input value is not valid."
        )
        self.warnings.append({"field": name, "message": message, "code": code})


def _join(parts: list[Clause], word: str) -> Clause:
    if len(parts) == 1:
        return parts[0]
    return "(" + word.join(f"({sql})" for sql, _ in parts) + ")", [p for _, ps in parts for p in ps]


def by_time(column: str) -> Filter:
    """A time column: bounds, a whole day for a bare date, `*` for any."""

    def clause(term: Term, zone: ZoneInfo) -> Clause:
        if term.value == "*":
            return f"{column} IS NOT NULL", []
        if re.fullmatch(r"\d{4}-\d\d-\d\d", term.value):
            start = datetime.combine(date.fromisoformat(term.value), time(), zone)
            end = datetime.combine(date.fromisoformat(term.value) + timedelta(days=1), time(), zone)
            return _day(column, term.op, int(start.timestamp()), int(end.timestamp()))
        return f"{column} {_SQL_OP[term.op]} ?", [int(parse_time(term.value))]

    return clause


def _day(column: str, op: str, start: int, end: int) -> Clause:
    bounds: dict[str, Clause] = {
        "": (f"({column} >= ? AND {column} < ?)", [start, end]),
        "=": (f"({column} >= ? AND {column} < ?)", [start, end]),
        ">=": (f"{column} >= ?", [start]),
        ">": (f"{column} >= ?", [end]),
        "<": (f"{column} < ?", [start]),
        "<=": (f"{column} < ?", [end]),
    }
    return bounds[op]


def by_id(column: str = "id") -> Filter:
    """Numeric ids, with bounds."""

    def clause(term: Term, zone: ZoneInfo) -> Clause:
        return f"{column} {_SQL_OP[term.op]} ?", [int(term.value.rsplit("/", 1)[-1])]

    return clause


def by_text(expression: str) -> Filter:
    """Text: equal without regard to case, a trailing `*` matches prefixes; comma lists are alternatives."""

    def clause(term: Term, zone: ZoneInfo) -> Clause:
        parts = [term.value] if term.quoted else term.value.split(",")
        sql = " OR ".join(f"{expression} LIKE ? ESCAPE '\\'" for _ in parts)
        return f"({sql})", [_like(part) for part in parts]

    return clause


def _like(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return escaped[:-1] + "%" if escaped.endswith("*") else escaped


def by_flag(expression: str) -> Filter:
    """true / false."""

    def clause(term: Term, zone: ZoneInfo) -> Clause:
        if term.value.lower() not in ("true", "false"):
            raise ValueError(term.value)
        return f"({expression}) = ?", [int(term.value.lower() == "true")]

    return clause


def by_choice(choices: dict[str, str]) -> Filter:
    """A word that stands for a condition, e.g. status:open; comma lists are alternatives."""

    def clause(term: Term, zone: ZoneInfo) -> Clause:
        words = [w.strip().lower() for w in term.value.split(",")]
        if any(w not in choices for w in words):
            raise ValueError(term.value)
        return "(" + " OR ".join(f"({choices[w]})" for w in words) + ")", []

    return clause


def by_number(expression: str) -> Filter:
    """A number with bounds."""

    def clause(term: Term, zone: ZoneInfo) -> Clause:
        return f"({expression}) {_SQL_OP[term.op]} ?", [float(term.value)]

    return clause
