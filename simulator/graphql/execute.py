"""Runs a plan over many objects at once, level by level, so that a page costs a few statements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulator.graphql.context import MUTATIONS, Context
from simulator.graphql.cost import Meter
from simulator.graphql.plan import PlannedField, Selection


def run_query(context: Context, selection: Selection, meter: Meter) -> dict[str, Any] | None:
    """Data of a query operation; None if a refused field may not be null."""
    if selection.poisoned:
        return None
    return run(context, selection, [None], meter)[0]


def run_mutation(context: Context, selection: Selection, meter: Meter) -> dict[str, Any] | None:
    """Data of a mutation operation: its fields one after the other, each with its own transaction."""
    data: dict[str, Any] = {}
    for planned in selection.fields:
        if planned.denied:
            data[planned.key] = None
            continue
        if planned.resolver is not None:  # __typename
            data[planned.key] = planned.resolver(context, [None], {})[0]
            continue
        payload = MUTATIONS[planned.name](context, planned.arguments, planned.idempotency_key)
        with context.shop.read() as db:
            context.db = db
            data[planned.key] = _below(context, planned, [payload], meter)[0]
    return data


def run(context: Context, selection: Selection, objects: Sequence[Any], meter: Meter) -> list[dict[str, Any]]:
    """One dict for each object, with the selected fields in the order of the selection."""
    if not objects:
        return []
    keys: list[str] = []
    columns: list[Sequence[Any]] = []
    for planned in selection.fields:
        keys.append(planned.key)
        if planned.denied:
            columns.append([None] * len(objects))
            continue
        assert planned.resolver is not None
        values = planned.resolver(context, objects, planned.arguments)
        columns.append(_below(context, planned, values, meter) if planned.below else values)
    return [dict(zip(keys, values, strict=True)) for values in zip(*columns, strict=True)]


def _below(context: Context, planned: PlannedField, values: Sequence[Any], meter: Meter) -> list[Any]:
    """Replace each object among `values` (or in lists among them) by its selected fields."""
    if not planned.below:
        return list(values)
    meter.count(planned, values)
    flat: list[Any] = []
    shape: list[Any] = []  # None, an index into flat, or a list of such
    for value in values:
        if value is None:
            shape.append(None)
        elif planned.is_list:
            indexes: list[int | None] = []
            for item in value:
                indexes.append(None if item is None else len(flat))
                if item is not None:
                    flat.append(item)
            shape.append(indexes)
        else:
            shape.append(len(flat))
            flat.append(value)
    done = _run_typed(context, planned, flat, meter)
    return [
        None if s is None else [None if i is None else done[i] for i in s] if isinstance(s, list) else done[s]
        for s in shape
    ]


def _run_typed(context: Context, planned: PlannedField, objects: list[Any], meter: Meter) -> list[Any]:
    """Run objects of one type, or (typename, object) pairs of an interface or union."""
    if planned.type_name in planned.below:
        return run(context, planned.below[planned.type_name], objects, meter)
    done: list[Any] = [None] * len(objects)
    for type_name, selection in planned.below.items():
        places = [i for i, (kind, _) in enumerate(objects) if kind == type_name]
        for place, result in zip(
            places, run(context, selection, [objects[i][1] for i in places], meter), strict=True
        ):
            done[place] = result
    return done
