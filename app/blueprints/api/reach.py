"""Lead times and days between orders that can be sent: together they must lie within what forecasts reach."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.domain.forecasts import MAX_DAYS
from app.platform.bodies import Invalid
from app.platform.i18n import gettext

LeadDays = Annotated[int, Field(ge=0, lt=MAX_DAYS)]
ReviewDays = Annotated[int, Field(ge=1, le=90)]


def check_reach(lead_time_days: int, review_days: int) -> None:
    """Raises Invalid, naming the lead time that would do, where the two come to more days than can be forecast."""
    if lead_time_days + review_days > MAX_DAYS:
        words = gettext(
            "With %(review)s days between orders send at most %(most)s.",
            review=review_days,
            most=MAX_DAYS - review_days,
        )
        raise Invalid([{"field": "lead_time_days", "detail": words}])
