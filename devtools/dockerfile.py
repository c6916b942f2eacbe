"""Reads a Dockerfile into stages of instructions, and a `.dockerignore` into what it leaves out."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

KNOWN = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "EXPOSE", "HEALTHCHECK", "CMD"}


class CannotRead(ValueError):
    """The Dockerfile says something that is not understood here."""


@dataclass(frozen=True)
class Instruction:
    """One instruction, its continued lines joined."""

    name: str
    text: str
    line: int


@dataclass
class Stage:
    """What one FROM begins; `name` is empty unless it says AS."""

    base: str
    name: str
    instructions: list[Instruction] = field(default_factory=list)

    def last(self, name: str) -> str:
        """The text of the last instruction of that name, empty when there is none."""
        return next((one.text for one in reversed(self.instructions) if one.name == name), "")


@dataclass(frozen=True)
class Copy:
    """The parts of a COPY."""

    sources: list[str]
    target: str
    stage: str


def stages(text: str) -> list[Stage]:
    """The stages in order. Raises CannotRead."""
    found: list[Stage] = []
    for one in _instructions(text):
        if one.name not in KNOWN:
            raise CannotRead(f"line {one.line}: {one.name} is not known here")
        if one.name == "FROM":
            base, _, name = one.text.partition(" AS ")
            found.append(Stage(base, name))
        elif not found:
            raise CannotRead(f"line {one.line}: {one.name} before the first FROM")
        else:
            found[-1].instructions.append(one)
    return found


def _instructions(text: str) -> list[Instruction]:
    found, joined, begin = [], "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if not joined and (not line.strip() or line.lstrip().startswith("#")):
            continue
        begin = begin if joined else number
        joined += line.rstrip().removesuffix("\\")
        if not line.rstrip().endswith("\\"):
            name, _, rest = joined.strip().partition(" ")
            found.append(Instruction(name.upper(), rest.strip(), begin))
            joined = ""
    return found


def copy(text: str) -> Copy:
    """A COPY's sources, target and the stage it copies from (empty: the build's context)."""
    words = shlex.split(text)
    stage = ""
    if words[0].startswith("--from="):
        stage = words.pop(0).removeprefix("--from=")
    return Copy(words[:-1], words[-1], stage)


def environment(text: str) -> dict[str, str]:
    """The names and values of an ENV."""
    return dict(word.split("=", 1) for word in shlex.split(text))


class Ignored:
    """Which files of the context `.dockerignore` leaves out; patterns as Docker reads them, `!` excepted."""

    def __init__(self, text: str) -> None:
        lines = [line.strip().strip("/") for line in text.splitlines()]
        self._patterns = [line for line in lines if line and not line.startswith("#")]

    def __contains__(self, path: Path) -> bool:
        """Whether the file, relative to the context, is left out, by itself or with a folder above it."""
        parts = path.parts
        heads = ["/".join(parts[: n + 1]) for n in range(len(parts))]
        return any(self._matches(head, pattern) for head in heads for pattern in self._patterns)

    @staticmethod
    def _matches(path: str, pattern: str) -> bool:
        if pattern.startswith("**/"):
            return fnmatch(path.rpartition("/")[2], pattern[3:])
        # A star does not cross a slash.
        return path.count("/") == pattern.count("/") and all(
            fnmatch(a, b) for a, b in zip(path.split("/"), re.split("/", pattern), strict=True)
        )
