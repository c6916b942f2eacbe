"""Background work: RQ queues, jobs that run in one store's scope, and enqueueing after the commit."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ParamSpec, cast

from flask import Flask, current_app
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Retry, get_current_job
from rq.exceptions import DuplicateJobError
from rq.utils import import_attribute
from sqlalchemy.orm import Session, SessionTransaction

from app.config import Settings
from app.platform import clock, db, gathering, logs, lost, marks, outbox, redis_client, tenancy
from app.platform.counting import counted
from app.platform.marks import is_job as is_job
from app.platform.marks import is_kept as is_kept
from app.platform.marks import kept as kept

P = ParamSpec("P")
log = logging.getLogger(__name__)

# A worker empties them in this order: what a merchant waits for comes first.
QUEUES = ("urgent", "webhooks", "periodic", "backfill")
JOB_TIMEOUT_SECONDS = 1800
_PENDING = "jobs_after_commit"


def configure(app: Flask, settings: Settings) -> None:
    """Keep one connection pool to Redis for the process."""
    app.extensions["redis"] = redis_client.connect(settings)
    app.extensions["queue_prefix"] = settings.queue_prefix


def connection() -> Redis:
    """The process's Redis connection (a pool)."""
    return cast(Redis, current_app.extensions["redis"])


def ensure_reachable() -> None:
    """Raise Redis's own error when it is away: for a visitor who asks for work and has to know."""
    connection().ping()


def is_reachable() -> bool:
    """Whether Redis answers now."""
    try:
        return bool(connection().ping())
    except RedisError:
        return False


def queues() -> list[Queue]:
    """All queues, most urgent first."""
    return [queue(name) for name in QUEUES]


def prefix() -> str:
    """What our keys begin with, apart from other deployments on the same Redis."""
    return str(current_app.extensions["queue_prefix"])


def queue(name: str) -> Queue:
    """The RQ queue of that name, apart from other deployments that share the same Redis."""
    return Queue(
        f"{prefix()}{name}",
        connection=connection(),
        default_timeout=JOB_TIMEOUT_SECONDS,
    )


@dataclass(frozen=True)
class _Pending:
    """A job that waits for the commit; `inside` is the savepoint in which it was asked for, if any."""

    job: Callable[..., Any]
    arguments: tuple[Any, ...]
    on: str
    delay_seconds: float
    once: str | None
    gather: str | None
    retries: int
    inside: SessionTransaction | None


def enqueue(
    job: Callable[..., Any],
    *arguments: Any,
    on: str = "periodic",
    delay_seconds: float = 0,
    once: str | None = None,
    gather: str | None = None,
    retries: int = 3,
) -> None:
    """Enqueue after the current transaction has committed; a rollback forgets it.

    `once` names the work: while a job of that name waits or runs, another one is not added. `gather` names work
    that comes in drops: a job that waits does this drop too (app.platform.gathering). Whatever must happen is a row
    before it is a job (a kept job's is written here): the sweep enqueues again what Redis refuses or loses. Raises
    TypeError for what is no job, since it would run unscoped, and for a kept job without a name.
    """
    if not is_job(job):
        raise TypeError(f"{job.__qualname__} is no job: decorate it with @store_job or @global_job.")
    if is_kept(job) and once is None:
        raise TypeError(f"{job.__qualname__} is kept: give it a name by `once`.")
    session = db.session()
    inside = session.get_nested_transaction()
    session.info.setdefault(_PENDING, []).append(
        _Pending(job, arguments, on, delay_seconds, once, gather, retries, inside)
    )
    if not session.in_transaction():
        session.commit()


def _keep_pending(session: Session) -> None:
    """Write the rows of kept jobs, as the last thing before the commit."""
    if not session.in_nested_transaction():  # a savepoint's end commits nothing
        outbox.write([_wish(one) for one in session.info.get(_PENDING, []) if is_kept(one.job)])


def _wish(asked: _Pending) -> outbox.Wish:
    path = f"{asked.job.__module__}.{asked.job.__qualname__}"
    store_id = asked.arguments[0] if asked.job.job_scope == "store" else None  # type: ignore[attr-defined]
    return outbox.Wish(asked.once or "", path, list(asked.arguments), asked.on, store_id)


def _flush_pending(session: Session) -> None:
    """Hand what was enqueued during a committed transaction to Redis."""
    for one in [] if session.in_nested_transaction() else session.info.pop(_PENDING, []):
        try:
            if one.gather is None or gathering.is_first(one.gather, connection(), prefix()):
                _send(one)
        except RedisError:
            log.exception("Redis refused a job; the sweep will enqueue it", extra={"job": one.job.__name__})


def _forget_pending(session: Session, ended: SessionTransaction) -> None:
    """A rollback forgets what was asked for in it: the whole transaction, or the savepoint alone."""
    asked = session.info.pop(_PENDING, [])
    if ended.nested:
        session.info[_PENDING] = [one for one in asked if one.inside is not ended]


def _send(one: _Pending, *, again: str = "") -> None:
    target = queue(one.on)
    options: dict[str, Any] = {
        "retry": Retry(max=one.retries, interval=[5, 30, 120]) if one.retries else None,
        "result_ttl": 600,
        "failure_ttl": 7 * 86_400,
        "meta": {"correlation_id": logs.correlation_id(), "once": one.once},
    }
    if one.once is not None:
        options |= {"job_id": marks.job_id(one.once + again), "unique": True, "result_ttl": 0}
    for _try in range(2):  # another process may add the same job while room is made for it
        try:
            _add(target, one, options)
            return
        except DuplicateJobError:
            if not lost.make_room(options["job_id"], connection=connection(), now=clock.now()):
                break
    log.info("already queued", extra={"once": one.once})


def _add(target: Queue, one: _Pending, options: dict[str, Any]) -> None:
    if one.delay_seconds:
        target.enqueue_in(timedelta(seconds=one.delay_seconds), one.job, *one.arguments, **options)
    else:
        target.enqueue(one.job, *one.arguments, **options)


def resend(wishes: list[outbox.Wish]) -> int:
    """Enqueue kept jobs whose rows are there already; returns how many. A job that waits or runs is left alone."""
    for wish in wishes:
        job = import_attribute(wish.job)
        if not (is_job(job) and is_kept(job)):
            raise TypeError(f"The outbox names {wish.job}, which is no kept job.")
        _send(_Pending(job, tuple(wish.arguments), wish.queue, 0, wish.name, None, 3, None))
    return len(wishes)


def install_hooks(session_class: Any) -> None:
    """Keep before the commit, enqueue after it, forget after a rollback."""
    tenancy.attach(session_class, "before_commit", _keep_pending)
    tenancy.attach(session_class, "after_commit", _flush_pending)
    tenancy.attach(session_class, "after_soft_rollback", _forget_pending)


def store_job(function: Callable[P, Any]) -> Callable[P, None]:
    """Turn `function(store_id, …)` into a job: one application context, one store, one transaction.

    The store's scope opens here and in the request loader, nowhere else.
    """

    @functools.wraps(function)
    def run(*arguments: P.args, **keywords: P.kwargs) -> None:
        store_id = cast(int, arguments[0])
        with (
            marks.logged(function, store_id=store_id),
            counted(run, connection=connection(), prefix=prefix()),
            tenancy.store_scope(db.session(), store_id),
        ):
            _perform(run, lambda: function(*arguments, **keywords))

    return marks.marked(run, "store")


def global_job(function: Callable[P, Any]) -> Callable[P, None]:
    """A job without a store: it may read `stores` and enqueue, scoped data raises."""

    @functools.wraps(function)
    def run(*arguments: P.args, **keywords: P.kwargs) -> None:
        with marks.logged(function), counted(run, connection=connection(), prefix=prefix()):
            _perform(run, lambda: function(*arguments, **keywords))

    return marks.marked(run, "global")


def _perform(job: Callable[..., Any], work: Callable[[], Any]) -> None:
    """Do the work in one transaction; of a kept job, strike off its row in the same."""
    meta = marks.meta()
    name = meta.get("once") if is_kept(job) else None
    if name is None:
        with db.transaction():
            work()
        return
    with db.transaction():
        number = outbox.begin(name, counts=not marks.is_given_back(meta))
    if number is None:
        log.error("a job has failed too often and is parked; see `flask doctor`", extra={"name_of_job": name})
        return
    try:
        with db.transaction():
            work()
            is_fulfilled = not number or outbox.done(name, number)
    except Exception as error:
        with db.transaction():
            outbox.failed(name, reason=f"{type(error).__name__}: {error}")
        raise
    if not is_fulfilled:
        arguments = cast(Any, get_current_job()).args
        _send(_Pending(job, arguments, "periodic", 0, name, None, 3, None), again="-again")
