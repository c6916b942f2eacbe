"""What the automatic engine has learnt of a store: kept some days, learnt anew when it no longer fits."""

from __future__ import annotations

from datetime import date, datetime

from app.domain.demand import Panel
from app.domain.forecasts import Choice, choose, still_fits
from app.models.forecasts import ForecastChoice
from app.platform import copying, db
from app.services import stores

KEPT_DAYS = 7
CHANGED_SHARE = 0.1  # of the variants come or gone: then it is another shop


def current(panel: Panel, *, now: datetime) -> Choice:
    """The stored choice while it fits this panel; else a new one, which is stored."""
    kept = db.rows("SELECT origin, variants, content, earlier FROM forecast_choices")
    is_known = bool(kept) and _is_same_shop(kept[0].variants, panel)
    earlier = Choice.from_json(kept[0].content, kept[0].earlier) if is_known else None
    if earlier is not None and _is_recent(kept[0].origin, panel) and still_fits(earlier, panel):
        return earlier
    choice = choose(panel, focus=_protection_days(), earlier=earlier)
    row = ("auto", panel.last_day, len(panel), choice.to_json(), choice.earlier_to_json(), now)
    copying.upsert(
        ForecastChoice,
        ("engine", "origin", "variants", "content", "earlier", "made_at"),
        [row],
        key=["engine"],
    )
    return choice


def _protection_days() -> int:
    """Lead time + review period of the store's middle product, as last planned: most is learnt about such sums."""
    planned = db.rows(
        "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY protection_days) AS middle FROM suggestions"
    )
    usual = stores.settings()
    return int(planned[0].middle or usual.lead_time_days + usual.review_days)


def _is_recent(origin: date, panel: Panel) -> bool:
    return 0 <= (panel.last_day - origin).days < KEPT_DAYS


def _is_same_shop(variants: int, panel: Panel) -> bool:
    return abs(len(panel) - variants) <= CHANGED_SHARE * variants
