"""What the product list can be narrowed by: each filter is, or is not, one value of one field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.queries.paging import MATCHES, Join, like_escaped

MOST = 12
_LONGEST = 200

# The tables that a condition, an order or a column needs beside `variants v`, in the order they are joined.
_OF_VARIANT = "{0}.store_id = v.store_id AND {0}.variant_id = v.id"
JOINS = {
    join.name: join
    for join in (
        Join("p", "products", "p.store_id = v.store_id AND p.id = v.product_id", is_inner=True),
        Join("g", "store_settings", "g.store_id = v.store_id", is_inner=True),
        Join("t", "variant_settings", _OF_VARIANT.format("t")),
        Join("n", "suppliers", "n.store_id = v.store_id AND n.vendor = p.vendor"),
        Join("u", "suppliers", "u.store_id = v.store_id AND u.id = COALESCE(t.supplier_id, n.id)"),
        Join("l", "stock_totals", "l.store_id = v.store_id AND l.inventory_item_id = v.inventory_item_id"),
        Join("s", "suggestions", _OF_VARIANT.format("s")),
        Join("f", "forecasts", _OF_VARIANT.format("f")),
        Join("z", "suggestion_snoozes", _OF_VARIANT.format("z")),
        Join(
            "o",
            "forecast_overrides",
            f"{_OF_VARIANT.format('o')} AND o.ended_at IS NULL AND o.until >= :today",
        ),
    )
}
_BEFORE = {"n": "p", "u": "ptn"}


@dataclass(frozen=True)
class Filter:
    """One condition: `field` is, or is not, `value`."""

    field: str
    value: str
    is_not: bool = False

    @property
    def text(self) -> str:
        """As a query string carries it: `field:value`."""
        return f"{self.field}:{self.value}"


@dataclass(frozen=True)
class Field:
    """A field: its SQL, true where it is `:value`, and the tables that the SQL needs."""

    sql: str
    needs: str
    is_number: bool = False
    values: tuple[str, ...] = ()


# A state of stock is a field whose values are conditions of their own.
STATES: dict[str, tuple[str, str]] = {
    "low": (
        "v.is_tracked AND COALESCE(l.available, 0) < COALESCE(t.low_stock_threshold, g.low_stock_threshold)",
        "ltg",
    ),
    "out": ("v.is_tracked AND COALESCE(l.available, 0) <= 0", "l"),
    "on_the_way": ("l.incoming > 0", "l"),
    "overstock": ("s.overstock_units > 0", "s"),
    "to_order": ("s.quantity > 0 AND z.variant_id IS NULL", "sz"),
    "snoozed": ("z.variant_id IS NOT NULL", "z"),
    "no_forecast": ("v.is_tracked AND (s.variant_id IS NULL OR s.urgency = 'unknown')", "s"),
    "low_confidence": ("f.confidence = 'low' AND f.refused_until IS NULL", "f"),
    "overridden": ("o.id IS NOT NULL", "o"),
    "not_tracked": ("NOT v.is_tracked", ""),
    "no_cost": ("COALESCE(v.unit_cost, t.unit_cost) IS NULL", "t"),
}
FIELDS: dict[str, Field] = {
    "state": Field("", "", values=tuple(STATES)),
    "supplier": Field("u.id = {}", "ptnu", is_number=True),
    "vendor": Field("p.vendor = {}", "p"),
    "type": Field("p.product_type = {}", "p"),
    "status": Field("p.status = {}", "p", values=("ACTIVE", "DRAFT", "ARCHIVED")),
    "class": Field("s.abc_class = {}", "s", values=("A", "B", "C")),
    "pattern": Field(
        "f.demand_class = {}", "f", values=("smooth", "erratic", "intermittent", "lumpy", "new", "none")
    ),
    "urgency": Field("s.urgency = {}", "s", values=("now", "soon", "later", "none", "unknown")),
}


def read(is_: Iterable[str], not_: Iterable[str]) -> list[Filter]:
    """The filters of a query string; what is no filter is left out, doubles count once."""
    pairs = [(text.partition(":"), False) for text in is_] + [(text.partition(":"), True) for text in not_]
    found = [Filter(field, value, is_not) for (field, _, value), is_not in pairs]
    return [one for one in dict.fromkeys(found) if is_known(one)][:MOST]


def is_known(one: Filter) -> bool:
    """Whether the field exists and may have this value."""
    field = FIELDS.get(one.field)
    if field is None or len(one.value) > _LONGEST or "\0" in one.value:
        return False
    if field.is_number:
        return one.value.isdecimal() and len(one.value) < 18
    return one.value in field.values if field.values else True


@dataclass(frozen=True)
class Condition:
    """A WHERE clause, the tables it needs, and its bound values. The SQL is ours, never a visitor's."""

    sql: str
    needs: frozenset[str]
    values: Mapping[str, Any]


def condition(filters: list[Filter], search: str) -> Condition:
    """What the filters and the search field pick of the products that exist.

    Values of one field that "is" are alternatives; everything else must hold together.
    """
    parts, needs, values = ["v.deleted_at IS NULL"], set[str](), dict[str, Any]()
    alternatives: dict[str, list[str]] = {}
    for number, one in enumerate(filters):
        sql, wanted = _sql_of(one, f"value_{number}", values)
        needs |= set(wanted)
        if one.is_not:
            parts.append(f"NOT COALESCE({sql}, false)")
        else:
            alternatives.setdefault(one.field, []).append(f"({sql})")
    parts += [f"({' OR '.join(some)})" for some in alternatives.values()]
    if search:
        of_vendor = "v.product_id IN (SELECT id FROM products WHERE search_vendor LIKE lower(:like))"
        parts.append(f"({MATCHES} OR v.barcode = :search OR {of_vendor})")
        values |= {"search": search, "like": "%" + like_escaped(search) + "%"}
    return Condition(" AND ".join(parts), frozenset(needs), values)


def _sql_of(one: Filter, name: str, values: dict[str, Any]) -> tuple[str, str]:
    if one.field == "state":
        sql, needs = STATES[one.value]
        return sql, needs
    field = FIELDS[one.field]
    values[name] = int(one.value) if field.is_number else one.value
    return field.sql.format(f":{name}"), field.needs


def joins(needs: Iterable[str], *, by_key: bool = False) -> str:
    """The FROM clause's tables beside `variants v`; `by_key`: looked up for the few rows of a page."""
    wanted = set(needs)
    for name in list(wanted):
        wanted |= set(_BEFORE.get(name, ""))
    found = [join for name, join in JOINS.items() if name in wanted]
    return " ".join(join.by_key if by_key else join.whole for join in found)
