"""What a change of the store's settings sets in motion."""

from __future__ import annotations

from collections.abc import Collection

from app.jobs import forecasts, sync

# Who is told what and when: no number of the plan depends on it.
_NO_PLAN = {"alert_emails", "digest_hour", "quiet_days", "weekly_summary", "language"}


def follow_up(store_id: int, changed: Collection[str]) -> None:
    """Recount, forecast or plan anew, whichever the names of the changed settings ask for."""
    if "time_zone" in changed:
        sync.recount_soon(store_id)
    elif "engine" in changed:
        forecasts.forecast_soon(store_id)
    elif set(changed) - _NO_PLAN:
        forecasts.replan_soon(store_id)
