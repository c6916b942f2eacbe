"""Accuracy as JSON: how near past forecasts came, by demand class and product, and beside own numbers"""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import Field

from app.blueprints.api.door import blueprint
from app.platform import clock
from app.platform.access import Permission
from app.platform.api import paged
from app.platform.bodies import Model, Paged, PageQuery, Words
from app.queries import accuracy, stores

_TAG = "Forecasts"
Sort = Literal[
    "product_name",
    "-product_name",
    "sold_units",
    "-sold_units",
    "wape",
    "-wape",
    "average_wape",
    "-average_wape",
    "units_closer",
    "-units_closer",
    "bias",
    "-bias",
    "within_range",
    "-within_range",
    "pinball_loss",
    "-pinball_loss",
]
_COLUMNS = {
    "product_name": "product",
    "sold_units": "sold",
    "wape": "error",
    "average_wape": "average",
    "units_closer": "gain",
    "within_range": "held",
    "pinball_loss": "loss",
}


class AccuracyFigures(Model):
    """How near the noted forecasts of 28 days came, once their days were over."""

    forecasts: int
    wape: float | None = Field(
        description="Sum of the errors' sizes as a share of what was sold; null: nothing was."
    )
    bias: float | None = Field(
        description="Sum of the errors as a share of what was sold; above 0: too much."
    )
    average_wape: float | None = Field(description="The same for the plain 7-day average.")
    within_range: float = Field(description="Share of the ranges that held; 0.8 is expected.")
    pinball_loss: float = Field(description="Of the range's ends, in units for each forecast.")
    losing: bool = Field(description="Whether the plain 7-day average was closer.")


class AccuracyOfClass(AccuracyFigures):
    """The figures of one demand class."""

    demand_class: str
    products: int


class AccuracyOfAll(AccuracyFigures):
    """The figures of all products."""

    products: int


class OverrideBeside(Model):
    """An override whose days are over; units of all its days."""

    product_id: int
    product_name: str
    sku: str
    kind: Literal["units", "percent"]
    value: float
    starts_on: date
    until: date
    reason: str
    actor: str
    override_units: float
    model_units: float
    sold_units: int
    closer: Literal["override", "model"]


class OverridesBeside(Model):
    """Overrides of the last year beside the model, the latest 100."""

    count: int
    override_closer: int = Field(description="How many came as close as the model or closer.")
    override_wape: float | None
    model_wape: float | None
    items: list[OverrideBeside]


class ForecastAccuracy(Model):
    """The store's accuracy over the last half year, added up once a day."""

    added_up_on: date | None
    total: AccuracyOfAll | None = Field(description="Null while no noted forecast is over.")
    demand_classes: list[AccuracyOfClass]
    overrides: OverridesBeside


class AccuracyQuery(PageQuery):
    """Which products."""

    search: Words = Field("", description="Part of a name or SKU.")
    sort: Sort = Field("-sold_units", description="A leading minus turns the order around.")
    show: Literal["all", "better", "worse"] = Field(
        "all", description="All, or those whose forecast was better or worse than the plain 7-day average."
    )


class AccuracyOfProduct(AccuracyFigures):
    """The figures of one product with at least 5 forecasts that are over."""

    product_id: int
    product_name: str
    sku: str
    demand_class: str
    sold_units: float = Field(description="On the days of all its forecasts together, which overlap.")
    units_closer: float = Field(
        description="By how many units all its forecasts were nearer than the average; below 0: farther off."
    )


class ProductAccuracies(Paged[AccuracyOfProduct]):
    """One page of products."""


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
