"""Trust: pairs of date and horizon, and their scores, by hand."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from tidings.evidence.resolved import ResolvedQuestion
from tidings.trust.scoring import Pair, base_forecast, mean_scores, pairs_of, score

QUESTION = ResolvedQuestion(
    "q", "A question?", ("sold", "scrapped"), {}, date(2020, 1, 1), date(2020, 12, 31), "sold", (),
    (date(2020, 6, 30), date(2020, 12, 31), date(2021, 1, 15)),
)  # fmt: skip
PAIR = Pair("q", date(2020, 6, 30), date(2020, 12, 30), 6, 1)


def test_a_pair_needs_a_date_before_the_end_and_an_answer_that_is_known():
    pairs = list(pairs_of(QUESTION, (6, 12)))
    assert [(pair.made, pair.months, pair.happened) for pair in pairs] == [
        (date(2020, 6, 30), 6, 0), (date(2020, 6, 30), 12, 1),
    ]  # fmt: skip
    watched = replace(QUESTION, outcome="status_quo")
    assert [pair.months for pair in pairs_of(watched, (6, 12))] == [6]


def test_scores_by_hand():
    row = score(PAIR, np.array([0.7, 0.2, 0.1]), 0.4)
    assert row["log"] == pytest.approx(-np.log(0.2))
    assert row["brier"] == pytest.approx(0.7**2 + 0.8**2 + 0.1**2)
    assert row["log_event"] == pytest.approx(-np.log(0.3))
    assert row["brier_event"] == pytest.approx(2 * 0.7**2)
    assert row["log_base"] == pytest.approx(-np.log(0.4))
    assert row["brier_status_quo"] == 2.0


def test_a_question_with_many_dates_weighs_no_more():
    sure, vague = (score(PAIR, np.array([1 - p, p, 0.0]), 0.5) for p in (0.9, 0.3))
    rows = [sure, sure, sure, {**vague, "question": "other"}]
    means = mean_scores(rows)
    assert means.loc[6, "log_event"] == pytest.approx(-(np.log(0.9) + np.log(0.3)) / 2)
    assert (means.loc[6, "n"], means.loc[6, "questions"]) == (4, 2)


def test_the_base_rate_is_an_exponential_wait():
    assert base_forecast(0.5, PAIR) == pytest.approx(1 - np.exp(-0.5 * 183 / 365.25))
