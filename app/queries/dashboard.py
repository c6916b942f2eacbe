"""The dashboard: sales over time, stock by state, and the figures above them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from app.platform import db
from app.platform.i18n import lazy_gettext
from app.queries.stores import DEFAULTS
from app.words.alerts import sentence

RANGES = (30, 90, 365)


@dataclass(frozen=True)
class SalesTrend:
    """Units and revenue a day, without gaps; weekly sums where the range is long."""

    days: list[date]
    units: list[int]
    revenue: list[Decimal]
    is_weekly: bool
    total_units: int
    total_revenue: Decimal


@dataclass(frozen=True)
class StockLevel:
    """How many products are in one state."""

    state: str
    products: int
    units: int


@dataclass(frozen=True)
class Overview:
    """The figures on top, and the tracked products by state, each product in one state only."""

    to_order: int
    order_cost: Decimal | None
    without_cost: int
    urgent: int
    products: int
    open_alerts: int
    worst: list[WorstAlert]
    idle_products: int
    idle_value: Decimal | None
    levels: list[StockLevel]
    setup: Setup


@dataclass(frozen=True)
class WorstAlert:
    """One of the gravest open alerts, for the banner."""

    id: int
    variant_id: int
    product: str
    message: str


@dataclass(frozen=True)
class Setup:
    """Which steps of setting up are done, as the store's own data tell."""

    is_dismissed: bool
    has_recipients: bool
    has_lead_times: bool
    has_supplier_mail: bool
    has_order: bool
    has_sent: bool

    @property
    def done(self) -> list[bool]:
        """The steps in their order."""
        return [
            self.has_recipients,
            self.has_lead_times,
            self.has_supplier_mail,
            self.has_order,
            self.has_sent,
        ]


def sales_trend(*, today: date, days: int) -> SalesTrend:
    """The last `days` complete days. One statement."""
    first = today - timedelta(days=days)
    step = 7 if days > 180 else 1
    # Days fall into their step by arithmetic: joining them by "from … to" would read all sales for each step.
    rows = db.rows(
        """
        SELECT d.day::date AS day, COALESCE(s.units, 0) AS units, COALESCE(s.revenue, 0) AS revenue
        FROM generate_series(CAST(:first AS date), CAST(:last AS date), make_interval(days => :step)) AS d(day)
        LEFT JOIN (
            SELECT CAST(:first AS date) + (day - CAST(:first AS date)) / :step * :step AS day,
                   SUM(units) AS units, SUM(revenue) AS revenue
            FROM daily_totals WHERE day BETWEEN :first AND :last GROUP BY 1
        ) s ON s.day = d.day::date
        ORDER BY d.day
        """,
        first=first,
        last=today - timedelta(days=1),
        step=step,
    )
    return SalesTrend(
        days=[row.day for row in rows],
        units=[int(row.units) for row in rows],
        revenue=[row.revenue for row in rows],
        is_weekly=step == 7,
        total_units=sum(int(row.units) for row in rows),
        total_revenue=sum((row.revenue for row in rows), Decimal(0)),
    )


def _worst(*, kind: str, facts: dict[str, Any], **known: Any) -> WorstAlert:
    return WorstAlert(
        **known, message=sentence(kind, int(facts.get("available") or 0), facts.get("threshold"))
    )


_STATES = {
    "out": lazy_gettext("Out of stock"),
    "late": lazy_gettext("Runs out before a delivery"),
    "soon": lazy_gettext("Order soon"),
    "enough": lazy_gettext("Enough"),
    "over": lazy_gettext("Overstocked"),
    "unknown": lazy_gettext("No forecast"),
}


def _sum(rows: Sequence[Any], name: str) -> Any:
    """The sum over all states; 0 when there is none."""
    return sum(getattr(row, name) for row in rows if row.state)


def overview() -> Overview:
    """One statement: kept totals of all suggestions, less those that are snoozed, which are few."""
    rows = db.rows(
        """
        WITH states AS (SELECT * FROM suggestion_totals WHERE products > 0)
        SELECT states.*, z.to_order AS snoozed_to_order, z.costed AS snoozed_costed, z.order_cost AS snoozed_cost,
               z.urgent AS snoozed_urgent,
               (SELECT COUNT(*) FROM alerts WHERE resolved_at IS NULL AND dismissed_at IS NULL) AS open_alerts,
               (SELECT jsonb_agg(w) FROM (
                   SELECT a.id, a.variant_id, a.kind, a.facts,
                          (SELECT display_name FROM variants v
                           WHERE v.store_id = a.store_id AND v.id = a.variant_id) AS product
                   FROM alerts a WHERE a.resolved_at IS NULL AND a.dismissed_at IS NULL
                   ORDER BY array_position(ARRAY['critical', 'high', 'medium'], a.gravity),
                            a.raised_at DESC, a.id DESC LIMIT 3
               ) w) AS worst,
               (SELECT setup_dismissed_at IS NOT NULL FROM store_settings) AS is_dismissed,
               (SELECT cardinality(alert_emails) > 0 FROM store_settings) AS has_recipients,
               EXISTS (SELECT 1 FROM suppliers WHERE lead_time_days IS NOT NULL)
                   OR EXISTS (SELECT 1 FROM variant_settings WHERE lead_time_days IS NOT NULL)
                   OR (SELECT lead_time_days <> :usual FROM store_settings) AS has_lead_times,
               EXISTS (SELECT 1 FROM suppliers WHERE email <> '') AS has_supplier_mail,
               EXISTS (SELECT 1 FROM purchase_orders) AS has_order,
               EXISTS (SELECT 1 FROM purchase_orders WHERE sent_at IS NOT NULL) AS has_sent
        FROM (
            SELECT COUNT(*) FILTER (WHERE quantity > 0) AS to_order,
                   COUNT(cost) FILTER (WHERE quantity > 0) AS costed,
                   COALESCE(SUM(cost) FILTER (WHERE quantity > 0), 0) AS order_cost,
                   COUNT(*) FILTER (WHERE urgency = 'now') AS urgent
            FROM suggestion_snoozes JOIN suggestions USING (store_id, variant_id)
        ) AS z LEFT JOIN states ON true
        """,
        usual=DEFAULTS.lead_time_days,
    )
    # A row for each state; one without a state while there is no suggestion. The rest is the same in all of them.
    found = {row.state: (row.products, row.units) for row in rows if row.state}
    to_order = _sum(rows, "to_order") - rows[0].snoozed_to_order
    costed = _sum(rows, "costed") - rows[0].snoozed_costed
    return Overview(
        to_order=to_order,
        order_cost=_sum(rows, "order_cost") - rows[0].snoozed_cost if costed else None,
        without_cost=to_order - costed,
        urgent=_sum(rows, "urgent") - rows[0].snoozed_urgent,
        products=_sum(rows, "products"),
        open_alerts=rows[0].open_alerts,
        worst=[_worst(**one) for one in rows[0].worst or ()],
        idle_products=_sum(rows, "idle_products"),
        idle_value=_sum(rows, "idle_value") if _sum(rows, "idle_valued") else None,
        setup=Setup(**{name: bool(getattr(rows[0], name)) for name in Setup.__dataclass_fields__}),
        levels=[StockLevel(str(words), *found.get(state, (0, 0))) for state, words in _STATES.items()],
    )
