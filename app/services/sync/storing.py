"""What a stretch of a bulk result, or a page, becomes: rows, whatever order they come in and however often."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.services import catalog, inventory, sales
from app.shopify import bulk, rows
from app.shopify.rows import LevelRow

Node = dict[str, Any]


@dataclass(frozen=True)
class Stored:
    """How many of each were stored, and how many children came before their parents."""

    counts: dict[str, int] = field(default_factory=dict)
    orphans: int = 0


def _split(lines: Iterable[bytes]) -> tuple[list[Node], list[Node]]:
    parents: list[Node] = []
    children: list[Node] = []
    for line in lines:
        (children if bulk.is_child(line) else parents).append(bulk.parse(line))
    return parents, children


def store_products(lines: Iterable[bytes], *, asof: datetime) -> Stored:
    """Store a stretch of a products result, read since `asof`."""
    parents, children = _split(lines)
    products = [rows.product(node) for node in parents]
    catalog.store_products(products, asof=asof)
    variants = [rows.variant(node, rows.numeric_id(node["__parentId"])) for node in children]
    known = {product.id for product in products}
    known |= catalog.known_products({variant.product_id for variant in variants} - known)
    fitting = [variant for variant in variants if variant.product_id in known]
    catalog.store_variants(fitting, asof=asof)
    counts = {"products": len(products), "variants": len(fitting)}
    return Stored(counts, orphans=len(variants) - len(fitting))


def store_levels(
    lines: Iterable[bytes], *, asof: datetime, look: Callable[[Sequence[LevelRow]], None] | None = None
) -> Stored:
    """Store a stretch of an inventory result, read since `asof`; `look` sees the rows before they are stored."""
    _, children = _split(lines)
    levels = [rows.level(node, rows.numeric_id(node["__parentId"])) for node in children]
    if look is not None:
        look(levels)
    inventory.store_levels(levels, asof=asof)
    return Stored({"levels": len(levels)})


def store_orders(lines: Iterable[bytes], *, asof: datetime) -> Stored:
    """Store a stretch of an orders result, read since `asof`.

    Lines of an order that a webhook has updated since the result was made are left out: ours are newer.
    """
    parents, children = _split(lines)
    orders = [rows.order(node) for node in parents]
    stale = sales.store_orders(orders, asof=asof)
    found = [rows.line(node, rows.numeric_id(node["__parentId"])) for node in children]
    here = {order.id for order in orders}
    wanted, held = sales.stored_since({line.order_id for line in found} - here, asof=asof)
    wanted |= here - stale
    fitting = [line for line in found if line.order_id in wanted]
    sales.store_lines(fitting)
    orphans = sum(line.order_id not in held and line.order_id not in here for line in found)
    return Stored({"orders": len(orders), "lines": len(fitting)}, orphans=orphans)
