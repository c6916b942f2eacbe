"""Resolvers that load related rows for a whole page at once."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from simulator.graphql.context import Arguments, Context, Page, Resolver
from simulator.graphql.paging import slice_page
from simulator.store.database import Row, children, rows


def one(table: str, key: str, column: str = "id") -> Resolver:
    """The row of `table` whose `column` equals the object's `key`; None if there is none (any more)."""

    def resolve(context: Context, objects: Sequence[Row], arguments: Arguments) -> list[Row | None]:
        wanted = sorted({o[key] for o in objects if o[key] is not None})
        sql = f"SELECT * FROM {table} WHERE {column} IN (SELECT value FROM json_each(?))"
        found = {r[column]: r for r in rows(context.db, sql, (json.dumps(wanted),))}
        return [found.get(o[key]) for o in objects]

    return resolve


def many(
    context: Context, table: str, key: str, parents: Sequence[Row], parent_key: str = "id", order: str = "id"
) -> list[list[Row]]:
    """For each parent its rows of `table`."""
    groups: dict[int, list[Row]] = defaultdict(list)
    for child in children(context.db, table, key, [p[parent_key] for p in parents], order):
        groups[child[key]].append(child)
    return [groups.get(p[parent_key], []) for p in parents]


def nested(
    name: str,
    load: Callable[[Context, Sequence[Row], Arguments], list[list[Row]]],
    key: Callable[[Any], int] = lambda node: int(node["id"]),
) -> Resolver:
    """A nested connection: loads all children of all parents, then pages them per parent."""

    def resolve(context: Context, objects: Sequence[Row], arguments: Arguments) -> list[Page]:
        groups = load(context, objects, arguments)
        return [slice_page(group, arguments, name, bulk=context.bulk, key=key) for group in groups]

    return resolve


def listed(
    table: str, key: str, parent_key: str = "id", order: str = "id"
) -> Callable[[Context, Sequence[Row], Arguments], list[list[Row]]]:
    """Loader for `nested` of a table's rows by foreign key."""
    return lambda context, objects, arguments: many(context, table, key, objects, parent_key, order)
