"""The blueprint of the product pages, and what they share: the product of an address, today's date."""

from __future__ import annotations

from datetime import date

from app.platform import clock, web
from app.platform.access import AppBlueprint
from app.queries import catalog, stores
from app.queries.catalog import ProductDetail
from app.services.catalog import VariantNotFound

blueprint = AppBlueprint("catalog", __name__)


def today() -> date:
    """The date where the store is."""
    return clock.today(web.once(stores.store).time_zone)


def product_of(variant_id: int) -> ProductDetail:
    """The product of the address. Raises VariantNotFound."""
    found = catalog.detail(variant_id)
    if found is None:
        raise VariantNotFound(f"There is no product {variant_id} in this store.")
    return found
