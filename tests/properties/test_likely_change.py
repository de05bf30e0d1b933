"""However likely change is, a forecast is made, stored, and told in a report."""

import os
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.helpers import AS_OF

from tidings.forecasting.making import make_forecast
from tidings.reporting.rendering import render

EXAMPLES = int(os.environ.get("TIDINGS_FUZZ", "3"))


@settings(deadline=None, max_examples=EXAMPLES, suppress_health_check=list(HealthCheck),
          derandomize=True)  # fmt: skip
@given(
    base_rate=st.floats(0.01, 20.0),
    pushes=st.lists(
        st.tuples(st.integers(-3, 3), st.sampled_from(["any", "us_base", "disabled_in_place"])),
        max_size=8,
    ),
)
def check_any_situation(alter, new_item, folder, base_rate, pushes):
    items = [
        new_item(id=f"news-{n}", story=f"news-{n}", actor="deal", voice="observer", push=push,
                 outcomes=(outcome,), date=AS_OF - timedelta(days=20 * n),
                 published=AS_OF - timedelta(days=20 * n))
        for n, (push, outcome) in enumerate(pushes)
    ]  # fmt: skip
    inputs = alter({"base_rate": base_rate}, items=items)
    config = inputs.question.config
    few = config.fit.model_copy(update={"draws": 50, "forecast_draws": 100, "tune": 100})
    question = replace(inputs.question, config=config.model_copy(update={"fit": few}))
    run = make_forecast(replace(inputs, question=question), AS_OF, folder / "runs")
    for row in run.rows:
        numbers = (row.q05, row.q25, row.q50, row.q75, row.q95, row.mean)
        assert all(0.0 <= number <= 1.0 for number in numbers)
    [page] = render(run, ("html",), folder)
    assert "not publishable" in page.read_text(encoding="utf-8") or run.manifest.publishable


@pytest.mark.slow
def test_any_situation_goes_from_forecast_to_html(alter, new_item, tmp_path):
    check_any_situation(alter, new_item, tmp_path)


def test_a_stored_run_with_a_probability_that_rounding_made_negative_is_read(shipped_run, tmp_path):
    """As runs from before probabilities were clipped have it."""
    import hashlib
    import shutil

    copy = shutil.copytree(shipped_run.path, tmp_path / shipped_run.path.name)
    table = copy / "forecast.csv"
    lines = table.read_text().splitlines()
    header = lines[0].split(",")
    cells = lines[1].split(",")
    cells[header.index("q05")] = "-5e-09"
    table.write_text("\n".join([lines[0], ",".join(cells), *lines[2:]]) + "\n")
    sums = copy / "SHA256SUMS"
    digest = hashlib.sha256(table.read_bytes()).hexdigest()
    kept = [line for line in sums.read_text().splitlines() if not line.endswith("forecast.csv")]
    sums.write_text("\n".join([*kept, f"{digest}  forecast.csv"]) + "\n")
    from tidings.forecasting.runs import read_run

    assert read_run(copy).rows[0].q05 == 0.0
