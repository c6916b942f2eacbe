"""Selected fields of many objects straight to JSON text, column by column: no dict for each line in between."""

from __future__ import annotations

import json
from collections.abc import Sequence
from json.encoder import encode_basestring
from typing import Any

from simulator.graphql.context import Context
from simulator.graphql.plan import PlannedField, Selection

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
_CONSTANTS = {None: "null", True: "true", False: "false"}


def value_text(value: Any) -> str:
    """JSON of one value."""
    kind = type(value)
    if kind is str:
        return encode_basestring(value)
    if kind is int:
        return str(value)
    if value is None or kind is bool:
        return _CONSTANTS[value]
    return _encode(value)


def object_texts(
    context: Context, selection: Selection, objects: Sequence[Any], parents: Sequence[str] | None = None
) -> list[str]:
    """One JSON object for each of `objects`; with `parents` each ends in its `__parentId`."""
    if not objects:
        return []
    keys = [planned.key for planned in selection.fields]
    columns = [field_texts(context, planned, objects) for planned in selection.fields]
    if parents is not None:
        keys.append("__parentId")
        columns.append([encode_basestring(parent) for parent in parents])
    template = "{" + ",".join(f"{json.dumps(key)}:%s" for key in keys) + "}"
    return [template % values for values in zip(*columns, strict=True)]


def field_texts(context: Context, planned: PlannedField, objects: Sequence[Any]) -> list[str]:
    """The JSON of one field for each object."""
    if planned.denied:
        return ["null"] * len(objects)
    assert planned.resolver is not None
    values = planned.resolver(context, objects, planned.arguments)
    if not planned.below:
        return [value_text(value) for value in values]
    if not planned.is_list:
        present = iter(_below(context, planned, [value for value in values if value is not None]))
        return ["null" if value is None else next(present) for value in values]
    inner = iter(
        _below(context, planned, [item for value in values for item in value or () if item is not None])
    )
    return [
        "null"
        if value is None
        else f"[{','.join('null' if item is None else next(inner) for item in value)}]"
        for value in values
    ]


def _below(context: Context, planned: PlannedField, objects: list[Any]) -> list[str]:
    if planned.type_name in planned.below:
        return object_texts(context, planned.below[planned.type_name], objects)
    done = ["{}"] * len(objects)
    for type_name, selection in planned.below.items():
        places = [i for i, (kind, _) in enumerate(objects) if kind == type_name]
        found = object_texts(context, selection, [objects[i][1] for i in places])
        for place, text in zip(places, found, strict=True):
            done[place] = text
    return done
