"""Accuracy as JSON: how near past forecasts came, by demand class and product, and beside own numbers"""

from __future__ import annotations

from typing import Any

from app.blueprints.api.accuracy_bodies import (
    AccuracyQuery,
    ForecastAccuracy,
    ProductAccuracies,
    ProductAccuracy,
)
from app.blueprints.api.door import blueprint
from app.platform import clock
from app.platform.access import Permission
from app.platform.api import paged
from app.queries import accuracy, catalog, stores
from app.services.catalog import VariantNotFound

_TAG = "Forecasts"
_COLUMNS = {
    "product_name": "product",
    "sold_units": "sold",
    "wape": "error",
    "average_wape": "average",
    "units_closer": "gain",
    "within_range": "held",
    "pinball_loss": "loss",
}


@blueprint.read("/forecast/accuracy", needs=Permission.FORECASTS_READ, tag=_TAG, answer=ForecastAccuracy)
def forecast_accuracy() -> dict[str, Any]:
    """Show how near forecasts came, by demand class, and how near the members' own numbers did."""
    found, zone = accuracy.summary(), stores.store().time_zone
    total = found.total
    return {
        "added_up_on": found.made_on,
        "total": total and {"products": total.products, **_figures(total.figures)},
        "demand_classes": [
            {"demand_class": one.demand_class, "products": one.products, **_figures(one.figures)}
            for one in found.classes
        ],
        "overrides": _overridden(accuracy.own_numbers(today=clock.today(zone), time_zone=zone)),
    }


@blueprint.read(
    "/forecast/accuracy/products",
    needs=Permission.FORECASTS_READ,
    tag=_TAG,
    answer=ProductAccuracies,
    query=AccuracyQuery,
)
def products_accuracy(query: AccuracyQuery) -> dict[str, Any]:
    """List how near the forecasts of each product came, the losing cases too."""
    name = query.sort.removeprefix("-")
    found = accuracy.table(
        sort=query.sort[: -len(name)] + _COLUMNS.get(name, name),
        search=query.search,
        show=query.show,
        page=query.page,
        size=query.per_page,
    )
    is_beyond = query.page > found.page.last
    items = [] if is_beyond else [_product(row) for row in found.rows]
    return paged({"items": items, "total": found.page.total}, query)


@blueprint.read(
    "/products/<int:product_id>/accuracy", needs=Permission.FORECASTS_READ, tag=_TAG, answer=ProductAccuracy
)
def product_accuracy(product_id: int) -> dict[str, Any]:
    """Show how near a product's forecasts came, once the days they spoke of are over."""
    if catalog.detail(product_id) is None:
        raise VariantNotFound(f"There is no product {product_id} in this store.")
    found = accuracy.of_product(product_id, today=clock.today(stores.store().time_zone))
    unknown = dict.fromkeys(("wape", "bias", "average_wape", "within_range", "pinball_loss", "losing"))
    return {
        "product_id": product_id,
        "first_on": found.ready_on,
        **(_figures(found.figures) if found.figures else unknown),
        "forecasts": len(found.comparisons),
        "items": [_past(one) for one in found.comparisons],
    }


def _past(one: accuracy.Comparison) -> dict[str, Any]:
    return {
        "from_day": one.first,
        "to_day": one.last,
        "forecast_units": one.forecast,
        "low_units": one.low,
        "high_units": one.high,
        "sold_units": one.sold,
        "within_range": one.held,
        "average_units": one.average,
        "model": one.model,
    }


def _product(row: accuracy.Row) -> dict[str, Any]:
    return {
        "product_id": row.variant_id,
        "product_name": row.product,
        "sku": row.sku,
        "demand_class": row.demand_class,
        "sold_units": row.sold,
        "units_closer": row.gain,
        **_figures(row.figures),
    }


def _figures(found: accuracy.Figures) -> dict[str, Any]:
    return {
        "forecasts": found.forecasts,
        "wape": found.error,
        "bias": found.bias,
        "average_wape": found.average,
        "within_range": found.held,
        "pinball_loss": found.loss,
        "losing": found.is_worse,
    }


def _overridden(found: accuracy.OwnNumbers) -> dict[str, Any]:
    return {
        "count": len(found.rows),
        "override_closer": found.closer,
        "override_wape": found.own_error,
        "model_wape": found.model_error,
        "items": [
            {
                "product_id": one.variant_id,
                "product_name": one.product,
                "sku": one.sku,
                "kind": one.kind,
                "value": float(one.value),
                "starts_on": one.starts_on,
                "until": one.until,
                "reason": one.reason,
                "actor": one.actor,
                "override_units": one.own_units,
                "model_units": one.model_units,
                "sold_units": one.sold,
                "closer": "override" if one.is_closer else "model",
            }
            for one in found.rows
        ],
    }
