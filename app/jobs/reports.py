"""Make the reports that members ask for."""

from __future__ import annotations

import logging
from datetime import date, datetime
from typing import Protocol

from sqlalchemy.exc import OperationalError, SQLAlchemyError

from app.platform import clock, db
from app.platform.queue import kept, store_job
from app.services import exports, reports, stores

log = logging.getLogger(__name__)


class _Make(Protocol):
    def __call__(self, report_id: int, /, *, today: date, now: datetime) -> None: ...


@store_job
@kept
def make(_store_id: int, report_id: int) -> None:
    """Make one report."""
    _made(reports.make, report_id, else_reason="The report could not be made. Ask for it again.")


@store_job
@kept
def export(_store_id: int, report_id: int) -> None:
    """Make one export of all data."""
    _made(exports.make, report_id, else_reason="The export could not be made. Ask for it again.")


def _made(make_it: _Make, report_id: int, *, else_reason: str) -> None:
    try:
        make_it(report_id, today=clock.today(stores.time_zone()), now=clock.now())
    except OperationalError:
        raise  # the database was away: the job is tried again
    except SQLAlchemyError:
        log.exception("report failed", extra={"report": report_id})
        db.session().rollback()
        reports.fail(report_id, reason=else_reason, now=clock.now())
