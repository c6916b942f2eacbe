"""Check, apply and undo files that merchants bring: short ones at once, long ones by a job that tells its progress"""

from __future__ import annotations

import logging

from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError

from app.jobs import forecasts
from app.platform import clock, db
from app.platform.queue import enqueue, kept, store_job
from app.queries.imports import JOB
from app.services import imports

log = logging.getLogger(__name__)


@store_job
@kept
def work(store_id: int, import_id: int) -> None:
    """Do what is owed to one import; after a worker's death another begins it anew."""

    def progress(done: int) -> None:
        imports.heard(import_id, done=done)
        db.checkpoint()

    progress(0)
    try:
        if imports.perform(import_id, now=clock.now(), progress=progress):
            forecasts.replan_soon(store_id)
    except (OperationalError, IntegrityError):
        raise  # the database was away, or another import got in between: the job is tried again
    except SQLAlchemyError:
        log.exception("work on an import failed", extra={"import": import_id})
        db.session().rollback()
        imports.fail(import_id, reason="The work on the file failed and changed nothing. Try it again.")


def soon(store_id: int, import_id: int) -> None:
    """Do what is owed to an import: now if the file is short, else by a job that is kept until it is done."""
    if not imports.is_short(import_id):
        enqueue(work, store_id, import_id, on="urgent", once=f"{JOB}{import_id}")
    elif imports.perform(import_id, now=clock.now()):
        forecasts.replan_soon(store_id)
