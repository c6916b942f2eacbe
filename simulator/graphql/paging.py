"""Connections: cursors, page arguments, and the fields that every connection and edge has."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any

from simulator.graphql.context import Arguments, GraphQLRefusal, Page, Resolver, each, simulated

MAX_PAGE = 250


def encode_cursor(last_id: int, last_value: Any) -> str:
    """An opaque cursor, made the way Shopify's are."""
    return base64.b64encode(json.dumps({"last_id": last_id, "last_value": last_value}).encode()).decode()


def decode_cursor(cursor: str) -> tuple[int, Any]:
    """(last id, last sort value); refuses what is no cursor."""
    try:
        fields = json.loads(base64.b64decode(cursor, validate=True))
        return int(fields["last_id"]), fields["last_value"]
    except (ValueError, KeyError, TypeError):
        raise GraphQLRefusal("Invalid cursor for current pagination sort.", "BAD_REQUEST") from None


def page_size(arguments: Arguments, name: str, *, bulk: bool = False) -> tuple[int, bool]:
    """(size, from the end?) asked for; refuses none, more than one, and more than 250."""
    first, last = arguments.get("first"), arguments.get("last")
    if bulk:
        return 10**9, False
    if first is None and last is None:
        raise GraphQLRefusal(f"you must provide one of first or last for {name}", "BAD_REQUEST")
    if first is not None and last is not None:
        raise GraphQLRefusal("providing both first and last is not supported", "BAD_REQUEST")
    size = int(first if first is not None else last)  # type: ignore[arg-type]
    if size < 0 or size > MAX_PAGE:
        raise GraphQLRefusal(
            f"{name}: page size is {size}; it must be between 0 and {MAX_PAGE}.", "BAD_REQUEST"
        )
    return size, first is None


def slice_page(
    nodes: Sequence[Any], arguments: Arguments, name: str, *, bulk: bool, key: Callable[[Any], int]
) -> Page:
    """The page of an ordered list of children that `first/after/last/before/reverse` ask for."""
    if bulk and not arguments.get("reverse"):
        return Page(nodes)  # a bulk operation takes them all
    ordered = list(reversed(nodes)) if arguments.get("reverse") else list(nodes)
    start, end = 0, len(ordered)
    positions = {key(node): index for index, node in enumerate(ordered)} if _has_cursor(arguments) else {}
    if arguments.get("after"):
        start = positions.get(decode_cursor(arguments["after"])[0], -1) + 1
    if arguments.get("before"):
        end = positions.get(decode_cursor(arguments["before"])[0], len(ordered))
    size, from_end = page_size(arguments, name, bulk=bulk)
    if from_end:
        start = max(start, end - size)
    else:
        end = min(end, start + size)
    return Page(
        ordered[start:end], end < len(ordered), start > 0, lambda node: encode_cursor(key(node), key(node))
    )


def _has_cursor(arguments: Arguments) -> bool:
    return bool(arguments.get("after") or arguments.get("before"))


def _page_info(page: Page) -> dict[str, Any]:
    return {
        "hasNextPage": page.has_next,
        "hasPreviousPage": page.has_previous,
        "startCursor": page.cursor(page.nodes[0]) if page.nodes else None,
        "endCursor": page.cursor(page.nodes[-1]) if page.nodes else None,
    }


CONNECTION_FIELDS: dict[str, Resolver] = {
    "nodes": each(lambda page: page.nodes),
    "edges": each(lambda page: [(page, node) for node in page.nodes]),
    "pageInfo": each(_page_info),
}
EDGE_FIELDS: dict[str, Resolver] = {
    "node": each(lambda edge: edge[1]),
    "cursor": each(lambda edge: edge[0].cursor(edge[1])),
}
simulated(
    "PageInfo",
    {
        name: each(lambda info, name=name: info[name])  # type: ignore[misc]
        for name in ("hasNextPage", "hasPreviousPage", "startCursor", "endCursor")
    },
)
