"""Rules on words in code: what a person may read goes through the catalogue, or is known to be nobody's to read."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.errors.table import TABLE
from app.words import failures
from devtools.paths import ROOT

APP = ROOT / "app"
ROOMS = ("blueprints", "errors", "jobs", "platform", "queries", "services", "shopify", "words")
# Files whose sentences are for others, each with its reason.
FOR_OTHERS = {
    "jobs/schedule.py": "what `flask` says of its commands",
    "platform/openapi.py": "the reference of the API, which is English as its fields are",
    "platform/db.py": "a fault of ours or of the installation",
    "platform/secrets.py": "a fault of the installation; links that fail speak through the catalogue",
    "platform/tenancy.py": "a fault of ours",
    "platform/throttle.py": "a log line",
    "platform/watching.py": "a fault of the installation",
    "services/imports/kinds.py": "headers of other programs' files",
    "services/reports/__init__.py": "a fault of ours; what cannot be downloaded is said through the catalogue",
    "shopify/webhooks.py": "what Shopify's servers are answered",
}
SAID_BY = {"gettext", "lazy_gettext", "ngettext", "_noun", "_message"}
# Calls whose words are for programmers, operators or the API's reference.
FOR_PROGRAMMERS = {
    *("debug", "info", "warning", "error", "exception", "critical"),
    *("AssertionError", "RuntimeError", "TypeError", "LookupError", "KeyError", "ImportError"),
    *("Open", "SignedIn", "Field", "left_out", "add_argument", "HTTPException"),
}
# A capital letter or a value, then at least two words, one of them in small letters.
_SENTENCE = re.compile(r"([A-Z][\w'’-]*|x \S+)[,:;]? (\S+ )*[a-z]{2,}[ ,.:;]?")
_SQL = re.compile(
    r"\b(SELECT|INSERT|UPDATE|DELETE|FROM|WHERE|JOIN|ORDER BY|COPY|CREATE|DROP|GRANT|REVOKE|COALESCE|SET|AND)\b"
)
_TAGS = {"Purchase orders"}  # headings of the API's reference


def sentences(source: str) -> Iterator[tuple[int, str]]:
    """(line, text) of literals that read like a sentence and that no catalogue knows."""
    tree = ast.parse(source)
    hidden = set(_hidden(tree))
    for node in ast.walk(tree):
        if id(node) in hidden or not isinstance(node, ast.Constant | ast.JoinedStr):
            continue
        text = _text(node)
        is_sentence = _SENTENCE.match(text) and not _SQL.search(text)
        if is_sentence and text not in _TAGS and not is_known_failure(text):
            yield node.lineno, text


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if not isinstance(node, ast.JoinedStr):
        return ""
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)


def _hidden(tree: ast.Module) -> Iterator[int]:
    """Docstrings, parts of f-strings, and all that stands in calls which translate or speak to nobody."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield id(node.value)
        elif isinstance(node, ast.JoinedStr):
            yield from map(id, node.values)
        elif isinstance(node, ast.Call) and _is_no_readers(node):
            yield from map(id, ast.walk(node))


def _is_no_readers(call: ast.Call) -> bool:
    name = getattr(call.func, "attr", "") or getattr(call.func, "id", "")
    return name in SAID_BY | FOR_PROGRAMMERS | REPLACED


def is_known_failure(text: str) -> bool:
    """Whether the sentence is stored as it is and said anew by `app.words.failures`."""
    return any(pattern.fullmatch(text) for _, pattern in failures._PATTERNS)


# Exceptions whose own words nobody is shown: the table has others for them.
REPLACED = {kind.__name__ for kind, problem in TABLE.items() if problem.detail is not None}


def offences(room: Path) -> list[str]:
    """`file:line text` of each untranslated sentence in a room."""
    return [
        f"{file.relative_to(APP)}:{line} {text}"
        for file in sorted(room.rglob("*.py"))
        if str(file.relative_to(APP)) not in FOR_OTHERS
        for line, text in sentences(file.read_text())
    ]


@pytest.mark.parametrize("room", ROOMS)
def test_sentences_go_through_the_catalogue(room: str) -> None:
    assert offences(APP / room) == []


def test_the_list_of_other_readers_is_current() -> None:
    speaking = {name for name in FOR_OTHERS if any(sentences((APP / name).read_text()))}
    assert set(FOR_OTHERS) - speaking == set(), "nothing to excuse any more: take them off the list"


def test_each_failure_that_is_said_anew_is_raised_somewhere() -> None:
    """In the same words: a sentence that was changed at one end alone would reach its reader untranslated."""
    files = [file for file in APP.rglob("*.py") if file != Path(failures.__file__)]
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_text())))
    raised = "\n".join(text for node in nodes if (text := _text(node)))
    fixed = {one: failures._CERTAIN[one].strip(" .(:") for one in failures.MESSAGES}
    assert [one for one, words in fixed.items() if words not in raised] == []


@pytest.mark.parametrize(
    "planted",
    [
        'raise UnableToOrder("Nothing is due now.")',
        'raise UnableToOrder(f"Nothing is due from {supplier} now.")',
        'form.errors["x"] = f"Enter at most {most}: forecasts reach no further."',
        'Done(message="The report is being made.")',
        'raise MailUnavailable("Mailgun is asleep today.")',
        'words = "Product {} is not on this order.".format(1)',
    ],
)
def test_a_planted_sentence_is_found(planted: str) -> None:
    assert list(sentences(planted))


@pytest.mark.parametrize(
    "fine",
    [
        'raise UnableToOrder(gettext("Nothing is due now."))',
        'raise VariantNotFound(f"There is no product {number} in this store.")',
        'raise MailUnavailable(f"Mailgun answered {status}.")',
        'db.rows("SELECT id FROM variants WHERE id = :id")',
        'log.info("The worker ended early")',
        'def f():\n    """Send a mail to people."""',
    ],
)
def test_what_nobody_reads_or_a_catalogue_knows_is_fine(fine: str) -> None:
    assert list(sentences(fine)) == []
