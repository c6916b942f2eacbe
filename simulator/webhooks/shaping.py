"""What of a payload a subscription gets: `include_fields`, `filter`, and its signature."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Any

_TERM = re.compile(r"""(?P<minus>-?)(?P<path>[\w.]+):(?P<op><=|>=|<|>)?(?P<value>'[^']*'|"[^"]*"|[^\s()]+)""")


def include(payload: Any, fields: list[str]) -> Any:
    """Only the named fields (`id`, `line_items.sku`); everything when none is named."""
    if not fields:
        return payload
    tree: dict[str, list[str]] = {}
    for name in fields:
        head, _, rest = name.partition(".")
        tree.setdefault(head, [])
        if rest:
            tree[head].append(rest)
    if isinstance(payload, list):
        return [include(entry, fields) for entry in payload]
    if not isinstance(payload, dict):
        return payload
    return {key: include(value, tree[key]) for key, value in payload.items() if key in tree}


def passes(payload: Any, expression: str | None) -> bool:
    """Whether a payload fits a filter such as `status:active AND variants.price:>=10`.

    A field that the payload does not have suppresses the delivery silently, as Shopify does.
    """
    if not expression or not expression.strip():
        return True
    return any(
        all(_term(payload, t) for t in re.split(r"\s+AND\s+|\s+(?!OR\b)", part.strip()) if t)
        for part in re.split(r"\s+OR\s+", expression)
    )


def _term(payload: Any, text: str) -> bool:
    match = _TERM.fullmatch(text.strip("()"))
    if not match:
        return False
    wanted = match["value"].strip("'\"")
    found = _values(payload, match["path"].split("."))
    if not found:
        return False
    return any(_compare(value, match["op"] or "=", wanted) for value in found) != bool(match["minus"])


def _values(payload: Any, path: list[str]) -> list[Any]:
    if isinstance(payload, list):
        return [v for entry in payload for v in _values(entry, path)]
    if not path:
        return [payload]
    return _values(payload[path[0]], path[1:]) if isinstance(payload, dict) and path[0] in payload else []


def _compare(value: Any, op: str, wanted: str) -> bool:
    if wanted == "*":
        return value not in (None, "")
    if op == "=":
        return str(value).lower() == wanted.lower()
    try:
        left, right = float(value), float(wanted)
    except (TypeError, ValueError):
        return False
    return {"<": left < right, ">": left > right, "<=": left <= right, ">=": left >= right}[op]


def sign(secret: str, body: bytes) -> str:
    """`X-Shopify-Hmac-Sha256`: base64 HMAC-SHA256 over the raw body."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
