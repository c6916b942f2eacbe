"""What to move between locations, and one product's plan at each of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.platform import db
from app.queries.paging import MATCHES, PAGE_SIZE, Page, like_escaped, order_by
from app.words import transfers as words

SORTS = {
    "cover": "t.days_of_cover",
    "product": "v.display_name",
    "route": "a.name || ' ' || b.name",
    "units": "t.units",
    "value": "t.value",
}


@dataclass(frozen=True)
class LedgerEntry:
    """One signed line in the reader's words; the lines sum to the units."""

    code: str
    label: str
    units: int


@dataclass(frozen=True)
class TransferRow:
    """Units of one product to move; `value` is what they cost, in the store's currency."""

    variant_id: int
    product: str
    sku: str
    source_id: int
    source: str
    destination_id: int
    destination: str
    units: int
    value: Decimal | None
    source_available: int
    source_incoming: int
    source_goal: int
    transit_days: int
    days_of_cover: float
    ledger: list[LedgerEntry]


@dataclass(frozen=True)
class Route:
    """All that is to move from one location to another; `unvalued` products have no known cost."""

    source_id: int
    source: str
    destination_id: int
    destination: str
    products: int
    units: int
    value: Decimal
    unvalued: int

    @property
    def key(self) -> str:
        """As the address names it."""
        return f"{self.source_id}-{self.destination_id}"


@dataclass(frozen=True)
class TransferTable:
    """One page of transfers, and the routes among which one may be chosen (`route`, empty for all)."""

    rows: list[TransferRow]
    page: Page
    sort: str
    search: str
    route: str
    routes: list[Route]


@dataclass(frozen=True)
class AtLocation:
    """One product's plan at one location; `sold` in the last 180 days, `in_stock` the part of them in which it had
    something to sell (as far as is known), `share` of the store's demand, `missed` units of it that are lost until a
    transfer can arrive and that no target covers.

    `least`: the merchant's own minimum there, None without one.
    """

    location_id: int
    location: str
    least: int | None
    sold: int
    in_stock: float
    share: float
    expected: float
    available: int
    incoming: int
    missed: int
    target: int
    goal: int
    days_of_cover: float

    @property
    def short(self) -> int:
        """Units below the goal, what is on its way counted; negative: beyond it."""
        return self.goal - self.available - self.incoming


_FROM = """
    FROM transfer_suggestions t
    JOIN variants v ON v.store_id = t.store_id AND v.id = t.variant_id
    JOIN locations a ON a.store_id = t.store_id AND a.id = t.source_id
    JOIN locations b ON b.store_id = t.store_id AND b.id = t.destination_id
"""
_COLUMNS = """
    t.variant_id, v.display_name AS product, v.sku, t.source_id, a.name AS source, t.destination_id,
    b.name AS destination, t.units, t.value, t.source_available, t.source_incoming, t.source_goal,
    t.transit_days, t.days_of_cover, t.ledger
"""
# Among equals what is worth most comes first.
_KEY = "t.value DESC NULLS LAST, t.variant_id, t.source_id, t.destination_id"
_WHERE = "WHERE (:source = 0 OR t.source_id = :source AND t.destination_id = :destination)"


def table(
    *, sort: str = "cover", search: str = "", route: str = "", page: int = 1, size: int = PAGE_SIZE
) -> TransferTable:
    """A page of transfers, those first whose destination runs out first. Three statements."""
    held, order = order_by(sort, SORTS, "cover")
    found = routes()
    chosen = next((one for one in found if one.key == route), None)
    values = _values(chosen, search)
    total = int(db.rows(f"SELECT COUNT(*) AS n {_FROM} {_where(search)}", **values)[0].n)
    place = Page(min(page, max(1, -(-total // size))), total, size)
    rows = db.rows(
        f"SELECT {_COLUMNS} {_FROM} {_where(search)} ORDER BY {order}, {_KEY} LIMIT :limit OFFSET :offset",
        **values,
        limit=size,
        offset=(place.number - 1) * size,
    )
    return TransferTable(
        [_row(row) for row in rows], place, held, search, chosen.key if chosen else "", found
    )


def lines(*, sort: str = "cover", search: str = "", route: str = "") -> Iterator[TransferRow]:
    """All that `table` pages through, in bounded memory."""
    _, order = order_by(sort, SORTS, "cover")
    chosen = next((one for one in routes() if one.key == route), None)
    sql = f"SELECT {_COLUMNS} {_FROM} {_where(search)} ORDER BY {order}, {_KEY}"
    for row in db.stream(sql, **_values(chosen, search)):
        yield _row(row)


def routes() -> list[Route]:
    """From where to where something is to move, the most products first. One statement."""
    found = db.rows(
        """
        SELECT t.source_id, a.name AS source, t.destination_id, b.name AS destination, COUNT(*) AS products,
               SUM(t.units) AS units, COALESCE(SUM(t.value), 0) AS value,
               COUNT(*) FILTER (WHERE t.value IS NULL) AS unvalued
        FROM transfer_suggestions t
        JOIN locations a ON a.store_id = t.store_id AND a.id = t.source_id
        JOIN locations b ON b.store_id = t.store_id AND b.id = t.destination_id
        GROUP BY 1, 2, 3, 4 ORDER BY COUNT(*) DESC, 2, 4, 1, 3
        """
    )
    return [db.made(Route, row) for row in found]


def of_product(variant_id: int) -> list[TransferRow]:
    """What of one product is to be moved. One statement."""
    found = db.rows(
        f"SELECT {_COLUMNS} {_FROM} WHERE t.variant_id = :id ORDER BY t.units DESC, {_KEY}",
        id=variant_id,
    )
    return [_row(row) for row in found]


def at_locations(variant_id: int) -> list[AtLocation]:
    """One product's plan at each location, empty unless several active ones stock it. One statement."""
    found = db.rows(
        """
        SELECT o.id AS location_id, o.name AS location, m.units AS least, p.sold, p.in_stock, p.share,
               p.expected, p.available, p.incoming, p.missed, p.target, p.goal, p.days_of_cover
        FROM location_plans p JOIN locations o ON o.store_id = p.store_id AND o.id = p.location_id
        LEFT JOIN location_minimums m
          ON m.store_id = p.store_id AND m.variant_id = p.variant_id AND m.location_id = p.location_id
        WHERE p.variant_id = :id ORDER BY p.share DESC, o.name
        """,
        id=variant_id,
    )
    return [db.made(AtLocation, row) for row in found]


@dataclass(frozen=True)
class Place:
    """An active location, whether the merchant has left it out or that is about to change, and the days that a
    transfer takes to it (None: as to all others)."""

    id: int
    name: str
    is_left_out: bool
    is_changing: bool
    transit_days: int | None


def places() -> list[Place]:
    """The store's active locations by name. One statement."""
    found = db.rows(
        "SELECT id, name, is_left_out, wanted_left_out IS NOT NULL AS is_changing, transit_days FROM locations"
        " WHERE is_active ORDER BY name, id"
    )
    return [db.made(Place, row) for row in found]


def is_known() -> bool:
    """Whether the last plan knew enough sales by location to say anything. One statement."""
    return bool(db.rows("SELECT EXISTS (SELECT 1 FROM location_plans) AS known")[0].known)


def _where(search: str) -> str:
    return f"{_WHERE} AND {MATCHES}" if search else _WHERE


def _values(route: Route | None, search: str) -> dict[str, Any]:
    ends = {"source": route.source_id if route else 0, "destination": route.destination_id if route else 0}
    return ends | ({"like": "%" + like_escaped(search) + "%"} if search else {})


def _row(row: Any) -> TransferRow:
    ledger = [LedgerEntry(line["code"], words.label(line["code"]), int(line["units"])) for line in row.ledger]
    return db.made(TransferRow, row, ledger=ledger)
