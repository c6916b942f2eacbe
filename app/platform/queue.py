"""Background work: RQ queues, jobs that run in one store's scope, and enqueueing after the commit."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ParamSpec, cast

from flask import Flask, current_app
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Retry, get_current_job
from rq.exceptions import DuplicateJobError, NoSuchJobError
from rq.job import Job, JobStatus
from rq.registry import FailedJobRegistry
from sqlalchemy import event
from sqlalchemy.orm import Session

from app.platform import db, logs, tenancy

P = ParamSpec("P")
log = logging.getLogger(__name__)

# A worker empties them in this order: what a merchant waits for comes first.
QUEUES = ("urgent", "webhooks", "periodic", "backfill")
JOB_TIMEOUT_SECONDS = 1800
_PENDING = "jobs_after_commit"


def configure(app: Flask, *, redis_url: str, prefix: str) -> None:
    """Keep one connection pool to Redis for the process."""
    app.extensions["redis"] = Redis.from_url(
        redis_url, socket_connect_timeout=2, socket_timeout=30, health_check_interval=30
    )
    app.extensions["queue_prefix"] = prefix


def connection() -> Redis:
    """The process's Redis connection (a pool)."""
    return cast(Redis, current_app.extensions["redis"])


def is_reachable() -> bool:
    """Whether Redis answers now."""
    try:
        return bool(connection().ping())
    except RedisError:
        return False


def ensure_reachable() -> None:
    """Raise Redis's own error when it is away: for a visitor who asks for work and has to know."""
    connection().ping()


def queue(name: str) -> Queue:
    """The RQ queue of that name, apart from other deployments that share the same Redis."""
    return Queue(
        f"{current_app.extensions['queue_prefix']}{name}",
        connection=connection(),
        default_timeout=JOB_TIMEOUT_SECONDS,
    )


def enqueue(
    job: Callable[..., Any],
    *arguments: Any,
    on: str = "periodic",
    delay_seconds: float = 0,
    once: str | None = None,
    retries: int = 3,
) -> None:
    """Enqueue after the current transaction has committed; a rollback forgets it.

    `once` names the work: while a job of that name waits, another one is not added. If Redis is down the
    work is not lost: whatever must happen is a row before it is a job, and `flask sweep` enqueues it again.
    Raises TypeError for a function that is neither a store_job nor a global_job: it would run unscoped.
    """
    if not is_job(job):
        raise TypeError(f"{job.__qualname__} is no job: decorate it with @store_job or @global_job.")
    session = db.session()
    session.info.setdefault(_PENDING, []).append((job, arguments, on, delay_seconds, once, retries))
    if not session.in_transaction():
        flush_pending(session)


def flush_pending(session: Session) -> None:
    """Hand what was enqueued during a committed transaction to Redis."""
    for job, arguments, on, delay, once, retries in session.info.pop(_PENDING, []):
        try:
            _send(job, arguments, on, delay, once, retries)
        except RedisError:
            log.exception("Redis refused a job; the sweep will enqueue it", extra={"job": job.__name__})


def _send(
    job: Callable[..., Any], arguments: tuple[Any, ...], on: str, delay: float, once: str | None, retries: int
) -> None:
    target = queue(on)
    options: dict[str, Any] = {
        "retry": Retry(max=retries, interval=[5, 30, 120]) if retries else None,
        "result_ttl": 600,
        "failure_ttl": 7 * 86_400,
        "meta": {"correlation_id": logs.correlation_id()},
    }
    if once is not None:
        options |= {"job_id": _job_id(once), "unique": True, "result_ttl": 0}
    try:
        _add(target, job, arguments, delay, options)
    except DuplicateJobError:
        if _make_room(options["job_id"]):
            _add(target, job, arguments, delay, options)
        else:
            log.info("already queued", extra={"once": once})


def _add(
    target: Queue, job: Callable[..., Any], arguments: tuple[Any, ...], delay: float, options: dict[str, Any]
) -> None:
    if delay:
        target.enqueue_in(timedelta(seconds=delay), job, *arguments, **options)
    else:
        target.enqueue(job, *arguments, **options)


_OVER = (JobStatus.FAILED, JobStatus.STOPPED, JobStatus.CANCELED, JobStatus.FINISHED)


def _make_room(job_id: str) -> bool:
    """Remove a job of that name that is over: a failed one keeps its name for days and would block the work."""
    try:
        found = Job.fetch(job_id, connection=connection())
    except NoSuchJobError:
        return True
    if found.get_status() not in _OVER:
        return False
    found.delete()
    return True


def _job_id(once: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in once)


@dataclass(frozen=True)
class FailedJob:
    """A job that has used up its tries; `reason` is the last line of its traceback, redacted."""

    id: str
    queue: str
    job: str
    ended_at: datetime | None
    reason: str


def failed_jobs() -> list[FailedJob]:
    """The jobs that have failed for good and wait for somebody to look at them."""
    found = []
    for name in QUEUES:
        for job_id in FailedJobRegistry(queue=queue(name)).get_job_ids():
            try:
                job = Job.fetch(job_id, connection=connection())
            except NoSuchJobError:
                continue  # it ran out between the two looks
            result = job.latest_result()
            lines = (result.exc_string or "").strip().splitlines() if result is not None else []
            reason = logs.redact(lines[-1]) if lines else "no reason kept"
            found.append(FailedJob(job_id, name, job.func_name or "", job.ended_at, reason))
    return found


def retry_failed() -> int:
    """Enqueue every failed job again; returns how many."""
    again = failed_jobs()
    for found in again:
        FailedJobRegistry(queue=queue(found.queue)).requeue(found.id)
    return len(again)


def install_hooks(session_class: Any) -> None:
    """Enqueue after commit, forget after rollback."""
    event.listen(session_class, "after_commit", flush_pending)
    event.listen(
        session_class, "after_soft_rollback", lambda session, _previous: session.info.pop(_PENDING, None)
    )


def store_job(function: Callable[P, Any]) -> Callable[P, None]:
    """Turn `function(store_id, …)` into a job: one application context, one store, one transaction.

    The store's scope opens here and in the request loader, nowhere else.
    """

    @functools.wraps(function)
    def run(*arguments: P.args, **keywords: P.kwargs) -> None:
        store_id = cast(int, arguments[0])
        with (
            _logged(function, store_id=store_id),
            tenancy.store_scope(db.session(), store_id),
            db.transaction(),
        ):
            function(*arguments, **keywords)

    return _marked(run, "store")


def global_job(function: Callable[P, Any]) -> Callable[P, None]:
    """A job without a store: it may read `stores` and enqueue, scoped data raises."""

    @functools.wraps(function)
    def run(*arguments: P.args, **keywords: P.kwargs) -> None:
        with _logged(function), db.transaction():
            function(*arguments, **keywords)

    return _marked(run, "global")


def is_job(function: Callable[..., Any]) -> bool:
    """Whether the function may be enqueued."""
    return getattr(function, "job_scope", None) in ("store", "global")


def _marked(run: Callable[P, None], scope: str) -> Callable[P, None]:
    run.job_scope = scope  # type: ignore[attr-defined]
    return run


def _logged(function: Callable[..., Any], **fields: Any) -> AbstractContextManager[None]:
    """Each line of a job carries the correlation id of the request, or job, that asked for it."""
    current = get_current_job()
    known = None if current is None else current.meta.get("correlation_id")
    return logs.context(correlation_id=known or logs.correlation_id(), job=function.__name__, **fields)
