"""Each noted forecast that counts, beside what was sold: the one statement behind page, API and report"""

from __future__ import annotations

from app.domain.forecasts.past import AVERAGE_DAYS

WEEKS = 26
# Noted forecasts of the last WEEKS weeks, over or not; both days count. The rival is the simplest rule: that as much
# will be sold a day as on the 7 days before. What was noted without its range, by an early release, has no part.
COMPARED = f"""
    SELECT r.store_id, r.variant_id, r.origin + 1 AS first, r.origin + CAST(r.days AS integer) AS last,
           r.units AS forecast, r.low, r.high, r.model, COALESCE(s.sold, 0)::bigint AS sold,
           COALESCE(s.before, 0) * r.days / CAST({AVERAGE_DAYS} AS float) AS average
    FROM forecast_records r
    LEFT JOIN LATERAL (
        SELECT SUM(d.units) FILTER (WHERE d.day > r.origin) AS sold,
               SUM(d.units) FILTER (WHERE d.day <= r.origin) AS before
        FROM daily_sales d WHERE d.store_id = r.store_id AND d.variant_id = r.variant_id
            AND d.day BETWEEN r.origin - {AVERAGE_DAYS} + 1 AND r.origin + CAST(r.days AS integer)
    ) s ON true
    WHERE r.low IS NOT NULL AND r.high IS NOT NULL AND r.origin >= CAST(:today AS date) - {7 * WEEKS}
"""  # noqa: S608
IS_OVER = "r.origin + CAST(r.days AS integer) < CAST(:today AS date)"
