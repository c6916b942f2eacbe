"""The kinds of faults: what each does to the place, and how it ends."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import redis
import requests
from rq import SimpleWorker

from app.platform import clock, queue
from bench._processes import children, horses
from bench.faults.deploy import deploy
from bench.faults.forks import send, until
from bench.faults.ground import Place

PAUSE = 0.5


@dataclass(frozen=True)
class Kind:
    """One kind of fault; `hurt` returns when the fault is over."""

    words: str
    hurt: Callable[[Place], None]
    pieces: tuple[str, ...] = ()
    deliveries: int = 4


def _web_killed(place: Place) -> None:
    place.tell("web", signal.SIGKILL, family=True)
    place.start_web()
    until(place.is_up, 60)


def _web_child_killed(place: Place) -> None:
    for pid in children(place.pids["web"]):
        send(pid, signal.SIGKILL)
    until(place.is_up, 60)


def _web_stopped(place: Place) -> None:
    place.tell("web", signal.SIGTERM)
    place.wait_gone("web", 10)
    place.start_web()
    until(place.is_up, 60)


def _web_paused(place: Place) -> None:
    place.tell("web", signal.SIGSTOP, family=True)
    time.sleep(PAUSE)
    place.tell("web", signal.SIGCONT, family=True)


def _worker_killed(place: Place) -> None:
    time.sleep(0.2)
    place.tell("worker", signal.SIGKILL)  # its scheduler and its job have to notice by themselves
    place.start_worker()


def _horse_killed(place: Place) -> None:
    limit, found = time.monotonic() + 2, list[int]()
    while not found and time.monotonic() < limit:
        found = horses(place.pids["worker"])
    for pid in found:
        send(pid, signal.SIGKILL)


def _worker_stopped(place: Place) -> None:
    time.sleep(0.2)
    place.tell("worker", signal.SIGTERM)
    place.wait_gone("worker", 10)
    place.start_worker()


def _worker_paused(place: Place) -> None:
    place.tell("worker", signal.SIGSTOP, family=True)
    time.sleep(PAUSE)
    place.tell("worker", signal.SIGCONT, family=True)


def _cron_killed(place: Place) -> None:
    place.tell("cron", signal.SIGKILL, family=True)
    place.start_cron()


def _valkey(place: Place) -> redis.Redis:
    return redis.Redis(port=place.redis_port)


def _valkey_killed(place: Place) -> None:
    time.sleep(0.15)
    place.drop(place.valkey)
    time.sleep(0.2)
    place.start_valkey()


def _valkey_lost(place: Place) -> None:
    time.sleep(0.15)
    place.drop(place.valkey)
    subprocess.run(["rm", "-rf", str(place.state / "valkey")], check=True)
    place.start_valkey()


def _valkey_emptied(place: Place) -> None:
    time.sleep(0.2)
    _valkey(place).flushall()


def _valkey_paused(place: Place) -> None:
    place.valkey.process.send_signal(signal.SIGSTOP)
    time.sleep(PAUSE)
    place.valkey.process.send_signal(signal.SIGCONT)


def _valkey_full(place: Place) -> None:
    _valkey(place).config_set("maxmemory", 1)
    time.sleep(PAUSE)
    _valkey(place).config_set("maxmemory", 0)


def _valkey_cut(place: Place) -> None:
    for _ in range(4):
        for kind in ("normal", "pubsub"):
            _valkey(place).execute_command("CLIENT", "KILL", "TYPE", kind)  # type: ignore[no-untyped-call]
        time.sleep(0.1)


def _postgres_restarted(place: Place) -> None:
    place.drop(place.database, signal.SIGINT)
    place.start_postgres()


def _postgres_crashed(place: Place) -> None:
    time.sleep(0.15)
    place.drop(place.database, signal.SIGQUIT)
    place.start_postgres()


def _postgres_paused(place: Place) -> None:
    pid = place.database.process.pid
    send(pid, signal.SIGSTOP, family=True)
    time.sleep(PAUSE)
    send(pid, signal.SIGCONT, family=True)


def _postgres_cut(place: Place) -> None:
    for _ in range(3):
        place.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'fluxor_app'")
        time.sleep(0.15)


def _postgres_read_only(place: Place) -> None:
    place.sql("ALTER DATABASE faults SET default_transaction_read_only = on")
    _postgres_cut(place)
    place.sql("SET transaction_read_only = off; ALTER DATABASE faults RESET default_transaction_read_only")
    _postgres_cut(place)


def _postgres_refuses(place: Place) -> None:
    place.sql("ALTER ROLE fluxor_app CONNECTION LIMIT 0")
    _postgres_cut(place)
    place.sql("ALTER ROLE fluxor_app CONNECTION LIMIT -1")


def _postgres_locked(place: Place) -> None:
    """Whoever locks several tables may be the one that PostgreSQL ends in a deadlock with the app; then again."""
    lock = "LOCK TABLE webhook_receipts, audit_entries, outbox IN ACCESS EXCLUSIVE MODE"
    place.sql(f"BEGIN; {lock}; SELECT pg_sleep({PAUSE}); COMMIT", again_after_deadlocks=4)


def _disk_full(place: Place) -> None:
    """Every write to the receipts and the audit trail fails as PostgreSQL's own do when the disk is full."""
    tables = ("webhook_receipts", "audit_entries", "reports")
    place.sql(
        "CREATE OR REPLACE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION"
        " 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$"
    )
    for table in tables:
        place.sql(f"CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON {table} EXECUTE FUNCTION full_disk()")
    time.sleep(PAUSE)
    for table in tables:
        place.sql(f"DROP TRIGGER full_disk ON {table}")


def _clock_jumps(place: Place) -> None:
    """A second worker, whose clock is a day ahead and then a day behind, works off the same queues."""
    handler = signal.getsignal(signal.SIGTERM)
    for days in (1, -1):
        with place.app.app_context(), clock.travel(timedelta(days=days)):
            SimpleWorker(queue.queues(), connection=queue.connection()).work(
                burst=True, logging_level="CRITICAL"
            )
    signal.signal(signal.SIGTERM, handler)  # the worker has put its own there


def _fault(place: Place, **fault: object) -> None:
    """A fault of the simulator's for a while."""
    url = f"{place.simulator.url}/control/faults"
    requests.post(url, json=fault, timeout=10).raise_for_status()
    time.sleep(PAUSE)
    requests.delete(url, timeout=10).raise_for_status()


def _outside(words: str, pieces: tuple[str, ...], **fault: object) -> Kind:
    return Kind(words, lambda place: _fault(place, **fault), pieces, deliveries=1)


KINDS: dict[str, Kind] = {
    "web-killed": Kind("web process killed", _web_killed),
    "web-child-killed": Kind("web's child killed", _web_child_killed),
    "web-stopped": Kind("web told to stop (ends within 10 s)", _web_stopped),
    "web-paused": Kind("web does not answer", _web_paused),
    "worker-killed": Kind("worker killed with its job", _worker_killed),
    "job-killed": Kind("job's process killed", _horse_killed),
    "worker-stopped": Kind("worker told to stop (ends within 10 s)", _worker_stopped, ("report",)),
    "worker-paused": Kind("worker stands still", _worker_paused),
    "clock-killed": Kind("clock's process killed", _cron_killed),
    "valkey-killed": Kind("Valkey killed, data kept", _valkey_killed, ("report", "mail")),
    "valkey-lost": Kind("Valkey killed, data lost", _valkey_lost, ("report", "mail")),
    "valkey-emptied": Kind("Valkey emptied", _valkey_emptied, ("report", "mail")),
    "valkey-paused": Kind("Valkey does not answer", _valkey_paused, ("report",)),
    "valkey-full": Kind("Valkey refuses to write", _valkey_full, ("report",)),
    "valkey-cut": Kind("connections to Valkey cut", _valkey_cut, ("report",)),
    "postgres-restarted": Kind("PostgreSQL restarted", _postgres_restarted, ("report",)),
    "postgres-crashed": Kind("PostgreSQL crashed", _postgres_crashed, ("report",)),
    "postgres-paused": Kind("PostgreSQL does not answer", _postgres_paused),
    "postgres-cut": Kind("connections to PostgreSQL cut", _postgres_cut, ("report",)),
    "postgres-read-only": Kind("PostgreSQL is read-only (failover)", _postgres_read_only),
    "postgres-refuses": Kind("PostgreSQL takes no connections", _postgres_refuses),
    "postgres-locked": Kind("tables locked by a migration", _postgres_locked),
    "disk-full": Kind("database's disk full", _disk_full, ("report",)),
    "clock-jumps": Kind("a worker's clock a day off", _clock_jumps, ("report", "order")),
    "shopify-down": _outside("Shopify down", ("order",), kind="server_error"),
    "shopify-slow": _outside("Shopify slow", ("order",), kind="slow", seconds=1.0),
    "shopify-silent": _outside("Shopify does not answer", ("order",), kind="timeout", seconds=1.0),
    "shopify-lies": _outside("Shopify answers nonsense", ("order",), kind="not_json"),
    "shopify-throttles": _outside("Shopify throttles", ("order",), kind="rate_limited", retry_after="0.5"),
    "webhooks-doubled": _outside("webhooks doubled", ("order",), kind="webhook_duplicate"),
    "mailgun-down": _outside("Mailgun down", ("mail",), kind="mail_down"),
    "mailgun-slow": _outside("Mailgun slow", ("mail",), kind="mail_slow", seconds=1.0),
    "deploy": Kind("old and new code at once, a migration between", deploy, ("report",), deliveries=20),
}
