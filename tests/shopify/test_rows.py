"""Lines of a bulk result become typed rows, odd ones too; what is no object stops the reading."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

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


ORDER: dict[str, Any] = {
    "id": "gid://shopify/Order/5",
    "createdAt": "2026-11-01T10:00:00Z",
    "processedAt": "2026-11-01T10:00:00Z",
    "updatedAt": "2026-11-01T10:00:00Z",
    "test": False,
}


def shipment(place: int | None, status: str = "SUCCESS", at: str = "2026-11-02T10:00:00Z") -> dict[str, Any]:
    location = None if place is None else {"id": f"gid://shopify/Location/{place}"}
    return {"createdAt": at, "status": status, "location": location}


@pytest.mark.parametrize(
    ("retail", "shipments", "place"),
    [
        (None, [], None),
        (7, [shipment(8)], 7),
        (None, [shipment(8)], 8),
        (None, [shipment(8, at="2026-11-04T10:00:00Z"), shipment(9, at="2026-11-03T10:00:00Z")], 9),
        (None, [shipment(8, "CANCELLED"), shipment(9, at="2026-11-05T10:00:00Z")], 9),
        (None, [shipment(8, "CANCELLED"), shipment(8, "ERROR"), shipment(8, "FAILURE")], None),
        (None, [shipment(8, "OPEN")], 8),
        (None, [shipment(None)], None),
    ],
)
def test_an_order_is_of_the_counter_that_sold_it_or_else_of_its_first_shipment(
    retail: int | None, shipments: list[dict[str, Any]], place: int | None
) -> None:
    counter = None if retail is None else {"id": f"gid://shopify/Location/{retail}"}
    found = rows.order({**ORDER, "retailLocation": counter, "fulfillments": shipments})
    assert found.location_id == place


def test_an_order_of_a_result_that_was_asked_for_without_places_is_of_none() -> None:
    assert rows.order(ORDER).location_id is None
