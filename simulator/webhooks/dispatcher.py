"""Sends webhooks: 1 s to connect, 5 s in all, 8 retries over 4 simulated hours, then given up.

Deliveries are rows of the simulator's file, so none is forgotten over a restart. Waiting is done in simulated
time: moving the clock forward makes retries due at once.
"""

from __future__ import annotations

import hashlib
import heapq
import itertools
import json
import logging
import threading
import uuid
from typing import TYPE_CHECKING

import requests

from simulator.clock import iso
from simulator.identity import tokens
from simulator.store.database import Event, Row, Shop, rows
from simulator.webhooks.shaping import include, passes, sign

if TYPE_CHECKING:
    from simulator.world import World

log = logging.getLogger(__name__)
RETRY_SECONDS = (10, 60, 120, 300, 600, 1800, 3600, 7910)  # 8 retries, 4 hours in all
CONNECT_SECONDS = 1.0
WORKERS = 12
# Sent whether or not the app is (still) installed.
ALWAYS = ("app/uninstalled", "shop/redact", "customers/redact", "customers/data_request")


class Dispatcher:
    """Turns events into deliveries and delivers them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._due: list[tuple[float, int, str]] = []
        self._order = itertools.count()
        self._wake = threading.Condition()
        self._last_body: dict[tuple[str, str, str, str], str] = {}
        self._busy = 0
        world.clock.on_move(self._notify)

    def start(self) -> None:
        """Take up what was pending and start the workers."""
        for known in self.world.records.rows("SELECT id, due_at FROM deliveries WHERE status = 'pending'"):
            heapq.heappush(self._due, (known["due_at"], next(self._order), known["id"]))
        for number in range(WORKERS):
            self.world.background(self._work, f"webhooks-{number}")

    def _notify(self) -> None:
        with self._wake:
            self._wake.notify_all()

    stop = _notify

    # -- from event to delivery

    def publish(self, shop: Shop, events: list[Event]) -> None:
        """Make a delivery of each event for each subscription that wants it."""
        with shop.read() as db:
            live = tokens.installed(db, self.world.manifest.handle) is not None
            made = rows(db, "SELECT * FROM subscriptions")
        now, event_id = self.world.clock.now(), str(uuid.uuid4())
        for event in events:
            if live or event.topic in ALWAYS:
                for subscription in self._wanting(event.topic, made if live else []):
                    self._deliver(shop, event, subscription, now, event_id)

    def _wanting(self, topic: str, made: list[Row]) -> list[Row]:
        manifest = self.world.manifest
        wanted: list[Row] = [
            {
                "id": None,
                "uri": s.uri,
                "fields": list(s.include_fields),
                "filter": s.filter,
                "name": s.name,
                "version": manifest.webhook_version,
            }
            for s in manifest.subscriptions
            if s.topic == topic
        ]
        enum = topic.upper().replace("/", "_")
        wanted += [{**s, "fields": json.loads(s["include_fields"])} for s in made if s["topic"] == enum]
        return wanted

    def _deliver(self, shop: Shop, event: Event, subscription: Row, now: float, event_id: str) -> None:
        payload = include(event.payload, subscription["fields"])
        if not passes(payload, subscription["filter"]):
            return
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
        if subscription["fields"] and self._repeats(shop, event, subscription, body):
            return
        fault = self.world.faults.draw(
            ("webhook_drop", "webhook_duplicate", "webhook_delay", "webhook_reorder"),
            shop.domain,
            event.topic,
        )
        kind = fault.kind if fault else ""
        late = {"webhook_delay": 3600.0, "webhook_reorder": 2.0}.get(kind, 0.0)
        if fault and fault.seconds is not None and late:
            late = fault.seconds
        number = str(uuid.uuid4())
        self.world.records.run(
            "INSERT INTO deliveries (id, event_id, shop, topic, uri, body, version, name, "
            "subscription_id, triggered_at, due_at, status)"
            " VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
            (
                number,
                event_id,
                shop.domain,
                event.topic,
                subscription["uri"],
                body,
                subscription["version"],
                subscription["name"],
                subscription["id"],
                event.at,
                now + late,
                "dropped" if kind == "webhook_drop" else "pending",
            ),
        )
        if kind != "webhook_drop":
            self._enqueue(now + late, number)
        if kind == "webhook_duplicate":
            self._enqueue(now + (fault.seconds or 0.0 if fault else 0.0), number)

    def _repeats(self, shop: Shop, event: Event, subscription: Row, body: str) -> bool:
        """Shopify suppresses a payload identical to the one before (with include_fields)."""
        resource = str(event.payload.get("id") or event.payload.get("inventory_item_id") or "")
        key = (shop.domain, event.topic, subscription["uri"], resource)
        mark = hashlib.sha256(body.encode()).hexdigest()
        same = self._last_body.get(key) == mark
        self._last_body[key] = mark
        return same

    def _enqueue(self, due: float, number: str) -> None:
        with self._wake:
            heapq.heappush(self._due, (due, next(self._order), number))
            self._wake.notify()

    # -- from delivery to answer

    def _work(self) -> None:
        with requests.Session() as session:
            while (number := self._next()) is not None:
                try:
                    self._attempt(session, number)
                except Exception:
                    log.exception("webhook delivery %s could not be attempted", number)
                finally:
                    with self._wake:
                        self._busy -= 1
                        self._wake.notify_all()

    def _next(self) -> str | None:
        with self._wake:
            while not self.world.stopping.is_set():
                wait = 5.0
                if self._due:
                    wait = self.world.clock.real_seconds_until(self._due[0][0])
                    if wait <= 0:
                        self._busy += 1
                        return heapq.heappop(self._due)[2]
                self._wake.wait(min(wait, 5.0))
        return None

    def drain(self, seconds: float) -> bool:
        """Wait until nothing is due or under way (retries in the future do not count); False after
        `seconds`.
        """
        with self._wake:
            return self._wake.wait_for(
                lambda: not self._busy and (not self._due or self._due[0][0] > self.world.clock.now()),
                seconds,
            )

    def _attempt(self, session: requests.Session, number: str) -> None:
        found = self.world.records.rows("SELECT * FROM deliveries WHERE id = ?", (number,))
        if not found or found[0]["status"] == "failed":
            return
        delivery = found[0]
        body = delivery["body"].encode()
        try:
            response = session.post(
                delivery["uri"],
                data=body,
                headers=self._headers(delivery, body),
                allow_redirects=False,
                timeout=(CONNECT_SECONDS, self.world.config.webhook_timeout_seconds),
            )
            answer, good = str(response.status_code), 200 <= response.status_code < 300
        except requests.RequestException as error:
            answer, good = type(error).__name__, False
        self._record(delivery, answer, good)

    def _headers(self, delivery: Row, body: bytes) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Shopify-Captain-Hook",
            "X-Shopify-Topic": delivery["topic"],
            "X-Shopify-Hmac-Sha256": sign(self.world.webhook_secret, body),
            "X-Shopify-Shop-Domain": delivery["shop"],
            "X-Shopify-API-Version": delivery["version"],
            "X-Shopify-Webhook-Id": delivery["id"],
            "X-Shopify-Event-Id": delivery["event_id"],
            "X-Shopify-Triggered-At": str(iso(delivery["triggered_at"])),
        }
        if delivery["name"]:
            headers["X-Shopify-Name"] = delivery["name"]
        return headers

    def _record(self, delivery: Row, answer: str, good: bool) -> None:
        now, attempts = self.world.clock.now(), delivery["attempts"] + 1
        status = (
            "delivered"
            if good or delivery["status"] == "delivered"
            else "pending"
            if attempts <= len(RETRY_SECONDS)
            else "failed"
        )
        due = now + RETRY_SECONDS[attempts - 1] if status == "pending" else delivery["due_at"]
        self.world.records.run(
            "UPDATE deliveries SET attempts = ?, status = ?, answer = ?, due_at = ?, finished_at "
            "= ? WHERE id = ?",
            (attempts, status, answer, due, None if status == "pending" else now, delivery["id"]),
        )
        if status == "pending":
            self._enqueue(due, delivery["id"])
        elif status == "failed" and delivery["subscription_id"]:
            with self.world.shop(delivery["shop"]).write() as change:
                change.db.execute("DELETE FROM subscriptions WHERE id = ?", (delivery["subscription_id"],))
