"""Pages compiled for one language say the same as those that look each message up; links of rows are as Flask's."""

from __future__ import annotations

import pytest
from flask import Flask, url_for

from app.platform import i18n, spoken, web

SOURCES = [
    "{{ _('Settings') }}",
    "{{ _('%(range)s days', range=30) }}",
    "{{ _('Select %(product)s', product=name) }}",
    "{{ _('Select %(product)s', product=_('Settings')) }}",
    "{{ _('C (the rest)') | upper }}",
    "{{ 'Not: ' ~ _('Settings') ~ name }}",
    "{{ _('100 %% of %(product)s', product=name) }}{{ _('100 %%') }}",
    "{% set words = {'a': lazy_gettext('A (first 80 % of sales)')} %}{{ words['a'] }}",
    "{{ {'a': _('Settings')} | tojson }}",
    "{{ _(message) }}",
    "{% if words == _('Settings') %}yes{% endif %}",
]


@pytest.mark.parametrize("code", list(i18n.LANGUAGES))
@pytest.mark.parametrize("source", SOURCES)
def test_words_are_the_same_as_looked_up(app: Flask, code: str, source: str) -> None:
    known = {"name": "<b>50 %</b>", "message": "Settings"}
    with app.app_context(), i18n.speaking(code):
        known["words"] = i18n.gettext("Settings")
        usual = app.jinja_env.from_string(source).render(known)
        assert spoken.environment(app, code).from_string(source).render(known) == usual
    assert "<b>" not in usual


def test_each_language_has_templates_of_its_own(app: Flask) -> None:
    said = {}
    with app.app_context():
        for code in i18n.LANGUAGES:
            with i18n.speaking(code):
                made = spoken.template(app, "macros/words.html").module
                said[code] = str(made.pages["settings.index"])  # type: ignore[attr-defined]
    assert said == {"en": "Settings", "de": "Einstellungen"}


def test_links_of_rows_are_those_of_flask(app: Flask) -> None:
    numbered = {
        rule.endpoint: name
        for rule in app.url_map.iter_rules()
        for name in rule.arguments
        if len(rule.arguments) == 1 and f"<int:{name}>" in rule.rule
    }
    with app.test_request_context("/", base_url="http://shop.test/under"):
        assert len(numbered) > 20
        for endpoint, name in numbered.items():
            assert web.page_url(endpoint, **{name: 70}) == url_for(endpoint, **{name: 70})
        assert web.page_url("catalog.index", page=3) == "/under/products?page=3"
        assert web.page_url("catalog.show", variant_id=7, place="") == "/under/products/7"
