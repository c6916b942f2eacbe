"""What was forecast, noted once a week, so that the accuracy report can lay it beside what was sold"""

from __future__ import annotations

from datetime import date

from app.platform import db

HORIZON_DAYS = 28


def record_forecasts(*, today: date) -> int:
    """Note what the models expect of the coming days, and within which range in 8 of 10 cases, once a week a
    product; returns how many were noted.

    A merchant's own number is none of theirs: while it holds nothing is noted.
    """
    return db.execute(
        """
        INSERT INTO forecast_records (store_id, variant_id, origin, days, units, low, high, model)
        SELECT f.store_id, f.variant_id, f.origin, :days,
               (SELECT SUM(d) FROM unnest(f.daily_mean[1:CAST(:days AS integer)]) AS d),
               f.sum_quantiles[at.row + array_position(f.grid_q, 0.1)],
               f.sum_quantiles[at.row + array_position(f.grid_q, 0.9)], f.model
        FROM forecasts f
        CROSS JOIN LATERAL (
            SELECT (array_position(f.grid_days, CAST(:days AS integer)) - 1) * cardinality(f.grid_q) AS row
        ) at
        WHERE cardinality(f.daily_mean) >= :days AND f.refused_until IS NULL AND f.model_numbers IS NULL
            -- Read once into a table of hashes. A join, where PostgreSQL does not know the tables yet, looks for each
            -- product through all that was noted just before it: minutes for 50,000 of them.
            AND f.variant_id NOT IN (
            SELECT r.variant_id FROM forecast_records r WHERE r.origin > CAST(:today AS date) - 8)
        ON CONFLICT DO NOTHING
        """,
        days=HORIZON_DAYS,
        today=today,
    )
