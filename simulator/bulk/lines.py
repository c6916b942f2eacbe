"""Turns a planned connection into JSONL: a line for each node, children after their parent with `__parentId`.

The same plan and resolvers as for a page are run over 2,000 roots at a time, so memory stays small and a line
costs some microseconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from simulator.bulk.texts import object_texts
from simulator.graphql.context import Context, Page
from simulator.graphql.plan import PlannedField, Selection
from simulator.graphql.roots import Root


def write_lines(
    context: Context, root: Root, planned: PlannedField, grouped: bool
) -> Iterator[tuple[list[str], int]]:
    """Chunks of encoded lines and the number of roots in each; `first` is ignored, as in Shopify's bulk
    queries.

    Children always follow their parent, so `groupObjects` changes nothing here.
    """
    selection = node_selection(planned)
    for chunk in root.stream(context, planned.arguments):
        yield [line for block in lines_of(context, selection, chunk, None) for line in block], len(chunk)


def node_selection(planned: PlannedField) -> Selection:
    """What is selected on the nodes of a connection (through `edges { node }`)."""
    for connection in planned.below.values():
        for part in connection.fields:
            if part.name == "edges":
                for edge in part.below.values():
                    for inner in edge.fields:
                        if inner.name == "node":
                            return merged(inner)
    return Selection(planned.type_name)


def merged(node: PlannedField) -> Selection:
    """The selection of an object type; of an interface, all selections (told apart by the pair's type)."""
    if node.type_name in node.below:
        return node.below[node.type_name]
    return Selection(node.type_name, [node])


def _split(selection: Selection) -> tuple[Selection, list[PlannedField]]:
    flat = [f for f in selection.fields if not f.is_connection]
    return replace(selection, fields=flat), [f for f in selection.fields if f.is_connection]


def lines_of(
    context: Context, selection: Selection, nodes: Sequence[Any], parents: Sequence[str] | None
) -> list[list[str]]:
    """For each node its own line and those of its descendants."""
    if not nodes:
        return []
    if (
        selection.fields
        and selection.fields[0].name == "node"
        and selection.fields[0].type_name == selection.type_name
    ):
        return _lines_of_pairs(context, selection.fields[0], nodes, parents)
    own, connections = _split(selection)
    blocks = [[text] for text in object_texts(context, own, nodes, parents)]
    for planned in connections:
        _children(context, planned, nodes, own, blocks)
    return blocks


def _children(
    context: Context, planned: PlannedField, nodes: Sequence[Any], own: Selection, blocks: list[list[str]]
) -> None:
    identity = next(f for f in own.fields if f.name == "id").resolver
    assert planned.resolver is not None
    assert identity is not None
    pages: Sequence[Page] = planned.resolver(context, nodes, planned.arguments)
    ids = identity(context, nodes, {})
    children = [child for page in pages for child in page.nodes]
    owners = [owner for owner, page in zip(ids, pages, strict=True) for _ in page.nodes]
    inner = iter(lines_of(context, node_selection(planned), children, owners))
    for block, page in zip(blocks, pages, strict=True):
        for _ in page.nodes:
            block += next(inner)


def _lines_of_pairs(
    context: Context, node: PlannedField, pairs: Sequence[Any], parents: Sequence[str] | None
) -> list[list[str]]:
    blocks: list[list[str]] = [[] for _ in pairs]
    for type_name, selection in node.below.items():
        places = [i for i, (kind, _) in enumerate(pairs) if kind == type_name]
        owners = [parents[i] for i in places] if parents is not None else None
        found = lines_of(context, selection, [pairs[i][1] for i in places], owners)
        for place, block in zip(places, found, strict=True):
            blocks[place] = block
    return blocks
