"""The columns of the product list: what each shows, what it needs, and how the list is sorted by it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.platform.i18n import lazy_gettext


@dataclass(frozen=True)
class Column:
    """One column. `kind`: number, money, text, day, units or state; `sort` None: not sortable."""

    label: str
    sql: str
    needs: str
    kind: str
    sort: str | None = None

    @property
    def order(self) -> str:
        """What the list is sorted by."""
        return self.sort or self.sql


_LEAD = "COALESCE(t.lead_time_days, u.lead_time_days, g.lead_time_days)"
# `sku` and the product's name are shown, sorted and exported always.
COLUMNS: dict[str, Column] = {
    "supplier": Column(lazy_gettext("Supplier"), "COALESCE(u.name, p.vendor)", "ptnu", "text"),
    "stock": Column(lazy_gettext("In stock"), "COALESCE(l.available, 0)", "l", "stock"),
    "incoming": Column(lazy_gettext("On the way"), "COALESCE(l.incoming, 0)", "l", "number"),
    "demand": Column(lazy_gettext("Expected demand"), "s.expected_demand", "s", "demand"),
    "cover": Column(lazy_gettext("Days of cover"), "s.days_of_cover", "s", "cover"),
    "order": Column(lazy_gettext("Order"), "s.quantity", "s", "number"),
    "order_by": Column(lazy_gettext("Order by"), "s.order_by", "s", "day"),
    "stock_out": Column(lazy_gettext("Likely to run out"), "s.stock_out", "s", "day"),
    "urgency": Column(lazy_gettext("Stock state"), "s.urgency", "s", "urgency", "s.urgency_rank"),
    "class": Column(lazy_gettext("Class"), "s.abc_class", "s", "text"),
    "overstock": Column(lazy_gettext("More than needed"), "NULLIF(s.overstock_units, 0)", "s", "number"),
    "overstock_value": Column(lazy_gettext("Money tied up"), "s.overstock_value", "s", "money"),
    "confidence": Column(lazy_gettext("Confidence"), "f.confidence", "f", "confidence"),
    "price": Column(lazy_gettext("Price"), "v.price", "", "money"),
    "cost": Column(lazy_gettext("Unit cost"), "COALESCE(v.unit_cost, t.unit_cost)", "t", "money"),
    "threshold": Column(
        lazy_gettext("Low-stock threshold"),
        "COALESCE(t.low_stock_threshold, g.low_stock_threshold)",
        "tg",
        "number",
    ),
    "lead_time": Column(lazy_gettext("Lead time"), _LEAD, "ptnug", "days"),
    "moq": Column(lazy_gettext("Minimum order"), "t.moq", "t", "number"),
    "case": Column(lazy_gettext("Case size"), "t.case_size", "t", "number"),
    "vendor": Column(lazy_gettext("Vendor"), "p.vendor", "p", "text"),
    "type": Column(lazy_gettext("Type"), "p.product_type", "p", "text"),
    "status": Column(lazy_gettext("Status"), "p.status", "p", "status"),
}
DEFAULT = ("supplier", "stock", "demand", "order", "urgency", "price")
SORTS = {
    "product": "v.display_name",
    "sku": "v.sku",
    **{name: column.order for name, column in COLUMNS.items()},
}


def chosen(names: Iterable[str]) -> tuple[str, ...]:
    """The columns asked for that exist, in the list's own order; without any the usual ones."""
    wanted = set(names)
    return tuple(name for name in COLUMNS if name in wanted) or DEFAULT
