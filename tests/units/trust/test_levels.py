"""Level and skill apart: systematic dates, weights, and what a constant in hindsight knows."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from tidings.evidence.resolved import ResolvedQuestion
from tidings.trust.monthly_scores import OpenWindows, even_weights, levels, monthly
from tidings.trust.scoring import Pair

CHANGED = ResolvedQuestion(
    "changed", "A question?", ("sold",), {}, date(2020, 1, 1), date(2020, 7, 1), "sold", (), ()
)
QUIET = replace(CHANGED, id="quiet", ended=date(2020, 10, 1), outcome="status_quo")
LONG = replace(QUIET, id="long", ended=date(2023, 1, 1))


def row(question, chance, changed, weight=1.0):
    return {"question": question, "months": 6, "chance": chance, "changed": changed,
            "weight": weight}  # fmt: skip


def test_dates_come_every_month_until_the_end():
    assert monthly(CHANGED) == tuple(date(2020, month, 1) for month in (2, 3, 4, 5, 6))


def test_a_horizon_that_is_known_stands_for_those_that_were_cut_off():
    """Of two questions watched past July one is cut off in October: later pairs count twice."""
    windows = OpenWindows((CHANGED, QUIET, LONG))
    before = Pair("long", date(2020, 2, 1), date(2020, 8, 1), 6, 0)
    across = Pair("long", date(2020, 8, 1), date(2021, 2, 1), 6, 0)
    after = Pair("long", date(2021, 2, 1), date(2021, 8, 1), 6, 0)
    assert [windows.weight(pair) for pair in (before, across, after)] == pytest.approx([1, 2, 1])
    event = Pair("changed", date(2020, 6, 1), date(2020, 12, 1), 6, 1)
    assert windows.weight(event) == pytest.approx(1)


def test_scores_and_the_best_constant_by_hand():
    """Chances 0.8, 0.4, 0.2 with a change, none and none; a third is the best constant."""
    [level] = levels([row("a", 0.8, 1), row("b", 0.4, 0), row("c", 0.2, 0)])
    assert (level.expected, level.seen) == pytest.approx((1.4 / 3, 1 / 3))
    assert level.log_event == pytest.approx(-np.log(0.8 * 0.6 * 0.8) / 3)
    assert level.log_constant == pytest.approx(-np.log(1 / 3 * (2 / 3) ** 2) / 3)
    assert level.auc == 1.0
    gains = np.log([0.8 * 3, 0.6 * 1.5, 0.8 * 1.5])
    assert level.gain_se == pytest.approx(gains.std(ddof=1) / np.sqrt(3))


def test_forecasts_spread_too_far_have_a_slope_below_one():
    chances = np.array([0.3, 0.7])
    told = 1 / (1 + np.exp(-2 * np.log(chances / (1 - chances))))
    rows = [
        row(str(side), told[side], changed, weight)
        for side in (0, 1)
        for changed, weight in ((1, chances[side]), (0, 1 - chances[side]))
    ]
    assert levels(rows)[0].calibration_slope == pytest.approx(0.5, abs=0.01)


def test_every_question_weighs_the_same_on_given_dates():
    rows = list(even_weights([row("a", 0.5, 1), row("a", 0.5, 0), row("b", 0.5, 0)]))
    assert [one["weight"] for one in rows] == [0.5, 0.5, 1.0]
