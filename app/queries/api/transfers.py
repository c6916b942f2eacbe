"""Transfers between locations as the JSON API lists them"""

from __future__ import annotations

import math
from typing import Any

from app.queries.api.slices import likes, slice_of
from app.queries.paging import order_by
from app.words import transfers as words

SORTS = {
    "days_of_cover": "t.days_of_cover",
    "product_name": "v.display_name",
    "units": "t.units",
    "value": "t.value",
}


def transfers(
    *, search: str, sort: str, source_id: int | None, destination_id: int | None, page: int, size: int
) -> dict[str, Any]:
    """What to move, of all locations or of those named. Two statements."""
    _, order = order_by(sort, SORTS, "days_of_cover")
    found = slice_of(
        "t.variant_id AS product_id, v.display_name AS product_name, v.sku, t.source_id, a.name AS source,"
        " t.destination_id, b.name AS destination, t.units, t.value::float AS value, t.source_available,"
        " t.source_incoming, t.source_goal, t.transit_days, t.days_of_cover, t.ledger",
        """FROM transfer_suggestions t
        JOIN variants v ON v.store_id = t.store_id AND v.id = t.variant_id
        JOIN locations a ON a.store_id = t.store_id AND a.id = t.source_id
        JOIN locations b ON b.store_id = t.store_id AND b.id = t.destination_id
        WHERE (CAST(:source AS bigint) IS NULL OR t.source_id = :source)
          AND (CAST(:destination AS bigint) IS NULL OR t.destination_id = :destination)
          AND (:search = '' OR v.display_name ILIKE :like OR v.sku ILIKE :like)""",
        f"{order}, t.variant_id, t.source_id, t.destination_id",
        page,
        size,
        source=source_id,
        destination=destination_id,
        **likes(search),
    )
    for item in found["items"]:
        item["days_of_cover"] = item["days_of_cover"] if math.isfinite(item["days_of_cover"]) else None
        item["ledger"] = [
            {"code": line["code"], "label": words.label(line["code"]), "units": line["units"]}
            for line in item["ledger"]
        ]
    return found
