"""Units sold per variant and day become order lines, and lines become orders with a time of day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

MAX_LINES_OF_A_DAY = 40


@dataclass
class Baskets:
    """Lines (variant, order, quantity) and orders (UTC second, day), all as arrays; orders in order of
    time.
    """

    line_variant: np.ndarray
    line_order: np.ndarray
    line_quantity: np.ndarray
    order_time: np.ndarray
    order_day: np.ndarray


def make_baskets(
    sold: np.ndarray,
    single: np.ndarray,
    first: date,
    zone: ZoneInfo,
    now: float,
    lines_per_order: float,
    random: np.random.Generator,
    line_counts: np.ndarray | None = None,
) -> Baskets:
    """`sold` units in small lines; `single` units (wholesale, largest orders) as one line each.

    `line_counts`, if known (a panel's number of invoices), says over how many lines a cell is spread.
    """
    variant, day, quantity = _split(sold, random, line_counts)
    big = np.nonzero(single)
    variant = np.concatenate([variant, big[0]])
    day = np.concatenate([day, big[1]])
    quantity = np.concatenate([quantity, single[big]])
    order_key = _group(day, lines_per_order, random)
    keys, order = np.unique(order_key, return_inverse=True)
    merged, position = np.unique(order.astype(np.int64) * 10**7 + variant, return_inverse=True)
    total = np.bincount(position, weights=quantity).astype(np.int64)
    order_day = keys // 10**6
    at = _times(order_day, first, zone, now, random)
    rank = np.empty(len(keys), np.int64)
    by_time = np.argsort(at, kind="stable")
    rank[by_time] = np.arange(len(keys))
    line_order = rank[(merged // 10**7).astype(np.int64)]
    sequence = np.argsort(line_order, kind="stable")
    return Baskets(
        (merged % 10**7)[sequence], line_order[sequence], total[sequence], at[by_time], order_day[by_time]
    )


def _split(
    sold: np.ndarray, random: np.random.Generator, counts: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    variant, day = np.nonzero(sold)
    units = sold[variant, day].astype(np.int64)
    lines = 1 + random.binomial(units - 1, 0.72) if counts is None else np.maximum(counts[variant, day], 1)
    lines = np.minimum(np.minimum(lines, units), MAX_LINES_OF_A_DAY)
    start = np.concatenate([[0], np.cumsum(lines)[:-1]]).astype(np.int64)
    extra = units - lines
    cell = np.repeat(np.arange(len(units)), extra)
    quantity = 1 + np.bincount(
        start[cell] + (random.random(len(cell)) * lines[cell]).astype(np.int64), minlength=int(lines.sum())
    )
    return np.repeat(variant, lines), np.repeat(day, lines), quantity


def _group(day: np.ndarray, lines_per_order: float, random: np.random.Generator) -> np.ndarray:
    """An order key for each line: the day, and one of as many orders as the day's lines make."""
    per_day = np.maximum(1, np.round(np.bincount(day) / lines_per_order)).astype(np.int64)
    return np.asarray(day * 10**6 + (random.random(len(day)) * per_day[day]).astype(np.int64))


def midnights(first: date, days: int, zone: ZoneInfo) -> np.ndarray:
    """UTC seconds of the shop's midnights; a DST day is 23 or 25 hours long."""
    return np.array(
        [datetime.combine(first + timedelta(days=d), time(), zone).timestamp() for d in range(days + 1)]
    )


def _times(
    order_day: np.ndarray, first: date, zone: ZoneInfo, now: float, random: np.random.Generator
) -> np.ndarray:
    marks = midnights(first, int(order_day.max(initial=0)) + 2, zone)
    start, end = marks[order_day], np.minimum(marks[order_day + 1], now)
    # Customers are busiest in the afternoon and evening; some order at night, so day borders matter.
    share = np.clip(random.beta(2.6, 1.9, len(order_day)), 0, 0.99999)
    share = np.where(random.random(len(order_day)) < 0.12, random.random(len(order_day)), share)
    return np.asarray((start + share * np.maximum(end - start, 0)).astype(np.int64))
