"""The form of the store's settings."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

from werkzeug.datastructures import MultiDict

from app.domain.forecasts import ENGINES, MAX_DAYS
from app.domain.replenishment.allocation import SERVICE_BY
from app.platform.forms import Form
from app.platform.i18n import LANGUAGES, gettext
from app.queries.stores import SettingsView, per_cent

MOST_ADDRESSES = 20
WEEKDAYS = range(1, 8)
OF_CLASSES = ("service_level_a", "service_level_b", "service_level_c")
NAMES = tuple(SettingsView.__dataclass_fields__)


@functools.cache
def zones() -> tuple[str, ...]:
    """The IANA zones that a person would choose, in order; read once, for that opens six hundred files."""
    kept = (
        zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/"))
    )
    return ("UTC", *sorted(kept))


@functools.cache
def zone_choices() -> tuple[tuple[str, str], ...]:
    """The zones as a list of choices shows them."""
    return tuple((zone, zone.replace("_", " ")) for zone in zones())


def read(typed: Mapping[str, str]) -> Form:
    """Check what was typed; the service level is typed in per cent."""
    form = Form(typed)
    form.whole("low_stock_threshold", low=0, high=1_000_000)
    form.addresses("alert_emails", most=MOST_ADDRESSES)
    form.whole("digest_hour", low=0, high=23)
    form.several("quiet_days", [str(day) for day in WEEKDAYS])
    form.tick("weekly_summary")
    form.choice("time_zone", zones(), optional=True)
    form.whole("lead_time_days", low=0, high=MAX_DAYS - 1)
    form.decimal("lead_time_sd_days", low=0, high=60)
    form.whole("review_days", low=1, high=90)
    form.decimal("service_level", low=51, high=99.9)
    for name in OF_CLASSES:
        form.decimal(name, low=51, high=99.9, optional=True)
    if form.text("service_by"):  # a page from before the release that brought it does not send it
        form.choice("service_by", SERVICE_BY)
    form.choice("engine", list(ENGINES))
    form.choice("language", list(LANGUAGES))
    _reach(form)
    if "quiet_days" in form.values:
        form.values["quiet_days"] = [int(day) for day in form.values["quiet_days"]]
    for name in ("service_level", *OF_CLASSES):
        if form.values.get(name) is not None:
            form.values[name] = round(form.values[name] / 100, 4)
    return form


def _reach(form: Form) -> None:
    lead, review = form.values.get("lead_time_days"), form.values.get("review_days")
    if lead is not None and review is not None and lead + review > MAX_DAYS:
        form.errors["lead_time_days"] = gettext(
            "Lead time and days between orders come to %(sum)s; forecasts reach %(most)s days ahead. Enter less.",
            sum=lead + review,
            most=MAX_DAYS,
        )


def shown(form: Form) -> dict[str, Any]:
    """What was typed, as the form shows it again."""
    ticked = form.typed.getlist("quiet_days") if isinstance(form.typed, MultiDict) else []
    return {**{name: form.text(name) for name in NAMES}, "quiet_days": ticked}


def stored(settings: SettingsView) -> dict[str, Any]:
    """The settings as the form shows them."""
    return {
        **{name: str(getattr(settings, name)) for name in NAMES},
        "alert_emails": "\n".join(settings.alert_emails),
        "quiet_days": [str(day) for day in settings.quiet_days],
        "weekly_summary": "1" if settings.weekly_summary else "",
        "time_zone": settings.time_zone or "",
        "lead_time_sd_days": f"{settings.lead_time_sd_days:g}",
        **{name: per_cent(getattr(settings, name)) for name in ("service_level", *OF_CLASSES)},
    }
