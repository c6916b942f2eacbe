"""A worker that notes each of its turns, for the benchmark of fairness: `python -m bench._turns FILE`."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from rq import Queue
from rq.job import Job

from app import create_app
from app.config import Settings
from app.jobs import schedule
from app.platform import queue, workers


class TurnWorker(workers.FluxorWorker):
    """Writes a line for each job: whose it was, when it could have begun, when it began and ended."""

    file: Path

    def perform_job(self, job: Job, queue: Queue, *arguments: Any, **keywords: Any) -> bool:
        """Do the job, and note the turn."""
        ready = job.enqueued_at.timestamp() if job.enqueued_at else time.time()
        begun = time.time()
        try:
            return super().perform_job(job, queue, *arguments, **keywords)
        finally:
            whose = job.args[0] if job.args else None
            turn = {
                "store": whose,
                "job": job.func_name,
                "ready": ready,
                "begun": begun,
                "ended": time.time(),
            }
            with self.file.open("a") as out:
                out.write(json.dumps(turn) + "\n")


def main() -> None:
    """Work off all queues until told to stop."""
    TurnWorker.file = Path(sys.argv[1])
    workers.FluxorWorker = TurnWorker  # type: ignore[misc]
    app = create_app(Settings.from_env())
    with app.app_context():
        workers.work(app, queue.queues(), burst=False, rebuild=schedule.rebuild)


if __name__ == "__main__":
    main()
