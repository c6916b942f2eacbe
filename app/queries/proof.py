"""The proof as its page shows it: the store's figures, and a table of its products with the losing cases too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from app.domain.replenishment.proof_figures import Figures, Range
from app.platform import db
from app.queries.paging import PAGE_SIZE, Page, like_escaped, order_by

SORTS = {
    "gain": "l.gain",
    "product": "v.display_name",
    "empty_days": "l.empty_days_had - l.empty_days_ours",
    "lost": "l.lost_had - l.lost_ours",
    "stock": "COALESCE(l.stock_had, l.stock_rule) - l.stock_ours",
}
_WHERE = {"all": "true", "better": "l.gain > 0.005", "worse": "l.gain < -0.005"}


@dataclass(frozen=True)
class Finished:
    """A proof that is done. `figures` by had, ours, rule, ours_had and ours_rule."""

    id: int
    finished_at: datetime
    first_day: date
    last_day: date
    products: int
    left_out: int
    recorded: float
    inferred_days: int
    figures: dict[str, Figures]

    @property
    def days(self) -> int:
        """Days looked back on, both ends included."""
        return (self.last_day - self.first_day).days + 1


@dataclass(frozen=True)
class State:
    """The last proof that is done, and the newest one asked for where that is under way or has failed."""

    finished: Finished | None
    done: float | None
    error: str
    ready_on: date | None


@dataclass(frozen=True)
class ProofRow:
    """One product: units and days of what was had, of our orders and of the common rule; money or None."""

    variant_id: int
    product: str
    sku: str
    wanted: float
    inferred_days: int
    recorded_days: int
    lost_had: float
    lost_ours: float
    lost_rule: float
    empty_days_had: float
    empty_days_ours: float
    empty_days_rule: float
    stock_had: float | None
    stock_ours: float
    stock_rule: float
    gain: float | None


@dataclass(frozen=True)
class ProofTable:
    """One page of it, and how many products each choice of `show` holds."""

    rows: list[ProofRow]
    page: Page
    sort: str
    search: str
    show: str
    counts: dict[str, int]


def state(*, now: datetime) -> State:
    """Where the proof stands. One that was asked for more than a day ago and is not there is given up."""
    found = db.rows(
        "(SELECT * FROM proofs WHERE status = 'done' ORDER BY id DESC LIMIT 1)"
        " UNION ALL (SELECT * FROM proofs WHERE status <> 'done' AND created_at > :since ORDER BY id DESC LIMIT 1)",
        since=now - timedelta(days=1),
    )
    finished = next((row for row in found if row.status == "done"), None)
    newest = max(found, key=lambda row: row.id, default=None)
    open_one = newest if newest is not None and newest.status != "done" else None
    is_running = open_one is not None and open_one.status != "failed"
    return State(
        finished=None if finished is None else _finished(finished),
        done=open_one.done if open_one is not None and is_running else None,
        error=open_one.error if open_one is not None and not is_running else "",
        ready_on=None if open_one is None else open_one.ready_on,
    )


def table(
    *, sort: str = "-gain", search: str = "", show: str = "all", page: int = 1, size: int = PAGE_SIZE
) -> ProofTable:
    """A page of the products of the last proof: `show` all, better or worse with our orders. Two statements."""
    show = show if show in _WHERE else "all"
    held, order = order_by(sort, SORTS, "-gain")
    found_by = "(:search = '' OR v.display_name ILIKE :like OR v.sku ILIKE :like)"
    source = """
        FROM proof_lines l
        JOIN proofs p ON p.store_id = l.store_id AND p.id = l.proof_id AND p.status = 'done'
        JOIN variants v ON v.store_id = l.store_id AND v.id = l.variant_id
    """
    likes = {"search": search, "like": "%" + like_escaped(search) + "%"}
    sums = ", ".join(f"COUNT(*) FILTER (WHERE {where}) AS {name}" for name, where in _WHERE.items())
    counts = db.rows(f"SELECT {sums} {source} WHERE {found_by}", **likes)[0]._asdict()
    place = Page(min(page, max(1, -(-counts[show] // size))), counts[show], size)
    found = db.rows(
        f"SELECT l.*, v.display_name AS product, v.sku {source} WHERE {found_by} AND {_WHERE[show]}"
        f" ORDER BY {order}, l.variant_id LIMIT :limit OFFSET :offset",
        **likes,
        limit=place.size,
        offset=(place.number - 1) * place.size,
    )
    return ProofTable([_row(row) for row in found], place, held, search, show, counts)


def of_variant(variant_id: int) -> ProofRow | None:
    """What the last proof found for one product, None if it was not in it. One statement."""
    found = db.rows(
        """
        SELECT l.*, v.display_name AS product, v.sku
        FROM proof_lines l
        JOIN proofs p ON p.store_id = l.store_id AND p.id = l.proof_id AND p.status = 'done'
        JOIN variants v ON v.store_id = l.store_id AND v.id = l.variant_id
        WHERE l.variant_id = :id ORDER BY p.id DESC LIMIT 1
        """,
        id=variant_id,
    )
    return _row(found[0]) if found else None


def _finished(row: Any) -> Finished:
    figures = {
        name: Figures(**{key: Range(**value) for key, value in each.items()})
        for name, each in row.figures.items()
    }
    return Finished(
        id=row.id,
        finished_at=row.finished_at,
        first_day=row.first_day,
        last_day=row.last_day,
        products=row.products,
        left_out=row.left_out,
        recorded=row.recorded,
        inferred_days=row.inferred_days,
        figures=figures,
    )


def _row(row: Any) -> ProofRow:
    return db.made(ProofRow, row)
