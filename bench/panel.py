"""Reads a panel file (Parquet or CSV) into sales rows; a malformed file gives one error with row and column."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.domain.demand import Panel, holidays

REQUIRED = ("sku", "date", "quantity")


class PanelError(ValueError):
    """The panel file cannot be used; the message says where and what to do."""


@dataclass(frozen=True)
class Sales:
    """Rows of a panel file: sku (str), day (datetime64[D]), quantity, and price, in_stock and title where given."""

    sku: NDArray[np.object_]
    day: NDArray[np.datetime64]
    quantity: NDArray[np.float64]
    price: NDArray[np.float64] | None
    in_stock: NDArray[np.float64] | None
    title: NDArray[np.object_] | None = None

    @property
    def last_day(self) -> date:
        """The last day in the file."""
        return _as_date(self.day.max())

    def until(self, last_day: date, first_day: date | None = None) -> Panel:
        """What was known at the close of `last_day`."""
        known = self.day <= np.datetime64(last_day, "D")
        if not known.any():
            raise PanelError(f"no sales up to {last_day}: the file begins on {self.day.min()}")
        panel = Panel.from_rows(
            self.sku[known],
            self.day[known],
            self.quantity[known],
            last_day=last_day,
            first_day=first_day,
            price=None if self.price is None else self.price[known],
            in_stock=None if self.in_stock is None else self.in_stock[known],
        )
        if self.title is None:
            return panel
        latest = dict(zip(self.sku[known], self.title[known], strict=True))
        return replace(panel, holiday=holidays.named(latest[key] for key in panel.keys.tolist()))

    def whole(self) -> Panel:
        """The whole file on one calendar."""
        return self.until(self.last_day)


def read(path: Path) -> Sales:
    """Sales rows of a .parquet or .csv file: sku, date, quantity and optionally price, in_stock, description."""
    frame = _frame(path)
    missing = [name for name in REQUIRED if name not in frame.columns]
    if missing:
        raise PanelError(
            f"{path}: column {missing[0]!r} is missing; a panel needs {', '.join(REQUIRED)} "
            f"(found {', '.join(map(str, frame.columns))})"
        )
    if frame.empty:
        raise PanelError(f"{path}: no rows")
    return Sales(
        sku=_skus(path, frame["sku"]),
        day=_days(path, frame["date"]),
        quantity=_numbers(path, frame["quantity"], required=True),
        price=_numbers(path, frame["price"]) if "price" in frame.columns else None,
        in_stock=_shares(path, frame["in_stock"]) if "in_stock" in frame.columns else None,
        title=_titles(frame),
    )


def _titles(frame: pd.DataFrame) -> NDArray[np.object_] | None:
    if "description" not in frame.columns:
        return None
    return frame["description"].fillna("").astype(str).to_numpy(dtype=object)


def _frame(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise PanelError(f"{path}: no such file")
    try:
        if path.suffix == ".csv":
            return pd.read_csv(path, dtype={"sku": str})
        return pd.read_parquet(path)
    except Exception as error:  # pyarrow and pandas raise a dozen kinds; each means the same to the reader
        reason = str(error).splitlines()[0]
        raise PanelError(f"{path}: not a readable {path.suffix or 'Parquet'} file: {reason}") from error


def _fail(path: Path, column: pd.Series, wrong: NDArray[np.bool_], wanted: str) -> None:
    if wrong.any():
        row = int(wrong.argmax())
        raise PanelError(
            f"{path}: row {row + 1}, column {column.name!r}: {column.iloc[row]!r} is not {wanted}"
            f" ({int(wrong.sum())} such row(s))"
        )


def _skus(path: Path, column: pd.Series) -> NDArray[np.object_]:
    _fail(path, column, column.isna().to_numpy(dtype=bool), "a SKU")
    return column.astype(str).to_numpy(dtype=object)


def _days(path: Path, column: pd.Series) -> NDArray[np.datetime64]:
    days = pd.to_datetime(column, errors="coerce")
    _fail(path, column, days.isna().to_numpy(dtype=bool), "a date (YYYY-MM-DD)")
    return days.to_numpy().astype("datetime64[D]")


def _numbers(path: Path, column: pd.Series, *, required: bool = False) -> NDArray[np.float64]:
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
    absent = column.isna().to_numpy(dtype=bool)
    wrong = ~np.isfinite(numbers) if required else ~np.isfinite(numbers) & ~absent
    _fail(path, column, wrong, "a finite number")
    return numbers


def _shares(path: Path, column: pd.Series) -> NDArray[np.float64]:
    shares = _numbers(path, column)
    _fail(path, column, (shares < 0) | (shares > 1), "a share of the day, 0 to 1")
    return shares


def _as_date(day: np.datetime64) -> date:
    value: date = day.astype("datetime64[D]").astype(object)
    return value
