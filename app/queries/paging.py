"""Pages of a table: which slice, how many there are, and the safe sort orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PAGE_SIZE = 50
_LAST_PAGE = 100_000
# Whether a product's name or SKU is like what was typed, asked once: folding to one case is what takes time.
MATCHES = "(v.display_name || chr(10) || v.sku) ILIKE :like"


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


def clean_page(text: str | None) -> int:
    """A page number from a query string; anything odd is page 1."""
    return min(max(int(text), 1), _LAST_PAGE) if text and text.isdigit() and len(text) < 9 else 1


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
