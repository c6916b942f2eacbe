"""The reader's language: which one a request or mail speaks, its messages, and how it writes numbers and dates.

A page speaks the member's own choice, else what Shopify's admin or the browser asks for, else the store's
language; a mail speaks the store's. English is the source language; catalogues are in `app/translations/`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

import flask_babel
from babel import Locale
from flask import Flask, g, has_request_context, request
from flask_babel import Babel, force_locale, get_locale, refresh

SOURCE = "en"
# Each under the name that its own speakers look for.
LANGUAGES = {"en": "English", "de": "Deutsch"}
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


def install(app: Flask) -> None:
    """Give templates `_`, `ngettext` and `lazy_gettext`; words set in imported templates must be lazy ones.

    Jinja keeps an imported template's variables for the whole process, whoever asked for them first.
    """
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    Babel(app, default_locale=SOURCE, locale_selector=_chosen)
    app.jinja_env.globals.update(language=language, lazy_gettext=lazy_gettext)


def gettext(message: str, **values: object) -> str:
    """The message in the language being spoken, its `%(name)s` filled."""
    return cast(str, flask_babel.gettext(message, **values))


def ngettext(one: str, many: str, count: int, **values: object) -> str:
    """The form that fits the count, its `%(num)s` and other names filled."""
    return cast(str, flask_babel.ngettext(one, many, count, **values))


def lazy_gettext(message: str, **values: object) -> str:
    """Like `gettext`, but spoken anew each time that it is shown: for what is written once for every reader."""
    return cast(str, flask_babel.lazy_gettext(message, **values))


def language() -> str:
    """The language being spoken now: `en`, `de`; the source language where nobody is spoken to."""
    found = get_locale()
    return SOURCE if found is None else str(found.language)


@contextmanager
def speaking(code: str | None) -> Iterator[None]:
    """Speak this language, or the source language, until the block ends: for mails and files, which jobs write."""
    with force_locale(code if code in LANGUAGES else SOURCE):
        yield


def settled() -> None:
    """Choose anew: who asks, and in which store, has become known in this request."""
    refresh()


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
