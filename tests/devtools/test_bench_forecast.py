"""`bin/bench forecast`: every flag, the columns of its files, and what a malformed panel is told."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench import forecast

PRED = ["sku", "origin", "mean", "q025", "q05", "q10", "q25", "q50", "q75", "q90", "q95", "q975", "model"]


def panel(**columns: object) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    days = pd.date_range("2025-01-01", periods=120)
    frame = pd.DataFrame({"sku": np.repeat(["a", "b", "c"], 120), "date": np.tile(days, 3)})
    frame["quantity"] = rng.poisson(3, 360).astype(float)
    return frame.assign(**columns)


def run(folder: Path, frame: pd.DataFrame, *flags: str, suffix: str = "parquet") -> int:
    file = folder / f"panel.{suffix}"
    frame.to_parquet(file) if suffix == "parquet" else frame.to_csv(file, index=False)
    return forecast.main(["--panel", str(file), *flags])


@pytest.mark.parametrize(
    ("flags", "origins"),
    [
        (["--origins", "2", "--step", "10"], ["2025-03-23", "2025-04-02"]),
        (["--origins", "2025-03-01,2025-03-15", "--horizon", "7"], ["2025-03-01", "2025-03-15"]),
        (["--origins", "1", "--horizon", "60"], ["2025-03-01"]),
    ],
)
def test_origins_horizons_and_the_two_files(tmp_path: Path, flags: list[str], origins: list[str]) -> None:
    out, report = tmp_path / "pred.parquet", tmp_path / "report.json"
    files = ["--out", str(out), "--json", str(report)]
    assert run(tmp_path, panel(), "--engine", "moving_average", *flags, *files) == 0
    made = pd.read_parquet(out)
    assert list(made.columns) == PRED
    assert sorted(set(made["origin"])) == origins
    assert len(made) == 3 * len(origins)
    assert (np.diff(made[PRED[3:12]].to_numpy(), axis=1) >= 0).all()
    assert json.loads(report.read_text())["origins"] == origins


def test_several_engines_are_told_apart(tmp_path: Path) -> None:
    out = tmp_path / "pred.parquet"
    flags = ["--origins", "1", "--engine", "moving_average,average_28", "--out", str(out)]
    assert run(tmp_path, panel(), *flags) == 0
    made = pd.read_parquet(out)
    assert list(made.columns) == ["engine", *PRED]
    assert made["engine"].value_counts().to_dict() == {"moving_average": 3, "average_28": 3}


def test_optional_columns_and_a_limit(tmp_path: Path) -> None:
    out = tmp_path / "pred.parquet"
    frame = panel(price=2.5, in_stock=1.0, note="ignored")
    assert run(tmp_path, frame, "--origins", "1", "--limit", "2", "--out", str(out), suffix="csv") == 0
    assert len(pd.read_parquet(out)) == 2


def odd() -> pd.DataFrame:
    days = pd.date_range("2025-01-01", periods=90)
    rows = {
        "constant": np.full(90, 4.0),
        "zero": np.zeros(90),
        "one sale": np.eye(90)[70] * 3,
        "huge": np.full(90, 4e9) + np.arange(90),
        "fraction": np.full(90, 0.013),
        "negative": -np.arange(90.0),
        "returns": np.where(np.arange(90) % 2, 5.0, -1.0),
    }
    return pd.DataFrame(
        {
            "sku": np.repeat(list(rows), 90),
            "date": np.tile(days, 7),
            "quantity": np.concatenate([*rows.values()]),
        }
    )


@pytest.mark.parametrize("horizon", ["7", "30"])
def test_odd_series_give_finite_numbers(tmp_path: Path, horizon: str) -> None:
    out = tmp_path / "pred.parquet"
    assert run(tmp_path, odd(), "--origins", "1", "--horizon", horizon, "--out", str(out)) == 0
    made = pd.read_parquet(out).set_index("sku")
    numbers = made[PRED[2:12]].to_numpy(dtype=float)
    assert np.isfinite(numbers).all()
    assert (numbers >= 0).all()
    assert made.loc["constant", "mean"] == pytest.approx(4 * int(horizon), rel=0.25)
    assert made.loc["huge", "mean"] == pytest.approx(4e9 * int(horizon), rel=0.25)
    assert {"zero", "negative"}.isdisjoint(made.index)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"quantity": None}, "row 1, column 'quantity'"),
        ({"date": "yesterday"}, "row 1, column 'date'"),
        ({"sku": None}, "row 1, column 'sku'"),
        ({"quantity": np.inf}, "row 1, column 'quantity'"),
        ({"in_stock": 1.5}, "row 1, column 'in_stock'"),
        ({"price": "dear"}, "row 1, column 'price'"),
    ],
)
def test_a_malformed_panel_is_refused_by_row_and_column(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, object], words: str
) -> None:
    assert run(tmp_path, panel(**change), "--origins", "1", suffix="csv") == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--horizon", "181"], "--horizon must be 1 to 180"),
        (["--origins", "soon"], "--origins takes a number or days"),
        (["--origins", "2025-04-29"], "after the file's last day"),
        (["--origins", "2020-01-01"], "no sales up to"),
        (["--engine", "oracle"], "no forecast engine 'oracle'"),
    ],
)
def test_flags_that_cannot_be_met_are_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: list[str], words: str
) -> None:
    assert run(tmp_path, panel(), *flags) == 2
    assert words in capsys.readouterr().err
