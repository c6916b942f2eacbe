"""Rules on templates: no inline handlers or scripts, no address typed by hand, forms that htmx sends, alt texts."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).resolve().parents[2] / "app" / "templates"
MAX_LINES = 80
_JINJA = re.compile(r"{#.*?#}|{{.*?}}|{%.*?%}", re.DOTALL)
# Mails are read by programs that know inline styles alone.
_MAIL = "email/"
# What happens outside the admin, where a browser's own form post is right: logging in, a mail's link.
_OUTSIDE = ("auth/", "layout/_standalone.html", "alerts/unsubscribe.html")


def _tags(text: str, name: str) -> list[str]:
    """The opening tags of that name, with what Jinja puts into them taken out."""
    return re.findall(rf"<{name}\b[^>]*>", _JINJA.sub("", text))


def handlers(text: str) -> list[str]:
    return re.findall(r"<[^>]*?\s(on[a-z]+=|hx-on[:\w-]*=)", _JINJA.sub("", text))


def inline_styles(text: str) -> list[str]:
    return re.findall(r"<style\b|\sstyle=", _JINJA.sub("", text))


def inline_scripts(text: str) -> list[str]:
    bare = [tag for tag in re.findall(r"<script\b[^>]*>", text) if "nonce=" not in tag or "src=" not in tag]
    return bare + re.findall(r"javascript:|hx-vals='?js:|hx-trigger=\"[^\"]*\[", text)


def unescaped(text: str) -> list[str]:
    return re.findall(r"\|\s*safe\b|autoescape\s+false", text)


def typed_addresses(text: str) -> list[str]:
    """Addresses of ours that are written out instead of asked from `page_url` or `asset`."""
    return re.findall(r"(?:href|src|action|hx-(?:get|post|push-url))=[\"'](?!{{|#|data:,)[^\"']*[\"']", text)


def wrong_forms(text: str) -> list[str]:
    """Plain forms carry no ID token inside the admin; only htmx's fetch does."""
    forms = re.findall(r"<form\b[^>]*>", _JINJA.sub("X", text))
    return [
        form for form in forms if not re.search(r"hx-(post|get)=", form) or re.search("action=|method=", form)
    ]


def pictures_without_words(text: str) -> list[str]:
    return [tag for tag in _tags(text, "img") if " alt=" not in tag] + [
        tag
        for tag in re.findall(r"<canvas\b[^>]*>", text)
        if "aria-label=" not in tag or 'role="img"' not in tag
    ]


def fields_without_labels(text: str) -> list[str]:
    shown = [
        tag for tag in re.findall(r"<(?:input|select|textarea)\b[^>]*", text) if 'type="hidden"' not in tag
    ]
    return [tag for tag in shown if " id=" not in tag and "aria-label" not in tag]


RULES: dict[str, Callable[[str], list[str]]] = {
    "inline event handlers": handlers,
    "inline styles": inline_styles,
    "inline or unsigned scripts": inline_scripts,
    "unescaped output": unescaped,
    "addresses typed by hand": typed_addresses,
    "forms that the admin cannot send": wrong_forms,
    "pictures without words": pictures_without_words,
    "fields without labels": fields_without_labels,
}
FILES = sorted(TEMPLATES.rglob("*.html"))


@pytest.mark.parametrize("rule", RULES)
def test_every_template_keeps_the_rule(rule: str) -> None:
    assert len(FILES) > 20
    found = {}
    for file in FILES:
        name = str(file.relative_to(TEMPLATES))
        if name.startswith(_MAIL) and rule in ("inline styles", "addresses typed by hand"):
            continue
        if name.startswith(_OUTSIDE) and rule == "forms that the admin cannot send":
            continue
        offences = RULES[rule](file.read_text())
        if offences:
            found[name] = offences
    assert found == {}


@pytest.mark.parametrize(
    ("rule", "planted"),
    [
        ("inline event handlers", '<a href="#" onclick="go()">x</a>'),
        ("inline event handlers", '<a hx-on:click="go()">x</a>'),
        ("inline styles", '<p style="color: red">x</p>'),
        ("inline styles", "<style>p {}</style>"),
        ("inline or unsigned scripts", '<script nonce="{{ nonce() }}">alert(1)</script>'),
        ("inline or unsigned scripts", '<script src="x.js"></script>'),
        ("inline or unsigned scripts", '<p hx-trigger="click[ctrlKey]">'),
        ("unescaped output", "{{ product.name | safe }}"),
        ("addresses typed by hand", '<a href="/products">x</a>'),
        ("addresses typed by hand", '<button hx-post="/sync">x</button>'),
        ("forms that the admin cannot send", '<form method="post" action="{{ page_url("a") }}">'),
        ("pictures without words", '<img src="{{ asset("a.png") }}">'),
        ("pictures without words", '<canvas data-chart="trend"></canvas>'),
        ("fields without labels", '<input name="x">'),
    ],
)
def test_a_planted_offence_is_found(rule: str, planted: str) -> None:
    assert RULES[rule](planted)


def test_templates_are_short() -> None:
    assert [str(file) for file in FILES if len(file.read_text().splitlines()) > MAX_LINES] == []


def test_every_document_loads_app_bridge_before_any_other_script() -> None:
    head = (TEMPLATES / "bare.html").read_text()
    first = re.search(r"<script\b[^>]*>", head)
    assert first is not None
    assert "app_bridge_url" in first[0]
    assert "data-api-key" in first[0]
    documents = [file for file in FILES if "<html" in file.read_text() and _MAIL not in str(file)]
    assert [file.name for file in documents] == ["bare.html"]
