"""The current store and its settings, for pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.platform import db, tenancy


@dataclass(frozen=True)
class StoreView:
    """What a page says about the store."""

    shop: str
    name: str
    time_zone: str
    shopify_time_zone: str
    currency: str
    status: str
    status_reason: str
    scopes: list[str]
    installed_at: datetime
    # Active ones: with several, stock can be moved between them.
    locations: int


@dataclass(frozen=True)
class SettingsView:
    """The store's settings as a form shows them."""

    low_stock_threshold: int
    alert_emails: list[str]
    digest_hour: int
    quiet_days: list[int]
    weekly_summary: bool
    time_zone: str | None
    lead_time_days: int
    lead_time_sd_days: float
    review_days: int
    transfer_days: int
    service_level: float
    service_level_a: float | None
    service_level_b: float | None
    service_level_c: float | None
    service_by: str
    engine: str
    language: str

    def service_of(self, abc_class: str | None) -> float:
        """The service level of a class: its own, else the store's."""
        of_class = {"A": self.service_level_a, "B": self.service_level_b, "C": self.service_level_c}
        return of_class.get(abc_class or "") or self.service_level


def per_cent(level: float | None) -> str:
    """A service level as a form shows it: `97.5`, or nothing."""
    return "" if level is None else f"{level * 100:g}"


DEFAULTS = SettingsView(
    0, [], 8, [], True, None, 14, 3.0, 7, 2, 0.95, None, None, None, "level", "auto", "en"
)


# Columns of `stores s` and `store_settings t` that `view_of` reads, for whoever joins them already.
VIEW = """
    s.shop, s.name AS store_name, COALESCE(t.time_zone, s.time_zone) AS time_zone,
    s.time_zone AS shopify_time_zone, s.currency, s.status, s.status_reason, s.scopes, s.installed_at,
    (SELECT COUNT(*) FROM locations o WHERE o.store_id = s.id AND o.is_active) AS locations
"""


def store() -> StoreView:
    """The current store. One statement."""
    return view_of(
        db.rows(
            f"SELECT {VIEW} FROM stores s LEFT JOIN store_settings t ON t.store_id = s.id WHERE s.id = :id",  # noqa: S608
            id=tenancy.require_store(),
        )[0]
    )


def view_of(row: Any) -> StoreView:
    """The store of a row that holds the columns of VIEW."""
    return StoreView(
        shop=row.shop,
        name=row.store_name or row.shop,
        time_zone=row.time_zone,
        shopify_time_zone=row.shopify_time_zone,
        currency=row.currency,
        status=row.status,
        status_reason=row.status_reason,
        scopes=list(row.scopes),
        installed_at=row.installed_at,
        locations=row.locations,
    )


def settings() -> SettingsView:
    """The store's settings; the defaults while none are stored."""
    found = db.rows("SELECT * FROM store_settings")
    if not found:
        return DEFAULTS
    return db.made(SettingsView, found[0])
