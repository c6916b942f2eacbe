"""The form of one product's own settings; an empty field inherits the store's."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from app.domain.forecasts import ENGINES, MAX_DAYS
from app.platform.forms import Form
from app.platform.i18n import gettext
from app.queries.stores import SettingsView


def read(typed: Mapping[str, str], inherited: SettingsView, *, suppliers: Collection[str]) -> Form:
    """Check what was typed; `suppliers` are the ids that may be chosen."""
    form = Form(typed)
    form.choice("supplier_id", suppliers, optional=True)
    if form.values.get("supplier_id"):
        form.values["supplier_id"] = int(form.values["supplier_id"])
    form.whole("low_stock_threshold", low=0, high=1_000_000, optional=True)
    form.whole("lead_time_days", low=0, high=MAX_DAYS - 1, optional=True)
    form.decimal("service_level", low=51, high=99.9, optional=True)
    if form.values.get("service_level") is not None:
        form.values["service_level"] = round(form.values["service_level"] / 100, 4)
    form.whole("moq", low=1, high=1_000_000, optional=True)
    form.whole("case_size", low=1, high=100_000, optional=True)
    form.choice("engine", list(ENGINES), optional=True)
    lead = form.values.get("lead_time_days")
    if lead is not None and lead + inherited.review_days > MAX_DAYS:
        most = MAX_DAYS - inherited.review_days
        form.errors["lead_time_days"] = gettext(
            "Enter at most %(most)s: forecasts reach %(days)s days ahead.", most=most, days=MAX_DAYS
        )
    return form
