"""What an import would do: each row matched and read, each change found; nothing is written here."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.domain.forecasts import MAX_DAYS
from app.domain.sheets import Sheet
from app.services.imports.cells import Cells, Row
from app.services.imports.kinds import missing
from app.services.imports.matching import Catalogue, known_numbers, known_suppliers
from app.services.stores import settings

PRODUCT_FIELDS = ("lead_time_days", "moq", "case_size", "low_stock_threshold", "unit_cost")
SUPPLIER_FIELDS = ("email", "lead_time_days", "review_days", "minimum_order_value", "currency")
# Fewer deliveries than this prove no lead time.
_FEWEST_DELIVERIES = 3
_LONGEST_NAME, _LONGEST_NUMBER = 200, 100
# Progress is told after so many rows.
_STRIDE = 1000


@dataclass
class Plan:
    """What would happen. Suppliers are named, for new ones have no id yet; rows as a spreadsheet counts them."""

    products: dict[int, dict[str, Any]] = field(default_factory=dict)
    suppliers: dict[str, dict[str, Any]] = field(default_factory=dict)
    new_suppliers: list[str] = field(default_factory=list)
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    errors: list[tuple[int, str]] = field(default_factory=list)
    unmatched: list[tuple[int, str]] = field(default_factory=list)
    ambiguous: list[tuple[int, str]] = field(default_factory=list)
    questions: dict[str, list[str]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    # Supplier → (deliveries, median days, spread) where a file's dates tell it.
    lead_times: dict[str, tuple[int, int, float]] = field(default_factory=dict)
    missing: list[Sequence[str]] = field(default_factory=list)

    @property
    def changes_something(self) -> bool:
        """Whether anything would be different afterwards."""
        return bool(self.products or self.suppliers or self.new_suppliers or self.records)

    @property
    def can_apply(self) -> bool:
        """Whether nothing is open or wrong, and something would change."""
        return self.changes_something and not (self.errors or self.questions or self.missing)


class Planner:
    """Reads one sheet as one kind of file; `progress` is told how many rows have been read.

    What is wrong is on record as an English sentence, which `app.words.failures` says anew to each reader.
    """

    def __init__(
        self,
        kind: str,
        sheet: Sheet,
        mapping: Mapping[str, str],
        answers: Mapping[str, str],
        progress: Callable[[int], None],
    ) -> None:
        self.kind, self.progress = kind, progress
        self.cells = Cells(sheet, mapping, answers)
        self.known = known_suppliers()
        self.plan = Plan(errors=self.cells.errors, questions=self.cells.questions)
        self.plan.missing = missing(kind, self.cells.columns)

    def made(self) -> Plan:
        """The plan."""
        self.plan.counts["rows"] = len(self.cells.rows)
        if not self.plan.missing:
            getattr(self, f"_{self.kind}")(self.cells.rows)
            self._name_new_suppliers()
        return self.plan

    def _each(self, rows: list[Row]) -> Iterator[Row]:
        for number, row in enumerate(rows):
            if number % _STRIDE == 0:
                self.progress(number)
            yield row

    def _products(self, rows: list[Row]) -> None:
        found = self._catalogue(rows)
        review = settings().review_days
        for row in self._each(rows):
            values = self.cells.values(row, PRODUCT_FIELDS)
            if values.get("lead_time_days", 0) + review > MAX_DAYS:
                self._too_slow(row, review)
            if row["supplier"]:
                values["supplier"] = row["supplier"][:_LONGEST_NAME]
            variant = self._variant(row, found)
            if variant is not None:
                self._put(row, variant, values, found)

    def _put(self, row: Row, variant: int, values: dict[str, Any], found: Catalogue) -> None:
        earlier = self.plan.products.get(variant, {})
        if any(earlier.get(name, value) != value for name, value in values.items()):
            self.cells.wrong(row, "The product stands in an earlier row too. Leave one of them.")
        else:
            self._change(variant, values, found)

    def _change(self, variant: int, values: dict[str, Any], found: Catalogue) -> None:
        before = found.settings.get(variant, {})
        changed = {name: value for name, value in values.items() if not _same(before.get(name), value)}
        if changed:
            self.plan.products.setdefault(variant, {}).update(changed)

    def _suppliers(self, rows: list[Row]) -> None:
        review, seen = settings().review_days, set[str]()
        for row in self._each(rows):
            name, values = row["supplier"][:_LONGEST_NAME], self.cells.values(row, SUPPLIER_FIELDS)
            if not name:
                self.cells.wrong(row, "There is no name of a supplier.")
            elif name.lower() in seen:
                self.cells.wrong(row, "The supplier stands in an earlier row too. Leave one of them.")
            elif values.get("lead_time_days", 0) + values.get("review_days", review) > MAX_DAYS:
                self._too_slow(row, values.get("review_days", review))
            else:
                before = self.known.get(name.lower(), {})
                changed = {one: value for one, value in values.items() if before.get(one) != value}
                if changed or not before:
                    self.plan.suppliers[name] = changed
            seen.add(name.lower())

    def _stocky_orders(self, rows: list[Row]) -> None:
        days: dict[str, list[int]] = defaultdict(list)
        fresh = self._fresh(rows)
        for row in self._each(fresh):
            number, supplier = row["number"][:_LONGEST_NUMBER], row["supplier"][:_LONGEST_NAME]
            ordered, arrived = self.cells.day(row, "ordered_on"), self.cells.day(row, "received_on")
            is_first = number not in self.plan.records
            record = self.plan.records.setdefault(
                number, {"happened_on": ordered, "supplier": supplier, "lines": 0}
            )
            total = self.cells.value(row, "total_cost")
            record |= {
                "lines": record["lines"] + 1,
                "received": row["received"][:50],
                "total_cost": None if total is None else str(total),
            }
            if is_first and ordered and arrived and arrived >= ordered:
                days[supplier].append((arrived - ordered).days)
            if supplier and supplier.lower() not in self.known:
                self.plan.suppliers.setdefault(supplier, {})
        self._lines([row for row in fresh if row["sku"] or row["barcode"]])
        self._lead_times(days)

    def _lines(self, rows: list[Row]) -> None:
        """From the lines of orders: who supplies a product, and what it cost last (the last row counts)."""
        found = self._catalogue(rows)
        for row in rows:
            variant = self._variant(row, found)
            values = self.cells.values(row, ("unit_cost",))
            if row["supplier"]:
                values["supplier"] = row["supplier"][:_LONGEST_NAME]
            if variant is not None:
                self._change(variant, values, found)

    def _lead_times(self, days: Mapping[str, list[int]]) -> None:
        for name, found in days.items():
            median = round(statistics.median(found))
            spread = round(statistics.stdev(found), 1) if len(found) > 1 else 0.0
            self.plan.lead_times[name] = (len(found), median, spread)
            has_own = self.known.get(name.lower(), {}).get("lead_time_days") is not None
            if name and len(found) >= _FEWEST_DELIVERIES and not has_own:
                longest = MAX_DAYS - settings().review_days
                values = {"lead_time_days": min(median, longest), "lead_time_sd_days": min(spread, 60.0)}
                self.plan.suppliers.setdefault(name, {}).update(values)

    def _stocky_adjustments(self, rows: list[Row]) -> None:
        done = [row for row in rows if row["status"].lower() == "adjusted"]
        self.plan.counts["not_executed"] = len(rows) - len(done)
        fresh = self._fresh(done)
        found = self._catalogue(fresh)
        for row in self._each(fresh):
            day, units = self.cells.day(row, "happened_on"), self.cells.units(row, "units")
            variant = self._variant(row, found)
            if variant is None or units is None:
                continue
            record = self.plan.records.setdefault(
                row["number"][:_LONGEST_NUMBER], {"happened_on": day, "lines": 0, "units": []}
            )
            record["lines"] += 1
            words = {name: row[name][:_LONGEST_NAME] for name in ("reason", "location") if row[name]}
            record["units"].append({"variant_id": variant, "units": units, **words})
            self._change(variant, self.cells.values(row, ("unit_cost",)), found)

    def _fresh(self, rows: list[Row]) -> list[Row]:
        """The rows whose number was not brought before; one without a number is wrong."""
        known, fresh = known_numbers(self.kind), []
        for row in rows:
            if not row["number"]:
                self.cells.wrong(row, "There is no number in this row.")
            elif row["number"][:_LONGEST_NUMBER] in known:
                self.plan.counts["known"] += 1
            else:
                fresh.append(row)
        return fresh

    def _catalogue(self, rows: list[Row]) -> Catalogue:
        return Catalogue([row["sku"] for row in rows], [row["barcode"] for row in rows])

    def _variant(self, row: Row, found: Catalogue) -> int | None:
        ids = found.of(row["sku"], row["barcode"])
        if len(ids) == 1:
            self.plan.counts["matched"] += 1
            return ids[0]
        (self.plan.ambiguous if ids else self.plan.unmatched).append(
            (row.number, (row["sku"] or row["barcode"] or "–")[:60])
        )
        return None

    def _too_slow(self, row: Row, review: int) -> None:
        most = MAX_DAYS - review
        words = f"With {review} days between orders enter at most {most}."
        self.cells.wrong(row, f"{self.cells.columns['lead_time_days']} “{row['lead_time_days']}”: {words}")

    def _name_new_suppliers(self) -> None:
        named = [
            *self.plan.suppliers,
            *(values.get("supplier", "") for values in self.plan.products.values()),
        ]
        fresh: dict[str, str] = {}
        for name in named:
            if name and name.lower() not in self.known:
                fresh.setdefault(name.lower(), name)
        self.plan.new_suppliers = list(fresh.values())


def _same(before: Any, after: Any) -> bool:
    """Whether nothing would change; suppliers' names are the same whatever their case."""
    if isinstance(before, str) and isinstance(after, str):
        return before.lower() == after.lower()
    return bool(before == after)
