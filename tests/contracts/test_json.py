"""What other programs rely on: the object that ``forecast --json`` prints."""

import json
import subprocess
import sys
from datetime import date

import pytest
from tests.helpers import INPUTS

import tidings
from tidings.forecasting.making import make_forecast
from tidings.reporting import views

STATISTICS = ["mean", "sd", "q05", "q25", "q50", "q75", "q95", "ess", "mcse"]


def test_the_command_prints_the_object_and_the_same_numbers_as_the_library(shipped_run, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tidings", "forecast", "--as-of", "2025-11-30", "--json",
         "--runs", str(tmp_path)],
        cwd=INPUTS, capture_output=True, text=True, check=True,
    )  # fmt: skip
    printed, stored = json.loads(done.stdout), views.forecast(shipped_run)
    assert list(printed) == [
        "run", "question", "as_of", "publishable", "horizons", "checks", "fit"
    ]  # fmt: skip
    assert list(printed["horizons"]) == ["1mo", "3mo", "6mo", "12mo", "24mo"]
    for horizon in printed["horizons"].values():
        assert next(iter(horizon["outcomes"])) == "retained"
        assert all(list(row) == STATISTICS for row in horizon["outcomes"].values())
        assert abs(sum(row["mean"] for row in horizon["outcomes"].values()) - 1) <= 1e-9
    assert {"name", "status", "value", "limit"} == set(printed["checks"][0])
    assert {"seconds", "draws", "chains"} == set(printed["fit"])
    assert printed["horizons"] == stored["horizons"]
    assert printed["checks"] == stored["checks"]


@pytest.mark.slow
def test_diff_prints_moves_that_add_up(inputs, shipped_run, tmp_path):
    for as_of in ("2025-10-31", "2025-11-30"):
        make_forecast(inputs, date.fromisoformat(as_of), tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "tidings", "diff", "--json", "--runs", str(tmp_path)],
        cwd=INPUTS, capture_output=True, text=True, check=True,
    )  # fmt: skip
    printed = json.loads(done.stdout)
    assert list(printed)[:3] == ["from", "to", "horizon"]
    assert printed["horizon"] == "12mo" and printed["order_free"]
    assert list(printed["outcomes"]) == list(shipped_run.at("12mo"))
    for outcome in printed["outcomes"].values():
        moves = outcome["moves"]
        assert all(list(one) == ["kind", "id", "change", "mcse"] for one in moves)
        assert abs(sum(one["change"] for one in moves) - (outcome["to"] - outcome["from"])) < 1e-9
    for name in ("retained", "disabled_in_place"):
        *named, noise = (abs(one["change"]) for one in printed["outcomes"][name]["moves"])
        assert noise < max(named), name
    kinds = [one["kind"] for one in moves]
    assert kinds[0] == "time" and kinds[-1] == "noise" and kinds.count("item") == 3
    shown = subprocess.run(
        [sys.executable, "-m", "tidings", "diff", "--horizon", "24mo", "--runs", str(tmp_path)],
        cwd=INPUTS, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert shown.stdout.startswith("what moved, 24mo")
    assert shown.stdout.count("error of the split") == len(printed["outcomes"])
    assert "item eurofighter" not in shown.stdout and "bloomberg-compromise" in shown.stdout
    refused = subprocess.run(
        [sys.executable, "-m", "tidings", "diff", "2025-11", "2025-10", "--runs", str(tmp_path)],
        cwd=INPUTS, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert refused.returncode == 2
    assert "name the earlier first" in refused.stderr


def test_watch_has_the_same_numbers_as_the_run(shipped_run):
    printed = views.watch(tidings.watch(str(shipped_run.path)), "12mo")
    now = {name: row.mean for name, row in shipped_run.at("12mo").items()}
    assert printed["now"] == now
    assert {"actor", "outcome", "bits", "favourable", "adverse", "neither"} <= set(
        printed["watch"][0]
    )
    json.dumps(printed)
