"""Reads a panel of sales (`sku date quantity`, optional price, in_stock, description, orders, max_order)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from simulator.generation.refusals import BadPanel

REQUIRED = ("sku", "date", "quantity")
MAX_ROWS = 50_000_000


@dataclass
class Panel:
    """A panel as arrays of shape (skus, days); `rounded` says that fractional quantities were rounded."""

    skus: list[str]
    titles: list[str]
    prices: list[int]
    sold: np.ndarray
    largest: np.ndarray
    orders: np.ndarray | None
    stockout: np.ndarray
    days: int
    last: date
    rounded: bool


def read_panel(path: Path, variants: int) -> Panel:
    """The `variants` best-selling SKUs of a parquet or CSV file; raises `BadPanel`."""
    frame = _checked(path, _load(path))
    best = (
        frame.groupby("sku", sort=False)["quantity"]
        .sum()
        .sort_values(ascending=False, kind="stable")
        .index[:variants]
    )
    frame = frame[frame["sku"].isin(best)]
    skus = sorted(best)
    row = frame["sku"].map({sku: i for i, sku in enumerate(skus)}).to_numpy()
    first, last = frame["date"].min(), frame["date"].max()
    column = (frame["date"] - first).dt.days.to_numpy()
    days = int((last - first).days) + 1
    exact = np.zeros((len(skus), days))
    np.add.at(exact, (row, column), frame["quantity"].to_numpy(float))
    sold = np.round(exact).astype(np.int32)
    return Panel(
        skus,
        _titles(frame, skus),
        _prices(frame, skus),
        sold,
        _cells(frame, "max_order", row, column, sold),
        _orders(frame, row, column, sold),
        _stockouts(frame, row, column, sold.shape),
        days,
        last.date(),
        bool((exact != sold).any()),
    )


def _load(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise BadPanel(
            f"{path}: there is no such file; --sales takes a parquet or CSV file with columns "
            "sku, date, quantity"
        )
    try:
        frame = (
            pd.read_parquet(path)
            if path.suffix in (".parquet", ".pq")
            else pd.read_csv(path, dtype={"sku": str})
        )
    except Exception as error:
        raise BadPanel(
            f"{path}: cannot be read as {path.suffix or 'CSV'} ({str(error).splitlines()[0]})"
        ) from None
    missing = [name for name in REQUIRED if name not in frame.columns]
    if missing:
        raise BadPanel(
            f"{path}: column {missing[0]!r} is missing; found {', '.join(map(str, frame.columns))}"
        )
    if frame.empty:
        raise BadPanel(f"{path}: has no rows")
    return frame.reset_index(drop=True)


def _checked(path: Path, frame: pd.DataFrame) -> pd.DataFrame:
    quantity = pd.to_numeric(frame["quantity"], errors="coerce")
    bad = ~(np.isfinite(quantity.to_numpy(float)) & (quantity.to_numpy(float) >= 0))
    _refuse(path, frame, bad, "quantity", "a number ≥ 0")
    when = pd.to_datetime(frame["date"], errors="coerce")
    _refuse(path, frame, when.isna().to_numpy(), "date", "a day like 2026-01-31")
    sku = frame["sku"].astype("string").str.strip()
    _refuse(path, frame, (sku.isna() | (sku == "")).to_numpy(), "sku", "a text that is not empty")
    for name in ("price", "in_stock", "orders", "max_order"):
        if name in frame:
            number = pd.to_numeric(frame[name], errors="coerce")
            wrong = (number.isna() & frame[name].notna()) | (number < 0)
            _refuse(path, frame, wrong.to_numpy(), name, "a number ≥ 0")
            frame[name] = number
    return frame.assign(quantity=quantity, date=when.dt.normalize(), sku=sku.astype(str))


def _refuse(path: Path, frame: pd.DataFrame, bad: np.ndarray, column: str, expected: str) -> None:
    if bad.any():
        place = int(np.argmax(bad))
        raise BadPanel(
            f"{path.name} row {place + 1}: {column} is {frame[column].iloc[place]!r}, expected {expected}"
        )


def _titles(frame: pd.DataFrame, skus: list[str]) -> list[str]:
    if "description" not in frame:
        return [f"Product {sku}" for sku in skus]
    last = frame.dropna(subset=["description"]).groupby("sku")["description"].last()
    return [str(last.get(sku, f"Product {sku}")).strip().capitalize() or f"Product {sku}" for sku in skus]


def _prices(frame: pd.DataFrame, skus: list[str]) -> list[int]:
    if "price" not in frame:
        return [990] * len(skus)
    middle = frame.groupby("sku")["price"].median().fillna(9.9)
    return [max(1, round(float(middle.get(sku, 9.9)) * 100)) for sku in skus]


def _cells(
    frame: pd.DataFrame, name: str, row: np.ndarray, column: np.ndarray, sold: np.ndarray
) -> np.ndarray:
    """The largest single line of each cell, never above what was sold."""
    cells = np.zeros(sold.shape, np.int32)
    if name in frame:
        np.maximum.at(cells, (row, column), frame[name].fillna(0).round().to_numpy().astype(np.int32))
    return np.asarray(np.minimum(cells, sold))


def _orders(frame: pd.DataFrame, row: np.ndarray, column: np.ndarray, sold: np.ndarray) -> np.ndarray | None:
    if "orders" not in frame:
        return None
    cells = np.zeros(sold.shape, np.int32)
    np.add.at(cells, (row, column), frame["orders"].fillna(1).round().to_numpy().astype(np.int32))
    return cells


def _stockouts(
    frame: pd.DataFrame, row: np.ndarray, column: np.ndarray, shape: tuple[int, ...]
) -> np.ndarray:
    cells = np.zeros(shape, bool)
    if "in_stock" in frame:
        cells[row, column] = (frame["in_stock"].fillna(1.0) < 1.0).to_numpy()
    return cells
