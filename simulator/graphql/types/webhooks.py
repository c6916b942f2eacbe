"""Webhook subscriptions made through the Admin API."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from simulator.graphql.context import Arguments, column, each, simulated
from simulator.graphql.loading import one
from simulator.graphql.mutations import mutation
from simulator.graphql.roots import Root, root
from simulator.graphql.search import by_id, by_text, by_time
from simulator.graphql.types.shop import NODES, by_number
from simulator.graphql.values import global_id, time_of
from simulator.store.database import Row, Transaction, number_of, row


def _topics(context: Any, arguments: Arguments) -> str:
    topics = arguments.get("topics")
    return f"topic IN ({', '.join(repr(str(t)) for t in topics)})" if topics else "1"


SUBSCRIPTIONS = root(
    Root(
        "webhookSubscriptions",
        "subscriptions",
        {"ID": "id", "CREATED_AT": "created_at"},
        "ID",
        {
            "id": by_id(),
            "topic": by_text("topic"),
            "uri": by_text("uri"),
            "created_at": by_time("created_at"),
        },
        by_text("topic"),
        _topics,
    )
)
simulated(
    "QueryRoot",
    {
        "webhookSubscriptions": SUBSCRIPTIONS.resolve,
        "webhookSubscriptionsCount": SUBSCRIPTIONS.count,
        "webhookSubscription": lambda context, objects, arguments: [
            row(
                context.db,
                "SELECT * FROM subscriptions WHERE id = ?",
                (number_of(arguments["id"], "WebhookSubscription"),),
            )
        ],
    },
)
simulated(
    "WebhookSubscription",
    {
        "id": global_id("WebhookSubscription"),
        "legacyResourceId": each(lambda s: str(s["id"])),
        "topic": column("topic"),
        "uri": column("uri"),
        "format": each(lambda s: "JSON"),
        "includeFields": each(lambda s: json.loads(s["include_fields"])),
        "filter": column("filter"),
        "name": column("name"),
        "metafieldNamespaces": each(lambda s: []),
        "createdAt": time_of("created_at"),
        "updatedAt": time_of("updated_at"),
        "apiVersion": each(lambda s: s["version"]),
    },
)
simulated("ApiVersion", {"handle": each(str), "displayName": each(str), "supported": each(lambda v: True)})
NODES["WebhookSubscription"] = by_number("subscriptions")


def _problem(given: Row) -> Row | None:
    address = given.get("uri") or given.get("callbackUrl") or ""
    if urlsplit(address).scheme not in ("http", "https", "pubsub", "arn"):
        return {
            "field": ["webhookSubscription", "uri"],
            "message": f"Address {address!r} is not an allowed address",
        }
    if given.get("format") == "XML":
        return {"field": ["webhookSubscription", "format"], "message": "XML is not simulated; use JSON"}
    return None


@mutation("webhookSubscriptionCreate")
def _create(change: Transaction, arguments: Arguments) -> Row:
    given, topic = arguments["webhookSubscription"], str(arguments["topic"])
    problem = _problem(given)
    address = given.get("uri") or given.get("callbackUrl")
    if problem is None and row(
        change.db, "SELECT id FROM subscriptions WHERE topic = ? AND uri = ?", (topic, address)
    ):
        problem = {
            "field": ["webhookSubscription", "callbackUrl"],
            "message": "Address for this topic has already been taken",
        }
    if problem:
        return {"subscription": None, "userErrors": [problem]}
    number = change.next_id()
    change.db.execute(
        "INSERT INTO subscriptions VALUES (?,?,?,?,?,?,?,0,?,?)",
        (
            number,
            topic,
            address,
            json.dumps(given.get("includeFields") or []),
            given.get("filter"),
            given.get("name"),
            change.meta("webhook_version", "2026-07"),
            change.now,
            change.now,
        ),
    )
    return {"subscription": number, "userErrors": []}


_MISSING = {"field": ["id"], "message": "Webhook subscription does not exist"}


@mutation("webhookSubscriptionUpdate")
def _update(change: Transaction, arguments: Arguments) -> Row:
    given, number = arguments["webhookSubscription"], number_of(arguments["id"], "WebhookSubscription")
    known = row(change.db, "SELECT * FROM subscriptions WHERE id = ?", (number,))
    if known is None:
        return {"subscription": None, "userErrors": [_MISSING]}
    merged = {"uri": known["uri"], **given}
    problem = _problem(merged)
    if problem:
        return {"subscription": None, "userErrors": [problem]}
    fields = (
        json.dumps(given["includeFields"])
        if given.get("includeFields") is not None
        else known["include_fields"]
    )
    change.db.execute(
        "UPDATE subscriptions SET uri = ?, include_fields = ?, filter = ?, updated_at = ? WHERE id = ?",
        (
            merged.get("uri") or merged.get("callbackUrl"),
            fields,
            given.get("filter", known["filter"]),
            change.now,
            number,
        ),
    )
    return {"subscription": number, "userErrors": []}


@mutation("webhookSubscriptionDelete")
def _delete(change: Transaction, arguments: Arguments) -> Row:
    number = number_of(arguments["id"], "WebhookSubscription")
    gone = change.db.execute("DELETE FROM subscriptions WHERE id = ?", (number,)).rowcount
    return {"deleted": arguments["id"] if gone else None, "userErrors": [] if gone else [_MISSING]}


for _kind in ("Create", "Update"):
    simulated(
        f"WebhookSubscription{_kind}Payload",
        {"webhookSubscription": one("subscriptions", "subscription"), "userErrors": column("userErrors")},
    )
simulated(
    "WebhookSubscriptionDeletePayload",
    {"deletedWebhookSubscriptionId": column("deleted"), "userErrors": column("userErrors")},
)
simulated("UserError", {"field": column("field"), "message": column("message")})
