"""A worker in one process, for benchmarks that kill it: `python -m bench._worker SECONDS` (its clock's lead)."""

from __future__ import annotations

import sys
from datetime import timedelta

from rq import SimpleWorker

from app import create_app
from app.config import Settings
from app.platform import clock, queue


def main() -> None:
    """Work off all queues once, with the clock ahead by so many seconds."""
    app = create_app(Settings.from_env())
    with app.app_context(), clock.travel(timedelta(seconds=float(sys.argv[1]))):
        print("working", flush=True)
        work()


def work() -> None:
    """Work off all queues of the current app."""
    queues = [queue.queue(name) for name in queue.QUEUES]
    SimpleWorker(queues, connection=queue.connection()).work(burst=True, logging_level="ERROR")


if __name__ == "__main__":
    main()
