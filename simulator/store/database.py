"""One shop's SQLite file: pooled readers, one writer at a time, and events published after the commit."""

from __future__ import annotations

import json
import queue
import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from simulator.clock import Clock
from simulator.store.tables import TABLES

Row = dict[str, Any]
ID_RANGE = 1_000_000_000


def rows(db: sqlite3.Connection, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[Row]:
    """Rows of a query as dicts by column name."""
    cursor = db.execute(sql, parameters)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, values, strict=True)) for values in cursor]


def row(db: sqlite3.Connection, sql: str, parameters: Sequence[Any] = ()) -> Row | None:
    """First row of a query, or None."""
    found = rows(db, sql, parameters)
    return found[0] if found else None


def children(
    db: sqlite3.Connection, table: str, key: str, parents: Sequence[int], order: str = "id"
) -> list[Row]:
    """Rows of `table` whose `key` is among `parents`, in the order of parents' keys and `order`."""
    sql = f"SELECT * FROM {table} WHERE {key} IN (SELECT value FROM json_each(?)) ORDER BY {key}, {order}"
    return rows(db, sql, (json.dumps(list(parents)),))


@dataclass
class Event:
    """Something a webhook may tell about: topic, REST-shaped payload, time."""

    topic: str
    payload: Row
    at: float


@dataclass
class Transaction:
    """One change to a shop: connection, simulated time, and the events to publish once it is committed."""

    db: sqlite3.Connection
    now: int
    shop: Shop
    events: list[Event] = field(default_factory=list)

    def emit(self, topic: str, payload: Row) -> None:
        """Publish `payload` under `topic` after the commit."""
        self.events.append(Event(topic, payload, self.now))

    def next_id(self, count: int = 1) -> int:
        """The first of `count` fresh consecutive ids."""
        value = int(self.meta("sequence", self.shop.id_base))
        self.set_meta("sequence", value + count)
        return value + 1

    def meta(self, key: str, default: Any = None) -> Any:
        """Setting `key` of this shop."""
        found = self.db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return json.loads(found[0]) if found else default

    def set_meta(self, key: str, value: Any) -> None:
        """Store setting `key` (any JSON value)."""
        self.db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, json.dumps(value)))


class Shop:
    """A simulated shop. Open with `Shop.open`; `read()` and `write()` give connections."""

    def __init__(self, domain: str, folder: Path, clock: Clock) -> None:
        self.domain = domain
        self.handle = domain.split(".")[0]
        self.folder = folder
        self.clock = clock
        self.publish: Callable[[Shop, list[Event]], None] = lambda shop, events: None
        self.id_base = (1000 + zlib.crc32(domain.encode()) % 8000) * ID_RANGE
        self._write_lock = threading.RLock()
        self._pool: queue.SimpleQueue[sqlite3.Connection] = queue.SimpleQueue()
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "shop.sqlite"
        if not self.path.exists():
            with self._connection() as db:
                db.executescript("PRAGMA journal_mode = WAL;" + TABLES)

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, timeout=30, isolation_level=None, check_same_thread=False)
        # The simulator survives its own kill (WAL), not the machine's power cut: no fsync, much faster.
        db.executescript("PRAGMA synchronous = OFF; PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY;")
        return db

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            db = self._pool.get_nowait()
        except queue.Empty:
            db = self._connect()
        try:
            yield db
        finally:
            if db.in_transaction:
                db.rollback()
            self._pool.put(db)

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one consistent state."""
        with self._connection() as db:
            db.execute("BEGIN")
            yield db

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """A transaction: commits when the block ends, rolls back when it raises, then publishes its
        events.
        """
        with self._write_lock, self._connection() as db:
            db.execute("BEGIN IMMEDIATE")
            change = Transaction(db, int(self.clock.now()), self)
            yield change
            db.execute("COMMIT")
        if change.events:
            self.publish(self, change.events)

    def setting(self, key: str, default: Any = None) -> Any:
        """Setting `key`, outside any transaction."""
        with self._connection() as db:
            found = db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return json.loads(found[0]) if found else default

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Rows of a query, outside any transaction."""
        with self._connection() as db:
            return rows(db, sql, parameters)

    @property
    def zone(self) -> ZoneInfo:
        """The shop's time zone."""
        return ZoneInfo(self.setting("timezone", "UTC"))

    def local_time(self, seconds: float | None) -> str | None:
        """Shop-local time with its offset, as REST and webhooks write it."""
        if seconds is None:
            return None
        return datetime.fromtimestamp(int(seconds), self.zone).isoformat()

    def close(self) -> None:
        """Close pooled connections."""
        while not self._pool.empty():
            self._pool.get_nowait().close()


def gid(kind: str, number: int) -> str:
    """Shopify's global id."""
    return f"gid://shopify/{kind}/{number}"


def number_of(global_id: str | int, kind: str | None = None) -> int | None:
    """The number inside a global id, or None if it is not one (of `kind`)."""
    if isinstance(global_id, int):
        return global_id
    parts = global_id.split("?")[0].split("/")
    if len(parts) == 1 and parts[0].isdigit():
        return int(parts[0])
    fits = len(parts) == 5 and parts[:3] == ["gid:", "", "shopify"] and parts[4].isdigit()
    return int(parts[4]) if fits and kind in (None, parts[3]) else None
