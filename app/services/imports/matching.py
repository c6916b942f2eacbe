"""What a file's SKUs, barcodes, suppliers and numbers mean in this store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

from app.platform import db

# From so many rows on a file reads much of the catalogue.
_MANY = 1000
_MEANT = """
    SELECT v.id, v.sku, v.barcode, t.lead_time_days, t.moq, t.case_size, t.low_stock_threshold,
           t.unit_cost, COALESCE(u.name, p.vendor) AS supplier
    FROM variants v
    JOIN products p ON p.store_id = v.store_id AND p.id = v.product_id
    LEFT JOIN variant_settings t ON t.store_id = v.store_id AND t.variant_id = v.id
    LEFT JOIN suppliers n ON n.store_id = p.store_id AND n.vendor = p.vendor
    LEFT JOIN suppliers u ON u.store_id = p.store_id AND u.id = COALESCE(t.supplier_id, n.id)
    WHERE v.deleted_at IS NULL AND p.deleted_at IS NULL
      AND (v.sku = ANY(:skus) OR (v.barcode <> '' AND v.barcode = ANY(:barcodes)))
"""


class Catalogue:
    """The products that a file's SKUs and barcodes may mean, and what is set for them."""

    def __init__(self, skus: Sequence[str], barcodes: Sequence[str]) -> None:
        wanted = {
            "skus": [sku for sku in skus if sku],
            "barcodes": [code for code in barcodes if code],
        }
        with db.by_whole_tables() if len(skus) > _MANY else nullcontext():
            found = db.rows(_MEANT, **wanted)
        self.by_sku: dict[str, list[int]] = defaultdict(list)
        self.by_barcode: dict[str, list[int]] = defaultdict(list)
        self.settings = {row.id: row._asdict() for row in found}
        for row in found:
            self.by_sku[row.sku].append(row.id)
            self.by_barcode[row.barcode].append(row.id)

    def of(self, sku: str, barcode: str) -> list[int]:
        """The products meant: by SKU, else by barcode; several when it cannot be told which."""
        by_sku = self.by_sku.get(sku, []) if sku else []
        return by_sku or (self.by_barcode.get(barcode, []) if barcode else [])


def known_suppliers() -> dict[str, dict[str, Any]]:
    """The suppliers by their names in lower case, and by the vendors they stand for."""
    rows = [row._asdict() for row in db.rows("SELECT * FROM suppliers ORDER BY id")]
    return {row["vendor"].lower(): row for row in rows} | {row["name"].lower(): row for row in rows}


def known_numbers(kind: str) -> set[str]:
    """The numbers of that kind that were brought before."""
    return {
        row.number for row in db.rows("SELECT number FROM imported_records WHERE kind = :kind", kind=kind)
    }
