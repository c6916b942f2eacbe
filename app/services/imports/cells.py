"""The cells of a file: each read as what its column stands for, or noted as wrong with the number of its row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from app.domain import sheets
from app.domain.forecasts import MAX_DAYS
from app.domain.sheets import Sheet
from app.platform.forms import Form

_LIMITS = {
    "lead_time_days": (0, MAX_DAYS - 1),
    "moq": (1, 1_000_000),
    "case_size": (1, 100_000),
    "low_stock_threshold": (0, 1_000_000),
    "review_days": (1, 90),
}
_DATES = ("ordered_on", "received_on", "happened_on")
_AMOUNTS = ("unit_cost", "total_cost", "minimum_order_value")


@dataclass(frozen=True)
class Row:
    """One row; a field without a column, or with an empty cell, is an empty text."""

    number: int
    cells: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.cells.get(name, "")


class Cells:
    """The rows of a sheet by field. `questions`: what neither file nor answers settle, with examples."""

    def __init__(self, sheet: Sheet, mapping: Mapping[str, str], answers: Mapping[str, str]) -> None:
        places = {column: n for n, column in enumerate(sheet.columns)}
        self.used = {name: places[column] for name, column in mapping.items() if column in places}
        self.columns = {name: sheet.columns[n] for name, n in self.used.items()}
        self.rows = [
            Row(number, {name: row[n] for name, n in self.used.items()})
            for number, row in zip(sheet.numbers, sheet.rows, strict=True)
        ]
        self.answers = answers
        self.questions: dict[str, list[str]] = {}
        self.errors: list[tuple[int, str]] = []
        self.order = self._settled("dates", _DATES, sheets.date_order, ("dmy", "mdy"))
        self.mark = self._settled("decimals", _AMOUNTS, sheets.decimal_mark, (".", ","))

    def _settled(self, name: str, fields: Sequence[str], settle: Any, choices: Sequence[str]) -> str:
        values = [row[one] for row in self.rows for one in fields if row[one]]
        found = settle(values) or self.answers.get(name)
        if found not in (*choices, "ymd"):
            self.questions[name] = list(dict.fromkeys(values))[:3]
            return choices[0]
        return str(found)

    def value(self, row: Row, name: str) -> Any:
        """The checked value of a cell; None when it is empty, or wrong, which is noted."""
        if not row[name]:
            return None
        if name in _AMOUNTS:
            return self._amount(row, name)
        form = Form({name: row[name].upper() if name == "currency" else row[name]})
        if name in _LIMITS:
            low, high = _LIMITS[name]
            form.whole(name, low=low, high=high)
        elif name == "email":
            form.addresses(name, most=1)
        else:
            form.values[name] = form.text(name)
            if not (len(form.text(name)) == 3 and form.text(name).isascii() and form.text(name).isalpha()):
                form.errors[name] = "Enter the three letters of a currency, such as USD."
        if not form.is_valid:
            self.wrong(row, f"{self.columns[name]} “{row[name][:40]}”: {form.errors[name]}")
            return None
        return (form.values[name] or [""])[0] if name == "email" else form.values[name]

    def values(self, row: Row, names: Sequence[str]) -> dict[str, Any]:
        """The values of those cells that are filled and right."""
        read = {name: self.value(row, name) for name in names}
        return {name: value for name, value in read.items() if value is not None}

    def _amount(self, row: Row, name: str) -> Decimal | None:
        try:
            value = round(sheets.number(row[name], self.mark), 2 if name == "minimum_order_value" else 4)
        except ValueError:
            value = Decimal(-1)
        if not 0 <= value < Decimal("1e9"):
            self.wrong(row, f"{self.columns[name]}: “{row[name][:40]}” is no amount. Write it like 4.20.")
            return None
        return value

    def units(self, row: Row, name: str) -> int | None:
        """A whole number of units, below 0 too."""
        try:
            value = sheets.number(row[name], ".")
            if value == value.to_integral_value():
                return int(value)
        except ValueError:
            pass
        self.wrong(row, f"“{row[name][:40]}” is no whole number of units.")
        return None

    def day(self, row: Row, name: str) -> date | None:
        """A date, in the order that the file or the merchant says."""
        if not row[name]:
            return None
        try:
            return sheets.day(row[name], self.order)
        except ValueError:
            self.wrong(row, f"“{row[name][:40]}” is no date. Write it like 2026-08-31.")
            return None

    def wrong(self, row: Row, words: str) -> None:
        """Note that a row cannot be used."""
        self.errors.append((row.number, words))
