"""The OpenAPI 3.1 document, read off the declared routes; pydantic writes the schemas."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema

from app.platform.access import Open, Permission, SignedIn
from app.platform.api import Operation
from app.platform.bodies import LARGEST_ID, PROBLEM_TYPE, Problem

_REF = "#/components/schemas/{model}"
_CONVERTED = re.compile(r"<(?:(?P<converter>\w+):)?(?P<name>\w+)>")
PROBLEMS = {
    400: "The request cannot be read.",
    401: "Nobody is logged in, or the session is over.",
    403: "Your role does not grant this, or no store is chosen.",
    404: "There is no such thing in this store.",
    409: "It cannot be done in the present state.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "Some values cannot be used; `errors` says which.",
    429: "Too many requests; `Retry-After` says when to go on.",
    503: "A part that is needed does not answer; try again in a minute.",
}


def document(operations: Sequence[Operation], *, app_url: str, version: str) -> dict[str, Any]:
    """The whole document."""
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        paths.setdefault(path_of(one.rule), {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Fluxor",
            "version": version,
            "description": "What to reorder, how much, from whom and by when. `product_id` is the id of a"
            " variant, the unit that is stocked, sold and forecast.",
        },
        "servers": [{"url": app_url}],
        "paths": paths,
        "components": {"schemas": _schemas(operations), "securitySchemes": _SECURITY},
    }


_SECURITY = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The `token` of a login (24 hours), or inside the admin Shopify's ID token.",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "fluxor_session",
        "description": "Set by a login; `__Host-fluxor_session` over https. Writes need the header"
        " `X-Requested-With` as well.",
    },
}


def path_of(rule: str) -> str:
    """`/a/<int:b>` as the document writes it: `/a/{b}`."""
    return _CONVERTED.sub(lambda found: "{" + found["name"] + "}", rule)


def _operation(one: Operation) -> dict[str, Any]:
    summary, _, rest = inspect.cleandoc(one.view.__doc__ or "").partition("\n")
    found: dict[str, Any] = {
        "operationId": one.name.replace(".", "_"),
        "tags": [one.tag],
        "summary": summary.rstrip("."),
        "description": " ".join([_need_in_words(one), *rest.split()]).strip(),
        "parameters": [*_path_parameters(one.rule), *_query_parameters(one)],
        "responses": _responses(one),
        "security": [] if isinstance(one.need, Open) else [{"bearer": []}, {"cookie": []}],
    }
    if one.body is not None:
        content = {"application/json": {"schema": _reference(one.body)}}
        found["requestBody"] = {"required": True, "content": content}
    return found


def _need_in_words(one: Operation) -> str:
    if isinstance(one.need, Permission):
        return f"Needs the permission `{one.need.value}`."
    return "For everybody who is logged in." if isinstance(one.need, SignedIn) else "For everybody."


def _path_parameters(rule: str) -> list[dict[str, Any]]:
    whole = {"type": "integer", "minimum": 0, "maximum": LARGEST_ID}
    return [
        {
            "name": found["name"],
            "in": "path",
            "required": True,
            "schema": whole if found["converter"] == "int" else {"type": "string"},
        }
        for found in _CONVERTED.finditer(rule)
    ]


def _query_parameters(one: Operation) -> list[dict[str, Any]]:
    if one.query is None:
        return []
    schema = one.query.model_json_schema(ref_template=_REF)
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "description": part.get("description", ""),
            "schema": {key: value for key, value in part.items() if key not in ("description", "title")},
        }
        for name, part in schema["properties"].items()
    ]


def _responses(one: Operation) -> dict[str, Any]:
    file = {"type": "string"} if one.media.startswith("text/") else {}
    content = {one.media: {"schema": file if one.answer is None else _reference(one.answer)}}
    found: dict[str, Any] = {str(one.status): {"description": "Done.", "content": content}}
    if one.method == "GET":
        found["200"]["headers"] = {"ETag": {"schema": {"type": "string"}}}
        found["304"] = {"description": "Nothing has changed since the ETag in `If-None-Match`."}
    for status in _problems(one):
        problem = {PROBLEM_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}}}
        found[str(status)] = {"description": PROBLEMS[status], "content": problem}
    return found


def _problems(one: Operation) -> list[int]:
    statuses = {429, 503, *one.also}
    if not isinstance(one.need, Open):
        statuses |= {401, 403}
    if one.method != "GET":
        statuses |= {403}  # sent from another site
    if one.body is not None:
        statuses |= {400, 413, 415, 422}
    if one.query is not None:
        statuses |= {422}
    if "<" in one.rule:
        statuses |= {404}
    return sorted(statuses)


def _reference(model: Any) -> dict[str, Any]:
    if isinstance(model, type) and issubclass(model, BaseModel):
        return {"$ref": _REF.format(model=model.__name__)}
    schema = TypeAdapter(model).json_schema(ref_template=_REF)
    schema.pop("$defs", None)
    return schema


def _schemas(operations: Sequence[Operation]) -> dict[str, Any]:
    wanted: dict[str, tuple[type[BaseModel], Any]] = {"Problem": (Problem, "serialization")}
    for one in operations:
        for model, mode in ((one.answer, "serialization"), (one.body, "validation")):
            for known in _models(model):
                wanted[known.__name__] = (known, mode)
    _, found = models_json_schema(list(wanted.values()), ref_template=_REF)
    return dict(found["$defs"])


def _models(model: Any) -> list[type[BaseModel]]:
    """The model itself, or those of a list of them."""
    if isinstance(model, type) and issubclass(model, BaseModel):
        return [model]
    arguments = getattr(model, "__args__", ())
    return [known for argument in arguments for known in _models(argument)]
