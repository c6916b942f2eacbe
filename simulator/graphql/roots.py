"""Root connections over a table: search, sort keys, keyset pages, counts, and streaming for bulk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from simulator.graphql.context import Arguments, Context, Page
from simulator.graphql.paging import decode_cursor, encode_cursor, page_size
from simulator.graphql.search import Filter, Parsed, parse
from simulator.store.database import Row, rows

COUNT_CAP = 10_000
_STREAM = 2_000


@dataclass(frozen=True)
class Root:
    """A root connection: where its rows come from and how they may be searched and sorted."""

    name: str
    table: str
    sorts: Mapping[str, str]
    default_sort: str
    filters: dict[str, Filter] = field(default_factory=dict)
    free: Filter | None = None
    base: Callable[[Context, Arguments], str] = lambda context, arguments: "1"

    def resolve(self, context: Context, objects: Sequence[Any], arguments: Arguments) -> list[Page]:
        """Resolver of the connection field (always one parent: the query root)."""
        size, from_end = page_size(arguments, self.name)
        where, parameters, sort, descending = self._query(context, arguments)
        if from_end:
            descending = not descending
        cursor = arguments.get("before" if from_end else "after")
        found = self._slice(
            context, where, parameters, sort, descending, decode_cursor(cursor) if cursor else None, size + 1
        )
        more = len(found) > size
        found = found[:size]
        if from_end:
            found.reverse()
        return [
            Page(
                found,
                bool(cursor) if from_end else more,
                more if from_end else bool(cursor),
                lambda node: encode_cursor(node["id"], node["sort_value"]),
            )
        ]

    def stream(self, context: Context, arguments: Arguments) -> Iterator[list[Row]]:
        """All rows in chunks, for bulk operations."""
        where, parameters, sort, descending = self._query(context, arguments)
        after: tuple[int, Any] | None = None
        while True:
            chunk = self._slice(context, where, parameters, sort, descending, after, _STREAM)
            if chunk:
                yield chunk
            if len(chunk) < _STREAM:
                return
            after = (chunk[-1]["id"], chunk[-1]["sort_value"])

    def count(self, context: Context, objects: Sequence[Any], arguments: Arguments) -> list[Row]:
        """Resolver of the count field: EXACT if below `limit` (10,000 by default, null = no limit)."""
        limit = arguments.get("limit", COUNT_CAP)
        parsed = self._parsed(context, arguments)
        sql = f"SELECT COUNT(*) FROM {self.table} WHERE {self.base(context, arguments)} AND {parsed.sql}"
        total = context.db.execute(sql, parsed.parameters).fetchone()[0]
        over = limit is not None and total >= limit
        return [{"count": limit if over else total, "precision": "AT_LEAST" if over else "EXACT"}]

    def _parsed(self, context: Context, arguments: Arguments) -> Parsed:
        text = arguments.get("query")
        parsed = parse(text, self.filters, self.free, context.shop.zone)
        if text:
            entry: Row = {"path": [self.name], "query": text}
            if parsed.warnings:
                entry["warnings"] = parsed.warnings
            context.search.append(entry)
        return parsed

    def _query(self, context: Context, arguments: Arguments) -> tuple[str, list[Any], str, bool]:
        parsed = self._parsed(context, arguments)
        key = arguments.get("sortKey") or self.default_sort
        sort = self.sorts.get(key, "id")
        return (
            f"{self.base(context, arguments)} AND {parsed.sql}",
            parsed.parameters,
            sort,
            bool(arguments.get("reverse")),
        )

    def _slice(
        self,
        context: Context,
        where: str,
        parameters: list[Any],
        sort: str,
        descending: bool,
        after: tuple[int, Any] | None,
        limit: int,
    ) -> list[Row]:
        direction, beyond = ("DESC", "<") if descending else ("ASC", ">")
        values = list(parameters)
        if after is not None:
            where = f"{where} AND ({sort}, id) {beyond} (?, ?)"
            values += [after[1], after[0]]
        sql = (
            f"SELECT *, {sort} AS sort_value FROM {self.table} WHERE {where}"
            f" ORDER BY {sort} {direction}, id {direction} LIMIT {limit}"
        )
        return rows(context.db, sql, values)


ROOTS: dict[str, Root] = {}


def root(declared: Root) -> Root:
    """Register a root connection (bulk operations look it up by field name)."""
    ROOTS[declared.name] = declared
    return declared
