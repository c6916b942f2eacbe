"""The blueprint of transfers, and what its page and its forms share."""

from __future__ import annotations

from collections.abc import Sequence

from app.platform.access import AppBlueprint
from app.queries import stores
from app.queries.transfers import Place

blueprint = AppBlueprint("transfers", __name__)


def stored_days(locations: Sequence[Place]) -> dict[str, int | None]:
    """The days that transfers take, by the names of their fields: the store's, and those of each location."""
    own = {f"transit_{place.id}": place.transit_days for place in locations}
    return {"transfer_days": stores.settings().transfer_days, **own}
