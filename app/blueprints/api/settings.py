"""Settings as JSON: those of the store, and the thresholds and order sizes of one product."""

from __future__ import annotations

from typing import Annotated, Any
from zoneinfo import available_timezones

from flask_login import current_user
from pydantic import AfterValidator, Field

from app.blueprints.api.door import blueprint
from app.blueprints.api.reach import LeadDays, ReviewDays, check_reach
from app.domain.forecasts import ENGINES
from app.domain.replenishment.allocation import SERVICE_BY
from app.jobs import forecasts as forecast_jobs
from app.jobs import settings as jobs
from app.platform import clock
from app.platform.access import Permission, actor
from app.platform.bodies import Email, Id, Invalid, Model, OneOf, left_out
from app.platform.i18n import LANGUAGES, gettext
from app.queries import purchasing, stores
from app.queries.api import orders as read
from app.services.catalog import VariantNotFound, change_variant_settings
from app.services.stores import change_settings

_REACH = ("lead_time_days", "review_days")


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(gettext("Send an IANA time zone, such as Europe/Berlin."))
    return name


Engine = Annotated[str, OneOf(ENGINES)]
Zone = Annotated[str, AfterValidator(_known_zone), Field(max_length=64)]
Units = Annotated[int, Field(ge=0, le=1_000_000)]
Service = Annotated[float, Field(ge=0.51, le=0.999)]


class StoreSettings(Model):
    """What holds for every product that has no value of its own."""

    low_stock_threshold: int = Field(
        description="Alert when fewer available units than this are left; 0: by the forecast alone."
    )
    alert_emails: list[str]
    time_zone: str | None = Field(description="Null: Shopify's.")
    lead_time_days: int
    lead_time_sd_days: float
    review_days: int
    transfer_days: int = Field(
        description="Days that a transfer takes to a location that has none of its own."
    )
    service_level: float = Field(description="Share of order cycles without a stock-out, such as 0.95.")
    service_level_a: float | None = Field(
        description="Of A products, the first 80 % of revenue. Null: service_level."
    )
    service_level_b: float | None = Field(
        description="Of B products, the next 15 % of revenue. Null: service_level."
    )
    service_level_c: float | None = Field(
        description="Of C products, the last 5 % of revenue. Null: service_level."
    )
    service_by: str = Field(
        description="level: by the levels alone; value: as much in all, where stock saves most sales for its money."
    )
    engine: str
    digest_hour: int = Field(
        description="From this hour on, where the store is, the day's alerts are mailed."
    )
    quiet_days: list[int] = Field(description="Days without mail, Monday is 1.")
    weekly_summary: bool
    language: str = Field(description="Of mails and files.")


class SettingsChange(Model):
    """What is to change; what is left out stays."""

    low_stock_threshold: Units = left_out()
    alert_emails: Annotated[list[Email], Field(max_length=20)] = left_out()
    time_zone: Zone | None = Field(None, description="Null: Shopify's.")
    lead_time_days: LeadDays = left_out()
    lead_time_sd_days: Annotated[float, Field(ge=0, le=60)] = left_out()
    review_days: ReviewDays = left_out()
    transfer_days: Annotated[int, Field(ge=0, le=60)] = left_out()
    service_level: Service = left_out()
    service_level_a: Service | None = None
    service_level_b: Service | None = None
    service_level_c: Service | None = None
    service_by: Annotated[str, OneOf(SERVICE_BY)] = left_out()
    engine: Engine = left_out()
    digest_hour: Annotated[int, Field(ge=0, le=23)] = left_out()
    quiet_days: Annotated[list[Annotated[int, Field(ge=1, le=7)]], Field(max_length=7)] = left_out()
    weekly_summary: bool = left_out()
    language: Annotated[str, OneOf(LANGUAGES)] = left_out()


class ProductSettings(Model):
    """What one product has of its own; what is null it takes from its supplier, else from the store."""

    product_id: int
    low_stock_threshold: int | None = Field(
        description="Alert when fewer available units than this are left; 0: by the forecast alone."
    )
    lead_time_days: int | None
    review_days: int | None
    service_level: float | None
    moq: int | None = Field(description="Smallest order that the supplier takes.")
    case_size: int | None = Field(description="Orders are multiples of it.")
    min_stock: int | None
    max_stock: int | None
    engine: str | None
    supplier_id: int | None = Field(description="Null: the supplier of its vendor.")


class ProductSettingsChange(Model):
    """What is to change; what is left out stays, and null takes the supplier's or the store's value."""

    low_stock_threshold: Units | None = None
    lead_time_days: LeadDays | None = None
    review_days: ReviewDays | None = None
    service_level: Service | None = None
    moq: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    case_size: Annotated[int, Field(ge=1, le=100_000)] | None = None
    min_stock: Units | None = None
    max_stock: Units | None = None
    engine: Engine | None = None
    supplier_id: Id | None = None


@blueprint.read("/settings", needs=Permission.SETTINGS_READ, tag="Settings", answer=StoreSettings)
def settings() -> StoreSettings:
    """Show the store's settings."""
    found = stores.settings()
    return StoreSettings.model_validate({name: getattr(found, name) for name in StoreSettings.model_fields})


@blueprint.change(
    "/settings", needs=Permission.SETTINGS_EDIT, tag="Settings", answer=StoreSettings, body=SettingsChange
)
def update_settings(body: SettingsChange) -> StoreSettings:
    """Change the store's settings; forecasts and suggestions follow."""
    values = body.model_dump(exclude_unset=True)
    after = {**settings().model_dump(), **values}
    check_reach(*(after[name] for name in _REACH))
    if "quiet_days" in values:
        values["quiet_days"] = sorted(set(values["quiet_days"]))
    changed = change_settings(values, actor=actor(), now=clock.now())
    jobs.follow_up(current_user.store_id, changed)
    return settings()


@blueprint.read(
    "/products/<int:product_id>/settings",
    needs=Permission.CATALOG_READ,
    tag="Settings",
    answer=ProductSettings,
)
def product_settings(product_id: int) -> dict[str, Any]:
    """Show the threshold and order sizes of one product."""
    found = read.product_settings(product_id)
    if found is None:
        raise VariantNotFound(f"There is no product {product_id} in this store.")
    return found


@blueprint.change(
    "/products/<int:product_id>/settings",
    needs=Permission.CATALOG_EDIT,
    tag="Settings",
    answer=ProductSettings,
    body=ProductSettingsChange,
)
def update_product_settings(product_id: int, body: ProductSettingsChange) -> dict[str, Any]:
    """Change the threshold and order sizes of one product; its suggestion follows."""
    values = body.model_dump(exclude_unset=True)
    after = {**product_settings(product_id), **values}
    inherited = stores.settings()
    check_reach(*(getattr(inherited, name) if after[name] is None else after[name] for name in _REACH))
    if after["max_stock"] is not None and after["max_stock"] < (after["min_stock"] or 0):
        raise Invalid([{"field": "max_stock", "detail": gettext("Send no less than min_stock.")}])
    if values.get("supplier_id") and purchasing.supplier(values["supplier_id"]) is None:
        raise Invalid(
            [{"field": "supplier_id", "detail": gettext("There is no such supplier in this store.")}]
        )
    changed = change_variant_settings(product_id, values, actor=actor(), now=clock.now())
    if "engine" in changed:
        forecast_jobs.forecast_soon(current_user.store_id)
    elif changed:
        forecast_jobs.replan_soon(current_user.store_id)
    return product_settings(product_id)
