"""Lines of a bulk result become typed rows, odd ones too; what is no object stops the reading."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.shopify import bulk, rows
from app.shopify.rows import MalformedRow

LOCATION = b'{"id":"gid://shopify/Location/7","name":"%s","isActive":true,"updatedAt":"2026-11-01T10:00:00Z"}'


@pytest.mark.parametrize(
    ("written", "kept"),
    [(rb"Lager \ud83d", "Lager ?"), (rb"a\u0000b", "ab"), (rb"\ud83d\ude00", "\U0001f600"), (b"", "")],
)
def test_a_name_is_kept_as_postgres_can_store_it(written: bytes, kept: str) -> None:
    assert rows.location(bulk.parse(LOCATION % written)).name == kept


@pytest.mark.parametrize("line", [b"", b'{"id": 1', b"[1]", b"7", b"\xff"])
def test_a_damaged_line_says_that_the_result_will_be_made_anew(line: bytes) -> None:
    with pytest.raises(bulk.BulkFailed):
        bulk.parse(line)


OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=OFFSETS))  # noqa: DTZ001
def test_a_time_with_any_offset_is_the_same_instant_in_utc(moment: datetime) -> None:
    found = rows.instant(moment.isoformat())
    assert found == moment.astimezone(UTC) and found.tzinfo is UTC


def test_shopifys_own_spelling_is_utc() -> None:
    assert rows.instant("2026-11-01T10:00:00Z") == datetime(2026, 11, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "yesterday", None, 7])
def test_what_is_no_time_is_named(text: object) -> None:
    with pytest.raises(MalformedRow):
        rows.instant(text)  # type: ignore[arg-type]
