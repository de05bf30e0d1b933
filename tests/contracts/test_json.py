"""What other programs rely on: the object that ``forecast --json`` prints."""

import json
import subprocess
import sys

from tests.conftest import PROJECT

STATISTICS = ["mean", "sd", "q05", "q25", "q50", "q75", "q95", "ess", "mcse"]


def test_the_command_prints_the_object_and_the_same_numbers_as_the_library(shipped_run, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tidings", "forecast", "--as-of", "2025-11-30", "--json",
         "--runs", str(tmp_path)],
        cwd=PROJECT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    printed, stored = json.loads(done.stdout), shipped_run.to_json()
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
