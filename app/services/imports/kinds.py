"""What may be in a file that a merchant brings: its fields, the headers they go by, and which kind a file is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.domain import sheets


@dataclass(frozen=True)
class Kind:
    """One kind of file. `needs`: at least one field of each group must have a column."""

    name: str
    aliases: Mapping[str, Sequence[str]]
    needs: Sequence[Sequence[str]]


_SKU = ("SKU", "Variant SKU", "Item SKU", "Product SKU", "Artikelnummer")
_BARCODE = ("Barcode", "Variant Barcode", "EAN", "UPC", "GTIN", "Strichcode")
_SUPPLIER = ("Vendor/Supplier", "Supplier", "Supplier name", "Vendor", "Lieferant")
_COST = ("Unit cost", "Cost", "Cost price", "Cost per item", "Supplier price", "Last cost", "Einkaufspreis")
_LEAD = ("Lead time", "Lead time (days)", "Lead time in days", "Lead days", "Lieferzeit")
_NUMBER = ("No.", "No", "Number", "PO Number", "PO No.", "Order No.", "Purchase order", "Nr.")

KINDS: dict[str, Kind] = {
    "products": Kind(
        "products",
        {
            "sku": _SKU,
            "barcode": _BARCODE,
            "supplier": _SUPPLIER,
            "lead_time_days": _LEAD,
            "moq": ("MOQ", "Minimum order quantity", "Min order quantity", "Mindestmenge"),
            "case_size": ("Case size", "Case", "Case pack", "Pack size", "Order multiple", "Kartongröße"),
            "low_stock_threshold": ("Low-stock threshold", "Threshold", "Low stock alert", "Meldebestand"),
            "unit_cost": _COST,
        },
        (
            ("sku", "barcode"),
            ("supplier", "lead_time_days", "moq", "case_size", "low_stock_threshold", "unit_cost"),
        ),
    ),
    "suppliers": Kind(
        "suppliers",
        {
            "supplier": (*_SUPPLIER, "Name", "Company"),
            "email": ("E-mail", "Email", "Email address", "Contact email", "E-Mail-Adresse"),
            "lead_time_days": _LEAD,
            "review_days": ("Review days", "Days between orders", "Order every", "Bestellrhythmus"),
            "minimum_order_value": (
                "Minimum order value",
                "Minimum order",
                "Min order",
                "Mindestbestellwert",
            ),
            "currency": ("Currency", "Currency code", "Währung"),
        },
        (("supplier",), ("email", "lead_time_days", "review_days", "minimum_order_value", "currency")),
    ),
    "stocky_orders": Kind(
        "stocky_orders",
        {
            "number": _NUMBER,
            "supplier": _SUPPLIER,
            "ordered_on": ("PO Date", "Order date", "Ordered on", "Date ordered", "Date"),
            "received_on": ("Received date", "Received on", "Date received", "Delivered on"),
            "received": ("Received", "Received quantity"),
            "total_cost": ("Total cost", "Total", "Amount"),
            "sku": _SKU,
            "barcode": _BARCODE,
            "unit_cost": _COST,
        },
        (("number",), ("supplier",)),
    ),
    "stocky_adjustments": Kind(
        "stocky_adjustments",
        {
            "number": _NUMBER,
            "sku": _SKU,
            "barcode": _BARCODE,
            "units": ("Adjustment", "Adjusted by", "Quantity", "Change"),
            "status": ("Status",),
            "happened_on": ("Date", "Adjusted on", "Created at"),
            "unit_cost": _COST,
            "reason": ("Reason",),
            "location": ("Location",),
        },
        (("number",), ("sku", "barcode"), ("units",), ("status",)),
    ),
}
# Who did something is nobody's business here: such columns are left out before anything is stored.
_PERSONAL = ("Employee", "Staff", "User", "Created by", "Adjusted by employee", "Ordered by", "Mitarbeiter")


def without_people(sheet: sheets.Sheet) -> sheets.Sheet:
    """The sheet without the columns that name people."""
    personal = {sheets.plain(name) for name in _PERSONAL}
    kept = [n for n, column in enumerate(sheet.columns) if sheets.plain(column) not in personal]
    return sheets.Sheet(
        [sheet.columns[n] for n in kept], [[row[n] for n in kept] for row in sheet.rows], sheet.numbers
    )


def mapped(kind: str, columns: Sequence[str]) -> dict[str, str]:
    """Field → column, by the headers that each field goes by."""
    return sheets.matched(columns, KINDS[kind].aliases)


def missing(kind: str, mapping: Mapping[str, str]) -> list[Sequence[str]]:
    """The groups of fields of which none has a column."""
    return [group for group in KINDS[kind].needs if not any(name in mapping for name in group)]


def recognised(columns: Sequence[str]) -> str | None:
    """The kind whose needs the headers meet and that knows most of them; None: somebody has to say."""
    found = {name: mapped(name, columns) for name in KINDS}
    fitting = [name for name in KINDS if not missing(name, found[name])]
    if "stocky_orders" in fitting and "ordered_on" not in found["stocky_orders"]:
        fitting.remove("stocky_orders")
    return max(fitting, key=lambda name: len(found[name]), default=None)
