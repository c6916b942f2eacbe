"""The work that goes on while faults happen, and the count of what it came to.

Each piece has an effect that can be counted: a delivery an audit entry, a mail a message in Mailgun's outbox, a kept
job a finished report, an order the units of its day.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import itertools
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

import requests

from app.jobs import alerts as mails
from app.jobs import reports as report_jobs
from app.platform import clock, db
from app.platform.queue import enqueue
from app.services import alerts, reports
from bench.faults.ground import SECRET, SHOP, Place


@dataclass
class Trial:
    """One fault and the work that it befell; `over_at` is when the fault ended."""

    kind: str
    deliveries: list[int] = field(default_factory=list)
    mails: list[str] = field(default_factory=list)
    reports: list[int] = field(default_factory=list)
    over_at: float = 0.0
    refused: int = 0


class Work:
    """Asks for work in threads, as Shopify and merchants do: again and again until it is accepted."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.numbers = itertools.count(1)
        self.pool = ThreadPoolExecutor(12)
        self.draw = random.Random(5)
        self.variants = [
            row[0] for row in place.sql(f"SELECT id FROM variants WHERE store_id = {place.store_id} LIMIT 5")
        ]

    def begin(self, trial: Trial, pieces: tuple[str, ...], *, deliveries: int = 4) -> list[Future[None]]:
        """Set work in motion that falls before, into and after the fault."""
        waiting = []
        for _ in range(deliveries):
            number = next(self.numbers)
            trial.deliveries.append(number)
            waiting.append(self.pool.submit(self._deliver, trial, number, self.draw.uniform(0, 0.4)))
        if "mail" in pieces:
            trial.mails.append(f"Fault mail {next(self.numbers)}")
            waiting.append(self.pool.submit(self._again, lambda: self._mail(trial.mails[-1])))
        if "report" in pieces:
            waiting.append(self.pool.submit(self._again, lambda: self._report(trial)))
        if "order" in pieces:
            waiting.append(self.pool.submit(self._order))
        return waiting

    def _deliver(self, trial: Trial, number: int, after: float) -> None:
        time.sleep(after)
        self._again(lambda: self._post(trial, number))
        if number % 3 == 0:  # Shopify may deliver twice
            with contextlib.suppress(requests.RequestException):
                self._post(trial, number)

    def _again(self, attempt: Callable[[], None], seconds: float = 90.0) -> None:
        limit = time.monotonic() + seconds
        while True:
            try:
                attempt()
            except Exception:
                if time.monotonic() > limit:
                    raise
                time.sleep(0.1)
            else:
                return

    def _post(self, trial: Trial, number: int) -> None:
        body = json.dumps({"data_request": {"id": number}, "orders_requested": []}).encode()
        signature = base64.b64encode(hmac.new(SECRET.encode(), body, hashlib.sha256).digest()).decode()
        headers = {
            "Content-Type": "application/json",
            "X-Shopify-Topic": "customers/data_request",
            "X-Shopify-Hmac-Sha256": signature,
            "X-Shopify-Shop-Domain": SHOP,
            "X-Shopify-API-Version": "2026-07",
            "X-Shopify-Webhook-Id": f"delivery-{number}",
            "X-Shopify-Triggered-At": datetime.now(UTC).isoformat(),
        }
        try:
            _routed(self.place.ports, body, headers)
        except requests.RequestException:
            trial.refused += 1
            raise

    def _mail(self, subject: str) -> None:
        with self.place.scope() as store_id:
            mail_id = alerts.write_mail(
                ["owner@shop.test"], subject=subject, text="-", html="-", now=clock.now()
            )
            mails.send_later(store_id, mail_id)
            db.session().commit()

    def _report(self, trial: Trial) -> None:
        with self.place.scope() as store_id:
            report_id = reports.request("inventory", actor="bench", now=clock.now())
            enqueue(report_jobs.make, store_id, report_id, on="urgent", once=f"report-{report_id}")
            db.session().commit()
        trial.reports.append(report_id)

    def _order(self) -> None:
        lines = [{"variant_id": self.draw.choice(self.variants), "quantity": 1}]
        url = f"{self.place.simulator.url}/control/shops/{SHOP}/orders"
        requests.post(url, json={"lines": lines}, timeout=30).raise_for_status()


def _routed(ports: list[int], body: bytes, headers: dict[str, str]) -> None:
    """Send it as a router does: to the first process that takes the connection."""
    for port in ports:
        try:
            url = f"http://127.0.0.1:{port}/webhooks"
            requests.post(url, data=body, headers=headers, timeout=(1, 5)).raise_for_status()
        except requests.ConnectionError:
            if port == ports[-1]:
                raise
        else:
            return


@dataclass
class Count:
    """What one kind of fault came to."""

    tried: int = 0
    lost: int = 0
    twice: int = 0
    refused: int = 0
    missed: list[str] = field(default_factory=list)
    recovery: list[float] = field(default_factory=list)


class Effects:
    """What has happened of all that was asked for."""

    def __init__(self, place: Place) -> None:
        audit = place.sql(
            "SELECT (detail->>'request_id')::bigint, extract(epoch FROM at)::float8 FROM audit_entries"
            " WHERE action = 'privacy.data_request'"
        )
        self.deliveries: dict[int, list[float]] = defaultdict(list)
        for number, at in audit:
            self.deliveries[number].append(at)
        done = place.sql(
            "SELECT id, extract(epoch FROM finished_at)::float8 FROM reports WHERE status = 'done'"
        )
        self.reports: dict[int, float] = dict(done)
        outbox = requests.get(f"{place.simulator.url}/control/outbox?limit=100000", timeout=60).json()[
            "messages"
        ]
        self.mails = Counter(message["subject"] for message in outbox)
        self.told = {
            row[0]
            for row in place.sql("SELECT subject FROM alert_mails WHERE status = 'failed' AND error <> ''")
        }

    def missing(self, trial: Trial) -> int:
        """How many pieces of a trial have had no effect."""
        return len(self.missed(trial))

    def missed(self, trial: Trial) -> list[str]:
        """The pieces of a trial that have had no effect."""
        return [
            *(f"delivery {number}" for number in trial.deliveries if number not in self.deliveries),
            *(one for one in trial.mails if one not in self.mails and one not in self.told),
            *(f"report {number}" for number in trial.reports if number not in self.reports),
        ]

    def repeated(self, trial: Trial) -> int:
        """How many effects of a trial there are beyond one for each piece."""
        twice = sum(max(0, len(self.deliveries[number]) - 1) for number in trial.deliveries)
        return twice + sum(max(0, self.mails[subject] - 1) for subject in trial.mails)

    def recovery(self, trial: Trial) -> float:
        """Seconds from the fault's end to the last effect of the deliveries that it befell."""
        # By the database's clock: a report's own moment is its worker's, whose clock may be a day off.
        times = [at for number in trial.deliveries for at in self.deliveries[number]]
        return max([0.0, *(at - trial.over_at for at in times)])


def counted(trials: list[Trial], effects: Effects) -> Iterator[tuple[str, Count]]:
    """The count of each kind, in the order in which they were tried."""
    found: dict[str, Count] = {}
    for trial in trials:
        count = found.setdefault(trial.kind, Count())
        count.tried += 1
        count.lost += effects.missing(trial)
        count.missed += effects.missed(trial)
        count.twice += effects.repeated(trial)
        count.refused += trial.refused
        count.recovery.append(effects.recovery(trial))
    yield from found.items()
