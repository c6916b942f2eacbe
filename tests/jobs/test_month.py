"""Random days of a shop (a whole month in `bin/bench sync --chaos`): in the end every number is the shop's."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.config import Settings
from bench._month import Month, judge
from tests.live import live
from tests.totals import untrue_totals


@pytest.mark.parametrize("seed", [20261123])
def test_every_number_is_the_shops_after_a_randomised_month(
    settings: Settings, tmp_path: Path, seed: int
) -> None:
    with live(settings, tmp_path, variants=25, years=0.25, seed=seed, orders_per_year=600) as shop:
        assert shop.install().status_code == 200
        assert shop.work() == []
        month = Month(shop, seed=seed)
        month.run(days=7, acts=6, turn_hours=72, kill_every=1)
        month.settle()
        verdict = judge(shop)
        assert month.happened["order"] > 15, month.happened
        assert month.kills > 0
        assert verdict.days > 100
        assert verdict.levels >= 25
        assert verdict.wrong_days == [], month.happened
        assert verdict.wrong_levels == [], month.happened
        with shop.scope():
            assert untrue_totals() == [], month.happened
