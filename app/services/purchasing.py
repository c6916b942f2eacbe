"""Suppliers: at first one for each vendor that the catalogue names."""

from __future__ import annotations

from app.platform import db


def ensure_suppliers() -> int:
    """Make a supplier for each vendor that has none; returns how many are new."""
    return db.execute(
        """
        INSERT INTO suppliers (store_id, vendor, name)
        SELECT DISTINCT p.store_id, p.vendor, p.vendor FROM products p
        WHERE p.vendor <> '' AND p.deleted_at IS NULL
        ON CONFLICT (store_id, vendor) DO NOTHING
        """
    )
