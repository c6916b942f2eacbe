"""Jobs that nobody will do: those that failed for good, those whose worker died, and a Redis that lost its data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from redis import Redis
from rq import Queue, Worker
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job, JobStatus
from rq.registry import FailedJobRegistry, ScheduledJobRegistry

from app.platform import logs

_OVER = (JobStatus.FAILED, JobStatus.STOPPED, JobStatus.CANCELED, JobStatus.FINISHED)
# A worker tells of itself every few seconds while a job runs (app.platform.workers).
_DEAD_AFTER = timedelta(seconds=90)
# Between leaving the queue and being noted as started a job is nowhere for a moment.
_NOWHERE_AFTER = timedelta(seconds=60)
_OVERDUE = timedelta(seconds=5)
_RUN = "seen-run-of-redis"


def make_room(job_id: str, *, connection: Redis, now: datetime) -> bool:
    """Remove a job of that name that is over, or that no queue and no living worker has any more.

    Either would block its name: a failed one for days, one that a dying worker had just taken for ever.
    """
    try:
        found = Job.fetch(job_id, connection=connection)
        if found.get_status() not in _OVER and not _is_lost(found, connection, now):
            return False
    except (NoSuchJobError, InvalidJobOperation):
        return True  # a worker has just ended it, perhaps between the two looks
    found.delete()
    return True


def _is_lost(job: Job, connection: Redis, now: datetime) -> bool:
    status, queue = job.get_status(), Queue(job.origin, connection=connection)
    if status == JobStatus.QUEUED:
        is_fresh = job.enqueued_at is not None and now - job.enqueued_at < _NOWHERE_AFTER
        return not is_fresh and cast(Any, connection).lpos(queue.key, job.id) is None
    if status == JobStatus.SCHEDULED:
        registry = ScheduledJobRegistry(queue=queue)  # type: ignore[no-untyped-call]
        return connection.zscore(registry.key, job.id) is None
    if status == JobStatus.STARTED:
        return job.last_heartbeat is not None and now - job.last_heartbeat > _DEAD_AFTER
    return False


def bring_overdue(queues: list[Queue], *, now: datetime, after: timedelta = _OVERDUE) -> int:
    """Enqueue delayed jobs whose time has passed a while ago; returns how many.

    One worker's scheduler does that on time. When it was killed, another takes its place after a minute only.
    However many look at once, one of them brings a job.
    """
    brought = 0
    for queue in queues:
        registry = ScheduledJobRegistry(queue=queue)  # type: ignore[no-untyped-call]
        for job_id in registry.get_jobs_to_schedule(int((now - after).timestamp()), 100):
            if not queue.connection.zrem(registry.key, job_id):
                continue  # somebody else has it
            try:
                job = Job.fetch(job_id, connection=queue.connection)
                queue.enqueue_job(job, at_front=job.should_enqueue_at_front())
                brought += 1
            except NoSuchJobError:
                continue
    return brought


@dataclass(frozen=True)
class FailedJob:
    """A job that has used up its tries; `reason` is the last line of its traceback, redacted."""

    id: str
    queue: str
    job: str
    ended_at: datetime | None
    reason: str


def failed_jobs(queues: list[Queue]) -> list[FailedJob]:
    """The jobs that have failed for good and wait for somebody to look at them."""
    found = []
    for queue in queues:
        for job_id in FailedJobRegistry(queue=queue).get_job_ids():
            try:
                job = Job.fetch(job_id, connection=queue.connection)
            except NoSuchJobError:
                continue  # it ran out between the two looks
            result = job.latest_result()
            lines = (result.exc_string or "").strip().splitlines() if result is not None else []
            reason = logs.redact(lines[-1]) if lines else "no reason kept"
            found.append(FailedJob(job_id, queue.name, job.func_name or "", job.ended_at, reason))
    return found


def workers(connection: Redis) -> int:
    """How many workers live."""
    return len(Worker.all(connection=connection))


def retry_failed(queues: list[Queue]) -> int:
    """Enqueue every failed job again; returns how many."""
    by_name = {queue.name: queue for queue in queues}
    again = failed_jobs(queues)
    for found in again:
        FailedJobRegistry(queue=by_name[found.queue]).requeue(found.id)
    return len(again)


def has_restarted(connection: Redis, prefix: str) -> bool:
    """Whether Redis has been restarted, replaced or emptied since somebody last asked; the first who asks is told.

    It may have lost the newest jobs or all of them: the run's id is kept in it and compared with the present one.
    """
    run = cast(Any, connection).info("server")["run_id"]
    known = cast(Any, connection).set(f"{prefix}{_RUN}", run, get=True)
    return known is None or known.decode() != run
