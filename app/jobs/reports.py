"""Make the reports that members ask for."""

from __future__ import annotations

import logging

from sqlalchemy.exc import OperationalError, SQLAlchemyError

from app.platform import clock, db
from app.platform.queue import kept, store_job
from app.services import exports, reports, stores

log = logging.getLogger(__name__)


@store_job
@kept
def make(_store_id: int, report_id: int) -> None:
    """Make one report."""
    try:
        reports.make(report_id, today=clock.today(stores.time_zone()), now=clock.now())
    except OperationalError:
        raise  # the database was away: the job is tried again
    except SQLAlchemyError:
        log.exception("report failed", extra={"report": report_id})
        db.session().rollback()
        reports.fail(report_id, reason="The report could not be made. Ask for it again.", now=clock.now())


@store_job
@kept
def export(_store_id: int, report_id: int) -> None:
    """Make one export of all data."""
    try:
        exports.make(report_id, today=clock.today(stores.time_zone()), now=clock.now())
    except OperationalError:
        raise  # the database was away: the job is tried again
    except SQLAlchemyError:
        log.exception("export failed", extra={"report": report_id})
        db.session().rollback()
        reports.fail(report_id, reason="The export could not be made. Ask for it again.", now=clock.now())
