"""Fields become checked values or errors; nothing typed by anybody raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.platform.forms import Form, is_address


def form(text: str) -> Form:
    return Form({"x": text})


@pytest.mark.parametrize(("text", "value"), [("7", 7), (" 0 ", 0), ("+5", 5)])
def test_whole_numbers(text: str, value: int) -> None:
    found = form(text)
    found.whole("x", low=0, high=10)
    assert found.values == {"x": value}


@pytest.mark.parametrize("text", ["", "11", "-1", "1.0", "1e1", "٣", "9" * 30])
def test_what_is_no_whole_number_within_limits(text: str) -> None:
    found = form(text)
    found.whole("x", low=0, high=10)
    assert found.errors == {"x": "Enter a whole number from 0 to 10."}
    assert found.values == {}


def test_an_optional_field_may_be_empty() -> None:
    found = form("  ")
    found.whole("x", low=0, high=10, optional=True)
    found.choice("y", ["a"], optional=True)
    assert found.values == {"x": None, "y": None}
    assert found.is_valid


@pytest.mark.parametrize(("text", "value"), [("2,5", 2.5), ("2.5", 2.5), ("3", 3.0)])
def test_decimals(text: str, value: float) -> None:
    found = form(text)
    found.decimal("x", low=0, high=10)
    assert found.values == {"x": value}


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "", "1,000.5", "sNaN"])
def test_what_is_no_decimal(text: str) -> None:
    found = form(text)
    found.decimal("x", low=0, high=10)
    assert "x" in found.errors


@pytest.mark.parametrize(
    "text", ["a@example.com", "first.last+tag@sub.example.co", "x@xn--bcher-kva.example"]
)
def test_addresses(text: str) -> None:
    assert is_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a@",
        "@b.com",
        "a@b",
        "a@b..com",
        "a b@c.com",
        "a@b.com\n",
        "<a@b.com>",
        "a@-b.com",
        "a" * 250 + "@b.com",
    ],
)
def test_no_addresses(text: str) -> None:
    assert not is_address(text)


@given(st.text())
def test_any_text_is_answered(text: str) -> None:
    found = Form(dict.fromkeys("abcd", text))
    found.whole("a", low=0, high=9)
    found.decimal("b", low=0, high=9)
    found.choice("c", ["yes"])
    found.addresses("d", most=2)
    for name in "abcd":
        assert (name in found.values) != (name in found.errors)
