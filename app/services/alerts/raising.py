"""Raise and resolve alerts after each plan; nothing is sent here"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on

from app.domain import alerts as rules
from app.domain.replenishment import Suggestions
from app.models.alerts import Alert, AlertMail
from app.platform import db
from app.services import replenishment


def run(made: Suggestions, *, now: datetime) -> int:
    """Raise and resolve the current store's alerts by what was just planned; returns how many were raised."""
    ids = [int(key) for key in made.keys]
    positions = replenishment.positions(ids)
    known = [positions[variant_id] for variant_id in ids]
    due = rules.due(
        made,
        np.asarray([row.available for row in known], dtype=np.float64),
        threshold=np.asarray([row.threshold for row in known], dtype=np.float64),
        past=_past(),
        now=now,
    )
    _resolve([int(str(key)) for key in due.recovered], now=now)
    _raise(due.alerts, now=now)
    return len(due.alerts)


def _past() -> dict[object, rules.Past]:
    """What is on record: the newest alert of each variant, and when a message last told of it.

    One that nobody was told of yet may still become graver; one that was over before anybody was told counts
    from when it was raised, so that stock on the edge does not fill the history.
    """
    latest = (
        select(Alert, func.coalesce(AlertMail.sent_at, AlertMail.created_at))
        .outerjoin(AlertMail, (AlertMail.store_id == Alert.store_id) & (AlertMail.id == Alert.mail_id))
        .ext(distinct_on(Alert.variant_id))
        .order_by(Alert.variant_id, Alert.raised_at.desc())
    )
    return {
        alert.variant_id: rules.Past(
            sent_at=told or (alert.raised_at if alert.resolved_at else None),
            open=alert.resolved_at is None,
            gravity=alert.gravity,
            snoozed_until=alert.snoozed_until,
        )
        for alert, told in db.session().execute(latest)
    }


def _resolve(variant_ids: Sequence[int], *, now: datetime) -> None:
    db.execute(
        "UPDATE alerts SET resolved_at = :now WHERE resolved_at IS NULL AND variant_id = ANY(:ids)",
        now=now,
        ids=list(variant_ids),
    )


def _raise(due: Sequence[rules.Alert], *, now: datetime) -> None:
    """A graver alert replaces the open one of the same product; both stay on record."""
    _resolve([int(str(one.key)) for one in due], now=now)
    db.session().add_all(
        Alert(
            variant_id=int(str(one.key)),
            kind=one.kind,
            gravity=one.gravity,
            facts=_facts(one),
            raised_at=now,
        )
        for one in due
    )
    db.session().flush()


def _facts(one: rules.Alert) -> dict[str, Any]:
    return {
        "available": one.available,
        "threshold": one.threshold,
        "stock_out": one.stock_out.isoformat() if one.stock_out else None,
        "order_by": one.order_by.isoformat() if one.order_by else None,
    }
