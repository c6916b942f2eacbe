"""Shop, the app's installation, locations, counts, and `node(id)`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from simulator.clock import iso
from simulator.graphql.context import Arguments, Context, column, each, simulated, within
from simulator.graphql.roots import Root, root
from simulator.graphql.search import by_flag, by_id, by_text, by_time
from simulator.graphql.values import flag, global_id, time_of
from simulator.store.database import Row, gid, number_of, row

LOCATIONS = root(
    Root(
        "locations",
        "locations",
        {"ID": "id", "NAME": "name"},
        "NAME",
        {
            "id": by_id(),
            "name": by_text("name"),
            "active": by_flag("active"),
            "created_at": by_time("created_at"),
        },
        by_text("name"),
        lambda context, arguments: "1" if arguments.get("includeInactive") else "active",
    )
)


def _shop(context: Context, objects: Sequence[Any], arguments: Arguments) -> list[Row]:
    return [
        {
            name: context.shop.setting(name)
            for name in ("shop_id", "name", "timezone", "currency", "created_at", "plan")
        }
    ]


def _offset_minutes(context: Context, shop: Row) -> int:
    offset = datetime.fromtimestamp(context.now, context.shop.zone).utcoffset()
    return int(offset.total_seconds() // 60) if offset is not None else 0


PLAN_NAMES = {"standard": "Basic", "advanced": "Advanced", "plus": "Plus", "enterprise": "Plus"}

simulated(
    "QueryRoot",
    {
        "shop": _shop,
        "currentAppInstallation": lambda context, objects, arguments: [
            row(context.db, "SELECT * FROM installs WHERE app = ?", (context.app,))
        ],
        "locations": LOCATIONS.resolve,
        "locationsCount": LOCATIONS.count,
        "location": lambda context, objects, arguments: [_location(context, arguments)],
        "node": lambda context, objects, arguments: [find_node(context, arguments["id"])],
        "nodes": lambda context, objects, arguments: [[find_node(context, i) for i in arguments["ids"]]],
    },
)


def _location(context: Context, arguments: Arguments) -> Row | None:
    if arguments.get("id") is None:
        return row(context.db, "SELECT * FROM locations WHERE active ORDER BY id")
    return row(context.db, "SELECT * FROM locations WHERE id = ?", (number_of(arguments["id"], "Location"),))


simulated(
    "Shop",
    {
        "id": global_id("Shop", "shop_id"),
        "name": column("name"),
        "myshopifyDomain": within(lambda context, shop: context.shop.domain),
        "email": each(lambda shop: "owner@example.test"),
        "url": within(lambda context, shop: f"https://{context.shop.domain}"),
        "ianaTimezone": column("timezone"),
        "timezoneOffsetMinutes": within(_offset_minutes),
        "currencyCode": column("currency"),
        "weightUnit": each(lambda shop: "KILOGRAMS"),
        "plan": each(lambda shop: shop),
        "createdAt": each(lambda shop: iso(shop["created_at"])),
    },
)
simulated(
    "ShopPlan",
    {
        "publicDisplayName": each(lambda shop: PLAN_NAMES[shop["plan"]]),
        "displayName": each(lambda shop: PLAN_NAMES[shop["plan"]]),
        "partnerDevelopment": each(lambda shop: False),
        "shopifyPlus": each(lambda shop: shop["plan"] in ("plus", "enterprise")),
    },
)
simulated(
    "AppInstallation",
    {
        "id": global_id("AppInstallation", "installation_id"),
        "accessScopes": each(lambda install: sorted(filter(None, install["scopes"].split(",")))),
        "activeSubscriptions": each(lambda install: []),
        "app": each(lambda install: install),
    },
)
simulated(
    "AccessScope",
    {"handle": each(str), "description": each(lambda handle: handle.replace("_", " ").capitalize())},
)
simulated("App", {"id": global_id("App", "installation_id"), "handle": column("app"), "title": column("app")})
simulated(
    "AppSubscription",
    {
        "id": column("id"),
        "name": column("name"),
        "status": column("status"),
        "test": column("test"),
        "trialDays": column("trial_days"),
        "currentPeriodEnd": column("period_end"),
        "createdAt": column("created_at"),
        "lineItems": each(lambda s: []),
    },
)
simulated("AppSubscriptionLineItem", {"id": column("id")})
simulated("Count", {"count": column("count"), "precision": column("precision")})
simulated(
    "Location",
    {
        "id": global_id("Location"),
        "legacyResourceId": each(lambda place: str(place["id"])),
        "name": column("name"),
        "isActive": flag("active"),
        "fulfillsOnlineOrders": flag("online"),
        "isFulfillmentService": each(lambda place: False),
        "hasActiveInventory": within(
            lambda context, place: (
                context.db.execute(
                    "SELECT EXISTS (SELECT 1 FROM levels WHERE location_id = ? AND active)", (place["id"],)
                ).fetchone()[0]
                == 1
            )
        ),
        "deactivatedAt": each(lambda place: iso(place["deactivated_at"])),
        "createdAt": time_of("created_at"),
        "updatedAt": time_of("updated_at"),
        "shipsInventory": flag("online"),
        "isPrimary": each(lambda place: False),
    },
)

# Types that `node(id)` finds: kind → loader of a row by number.
NODES: dict[str, Callable[[Context, int, str], Any]] = {
    "Location": lambda context, number, text: row(
        context.db, "SELECT * FROM locations WHERE id = ?", (number,)
    ),
}


def find_node(context: Context, global_id_text: str) -> tuple[str, Any] | None:
    """(type, object) of a global id, or None."""
    number = number_of(global_id_text)
    kind = global_id_text.split("/")[3] if global_id_text.startswith("gid://shopify/") else ""
    if number is None or kind not in NODES:
        return None
    found = NODES[kind](context, number, global_id_text)
    return None if found is None else (kind, found)


def by_number(table: str) -> Callable[[Context, int, str], Row | None]:
    """Loader for NODES: a row of a table by its id."""
    return lambda context, number, text: row(context.db, f"SELECT * FROM {table} WHERE id = ?", (number,))


__all__ = ["LOCATIONS", "NODES", "by_number", "find_node", "gid"]
