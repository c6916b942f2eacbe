"""How mutations run: in one transaction, and exactly once under the same idempotency key."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from simulator.graphql.context import MUTATIONS, Arguments, Context, GraphQLRefusal
from simulator.store.database import Row, Transaction
from simulator.store.stock import Refused

KEPT_SECONDS = 24 * 3600
_NEEDS_KEY = re.compile(
    r"inventory(?!ItemUpdate)|location(Add|Edit|Activate|Deactivate|Delete)$|refundCreate$"
)


class Payload(dict[str, Any]):
    """A mutation's payload; what it does not hold (because nothing was done) is null."""

    def __missing__(self, key: str) -> None:
        return None


Change = Callable[[Transaction, Arguments], Row]


def mutation(name: str) -> Callable[[Change], Change]:
    """Register a mutation; a `Refused` becomes a user error."""

    def register(change_with: Change) -> Change:
        def run(context: Context, arguments: Arguments, key: str | None) -> Row:
            with context.shop.write() as change:
                return Payload(_guarded(change_with, change, arguments))

        MUTATIONS[name] = run
        return change_with

    return register


def idempotent(name: str) -> Callable[[Change], Change]:
    """Register a mutation that demands `@idempotent(key:)`: the same key with the same arguments answers the
    first result again for 24 hours; with other arguments it is an error."""

    def register(change_with: Change) -> Change:
        def run(context: Context, arguments: Arguments, key: str | None) -> Row:
            if not key:
                raise GraphQLRefusal(
                    "The @idempotent directive is required for this mutation but was not provided.",
                    "BAD_REQUEST",
                    [name],
                )
            mark = hashlib.sha256(
                json.dumps([name, arguments], sort_keys=True, default=str).encode()
            ).hexdigest()
            with context.shop.write() as change:
                return Payload(_once(change_with, change, arguments, key, mark))

        MUTATIONS[name] = run
        return change_with

    return register


def _once(change_with: Change, change: Transaction, arguments: Arguments, key: str, mark: str) -> Row:
    change.db.execute("DELETE FROM idempotency WHERE at < ?", (change.now - KEPT_SECONDS,))
    known = change.db.execute("SELECT fingerprint, result FROM idempotency WHERE key = ?", (key,)).fetchone()
    if known is None:
        result = _guarded(change_with, change, arguments)
        change.db.execute(
            "INSERT INTO idempotency VALUES (?,?,?,?)", (key, mark, change.now, json.dumps(result))
        )
        return result
    if known[0] != mark:
        message = "The idempotency key was used before with other parameters."
        return {
            "userErrors": [{"code": "IDEMPOTENCY_KEY_PARAMETER_MISMATCH", "message": message, "field": None}]
        }
    result = json.loads(known[1])
    assert isinstance(result, dict)
    return result


def _guarded(change_with: Change, change: Transaction, arguments: Arguments) -> Row:
    change.db.execute("SAVEPOINT before")
    events = len(change.events)
    try:
        result = change_with(change, arguments)
    except Refused as refusal:
        change.db.execute("ROLLBACK TO before")
        del change.events[events:]
        result = {"userErrors": [{"code": "INVALID", "message": str(refusal), "field": None}]}
    change.db.execute("RELEASE before")
    return result


def needs_key(name: str) -> bool:
    """Whether Shopify demands `@idempotent` on this mutation (2026-04 and later)."""
    return bool(_NEEDS_KEY.match(name))
