"""Rules on words: what people read goes through the message catalogues, and the catalogues are whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from babel.messages.catalog import Message
from jinja2 import Environment

from devtools import translations
from devtools.paths import ROOT

TEMPLATES = ROOT / "app" / "templates"
# In English alone, each with its reason.
ENGLISH = {"api/docs.html": "the reference of the API, whose fields and answers are English too"}
_ATTRIBUTES = ("aria-label", "alt", "placeholder", "title", "data-label", "hx-confirm")
_SAID_BY = ("_", "gettext", "ngettext", "lazy_gettext", "counted")
_NAMES = {"Fluxor", "SKU", "CSV", "PDF", "Shopify", "name@example.com", "your-store.myshopify.com"}
_ENV = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)


class _Reader(HTMLParser):
    """Gathers the words a reader would see or hear."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.words += [value or "" for name, value in attrs if name in _ATTRIBUTES]


def unwrapped(text: str) -> list[str]:
    """Words of a template that no catalogue knows: in the markup, and in literals that start like a sentence."""
    reader = _Reader()
    reader.feed(_markup(text))
    seen = [piece.strip(" \n·:/()") for words in reader.words for piece in words.split("\0")]
    # A macro that writes attributes looks like text to the parser.
    said = [word for word in seen if re.search(r"[A-Za-z]{2}", word) and '="' not in word]
    return [word for word in said if word not in _NAMES] + list(_literals(text))


def _markup(text: str) -> str:
    """The template without its expressions, comments and `trans` blocks."""
    text = re.sub(r"{#.*?#}", "", text, flags=re.DOTALL)
    text = re.sub(r"{%-?\s*trans\b.*?endtrans\s*-?%}", "\0", text, flags=re.DOTALL)
    return re.sub(r"{{.*?}}|{%.*?%}", "\0", text, flags=re.DOTALL)


def _literals(text: str) -> Iterator[str]:
    tokens = [(kind, value) for _line, kind, value in _ENV.lex(text) if kind not in ("whitespace", "data")]
    for at, (kind, value) in enumerate(tokens):
        words = value[1:-1]
        if kind != "string" or words in _NAMES or not re.match(r"[A-Z][a-z]+( |$|\W$)", words):
            continue
        is_key = tokens[at + 1][1] == ":"
        if not is_key and not _is_said([known for _kind, known in tokens[:at]]):
            yield words


def _is_said(before: list[str]) -> bool:
    """Whether a literal is an argument of a function that translates (the second form of a plural too)."""
    for at in range(len(before) - 1, max(-1, len(before) - 4), -1):
        if before[at] == "(":
            return before[at - 1] in _SAID_BY
    return False


FOUND = {
    str(file.relative_to(TEMPLATES)): offences
    for file in sorted([*TEMPLATES.rglob("*.html"), *TEMPLATES.rglob("*.txt")])
    if (offences := unwrapped(file.read_text()))
}


def test_what_people_read_goes_through_the_catalogues() -> None:
    assert {name: words for name, words in FOUND.items() if name not in ENGLISH} == {}


def test_the_list_of_english_templates_is_current() -> None:
    assert sorted(set(ENGLISH) - set(FOUND)) == [], "converted: take them off the list"


@pytest.mark.parametrize(
    "planted",
    [
        "<p>Hello there</p>",
        '<input aria-label="Search">',
        "<p>{% if x %}Yes{% endif %}</p>",
        '{{ badge("warning", "Order now") }}',
        '{{ _("Well") if good else "Badly" }}',
    ],
)
def test_a_planted_word_is_found(planted: str) -> None:
    assert unwrapped(planted)


@pytest.mark.parametrize(
    "fine",
    [
        '<p class="Big">{{ _("Hello there") }}</p>',
        '{{ ngettext("One thing", "Many things", n) }}',
        "{% trans %}Hello there{% endtrans %}",
        "<p>{# A remark #}– · 3</p>",
    ],
)
def test_what_is_said_through_a_catalogue_is_fine(fine: str) -> None:
    assert unwrapped(fine) == []


def test_placeholders_are_the_same_in_every_language() -> None:
    assert len(translations.catalogues()) == 2
    for source in translations.catalogues():
        wrong = [
            message.id
            for message in translations.read(source)
            if message.id
            for text in ([message.string] if isinstance(message.string, str) else message.string)
            if text and _placeholders(text) != _placeholders(message.id)
        ]
        assert wrong == [], source


def _placeholders(message: str | tuple[str, ...]) -> set[str]:
    texts = [message] if isinstance(message, str) else message
    return {name for text in texts for name in re.findall(r"%\((\w+)\)", text)}


def test_every_message_is_gathered_and_said_in_german() -> None:
    catalogues = {source.parts[-3]: translations.read(source) for source in translations.catalogues()}
    wanted = {_key(message) for message in translations.gathered() if message.id}
    for language, catalogue in catalogues.items():
        known = {_key(message) for message in catalogue if message.id}
        assert wanted - known == set(), f"bin/check translations gathers them ({language})"
        assert [message.id for message in catalogue if message.id and message.fuzzy] == []
    german = catalogues["de"]
    assert [message.id for message in german if message.id and not _is_whole(message.string)] == []


def _key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _is_whole(text: str | tuple[str, ...]) -> bool:
    return all([text] if isinstance(text, str) else text)
