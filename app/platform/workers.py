"""The worker process: jobs run in forked children; it ends within ten seconds and gives back what it had begun."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask
from redis.exceptions import RedisError
from rq import Queue, Worker, worker_registration
from rq.cron import CronScheduler
from rq.job import Job
from rq.scheduler import RQScheduler

from app.platform import clock, lost, queue

log = logging.getLogger(__name__)
# Platforms kill what has not ended some seconds after SIGTERM: a job gets this long, then it is given back.
GRACE_SECONDS = 7.0
# How often an idle worker looks around, and a busy one tells that it lives.
_LOOK_SECONDS, _BEAT_SECONDS = 10, 5
_PAUSE_SECONDS = 1.0
_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def _end_with(parent: int, number: signal.Signals) -> None:
    """Have the kernel send us a signal when the process that forked us dies, however it dies.

    Linux alone can do that; where Fluxor is merely developed on something else, a killed worker leaves them.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:  # it died before we had asked
            os.kill(os.getpid(), number)


class _Scheduler(RQScheduler):
    """RQ's scheduler, a process of its own; this one gives its locks back and ends when its worker is killed."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.worker_pid = os.getpid()

    def _install_signal_handlers(self) -> None:
        super()._install_signal_handlers()  # type: ignore[no-untyped-call]
        _end_with(self.worker_pid, signal.SIGTERM)

    def enqueue_scheduled_jobs(self) -> None:
        """Enqueue what is due. RQ reads, enqueues, then removes: with a worker that brings overdue ones, twice."""
        queues = [Queue(name, connection=self.connection) for name in self.acquired_locks]
        lost.bring_overdue(queues, now=clock.now(), after=timedelta(0))


class FluxorWorker(Worker):
    """An RQ worker whose jobs run inside the application's context.

    Jobs run in a forked child: the parent therefore imports nothing that starts threads (pandas, OpenMP).
    """

    app: Flask
    rebuild: Callable[[], None]
    grace_seconds: float
    max_connection_wait_time = 2.0
    is_stopping = False
    _is_cut_short = False
    _looked_at = 0.0

    def _start_scheduler(
        self, burst: bool = False, logging_level: str | None = "WARNING", *_formats: str
    ) -> None:
        """Start the process that enqueues delayed jobs, unless another worker's does."""
        self.scheduler = _Scheduler(self.queues, connection=self.connection, logging_level=logging_level)
        self.scheduler.acquire_locks(auto_start=True)  # type: ignore[no-untyped-call]

    def subscribe(self) -> None:
        """Listen to no commands: nobody sends any, and the listening thread would outlive a lost Redis."""

    def setup_work_horse_signals(self) -> None:
        """A job dies with its worker: nobody would be told of its end, and another worker takes it up."""
        super().setup_work_horse_signals()  # type: ignore[no-untyped-call]
        _end_with(self.pid or 0, signal.SIGKILL)

    def perform_job(self, *arguments: Any, **keywords: Any) -> bool:
        """Run one job with a fresh application context."""
        with self.app.app_context():
            return bool(super().perform_job(*arguments, **keywords))

    @property
    def dequeue_timeout(self) -> int:
        """How long one look at empty queues takes, in seconds."""
        return _LOOK_SECONDS

    def get_heartbeat_ttl(self, job: Job, working_time: float = 0.0) -> int:
        """After how many seconds of silence another worker takes the job up."""
        return 4 * int(self.job_monitoring_interval)

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Tell that we live; and, between jobs, look whether Redis still is the one that we told."""
        super().heartbeat(timeout, pipeline)
        if pipeline is None and not self.is_horse:
            self._look_at_redis()

    def _look_at_redis(self) -> None:
        with self.app.app_context():
            if lost.has_restarted(self.connection, queue.prefix()):
                log.warning("Redis was restarted or emptied: what is owed is enqueued from the database")
                self.connection.hset(self.key, mapping=self.serialize())
                worker_registration.register(self)
                self.rebuild()
            if time.monotonic() - self._looked_at > _BEAT_SECONDS:
                self._looked_at = time.monotonic()
                lost.bring_overdue(self.queues, now=clock.now())

    def request_stop(self, signum: Any, frame: Any) -> None:
        """SIGTERM: end after the present job, and cut it short when it takes too long."""
        self.is_stopping = True
        timer = threading.Timer(self.grace_seconds, self._cut_short)
        timer.daemon = True
        timer.start()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]

    def _cut_short(self) -> None:
        if self.horse_pid:
            self._is_cut_short = True
            self.kill_horse(signal.SIGKILL)

    def handle_job_failure(self, job: Job, queue: Queue, *arguments: Any, **keywords: Any) -> None:
        """A job that we cut short has not failed: it goes back to the front, with all its tries."""
        if not self._is_cut_short or self.is_horse:
            super().handle_job_failure(job, queue, *arguments, **keywords)
            return
        log.warning("job given back", extra={"job": job.func_name})
        job.meta["cut_short"] = True
        queue.enqueue_job(job, at_front=True)
        with self.connection.pipeline() as pipeline:
            self.cleanup_execution(job, pipeline=pipeline, execution=keywords.get("execution"))
            pipeline.execute()


def work(
    app: Flask,
    queues: list[Queue],
    *,
    burst: bool,
    rebuild: Callable[[], None],
    grace_seconds: float = GRACE_SECONDS,
) -> None:
    """Work off the queues until told to stop (or, with `burst`, until they are empty).

    Redis that is away or does not answer is waited for: a worker that ended instead would be started again by
    the platform with longer and longer pauses.
    """
    while True:
        try:
            worker = FluxorWorker(
                queues,
                connection=queues[0].connection,
                job_monitoring_interval=_BEAT_SECONDS,
                maintenance_interval=_BEAT_SECONDS * 3,
            )
            worker.app, worker.rebuild, worker.grace_seconds = app, rebuild, grace_seconds
            worker.work(burst=burst, with_scheduler=not burst, logging_level="WARNING")
        except RedisError as error:
            log.warning("Redis is away; the worker waits", extra={"reason": str(error)})
        else:
            if burst or worker.is_stopping:
                return
        time.sleep(_PAUSE_SECONDS)


def keep_time(entries: list[tuple[Callable[[], None], str]], *, queue: Queue) -> None:
    """Enqueue each entry's job whenever its cron line is due, until told to stop, with or without Redis."""
    while True:
        scheduler = CronScheduler(connection=queue.connection, logging_level="WARNING", name="fluxor")
        for job, line in entries:
            scheduler.register(job, queue.name, cron=line)
        try:
            scheduler.start()  # type: ignore[no-untyped-call]
        except RedisError as error:
            log.warning("Redis is away; the clock waits", extra={"reason": str(error)})
            time.sleep(_PAUSE_SECONDS)
        else:
            return
