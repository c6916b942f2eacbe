"""Suppliers as JSON: who they are and what they ask for."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from flask_login import current_user
from pydantic import Field, StringConstraints

from app.blueprints.api.door import blueprint
from app.blueprints.api.reach import LeadDays, ReviewDays, check_reach
from app.jobs import forecasts as forecast_jobs
from app.platform.access import Permission, actor
from app.platform.api import paged
from app.platform.bodies import Email, Model, Name, Note, Paged, PageQuery, left_out
from app.queries import purchasing, stores
from app.queries.api import orders as read
from app.services.purchasing import SupplierNotFound, change_supplier, create_supplier

_PLANNING = {"lead_time_days", "lead_time_sd_days", "review_days"}
Currency = Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]
DaysSd = Annotated[float, Field(ge=0, le=60)]
Amount = Annotated[float, Field(ge=0, le=1e9)]


class Supplier(Model):
    """From whom products come; what is null the store's settings decide."""

    id: int
    vendor: str = Field(description="As Shopify names it.")
    name: str
    email: str
    currency: str | None
    lead_time_days: int | None
    lead_time_sd_days: float | None
    review_days: int | None
    minimum_order_value: float | None
    note: str


class Suppliers(Paged[Supplier]):
    """One page of suppliers."""


class SupplierChange(Model):
    """What is to change; what is left out stays, and null takes the store's value."""

    name: Name = left_out()
    email: Email | None = Field(None, description="Where purchase orders are mailed.")
    currency: Currency | None = None
    lead_time_days: LeadDays | None = None
    lead_time_sd_days: DaysSd | None = Field(None, description="How much the lead time varies.")
    review_days: ReviewDays | None = Field(None, description="Days between two orders.")
    minimum_order_value: Amount | None = Field(None, description="In the supplier's currency.")
    note: Note = left_out()


class NewSupplier(SupplierChange):
    """A supplier that the catalogue does not name yet."""

    name: Name
    vendor: Name | None = Field(None, description="The vendor of its products in Shopify; else the name.")


@blueprint.read(
    "/suppliers", needs=Permission.PURCHASING_READ, tag="Suppliers", answer=Suppliers, query=PageQuery
)
def suppliers(query: PageQuery) -> dict[str, Any]:
    """List the suppliers."""
    return paged(read.suppliers(page=query.page, size=query.per_page), query)


@blueprint.read(
    "/suppliers/<int:supplier_id>", needs=Permission.PURCHASING_READ, tag="Suppliers", answer=Supplier
)
def supplier(supplier_id: int) -> Supplier:
    """Show one supplier."""
    found = purchasing.supplier(supplier_id)
    if found is None:
        raise SupplierNotFound(f"There is no supplier {supplier_id} in this store.")
    return Supplier.model_validate({name: getattr(found, name) for name in Supplier.model_fields})


@blueprint.write(
    "/suppliers",
    needs=Permission.PURCHASING_EDIT,
    tag="Suppliers",
    answer=Supplier,
    body=NewSupplier,
    status=201,
    also=(409,),
)
def add_supplier(body: NewSupplier) -> Supplier:
    """Add a supplier. The catalogue's vendors are suppliers already."""
    values = _values(body)
    vendor = values.pop("vendor", None) or body.name
    _check_reach(values.get("lead_time_days"), values.get("review_days"))
    return supplier(create_supplier(vendor, values, actor=actor()).id)


@blueprint.change(
    "/suppliers/<int:supplier_id>",
    needs=Permission.PURCHASING_EDIT,
    tag="Suppliers",
    answer=Supplier,
    body=SupplierChange,
)
def update_supplier(supplier_id: int, body: SupplierChange) -> Supplier:
    """Change a supplier; what is to be ordered follows its days."""
    before, values = supplier(supplier_id), _values(body)
    _check_reach(
        values.get("lead_time_days", before.lead_time_days), values.get("review_days", before.review_days)
    )
    changed = change_supplier(supplier_id, values, actor=actor())
    if _PLANNING & set(changed):
        forecast_jobs.replan_soon(current_user.store_id)
    return supplier(supplier_id)


def _values(body: SupplierChange) -> dict[str, Any]:
    """The fields that were sent, as the service takes them."""
    values = body.model_dump(exclude_unset=True)
    if "email" in values:
        values["email"] = values["email"] or ""
    if values.get("minimum_order_value") is not None:
        values["minimum_order_value"] = Decimal(str(round(values["minimum_order_value"], 2)))
    return values


def _check_reach(lead: int | None, review: int | None) -> None:
    """With the store's days where the supplier has none."""
    settings = stores.settings()
    check_reach(
        settings.lead_time_days if lead is None else lead, settings.review_days if review is None else review
    )
