"""Changes the arithmetic of replenishment one operator at a time and shows that a test notices each change.

`python -m devtools.mutate_numbers` tries every change (half an hour), `--only ledger` those of one module,
`--seconds N` stops after that long. A change that no test notices is a survivor; it must be explained in
docs/decisions/002-changes-that-no-test-notices.md, which is read here, or the command exits with 1.

Nothing is written: the tests are loaded once, and each change lives in a forked child, in which the code object
of the one changed function is exchanged, so that whoever has imported the function already runs the change.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib
import io
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType, FunctionType, ModuleType
from typing import cast

from devtools.paths import ROOT

FOLDER = ROOT / "app" / "domain" / "replenishment"
TESTS = ROOT / "tests" / "domain"
PAGE = ROOT / "docs" / "decisions" / "002-changes-that-no-test-notices.md"
PATIENCE = 5  # times what the tests take without a change: what takes longer hangs
_SWAPS: dict[type, type] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd, ast.And: ast.Or, ast.Or: ast.And, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE,
    ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Pow: ast.Mult, ast.FloorDiv: ast.Mult,
}  # fmt: skip
_PAIRS = (("maximum", "minimum"), ("max", "min"), ("ceil", "floor"), ("any", "all"), ("argmax", "argmin"))
_NAMES = dict(_PAIRS) | {right: left for left, right in _PAIRS}


@dataclass(frozen=True)
class Mutant:
    """One changed place: the function it is in, the line as written, and what was put for what."""

    module: str
    function: str
    line: int
    source: str
    change: str
    code: CodeType

    @property
    def name(self) -> str:
        """How the explanations name it: without the line's number, which other changes move."""
        return f"{self.module}.{self.function}: {self.change} in `{self.source}`"


def modules() -> list[str]:
    """Every module of replenishment, also one that is new."""
    return sorted(file.stem for file in FOLDER.glob("*.py") if file.stem != "__init__")


def mutants(module: str) -> Iterator[Mutant]:
    """Every change of one module's functions, in the order of the source."""
    file = FOLDER / f"{module}.py"
    text = file.read_text()
    lines = text.splitlines()
    places = sum(1 for _ in _places(ast.parse(text)))
    for number in range(places):
        tree = ast.parse(text)
        function, node, change = next(place for i, place in enumerate(_places(tree)) if i == number)
        change()
        compiled = compile(ast.fix_missing_locations(tree), str(file), "exec")
        code = _code_of(compiled, function)
        yield Mutant(module, function, node.lineno, lines[node.lineno - 1].strip(), change.words, code)


class _Change:
    """A change of one node, made when called."""

    def __init__(self, node: ast.AST, field: str, value: object, words: str) -> None:
        self.node, self.field, self.value, self.words = node, field, value, words

    def __call__(self) -> None:
        setattr(self.node, self.field, self.value)


def _places(tree: ast.Module) -> Iterator[tuple[str, ast.expr, _Change]]:
    for owner in tree.body:
        inside = owner.body if isinstance(owner, ast.ClassDef) else [owner]
        for function in inside:
            if isinstance(function, ast.FunctionDef):
                name = f"{owner.name}.{function.name}" if isinstance(owner, ast.ClassDef) else function.name
                types = {id(part) for node in ast.walk(function) for part in _annotation(node)}
                for node in (one for statement in function.body for one in ast.walk(statement)):
                    if id(node) not in types:
                        yield from ((name, node, change) for change in _changes(node))  # type: ignore[misc]


def _annotation(node: ast.AST) -> Iterator[ast.AST]:
    """All of a variable's type, which is never evaluated."""
    if isinstance(node, ast.AnnAssign):
        yield from ast.walk(node.annotation)


def _changes(node: ast.AST) -> Iterator[_Change]:
    if (isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in _SWAPS) or (
        isinstance(node, ast.AugAssign) and type(node.op) in _SWAPS
    ):
        yield _swapped(node, "op", node.op)
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in _SWAPS:
        new = _SWAPS[type(node.ops[0])]
        words = f"{type(node.ops[0]).__name__} → {new.__name__}"
        yield _Change(node, "ops", [new(), *node.ops[1:]], words)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield _Change(node, "op", ast.UAdd(), "minus gone")
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert):
        yield _Change(node, "operand", ast.UnaryOp(ast.Invert(), node.operand), "not gone")
    elif isinstance(node, ast.Attribute) and node.attr in _NAMES:
        yield _Change(node, "attr", _NAMES[node.attr], f"{node.attr} → {_NAMES[node.attr]}")
    elif isinstance(node, ast.Name) and node.id in _NAMES:
        yield _Change(node, "id", _NAMES[node.id], f"{node.id} → {_NAMES[node.id]}")
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        more = cast(float, node.value) + 1
        yield _Change(node, "value", more, f"{node.value!r} → {more}")


def _swapped(node: ast.AST, field: str, old: ast.AST) -> _Change:
    new = _SWAPS[type(old)]
    return _Change(node, field, new(), f"{type(old).__name__} → {new.__name__}")


def _code_of(compiled: CodeType, name: str) -> CodeType:
    for part in name.split("."):
        compiled = next(
            one for one in compiled.co_consts if isinstance(one, CodeType) and one.co_name == part
        )
    return compiled


def _function(module: ModuleType, name: str) -> FunctionType:
    owner: object = module
    for part in name.split("."):
        owner = vars(owner)[part]
    owner = getattr(owner, "__func__", owner)
    owner = owner.fget if isinstance(owner, property) else owner
    assert isinstance(owner, FunctionType)
    return owner


def survives(mutant: Mutant, patience_seconds: float) -> bool:
    """Whether every test passes with the change in place; one that hangs or dies has been noticed."""
    child = os.fork()
    if child == 0:
        # Of processor time: on a busy machine a slow test is not a hanging one.
        signal.setitimer(signal.ITIMER_PROF, patience_seconds)
        code = 1
        with contextlib.suppress(BaseException):
            module = importlib.import_module(f"app.domain.replenishment.{mutant.module}")
            _function(module, mutant.function).__code__ = mutant.code
            code = run_tests()
        os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0


def run_tests() -> int:
    """The tests of the numbers in this process, quietly, to the first failure."""
    import pytest

    files = [file for file in sorted(TESTS.glob("test_*.py")) if "replenishment" in file.read_text()]
    quiet = [
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:logging",
        "-p",
        "no:randomly",
        "--no-header",
        "--no-cov",
    ]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return int(pytest.main([*quiet, *map(str, files)]))


def explained() -> str:
    """The page of explanations, empty while there is none."""
    return PAGE.read_text().replace("`", "") if PAGE.exists() else ""


def main() -> None:
    """Try the changes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="the module whose name this is")
    parser.add_argument("--seconds", type=float, default=5400, help="stop after that long")
    arguments = parser.parse_args()
    used = time.process_time()
    if run_tests():
        sys.exit("The tests fail without any change.")
    patience = PATIENCE * (time.process_time() - used)
    page, begun = explained(), time.monotonic()
    tried, killed, unexplained = 0, 0, []
    for module in modules() if not arguments.only else [arguments.only]:
        for mutant in mutants(module):
            if time.monotonic() - begun > arguments.seconds:
                sys.exit(f"Stopped after {arguments.seconds:g} s and {tried} changes; use --only.")
            tried += 1
            if not survives(mutant, patience):
                killed += 1
            elif mutant.name.replace("`", "") not in page:
                unexplained.append(mutant.name)
                print(f"  ✗ {mutant.name} (line {mutant.line})", flush=True)
    print(f"{tried} changes, {killed} noticed, {tried - killed - len(unexplained)} explained survivors")
    if unexplained:
        sys.exit(f"{len(unexplained)} changes were noticed by no test and are not explained in {PAGE.name}.")


if __name__ == "__main__":
    main()
