"""Which language is spoken to whom, and how it writes numbers and dates."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from flask import Flask, g

from app.platform import formats, i18n


@pytest.mark.parametrize(
    ("own", "query", "header", "store", "spoken"),
    [
        ("de", "en", "en", "en", "de"),
        ("", "de-AT", "en", "en", "de"),
        ("", "fr", "de-CH,de;q=0.9", "en", "de"),
        ("", "", "fr", "de", "de"),
        ("", "", "fr", "", "en"),
        ("tlh", "xx", "", "de", "de"),
        ("", "../de", "", "", "en"),
    ],
)
def test_the_nearest_wish_counts(
    app: Flask, own: str, query: str, header: str, store: str, spoken: str
) -> None:
    with app.test_request_context("/", query_string={"locale": query}, headers={"Accept-Language": header}):
        g.identity = SimpleNamespace(language=own, store_language=store)
        assert i18n.language() == spoken
        g.pop("identity")


def test_who_asks_may_become_known_in_the_middle_of_a_request(app: Flask) -> None:
    with app.test_request_context("/", headers={"Accept-Language": "en"}):
        assert i18n.language() == "en"
        g.identity = SimpleNamespace(language="de", store_language="")
        i18n.settled()
        assert i18n.language() == "de"
        g.pop("identity")


def test_a_constant_in_a_template_is_written_anew_for_each_reader(app: Flask) -> None:
    with app.app_context():
        template = app.jinja_env.from_string("{{ 1000.5 | number(1) }}")
        assert template.render() == "1,000.5"
        with i18n.speaking("de"):
            assert template.render() == "1.000,5"


def test_a_job_speaks_what_it_is_told_and_only_so_long(app: Flask) -> None:
    with app.app_context():
        assert i18n.language() == "en"
        with i18n.speaking("de"):
            assert i18n.gettext("Settings") == "Einstellungen"
        with i18n.speaking("tlh"):
            assert i18n.language() == "en"
        assert i18n.gettext("Settings") == "Settings"


def test_german_writes_numbers_and_dates_in_its_own_way(app: Flask) -> None:
    today, now = date(2026, 3, 23), datetime(2026, 3, 23, 12, tzinfo=UTC)
    with app.app_context(), i18n.speaking("de"):
        assert formats.number(Decimal("1234.5"), 1) == "1.234,5"
        assert formats.number(0.01, 1) == "< 0,1"
        assert formats.signed(-1200) == "−1.200"
        assert formats.money(Decimal("-1234.5"), "EUR") == "−1.234,50\u00a0€"
        assert formats.money(3, "CHF") == "3,00\u00a0CHF"
        assert formats.day(date(2026, 11, 3), today) == "3. Nov."
        assert formats.day(today + timedelta(days=1), today) == "Morgen"
        assert formats.long_day(date(2026, 3, 5)) == "5. März 2026"
        assert formats.counted(1, "product") == "1 Produkt"
        assert formats.counted(2000, "day") == "2.000 Tage"
        assert formats.ago(now - timedelta(hours=2), now) == "vor 2 Stunden"


def test_words_of_imported_templates_follow_each_reader(app: Flask) -> None:
    def page(code: str) -> str:
        with app.test_request_context("/login"), i18n.speaking(code):
            words = app.jinja_env.get_template("macros/words.html").module
            return f"{words.pages['settings.index']} {words.engine('auto')}"

    assert page("en") == "Settings Automatic"
    assert page("de") == "Einstellungen Automatisch"
    assert page("en") == "Settings Automatic"
