"""The reader's language: which one a request or mail speaks, its messages, and how it writes numbers and dates.

A page speaks the member's own choice, else what Shopify's admin or the browser asks for, else the store's
language; a mail speaks the store's. English is the source language; catalogues are in `app/translations/`.
"""

from __future__ import annotations

import functools
from collections import UserString
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from babel import Locale
from babel.support import NullTranslations, Translations
from flask import Flask, g, has_request_context, request
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

SOURCE = "en"
# Each under the name that its own speakers look for.
LANGUAGES = {"en": "English", "de": "Deutsch"}
_FOLDER = Path(__file__).resolve().parents[1] / "translations"
_DAY_PATTERNS = {"en": "{day} {month}", "de": "{day}. {month}"}


@dataclass(frozen=True)
class Habits:
    """How a language writes numbers, money and dates."""

    decimal: str
    group: str
    sign_first: bool  # the currency stands before the amount
    day: str  # a pattern of day and month
    months: tuple[str, ...]
    short_months: tuple[str, ...]


class Lazy(UserString):
    """A message that is spoken anew each time it is shown: for what is written once for every reader."""

    def __init__(self, message: str, /, **values: object) -> None:
        self._message, self._values = message, values

    @property
    def data(self) -> str:  # type: ignore[override]
        """The message in the language being spoken."""
        return gettext(self._message, **self._values)

    def __html__(self) -> str:
        return self.data


def install(app: Flask) -> None:
    """Give templates `_`, `ngettext` and `lazy_gettext`; words set in imported templates must be lazy ones.

    Jinja keeps an imported template's variables for the whole process, whoever asked for them first.
    """
    app.jinja_env.globals.update(
        {
            "_": _in_template,
            "ngettext": _plural_in_template,
            "language": language,
            "lazy_gettext": lazy_gettext,
        }
    )


def gettext(message: str, /, **values: object) -> str:
    """The message in the language being spoken, its `%(name)s` filled."""
    words = _catalogue(language()).gettext(message)
    return words % values if values else words


def ngettext(one: str, many: str, count: int, /, **values: object) -> str:
    """The form that fits the count, its `%(num)s` and other names filled."""
    return _catalogue(language()).ngettext(one, many, count) % {"num": count, **values}


def lazy_gettext(message: str, /, **values: object) -> str:
    """Like `gettext`, but spoken anew each time that it is shown."""
    return cast(str, Lazy(message, **values))


def translated(code: str, message: str) -> str:
    """The message in that language, nothing filled in."""
    return _catalogue(code).gettext(message)


@functools.cache
def _catalogue(code: str) -> NullTranslations:
    return Translations.load(str(_FOLDER), [code])


@pass_eval_context
def _in_template(context: EvalContext, message: str, /, **values: Any) -> str:
    """`_`: a message of ours is markup, the values in it are escaped; a plain percent sign is written `%%`."""
    if not values:
        return _finished(language(), message, is_markup=bool(context.autoescape))
    return _words(language(), message, is_markup=bool(context.autoescape)) % values


# A table says the same few words in each of its rows.
@functools.lru_cache(maxsize=4096)
def _words(code: str, message: str, *, is_markup: bool) -> str:
    words = _catalogue(code).gettext(message)
    return Markup(words) if is_markup else words  # noqa: S704  (our own message)


@functools.lru_cache(maxsize=4096)
def _finished(code: str, message: str, *, is_markup: bool) -> str:
    return _words(code, message, is_markup=is_markup) % {}


@pass_eval_context
def _plural_in_template(context: EvalContext, one: str, many: str, count: int, /, **values: Any) -> str:
    words = _catalogue(language()).ngettext(one, many, count)
    return (Markup(words) if context.autoescape else words) % {"num": count, **values}  # noqa: S704


def language() -> str:
    """The language being spoken now: `en`, `de`; the source language where nobody is spoken to."""
    # Asked for at each word, so with as few steps as can be.
    try:
        spoken: str | None = g.spoken
    except AttributeError:
        spoken = None
    except RuntimeError:  # outside any request or job
        return SOURCE
    if spoken is None:
        spoken = g.spoken = _chosen()
    return spoken


@contextmanager
def speaking(code: str | None) -> Iterator[None]:
    """Speak this language, or the source language, until the block ends: for mails and files, which jobs write."""
    before, g.spoken = g.get("spoken"), code if code in LANGUAGES else SOURCE
    try:
        yield
    finally:
        g.spoken = before


def settled() -> None:
    """Choose anew: who asks, and in which store, has become known in this request."""
    g.spoken = None


def habits() -> Habits:
    """How the language being spoken writes numbers and dates."""
    return _habits(language())


@functools.cache
def _habits(code: str) -> Habits:
    locale = Locale(code)
    symbols = locale.number_symbols["latn"]
    months = locale.months["format"]
    return Habits(
        decimal=symbols["decimal"],
        group=symbols["group"],
        sign_first=locale.currency_formats["standard"].pattern.startswith("¤"),
        day=_DAY_PATTERNS.get(code, "{day} {month}"),
        months=tuple(months["wide"][number] for number in range(1, 13)),
        short_months=tuple(months["abbreviated"][number] for number in range(1, 13)),
    )


def _chosen() -> str:
    """The language of this request, by the nearest wish that we can meet."""
    if not has_request_context():
        return SOURCE
    identity = g.get("identity")
    own, of_store = getattr(identity, "language", ""), getattr(identity, "store_language", "")
    wished = (own, asked_for(), request.accept_languages.best_match(LANGUAGES, ""), of_store, SOURCE)
    return next(code for code in wished if code in LANGUAGES)


def asked_for() -> str:
    """The language that Shopify's admin names in the address (`de`, `de-DE`, `pt-BR`); empty for none of ours."""
    named = request.args.get("locale", "")[:2].lower()
    return named if named in LANGUAGES else ""
