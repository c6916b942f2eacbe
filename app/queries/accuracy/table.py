"""How good each product's forecasts were, as a table: those for which the plain average was closer too"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.domain.forecasts.accuracy import FEWEST
from app.platform import db
from app.queries.accuracy.figures import Figures, figures_of
from app.queries.paging import MATCHES, PAGE_SIZE, Page, like_escaped, order_by

_SHARE = "{} / NULLIF(GREATEST(a.sold, 0), 0)"
SORTS = {
    "sold": "a.sold",
    "product": "v.display_name",
    "error": _SHARE.format("a.size"),
    "average": _SHARE.format("a.average"),
    "gain": "a.average - a.size",
    "bias": _SHARE.format("a.error"),
    "held": "a.held::float / a.forecasts",
    "loss": "a.loss / a.forecasts",
}
_WHERE = {"all": "true", "better": "a.size <= a.average", "worse": "a.size > a.average"}
# Those that Shopify no longer has are few: looked up once and left out, they cost less than a join of all products.
_SUMS = """
    FROM accuracy_sums a
    WHERE a.forecasts >= :fewest AND a.variant_id NOT IN (SELECT id FROM variants WHERE deleted_at IS NOT NULL)
"""
_NAMED = _SUMS.replace("WHERE", "JOIN variants v ON v.store_id = a.store_id AND v.id = a.variant_id WHERE", 1)


@dataclass(frozen=True)
class Row:
    """One product: units that all its forecasts were about, and by how many fewer we were wrong than the average."""

    variant_id: int
    product: str
    sku: str
    demand_class: str
    sold: float
    gain: float
    figures: Figures


@dataclass(frozen=True)
class Table:
    """One page of it, and how many products each choice of `show` holds."""

    rows: list[Row]
    page: Page
    sort: str
    search: str
    show: str
    counts: dict[str, int]


def table(
    *, sort: str = "-sold", search: str = "", show: str = "all", page: int = 1, size: int = PAGE_SIZE
) -> Table:
    """A page of the products with enough forecasts: `show` all, or those for which ours were better or worse than
    the 7-day average. Two statements."""
    show = show if show in _WHERE else "all"
    held, order = order_by(sort, SORTS, "-sold")
    found_in = f"{_NAMED} AND {MATCHES}" if search else _SUMS
    picked_in = _NAMED + f" AND {MATCHES}" * bool(search) if "v." in order else found_in
    given: dict[str, Any] = {"fewest": FEWEST, "like": "%" + like_escaped(search) + "%"}
    sums = ", ".join(f"COUNT(*) FILTER (WHERE {where}) AS {name}" for name, where in _WHERE.items())
    counts = db.rows(f"SELECT {sums} {found_in}", **given)[0]._asdict()
    place = Page(min(page, max(1, -(-counts[show] // size))), counts[show], size)
    found = db.rows(
        f"WITH picked AS MATERIALIZED (SELECT a.* {picked_in} AND {_WHERE[show]}"  # noqa: S608
        f" ORDER BY {order}, a.variant_id LIMIT :limit OFFSET :offset)"
        " SELECT a.variant_id, v.display_name AS product, v.sku, a.demand_class, a.forecasts, a.sold, a.error,"
        " a.size, a.average, a.held, a.loss"
        " FROM picked a JOIN variants v ON v.store_id = a.store_id AND v.id = a.variant_id"
        f" ORDER BY {order}, a.variant_id",
        **given,
        limit=place.size,
        offset=(place.number - 1) * place.size,
    )
    rows = [
        Row(
            variant_id=row.variant_id,
            product=row.product,
            sku=row.sku,
            demand_class=row.demand_class,
            sold=row.sold,
            gain=row.average - row.size,
            figures=figures,
        )
        for row, figures in zip(found, figures_of(found), strict=True)
    ]
    return Table(rows, place, held, search, show, counts)
