"""Orders, line items, refunds, fulfilments and sales agreements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulator.graphql.context import Arguments, Context, column, each, simulated
from simulator.graphql.loading import listed, many, nested, one
from simulator.graphql.roots import Root, root
from simulator.graphql.search import Clause, Term, by_choice, by_flag, by_id, by_text, by_time
from simulator.graphql.types.shop import NODES
from simulator.graphql.values import flag, global_id, money_bag, time_of
from simulator.store.database import Row, number_of, row

SIXTY_DAYS = 60 * 86_400
_FINANCIAL = (
    "PAID",
    "PENDING",
    "AUTHORIZED",
    "PARTIALLY_PAID",
    "PARTIALLY_REFUNDED",
    "REFUNDED",
    "VOIDED",
    "EXPIRED",
)


def _sku(term: Term, zone: Any) -> Clause:
    return "EXISTS (SELECT 1 FROM lines l WHERE l.order_id = orders.id AND l.sku = ?)", [term.value]


def _visible(context: Context, arguments: Arguments) -> str:
    return "1" if context.all_orders else f"created_at >= {context.now - SIXTY_DAYS}"


ORDERS = root(
    Root(
        "orders",
        "orders",
        {
            "ID": "id",
            "CREATED_AT": "created_at",
            "PROCESSED_AT": "processed_at",
            "UPDATED_AT": "updated_at",
            "ORDER_NUMBER": "number",
        },
        "PROCESSED_AT",
        {
            "id": by_id(),
            "created_at": by_time("created_at"),
            "processed_at": by_time("processed_at"),
            "updated_at": by_time("updated_at"),
            "sku": _sku,
            "location_id": by_id("location_id"),
            "name": by_text("('#' || number)"),
            "test": by_flag("test"),
            "source_name": by_text("source"),
            "status": by_choice(
                {
                    "open": "cancelled_at IS NULL AND closed_at IS NULL",
                    "any": "1",
                    "not_closed": "closed_at IS NULL",
                    "closed": "closed_at IS NOT NULL AND cancelled_at IS NULL",
                    "cancelled": "cancelled_at IS NOT NULL",
                }
            ),
            "financial_status": by_choice(
                {"any": "1", **{s.lower(): f"financial = '{s}'" for s in _FINANCIAL}}
            ),
            "fulfillment_status": by_choice(
                {
                    "any": "1",
                    "shipped": "fulfilled_at IS NOT NULL",
                    "fulfilled": "fulfilled_at IS NOT NULL",
                    "unshipped": "fulfilled_at IS NULL",
                    "unfulfilled": "fulfilled_at IS NULL",
                }
            ),
        },
        by_text("('#' || number)"),
        _visible,
    )
)


_place = one("locations", "location_id")


def find_order(context: Context, number: int | None) -> Row | None:
    """An order that the token may see."""
    return row(context.db, f"SELECT * FROM orders WHERE id = ? AND {_visible(context, {})}", (number,))


def _fulfilments(context: Context, objects: Sequence[Row], arguments: Arguments) -> list[list[Row]]:
    limit = arguments.get("first")
    return [([o] if o["fulfilled_at"] is not None else [])[:limit] for o in objects]


def _refunds(context: Context, objects: Sequence[Row], arguments: Arguments) -> list[list[Row]]:
    limit = arguments.get("first")
    return [group[:limit] for group in many(context, "refunds", "order_id", objects)]


def _agreements(context: Context, objects: Sequence[Row], arguments: Arguments) -> list[list[Any]]:
    """The order's own agreement comes from its lines, later ones (edits, refunds) from their rows."""
    later = many(context, "agreements", "order_id", objects)
    kinds = {"REFUND": "RefundAgreement", "ORDER_EDIT": "OrderEditAgreement"}
    return [
        [
            (
                "OrderAgreement",
                {"id": o["id"], "order_id": o["id"], "happened_at": o["created_at"], "reason": "ORDER"},
            ),
            *((kinds[a["reason"]], a) for a in group),
        ]
        for o, group in zip(objects, later, strict=True)
    ]


def _first_sales(context: Context, objects: Sequence[Row], arguments: Arguments) -> list[list[Any]]:
    groups = many(context, "lines", "order_id", objects, "order_id")
    return [
        [
            (
                "ProductSale",
                {
                    "id": x["id"],
                    "action": "ORDER",
                    "quantity": x["ordered"],
                    "line_id": x["id"],
                    "amount": x["ordered"] * x["discounted"],
                },
            )
            for x in group
            if x["ordered"]
        ]
        for group in groups
    ]


def _later_sales(context: Context, objects: Sequence[Row], arguments: Arguments) -> list[list[Any]]:
    return [[("ProductSale", s) for s in group] for group in many(context, "sales", "agreement_id", objects)]


def _pair_id(pair: Any) -> int:
    return int(pair[1]["id"])


def _fulfilment_lines(context: Context, objects: Sequence[Row], arguments: Arguments) -> list[list[Row]]:
    return [[x for x in group if x["fulfilled"]] for group in many(context, "lines", "order_id", objects)]


def _total(name: str) -> Any:
    def resolve(context: Context, objects: Sequence[Row], arguments: Arguments) -> Sequence[Any]:
        groups = many(context, "lines", "order_id", objects)
        sums = [{"cents": sum(x["discounted"] * x[name] for x in group)} for group in groups]
        return money_bag(lambda s: s["cents"])(context, sums, arguments)

    return resolve


simulated(
    "QueryRoot",
    {
        "orders": ORDERS.resolve,
        "ordersCount": ORDERS.count,
        "order": lambda context, objects, arguments: [
            find_order(context, number_of(arguments["id"], "Order"))
        ],
    },
)
simulated(
    "Order",
    {
        "id": global_id("Order"),
        "legacyResourceId": each(lambda o: str(o["id"])),
        "name": each(lambda o: f"#{o['number']}"),
        "number": column("number"),
        "createdAt": time_of("created_at"),
        "processedAt": time_of("processed_at"),
        "updatedAt": time_of("updated_at"),
        "cancelledAt": time_of("cancelled_at"),
        "cancelReason": column("cancel_reason"),
        "closedAt": time_of("closed_at"),
        "closed": each(lambda o: o["closed_at"] is not None),
        "test": flag("test"),
        "edited": flag("edited"),
        "confirmed": each(lambda o: True),
        "sourceName": column("source"),
        "displayFinancialStatus": column("financial"),
        "displayFulfillmentStatus": each(lambda o: "FULFILLED" if o["fulfilled_at"] else "UNFULFILLED"),
        "currencyCode": lambda context, objects, arguments: (
            [context.shop.setting("currency", "EUR")] * len(objects)
        ),
        "retailLocation": lambda context, objects, arguments: [
            place if o["source"] == "pos" else None
            for o, place in zip(objects, _place(context, objects, arguments), strict=True)
        ],
        "tags": each(lambda o: []),
        "lineItems": nested("lineItems", listed("lines", "order_id")),
        "refunds": _refunds,
        "fulfillments": _fulfilments,
        "agreements": nested("agreements", _agreements, _pair_id),
        "totalPriceSet": _total("quantity"),
        "currentTotalPriceSet": _total("current_quantity"),
        "subtotalPriceSet": _total("quantity"),
        "currentSubtotalPriceSet": _total("current_quantity"),
        "currentSubtotalLineItemsQuantity": lambda context, objects, arguments: [
            sum(x["current_quantity"] for x in group) for group in many(context, "lines", "order_id", objects)
        ],
    },
)
simulated(
    "LineItem",
    {
        "id": global_id("LineItem"),
        "sku": column("sku"),
        "title": column("title"),
        "variantTitle": column("variant_title"),
        "name": each(lambda x: f"{x['title']} - {x['variant_title']}" if x["variant_title"] else x["title"]),
        "vendor": column("vendor"),
        "quantity": column("quantity"),
        "currentQuantity": column("current_quantity"),
        "unfulfilledQuantity": each(lambda x: max(x["current_quantity"] - x["fulfilled"], 0)),
        "refundableQuantity": column("current_quantity"),
        "isGiftCard": flag("gift_card"),
        "requiresShipping": flag("requires_shipping"),
        "taxable": each(lambda x: True),
        "variant": one("variants", "variant_id"),
        "product": one("products", "product_id"),
        "originalUnitPriceSet": money_bag(lambda x: x["price"]),
        "discountedUnitPriceSet": money_bag(lambda x: x["discounted"]),
        "discountedUnitPriceAfterAllDiscountsSet": money_bag(lambda x: x["discounted"]),
        "originalTotalSet": money_bag(lambda x: x["price"] * x["quantity"]),
        "discountedTotalSet": money_bag(lambda x: x["discounted"] * x["quantity"]),
    },
)
simulated(
    "Refund",
    {
        "id": global_id("Refund"),
        "legacyResourceId": each(lambda r: str(r["id"])),
        "createdAt": time_of("created_at"),
        "processedAt": time_of("created_at"),
        "updatedAt": time_of("created_at"),
        "note": column("note"),
        "order": one("orders", "order_id"),
        "refundLineItems": nested("refundLineItems", listed("refund_lines", "refund_id")),
    },
)
simulated(
    "RefundLineItem",
    {
        "id": global_id("RefundLineItem"),
        "quantity": column("quantity"),
        "restockType": column("restock_type"),
        "restocked": each(lambda r: r["restock_type"] != "NO_RESTOCK"),
        "location": one("locations", "location_id"),
        "lineItem": one("lines", "line_id"),
        "subtotalSet": money_bag(lambda r: r["amount"]),
        "priceSet": money_bag(lambda r: r["amount"] // max(r["quantity"], 1)),
    },
)
simulated(
    "Fulfillment",
    {
        "id": each(lambda o: f"gid://shopify/Fulfillment/{o['id'] + 1}"),
        "legacyResourceId": each(lambda o: str(o["id"] + 1)),
        "name": each(lambda o: f"#{o['number']}-F1"),
        "createdAt": time_of("fulfilled_at"),
        "updatedAt": time_of("fulfilled_at"),
        "status": each(lambda o: "CANCELLED" if o["cancelled_at"] else "SUCCESS"),
        "location": _place,
        "order": each(lambda o: o),
        "fulfillmentLineItems": nested("fulfillmentLineItems", _fulfilment_lines),
        "totalQuantity": lambda context, objects, arguments: [
            sum(x["fulfilled"] for x in group) for group in many(context, "lines", "order_id", objects)
        ],
    },
)
simulated(
    "FulfillmentLineItem",
    {"id": global_id("FulfillmentLineItem"), "quantity": column("fulfilled"), "lineItem": each(lambda x: x)},
)
for _kind in ("OrderAgreement", "RefundAgreement", "OrderEditAgreement"):
    simulated(
        _kind,
        {
            "id": global_id(_kind),
            "happenedAt": time_of("happened_at"),
            "reason": column("reason"),
            "sales": nested("sales", _first_sales if _kind == "OrderAgreement" else _later_sales, _pair_id),
        },
    )
simulated("OrderAgreement", {"order": one("orders", "order_id")})
simulated("RefundAgreement", {"refund": one("refunds", "refund_id")})
simulated(
    "ProductSale",
    {
        "id": global_id("ProductSale"),
        "actionType": column("action"),
        "lineType": each(lambda s: "PRODUCT"),
        "quantity": column("quantity"),
        "lineItem": one("lines", "line_id"),
        "totalAmount": money_bag(lambda s: s["amount"]),
    },
)
NODES["Order"] = lambda context, number, text: find_order(context, number)
NODES["LineItem"] = lambda context, number, text: row(
    context.db, "SELECT * FROM lines WHERE id = ?", (number,)
)
NODES["Refund"] = lambda context, number, text: row(
    context.db, "SELECT * FROM refunds WHERE id = ?", (number,)
)
NODES["Fulfillment"] = lambda context, number, text: row(
    context.db, "SELECT * FROM orders WHERE id = ? AND fulfilled_at IS NOT NULL", (number - 1,)
)
