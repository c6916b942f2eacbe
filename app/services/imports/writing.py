"""Applying an import in one go, and undoing it: what was changed by somebody since then stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from app.models.catalog import VariantSettings
from app.models.imports import Import, ImportedRecord
from app.models.purchasing import Supplier
from app.platform import copying, db
from app.services.imports.matching import known_suppliers
from app.services.imports.planning import PRODUCT_FIELDS, Plan

_PRODUCT_COLUMNS = (*PRODUCT_FIELDS, "supplier_id")


def apply(found: Import, plan: Plan, *, now: datetime) -> dict[str, Any]:
    """Write the plan; returns what to put back: kind of thing → id → field → [before, after]."""
    made, changed = _suppliers(plan)
    products = _products(plan, now=now)
    copying.append(
        ImportedRecord,
        ("import_id", "kind", "number", "happened_on", "detail"),
        [
            (found.id, found.kind, number, record["happened_on"], copying.Json(_plain(record)))
            for number, record in plan.records.items()
        ],
    )
    return {"new_suppliers": made, "suppliers": changed, "products": products}


def _plain(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != "happened_on"}


def _suppliers(plan: Plan) -> tuple[list[int], dict[str, Any]]:
    session, changed = db.session(), {}
    made = [Supplier(vendor=name, name=name) for name in plan.new_suppliers]
    session.add_all(made)
    session.flush()
    known = known_suppliers()
    ids = {name: known[name.lower()]["id"] for name in plan.suppliers}
    rows = _suppliers_by_id(list(ids.values()))
    for name, values in plan.suppliers.items():
        supplier = rows[ids[name]]
        changed[str(supplier.id)] = {
            one: [stored(getattr(supplier, one)), stored(value)] for one, value in values.items()
        }
        for one, value in values.items():
            setattr(supplier, one, value)
    session.flush()
    return [supplier.id for supplier in made], changed


def _suppliers_by_id(ids: list[int]) -> dict[int, Supplier]:
    found = db.session().execute(select(Supplier).where(Supplier.id.in_(ids))).scalars()
    return {supplier.id: supplier for supplier in found}


def _products(plan: Plan, *, now: datetime) -> dict[str, Any]:
    known = known_suppliers()
    wanted = {
        variant_id: {
            **{name: value for name, value in values.items() if name != "supplier"},
            **({"supplier_id": known[values["supplier"].lower()]["id"]} if "supplier" in values else {}),
        }
        for variant_id, values in plan.products.items()
    }
    before = _settings(list(wanted))
    _write({one: {**before.get(one, {}), **values} for one, values in wanted.items()}, now=now)
    return {
        str(one): {
            name: [stored(before.get(one, {}).get(name)), stored(value)] for name, value in values.items()
        }
        for one, values in wanted.items()
    }


def _settings(ids: list[int]) -> dict[int, dict[str, Any]]:
    names = ", ".join(_PRODUCT_COLUMNS)
    found = db.rows(
        f"SELECT variant_id, {names} FROM variant_settings WHERE variant_id = ANY(:ids) FOR UPDATE",  # noqa: S608
        ids=ids,
    )
    return {row.variant_id: {name: getattr(row, name) for name in _PRODUCT_COLUMNS} for row in found}


def _write(values: Mapping[int, Mapping[str, Any]], *, now: datetime) -> None:
    copying.upsert(
        VariantSettings,
        ("variant_id", *_PRODUCT_COLUMNS, "updated_at"),
        [(one, *(row.get(name) for name in _PRODUCT_COLUMNS), now) for one, row in values.items()],
        key=["variant_id"],
    )


def undo(found: Import, *, now: datetime) -> int:
    """Put back what the import changed; returns how many values stay, for somebody changed them since then."""
    stayed = _undo_products(found.undo["products"], now=now) + _undo_suppliers(found.undo["suppliers"])
    db.execute("DELETE FROM imported_records WHERE import_id = :id", id=found.id)
    removed = db.execute(
        """
        DELETE FROM suppliers s WHERE s.id = ANY(:ids)
          AND NOT EXISTS (SELECT 1 FROM purchase_orders o WHERE o.store_id = s.store_id AND o.supplier_id = s.id)
          AND NOT EXISTS (SELECT 1 FROM products p WHERE p.store_id = s.store_id AND p.vendor = s.vendor)
          AND NOT EXISTS (SELECT 1 FROM variant_settings t
                          WHERE t.store_id = s.store_id AND t.supplier_id = s.id)
        """,
        ids=found.undo["new_suppliers"],
    )
    return stayed + len(found.undo["new_suppliers"]) - removed


def _undo_products(changes: Mapping[str, Mapping[str, Any]], *, now: datetime) -> int:
    current, stayed = _settings([int(one) for one in changes]), 0
    back: dict[int, dict[str, Any]] = {}
    for one, fields in changes.items():
        row = current.get(int(one), {})
        for name, (before, after) in fields.items():
            if stored(row.get(name)) == after:
                back.setdefault(int(one), dict(row))[name] = _loaded(name, before)
            else:
                stayed += 1
    _write(back, now=now)
    return stayed


def _undo_suppliers(changes: Mapping[str, Mapping[str, Any]]) -> int:
    stayed, rows = 0, _suppliers_by_id([int(one) for one in changes])
    for supplier_id, fields in changes.items():
        supplier = rows.get(int(supplier_id))
        for name, (before, after) in fields.items():
            if supplier is not None and stored(getattr(supplier, name)) == after:
                setattr(supplier, name, _loaded(name, before))
            else:
                stayed += 1
    db.session().flush()
    return stayed


def stored(value: Any) -> Any:
    """A value as JSON keeps it; money is a text."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, date) else value


def _loaded(name: str, value: Any) -> Any:
    return Decimal(value) if value is not None and name in ("unit_cost", "minimum_order_value") else value
