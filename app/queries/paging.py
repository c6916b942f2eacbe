"""Pages of a table: which slice, how many there are, and the safe sort orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PAGE_SIZE = 50
_LAST_PAGE = 100_000
# Whether a product's name or SKU is like what was typed. Folding to one case takes most of a search's time, so what
# is searched is stored folded.
MATCHES = "v.search_text LIKE lower(:like)"


@dataclass(frozen=True)
class Page:
    """Where we are in a table of `total` rows; pages count from 1."""

    number: int
    total: int
    size: int = PAGE_SIZE

    @property
    def last(self) -> int:
        """The last page's number."""
        return max(1, -(-self.total // self.size))

    @property
    def first_row(self) -> int:
        """The number of the first row shown, 0 when there is none."""
        return min(self.total, (self.number - 1) * self.size + 1)

    @property
    def last_row(self) -> int:
        """The number of the last row shown."""
        return min(self.total, self.number * self.size)


@dataclass(frozen=True)
class Join:
    """A table to be joined, under the name that its condition knows it by."""

    name: str
    table: str
    on: str
    is_inner: bool = False

    @property
    def whole(self) -> str:
        """As PostgreSQL likes: for picking out of all of a store's rows."""
        return f"{self._how} JOIN {self.table} {self.name} ON {self.on}"

    @property
    def by_key(self) -> str:
        """As one look-up for each row of a page, and not to be weighed against other orders of joining.

        Weighing ten tables takes longer than reading a page of them; and after many writes at once PostgreSQL takes
        a table for a small one until it counts again, and reads it whole for each of the rows.
        """
        found = f"SELECT * FROM {self.table} {self.name} WHERE {self.on} OFFSET 0"  # noqa: S608
        return f"{self._how} JOIN LATERAL ({found}) {self.name} ON true"

    @property
    def _how(self) -> str:
        return "INNER" if self.is_inner else "LEFT"


def clean_page(text: str | None) -> int:
    """A page number from a query string; anything odd is page 1."""
    return min(max(int(text), 1), _LAST_PAGE) if text and text.isdecimal() and len(text) < 9 else 1


def order_by(sort: str, orders: Mapping[str, str], default: str) -> tuple[str, str]:
    """(the sort that holds, its SQL) for `name` or `-name`; unknown names fall back to `default`.

    The SQL comes from `orders` alone, never from the visitor.
    """
    name = sort.removeprefix("-")
    if name not in orders:
        sort, name = default, default.removeprefix("-")
    direction = "DESC" if sort.startswith("-") else "ASC"
    return sort, f"{orders[name]} {direction} NULLS LAST"


def like_escaped(text: str) -> str:
    """The text with LIKE's own signs made harmless."""
    return text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
