"""What the simulator keeps beside the shops: clock, webhook deliveries, sent mail (one SQLite file)."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from simulator.store.database import Row, rows

_TABLES = """
CREATE TABLE IF NOT EXISTS settings (
  key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (
   id TEXT PRIMARY KEY, event_id TEXT NOT NULL, shop TEXT NOT NULL, topic TEXT NOT NULL, uri TEXT
  NOT NULL, body TEXT NOT NULL, version TEXT NOT NULL, name TEXT, subscription_id INTEGER,
  triggered_at REAL NOT NULL, due_at REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, status TEXT
  NOT NULL, answer TEXT, finished_at REAL);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (status, due_at);
CREATE TABLE IF NOT EXISTS mails (
   id INTEGER PRIMARY KEY, message_id TEXT NOT NULL, at REAL NOT NULL, domain TEXT NOT NULL, sender
  TEXT NOT NULL, recipients TEXT NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL, html TEXT NOT
  NULL, fields TEXT NOT NULL, attachments TEXT NOT NULL);
"""


class Records:
    """Thread-safe access to the simulator's own file."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;" + _TABLES)

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Execute a statement; answers the number of rows it changed."""
        with self._lock:
            return self._db.execute(sql, parameters).rowcount

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Rows of a query as dicts."""
        with self._lock:
            return rows(self._db, sql, parameters)

    def get(self, key: str, default: Any = None) -> Any:
        """A setting."""
        found = self.rows("SELECT value FROM settings WHERE key = ?", (key,))
        return json.loads(found[0]["value"]) if found else default

    def put(self, key: str, value: Any) -> None:
        """Store a setting."""
        self.run("INSERT OR REPLACE INTO settings VALUES (?, ?)", (key, json.dumps(value)))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()
