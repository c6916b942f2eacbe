"""Numbers, money and dates as people write them; the unknown is a dash."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from app.platform import formats

NOW = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (None, 0, "–"),
        (float("nan"), 0, "–"),
        (0, 0, "0"),
        (0.2, 0, "< 1"),
        (0.5, 0, "1"),
        (2.5, 0, "3"),
        (12345.6, 0, "12,346"),
        (-3, 0, "−3"),
        (0.04, 1, "< 0.1"),
        (1.25, 1, "1.3"),
    ],
)
def test_number(value: float | None, digits: int, shown: str) -> None:
    assert formats.number(value, digits) == shown


@pytest.mark.parametrize(("value", "shown"), [(12, "+12"), (-1200, "−1,200"), (0, "0")])
def test_signed(value: int, shown: str) -> None:
    assert formats.signed(value) == shown


@pytest.mark.parametrize(
    ("value", "currency", "shown"),
    [
        (None, "EUR", "–"),
        (Decimal("1234.5"), "EUR", "€1,234.50"),
        (Decimal("-2.345"), "USD", "−$2.35"),
        (1999.5, "JPY", "¥2,000"),
        (Decimal("1.5"), "KWD", "KWD\u00a01.500"),
        (3, "CHF", "CHF\u00a03.00"),
    ],
)
def test_money(value: Decimal | None, currency: str, shown: str) -> None:
    assert formats.money(value, currency) == shown


@pytest.mark.parametrize(
    ("offset", "shown"),
    [(0, "Today"), (1, "Tomorrow"), (-1, "Yesterday"), (3, "26 Nov"), (-400, "19 Oct 2025")],
)
def test_day(offset: int, shown: str) -> None:
    today = date(2026, 11, 23)
    assert formats.day(today + timedelta(days=offset), today) == shown


def test_a_moment_is_told_where_the_store_is() -> None:
    assert formats.moment(NOW - timedelta(hours=1), "UTC", NOW) == "Today 22:30"
    # In Berlin it is past midnight already: half an hour ago it was yesterday's date, but not there.
    assert formats.moment(NOW - timedelta(minutes=20), "Europe/Berlin", NOW) == "Today 00:10"
    assert formats.moment(NOW - timedelta(hours=1), "Europe/Berlin", NOW) == "Yesterday 23:30"
    assert formats.moment(None, "UTC", NOW) == "–"


def test_a_day_within_a_sentence_does_not_begin_with_a_capital() -> None:
    today = date(2026, 11, 23)
    assert formats.day(today, today, within=True) == "today"
    assert formats.day(today + timedelta(days=3), today, within=True) == "26 Nov"
    assert formats.moment(NOW - timedelta(hours=1), "UTC", NOW, within=True) == "today 22:30"


@pytest.mark.parametrize(
    ("past", "shown"),
    [
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=-5), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(hours=5, minutes=59), "5 hours ago"),
        (timedelta(days=2), "2 days ago"),
    ],
)
def test_ago(past: timedelta, shown: str) -> None:
    assert formats.ago(NOW - past, NOW) == shown


def test_words() -> None:
    assert formats.long_day("2026-11-26") == "26 November 2026"
    assert formats.long_day("") == "–"
    assert formats.counted(1, "product") == "1 product"
    assert formats.counted(2000, "day") == "2,000 days"
    assert formats.cover(float("inf")) == "Over a year"
    assert formats.cover(12.0) == "12"
    assert formats.cover(None) == "–"
