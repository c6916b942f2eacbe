"""The faults in force, drawn with a seeded generator, and what they do to a call."""

from __future__ import annotations

import json
import random
import re
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from flask import Response

ADMIN_KINDS = (
    "timeout",
    "slow",
    "rate_limited",
    "throttled",
    "server_error",
    "frozen",
    "locked",
    "forbidden",
    "not_found",
    "unauthorized",
    "not_json",
)
KINDS: dict[str, str] = {
    "timeout": "the Admin API does not answer for `seconds` (default 30)",
    "slow": "the Admin API answers `seconds` late (default 3)",
    "rate_limited": "429 with Retry-After `retry_after` (default 4.0)",
    "throttled": "200 with a THROTTLED error although the bucket has room",
    "server_error": "`status` (default 503) from the Admin API",
    "frozen": "402: the shop has not paid",
    "locked": "423: the shop is locked",
    "forbidden": "403",
    "not_found": "404",
    "unauthorized": "401 although the token is good",
    "not_json": "200 with an HTML page",
    "bulk_failed": "a bulk operation fails after its first chunk, with partialDataUrl",
    "result_truncated": "a bulk result breaks off in the middle of a line",
    "result_expired": "a bulk result's address answers 403 as after 7 days",
    "result_slow": "a bulk result starts `seconds` late (default 3)",
    "webhook_drop": "a webhook is never sent",
    "webhook_duplicate": "a webhook is sent twice with the same id",
    "webhook_delay": "a webhook is sent `seconds` late (default 3600, simulated)",
    "webhook_reorder": "a webhook is overtaken by the following ones",
    "mail_down": "Mailgun answers 503",
    "mail_slow": "Mailgun answers `seconds` late (default 3)",
    "mail_unauthorized": "Mailgun answers 401",
    "clock_skew": "ID tokens and launch timestamps are off by `seconds`",
}


class BadFault(ValueError):
    """A fault that cannot be set; the message says what is allowed."""


@dataclass
class Fault:
    """One fault: befalls matching calls with probability `rate`, at most `count` times (None: no end)."""

    id: int
    kind: str
    rate: float = 1.0
    count: int | None = None
    shop: str | None = None
    operation: str | None = None
    topic: str | None = None
    seconds: float | None = None
    status: int = 503
    retry_after: str = "4.0"
    happened: int = 0


@dataclass(frozen=True)
class Outcome:
    """What befalls an Admin call: an answer of its own, or (THROTTLED) only a kind."""

    kind: str
    response: Response | None


class Faults:
    """The registry. Thread-safe; `wait` is how long faults pass time (ends early when the simulator
    stops).
    """

    def __init__(self, seed: int, wait: Callable[[float], object]) -> None:
        self._lock = threading.Lock()
        self._random = random.Random(seed)
        self._wait = wait
        self._faults: dict[int, Fault] = {}
        self._next = 1

    def add(self, given: dict[str, Any]) -> Fault:
        """Set a fault from its JSON; raises `BadFault`."""
        known = set(Fault.__dataclass_fields__) - {"id", "happened"}
        if unknown := set(given) - known:
            raise BadFault(f"a fault has no {sorted(unknown)[0]!r}; it has {', '.join(sorted(known))}")
        if given.get("kind") not in KINDS:
            raise BadFault(f"there is no fault {given.get('kind')!r}; use one of {', '.join(KINDS)}")
        if not 0 <= float(given.get("rate", 1.0)) <= 1:
            raise BadFault(f"rate is {given['rate']}; it must be between 0 and 1")
        with self._lock:
            fault = Fault(self._next, **given)
            self._faults[fault.id] = fault
            self._next += 1
            return fault

    def remove(self, number: int | None = None) -> int:
        """Lift one fault, or all; answers how many."""
        with self._lock:
            gone = [n for n in self._faults if number in (None, n)]
            for n in gone:
                del self._faults[n]
            return len(gone)

    def seed(self, seed: int) -> None:
        """Start the draws anew."""
        with self._lock:
            self._random.seed(seed)

    def listed(self) -> list[dict[str, Any]]:
        """All faults as JSON."""
        with self._lock:
            return [asdict(fault) for fault in self._faults.values()]

    def draw(self, kinds: tuple[str, ...], shop: str, hint: str = "") -> Fault | None:
        """The first matching fault whose die falls, counted."""
        with self._lock:
            for fault in self._faults.values():
                if fault.kind in kinds and _fits(fault, shop, hint) and self._random.random() < fault.rate:
                    fault.happened += 1
                    return fault
        return None

    def admin(self, shop: str, hint: str) -> Outcome | None:
        """What befalls an Admin or OAuth call (`hint`: operation name and query text, or "oauth")."""
        fault = self.draw(ADMIN_KINDS, shop, hint)
        if fault is None:
            return None
        if fault.kind in ("timeout", "slow"):
            self._wait(
                fault.seconds if fault.seconds is not None else 30.0 if fault.kind == "timeout" else 3.0
            )
            return (
                Outcome("slow", None)
                if fault.kind == "slow"
                else Outcome("timeout", _json(504, "Gateway Timeout"))
            )
        return Outcome(fault.kind, _admin_answer(fault))

    def bulk(self, shop: str) -> str | None:
        """ "fail" if a bulk operation is to break off."""
        return "fail" if self.draw(("bulk_failed",), shop) else None

    def pause(self, kind: str, shop: str) -> None:
        """Wait if a fault of a slow kind befalls the call."""
        fault = self.draw((kind,), shop)
        if fault:
            self._wait(fault.seconds if fault.seconds is not None else 3.0)

    def skew(self, shop: str) -> float:
        """Seconds by which ID tokens are off."""
        fault = self.draw(("clock_skew",), shop)
        return (fault.seconds or 0.0) if fault else 0.0


def _fits(fault: Fault, shop: str, hint: str) -> bool:
    if fault.count is not None and fault.happened >= fault.count:
        return False
    if fault.shop not in (None, shop, shop.split(".")[0]):
        return False
    if fault.topic is not None and fault.topic != hint:
        return False
    return fault.operation is None or re.search(fault.operation, hint) is not None


def _json(status: int, message: str, **headers: str) -> Response:
    return Response(
        json.dumps({"errors": message}),
        status,
        headers=headers,
        content_type="application/json; charset=utf-8",
    )


def _admin_answer(fault: Fault) -> Response | None:
    answers: dict[str, Callable[[], Response | None]] = {
        "rate_limited": lambda: _json(
            429,
            "Exceeded 2 calls per second for api client. Reduce request rates to resume "
            "uninterrupted service.",
            **{"retry-after": fault.retry_after},
        ),
        "throttled": lambda: None,
        "server_error": lambda: _json(
            fault.status, "Internal Server Error" if fault.status == 500 else "Service Unavailable"
        ),
        "frozen": lambda: _json(402, "Unavailable Shop"),
        "locked": lambda: _json(423, "Locked"),
        "forbidden": lambda: _json(403, "Forbidden"),
        "not_found": lambda: _json(404, "Not Found"),
        "unauthorized": lambda: _json(
            401, "[API] Invalid API key or access token (unrecognized login or wrong password)"
        ),
        "not_json": lambda: Response(
            "<!doctype html><title>Something went wrong</title>", 200, content_type="text/html"
        ),
    }
    return answers[fault.kind]()
