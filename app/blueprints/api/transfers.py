"""Transfers as JSON: what to move between locations before buying, and why."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from app.blueprints.api.door import blueprint
from app.platform.access import Permission
from app.platform.api import paged
from app.platform.bodies import Id, Model, Paged, PageQuery, Words
from app.queries.api import transfers as read

Sort = Literal[
    "days_of_cover",
    "-days_of_cover",
    "product_name",
    "-product_name",
    "units",
    "-units",
    "value",
    "-value",
]


class TransfersQuery(PageQuery):
    """Which transfers."""

    search: Words = Field("", description="Part of a name or SKU.")
    sort: Sort = Field("days_of_cover", description="A leading minus turns the order around.")
    source_id: Id | None = Field(None, description="Only what this location gives.")
    destination_id: Id | None = Field(None, description="Only what this location gets.")


class TransferLine(Model):
    """One signed line of the reckoning."""

    code: str
    label: str
    units: int


class Transfer(Model):
    """Units of one product to move; the lines of the ledger add up to them. Nothing is written to Shopify."""

    product_id: int
    product_name: str
    sku: str
    source_id: int
    source: str
    destination_id: int
    destination: str
    units: int
    value: float | None = Field(description="What the units cost, in the store's currency.")
    source_available: int
    source_incoming: int
    source_goal: int = Field(description="What the source is to keep.")
    transit_days: int = Field(description="Days until the units are at the destination.")
    days_of_cover: float | None = Field(description="Days until the destination has sold what it has.")
    ledger: list[TransferLine]


class Transfers(Paged[Transfer]):
    """One page of transfers."""


@blueprint.read(
    "/transfers",
    needs=Permission.REPLENISHMENT_READ,
    tag="Suggestions",
    answer=Transfers,
    query=TransfersQuery,
)
def transfers(query: TransfersQuery) -> dict[str, Any]:
    """List what to move between locations before buying, most urgent first."""
    found = read.transfers(
        search=query.search,
        sort=query.sort,
        source_id=query.source_id,
        destination_id=query.destination_id,
        page=query.page,
        size=query.per_page,
    )
    return paged(found, query)
