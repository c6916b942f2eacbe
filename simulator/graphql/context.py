"""What a GraphQL request carries along: shop, connection, scopes; and the registry of what is simulated."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simulator.store.database import Row, Shop, Transaction

if TYPE_CHECKING:
    from simulator.schema import AdminSchema
    from simulator.world import World

Arguments = Mapping[str, Any]
# One field of many objects at once: given N parents, N values. That is how children of a whole page are
# loaded with one statement.
Resolver = Callable[["Context", Sequence[Any], Arguments], Sequence[Any]]


class GraphQLRefusal(Exception):
    """A top-level GraphQL error: message and extensions as Shopify words them."""

    def __init__(self, message: str, code: str, path: Sequence[str | int] | None = None, **more: Any) -> None:
        super().__init__(message)
        self.error: Row = {"message": message, "extensions": {"code": code, **more}}
        if path is not None:
            self.error["path"] = list(path)


@dataclass
class Context:
    """One request (or bulk operation) at work."""

    world: World
    shop: Shop
    # A mutation has none before its first transaction.
    db: sqlite3.Connection | Any
    admin: AdminSchema
    scopes: frozenset[str]
    app: str
    now: int
    change: Transaction | None = None
    bulk: bool = False
    user_id: int | None = None
    search: list[Row] = field(default_factory=list)
    # Whether orders older than 60 days may be seen (scope read_all_orders and Shopify's approval).
    all_orders: bool = True


@dataclass
class Page:
    """A slice of a connection: its nodes, whether more follow, and the cursor of a node."""

    nodes: Sequence[Any]
    has_next: bool = False
    has_previous: bool = False
    cursor: Callable[[Any], str] = lambda node: ""


TYPES: dict[str, dict[str, Resolver]] = {}
# Mutations take a transaction; the executor runs each in its own.
MUTATIONS: dict[str, Callable[[Context, Arguments, str | None], Any]] = {}


def simulated(type_name: str, fields: Mapping[str, Resolver]) -> None:
    """Declare fields of a type as simulated."""
    TYPES.setdefault(type_name, {}).update(fields)


def column(name: str) -> Resolver:
    """The value of a column as it is."""
    return lambda context, objects, arguments: [o[name] for o in objects]


def each(read: Callable[[Any], Any]) -> Resolver:
    """A value computed from each object alone."""
    return lambda context, objects, arguments: [read(o) for o in objects]


def within(read: Callable[[Context, Any], Any]) -> Resolver:
    """A value computed from the context and each object."""
    return lambda context, objects, arguments: [read(context, o) for o in objects]
