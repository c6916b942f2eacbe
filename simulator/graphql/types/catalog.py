"""Products and variants."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from simulator.graphql.context import Arguments, Context, column, each, simulated
from simulator.graphql.loading import listed, nested, one
from simulator.graphql.roots import Root, root
from simulator.graphql.search import Clause, Term, by_choice, by_flag, by_id, by_number, by_text, by_time
from simulator.graphql.types.shop import NODES
from simulator.graphql.types.shop import by_number as node_by_number
from simulator.graphql.values import flag, global_id, time_of
from simulator.store.database import Row, number_of, row
from simulator.store.payloads import money

_STOCK = "(SELECT COALESCE(SUM(l.available), 0) FROM levels l WHERE l.item_id = {item} AND l.active)"
_PRODUCT_STOCK = (
    "(SELECT COALESCE(SUM(l.available), 0) FROM variants v JOIN levels l ON l.item_id = "
    "v.item_id AND l.active"
    " WHERE v.product_id = products.id)"
)
_PRODUCT_HAS_SKU = (
    "(SELECT v.sku FROM variants v WHERE v.product_id = products.id AND v.sku LIKE ? LIMIT 1) IS NOT NULL"
)


def _product_sku(term: Term, zone: Any) -> Clause:
    return _PRODUCT_HAS_SKU, [term.value]


PRODUCTS = root(
    Root(
        "products",
        "products",
        {
            "ID": "id",
            "UPDATED_AT": "updated_at",
            "CREATED_AT": "created_at",
            "TITLE": "title",
            "VENDOR": "vendor",
            "PRODUCT_TYPE": "product_type",
            "PUBLISHED_AT": "COALESCE(published_at, 0)",
            "INVENTORY_TOTAL": _PRODUCT_STOCK,
        },
        "ID",
        {
            "id": by_id(),
            "created_at": by_time("created_at"),
            "updated_at": by_time("updated_at"),
            "published_at": by_time("published_at"),
            "title": by_text("title"),
            "vendor": by_text("vendor"),
            "handle": by_text("handle"),
            "product_type": by_text("product_type"),
            "sku": _product_sku,
            "status": by_choice(
                {s.lower(): f"status = '{s}'" for s in ("ACTIVE", "ARCHIVED", "DRAFT", "UNLISTED")}
            ),
            "gift_card": by_flag("gift_card"),
            "inventory_total": by_number(_PRODUCT_STOCK),
        },
        by_text("title"),
    )
)
_VARIANT_FILTERS = {
    "id": by_id(),
    "sku": by_text("sku"),
    "barcode": by_text("barcode"),
    "product_id": by_id("product_id"),
    "title": by_text("title"),
    "updated_at": by_time("updated_at"),
    "product_status": by_choice(
        {
            s.lower(): f"(SELECT status FROM products p WHERE p.id = product_id) = '{s}'"
            for s in ("ACTIVE", "ARCHIVED", "DRAFT", "UNLISTED")
        }
    ),
    "vendor": by_text("(SELECT vendor FROM products p WHERE p.id = product_id)"),
    "inventory_quantity": by_number(_STOCK.format(item="variants.item_id")),
}
VARIANTS = root(
    Root(
        "productVariants",
        "variants",
        {
            "ID": "id",
            "SKU": "sku",
            "TITLE": "title",
            "NAME": "title",
            "POSITION": "position",
            "INVENTORY_QUANTITY": _STOCK.format(item="variants.item_id"),
        },
        "ID",
        _VARIANT_FILTERS,
        by_text("sku"),
    )
)


def _variants_count(context: Context, objects: Sequence[Any], arguments: Arguments) -> list[Row]:
    """Shopify's trap: `updated_at` is ignored here, and the count still says EXACT."""
    deaf = {**_VARIANT_FILTERS, "updated_at": lambda term, zone: ("1", [])}
    return Root("productVariantsCount", "variants", {}, "ID", deaf, by_text("sku")).count(
        context, objects, arguments
    )


def _stock(sql: str, key: str) -> Any:
    def resolve(context: Context, objects: Sequence[Row], arguments: Arguments) -> list[int]:
        found = dict(context.db.execute(sql, (json.dumps([o[key] for o in objects]),)))
        return [found.get(o[key], 0) for o in objects]

    return resolve


_product_of = one("products", "product_id")
_available = _stock(
    "SELECT item_id, SUM(available) FROM levels WHERE active AND item_id IN (SELECT value FROM "
    "json_each(?)) GROUP BY 1",
    "item_id",
)
_total = _stock(
    "SELECT v.product_id, SUM(l.available) FROM variants v JOIN levels l ON l.item_id = "
    "v.item_id AND l.active"
    " WHERE v.tracked AND v.product_id IN (SELECT value FROM json_each(?)) GROUP BY 1",
    "id",
)
_tracked = _stock(
    "SELECT product_id, MAX(tracked) FROM variants WHERE product_id IN (SELECT value FROM "
    "json_each(?)) GROUP BY 1",
    "id",
)
_variant_number = _stock(
    "SELECT product_id, COUNT(*) FROM variants WHERE product_id IN (SELECT value FROM "
    "json_each(?)) GROUP BY 1",
    "id",
)

simulated(
    "QueryRoot",
    {
        "products": PRODUCTS.resolve,
        "productsCount": PRODUCTS.count,
        "product": lambda context, objects, arguments: [
            row(context.db, "SELECT * FROM products WHERE id = ?", (number_of(arguments["id"], "Product"),))
        ],
        "productVariants": VARIANTS.resolve,
        "productVariantsCount": _variants_count,
        "productVariant": lambda context, objects, arguments: [
            row(
                context.db,
                "SELECT * FROM variants WHERE id = ?",
                (number_of(arguments["id"], "ProductVariant"),),
            )
        ],
    },
)
simulated(
    "Product",
    {
        "id": global_id("Product"),
        "legacyResourceId": each(lambda p: str(p["id"])),
        "title": column("title"),
        "handle": column("handle"),
        "vendor": column("vendor"),
        "productType": column("product_type"),
        "status": column("status"),
        "tags": each(lambda p: json.loads(p["tags"])),
        "isGiftCard": flag("gift_card"),
        "createdAt": time_of("created_at"),
        "updatedAt": time_of("updated_at"),
        "publishedAt": time_of("published_at"),
        "totalInventory": _total,
        "tracksInventory": lambda context, objects, arguments: [
            bool(x) for x in _tracked(context, objects, arguments)
        ],
        "variants": nested("variants", listed("variants", "product_id", order="position")),
        "variantsCount": lambda context, objects, arguments: [
            {"count": n, "precision": "EXACT"} for n in _variant_number(context, objects, arguments)
        ],
        "hasOnlyDefaultVariant": lambda context, objects, arguments: [
            n == 1 for n in _variant_number(context, objects, arguments)
        ],
        "featuredMedia": each(lambda p: None),
        "featuredImage": each(lambda p: None),
        "description": each(lambda p: ""),
    },
)
simulated(
    "ProductVariant",
    {
        "id": global_id("ProductVariant"),
        "legacyResourceId": each(lambda v: str(v["id"])),
        "sku": column("sku"),
        "barcode": column("barcode"),
        "title": column("title"),
        "position": column("position"),
        "displayName": lambda context, objects, arguments: [
            f"{p['title']} - {v['title']}"
            for v, p in zip(objects, _product_of(context, objects, arguments), strict=True)
        ],
        "price": each(lambda v: money(v["price"])),
        "compareAtPrice": each(lambda v: None),
        "taxable": each(lambda v: True),
        "inventoryPolicy": column("policy"),
        "inventoryQuantity": _available,
        "requiresComponents": each(lambda v: False),
        "availableForSale": lambda context, objects, arguments: [
            not v["tracked"] or v["policy"] == "CONTINUE" or n > 0
            for v, n in zip(objects, _available(context, objects, arguments), strict=True)
        ],
        "createdAt": time_of("created_at"),
        "updatedAt": time_of("updated_at"),
        "product": one("products", "product_id"),
        "inventoryItem": each(lambda v: v),
        "selectedOptions": lambda context, objects, arguments: [
            list(zip(json.loads(p["option_names"]), json.loads(v["options"]), strict=False))
            for v, p in zip(objects, _product_of(context, objects, arguments), strict=True)
        ],
        "image": each(lambda v: None),
    },
)
simulated("SelectedOption", {"name": each(lambda o: o[0]), "value": each(lambda o: o[1])})
NODES["Product"] = node_by_number("products")
NODES["ProductVariant"] = node_by_number("variants")
