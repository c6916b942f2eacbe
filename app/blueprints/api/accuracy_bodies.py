"""The JSON queries and answers of accuracy"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from app.platform.bodies import Model, Paged, PageQuery, Words

Wape = Annotated[
    float | None,
    Field(description="Sum of the errors' sizes as a share of what was sold; null: nothing was."),
]
Bias = Annotated[
    float | None, Field(description="Sum of the errors as a share of what was sold; above 0: too much.")
]
AverageWape = Annotated[float | None, Field(description="The same as wape for the plain 7-day average.")]
Within = Annotated[float, Field(description="Share of the ranges that held; 0.8 is expected.")]
Loss = Annotated[float, Field(description="Of the range's ends, in units for each forecast.")]
Losing = Annotated[bool, Field(description="Whether the plain 7-day average was closer.")]
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


class AccuracyFigures(Model):
    """How near the noted forecasts of 28 days came, once their days were over."""

    forecasts: int
    wape: Wape
    bias: Bias
    average_wape: AverageWape
    within_range: Within
    pinball_loss: Loss
    losing: Losing


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


class PastForecast(Model):
    """What was expected of some days that are over, both counted, beside what was sold on them."""

    from_day: date
    to_day: date
    forecast_units: float
    low_units: float = Field(description="The range's lower end; 8 of 10 sums should lie within.")
    high_units: float = Field(description="The range's upper end.")
    sold_units: int
    within_range: bool
    average_units: float = Field(description="What the plain 7-day average expected.")
    model: str


class ProductAccuracy(Model):
    """How near one product's noted forecasts of the last half year came, the latest first.

    The figures are null while fewer than 5 forecasts are over.
    """

    product_id: int
    first_on: date | None = Field(description="When the first forecast can be compared; null: one can.")
    forecasts: int = Field(description="How many are over.")
    wape: Wape
    bias: Bias
    average_wape: AverageWape
    within_range: Within | None
    pinball_loss: Loss | None
    losing: Losing | None
    items: list[PastForecast]
