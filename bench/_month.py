"""A randomised month of a simulated shop's life, with faults on its calls and workers killed in the middle of work.

Everything that happens is drawn from one seed. What the app then holds is compared with the shop's own records.
"""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import requests

from app.jobs import schedule
from app.platform import clock, db, queue
from app.services import stores
from bench import _ground
from tests.live import Live

ZONES = ("America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns")
# Five calls in a hundred go wrong, each kind in its share.
FAULTS = (
    {"kind": "server_error", "rate": 0.02},
    {"kind": "throttled", "rate": 0.01},
    {"kind": "rate_limited", "rate": 0.01, "retry_after": "0.2"},
    {"kind": "not_json", "rate": 0.005},
    {"kind": "timeout", "rate": 0.005, "seconds": 0.2},
    {"kind": "webhook_drop", "rate": 0.05},
    {"kind": "webhook_duplicate", "rate": 0.05},
    {"kind": "webhook_delay", "rate": 0.05, "seconds": 40_000},
    {"kind": "webhook_reorder", "rate": 0.05, "seconds": 7200},
    {"kind": "result_truncated", "rate": 0.3, "count": 6},
    {"kind": "result_expired", "rate": 0.2, "count": 2},
    {"kind": "bulk_failed", "rate": 0.2, "count": 2},
)


@dataclass
class Month:
    """One shop's month; `kills` workers have been killed while they worked."""

    live: Live
    seed: int
    happened: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    offset: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.orders: list[int] = []
        self.variants = sorted({variant for variant, _ in self.live.true_stock()})
        self.made = 0

    def run(self, *, days: int, acts: int, turn_hours: int = 6, kill_every: int = 3) -> None:
        """Live through `days` with about `acts` things happening on each; every so many turns a worker is killed."""
        self._control("post", "faults", seed=self.seed)
        for fault in FAULTS:
            self._control("post", "faults", **fault)
        # A month in a minute asks for a month's calls in a minute: the biggest plan's budget allows them.
        self.live.control("plan", plan="enterprise")
        self._forecast_simply()
        for turn in range(days * 24 // turn_hours):
            for _ in range(self.random.randint(0, 2 * acts * turn_hours // 24)):
                self._act()
            self._advance(turn_hours * 3600)
            self._periodic(is_night=turn * turn_hours % 120 == 0)
            if turn % kill_every == 0:
                self._work_and_be_killed()
            else:
                self._work()

    def settle(self) -> list[str]:
        """What follows any month: the faults end, Redis is lost, and the periodic work runs once more."""
        self._control("delete", "faults")
        self._advance(6 * 3600)
        self.live.deliver()
        failures: list[str] = []
        with self.live.app.app_context():
            queue.connection().flushdb()
            for due in (schedule.sweep_due, schedule.sync_due, schedule.reconcile_due):
                self._advance(3600)
                with clock.travel(self.offset):
                    due()
                    failures += self.live.work()
        return failures

    # -- the world

    def _control(self, method: str, path: str, **body: Any) -> None:
        url = f"{self.live.simulator.url}/control/{path}"
        requests.request(method, url, json=body, timeout=30).raise_for_status()

    def _advance(self, seconds: int) -> None:
        self._control("post", "clock", advance_seconds=seconds)
        self.offset += timedelta(seconds=seconds)

    def _forecast_simply(self) -> None:
        """The month is about numbers read, not about forecasts made of them."""
        with self.live.scope():
            stores.settings().engine = "moving_average"
            db.session().commit()

    def _periodic(self, *, is_night: bool) -> None:
        with self.live.app.app_context(), clock.travel(self.offset):
            schedule.sweep_due()
            schedule.sync_due()
            if is_night:
                schedule.reconcile_due()

    def _work(self) -> None:
        with self.live.app.app_context(), clock.travel(self.offset):
            self.live.work()

    def _work_and_be_killed(self) -> None:
        """Work in a process of its own, and kill it with SIGKILL at some moment."""
        command = [sys.executable, "-m", "bench._worker", str(self.offset.total_seconds())]
        process = subprocess.Popen(
            command, env=_ground.environment(self.live.app.extensions["settings"]), stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        process.stdout.readline()  # it says when it begins
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(self.random.uniform(0.05, 1.0))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            self.kills += 1
        process.wait()
        process.stdout.close()

    # -- what happens

    def _act(self) -> None:
        names = list(_ACTS)
        name = self.random.choices(names, weights=[_ACTS[one] for one in names])[0]
        act: Callable[[], None] = getattr(self, f"_{name}")
        try:
            act()
        except requests.HTTPError as refusal:
            if refusal.response.status_code != 422:
                raise
            self.happened[f"{name} refused"] += 1  # e.g. an order that is cancelled already
        else:
            self.happened[name] += 1

    def _line(self) -> dict[str, int]:
        return {"variant_id": self.random.choice(self.variants), "quantity": self.random.randint(1, 4)}

    def _order(self) -> None:
        lines = [self._line() for _ in range(self.random.randint(1, 3))]
        odd = self.random.random()
        placed = self.live.control("orders", lines=lines, test=odd < 0.05, fulfill=odd > 0.5)
        self.orders.append(placed["order_id"])

    def _big_order(self) -> None:
        lines = [{"variant_id": self.variants[n % len(self.variants)], "quantity": 1} for n in range(260)]
        self.orders.append(self.live.control("orders", lines=lines)["order_id"])

    def _some_order(self) -> int:
        return self.random.choice(self.orders) if self.orders else 1

    def _refund(self) -> None:
        self.live.control("refund", order_id=self._some_order(), restock=self.random.random() < 0.5)

    def _edit(self) -> None:
        self.live.control("edit", order_id=self._some_order(), add=[self._line()])

    def _cancel(self) -> None:
        self.live.control("cancel", order_id=self._some_order(), restock=self.random.random() < 0.5)

    def _delete_order(self) -> None:
        self.live.control("delete_order", order_id=self._some_order())

    def _fulfil(self) -> None:
        self.live.control("fulfill", order_id=self._some_order())

    def _stock(self) -> None:
        variant = self.random.choice(self.variants)
        self.live.control("stock", variant_id=variant, delta=self.random.randint(-5, 20))

    def _transfer(self) -> None:
        self.live.control("transfer", lines=[self._line()])

    def _receive(self) -> None:
        self.live.control("transfer", receive=True)

    def _new_product(self) -> None:
        self.made += 1
        skus = [f"NEW-{self.seed}-{self.made}-{n}" for n in range(self.random.randint(1, 3))]
        made = self.live.control("product", title=f"New {self.made}", skus=skus, stock=20)
        self.variants += [variant["id"] for variant in made["variants"]]

    def _delete_variant(self) -> None:
        # One that the first sync has seen: what nobody ever saw cannot be known by anybody.
        known = [variant for variant in self.variants if variant in self._seen()]
        if len(known) > 10:
            gone = self.random.choice(known)
            self.variants.remove(gone)
            self.live.control("product", delete_variant=gone)

    def _seen(self) -> set[int]:
        return {variant for variant, _ in self.live.our_stock()}

    def _timezone(self) -> None:
        self.live.control("timezone", timezone=self.random.choice(ZONES))


_ACTS = {
    "order": 40,
    "refund": 10,
    "edit": 8,
    "cancel": 4,
    "delete_order": 3,
    "fulfil": 8,
    "stock": 10,
    "transfer": 3,
    "receive": 3,
    "new_product": 2,
    "delete_variant": 2,
    "timezone": 1,
    "big_order": 0.5,
}


@dataclass(frozen=True)
class Verdict:
    """How many numbers were compared and how many of them are wrong."""

    days: int
    wrong_days: list[tuple[Any, ...]]
    levels: int
    wrong_levels: list[tuple[Any, ...]]

    @property
    def is_true(self) -> bool:
        """Whether every number equals the shop's own."""
        return not self.wrong_days and not self.wrong_levels


def judge(live: Live) -> Verdict:
    """Compare the app's daily units and stock with the shop's own records."""
    ours, theirs = live.our_units(), live.true_units()
    held, true = live.our_stock(), live.true_stock()
    return Verdict(
        days=len(ours.keys() | theirs.keys()),
        wrong_days=_wrong(ours, theirs),
        levels=len(held.keys() | true.keys()),
        wrong_levels=_wrong(held, true),
    )


def _wrong(ours: dict[Any, int], theirs: dict[Any, int]) -> list[tuple[Any, ...]]:
    keys = sorted(ours.keys() | theirs.keys())
    return [(key, ours.get(key), theirs.get(key)) for key in keys if ours.get(key, 0) != theirs.get(key, 0)]
