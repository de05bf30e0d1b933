"""Scores against arithmetic by hand, and the constant base rate against published figures."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from tidings.past.rate_fits import constant_rate
from tidings.trust.scoring import base_forecast, mean_scores, pairs_of, score

MONTHS = (1, 3, 6, 12)


@pytest.fixture
def mistral(inputs):
    """The question that ended as the second of its outcomes on 2015-08-05."""
    return next(one for one in inputs.resolved if one.id == "france-mistral")


@pytest.fixture
def su35(inputs):
    """The question whose status quo held to 2024-12-31."""
    return next(one for one in inputs.resolved if one.id == "egypt-su35")


def test_the_day_of_the_horizon_counts(mistral):
    dates = (date(2015, 7, 4), date(2015, 7, 5), date(2015, 8, 5))
    pairs = list(pairs_of(replace(mistral, forecast_dates=dates), [1]))
    assert [(pair.made, pair.happened) for pair in pairs] == [(dates[0], 0), (dates[1], 2)]


def test_pairs_past_the_end_of_what_is_known_are_dropped(su35):
    dates = (date(2023, 12, 31), date(2024, 1, 1))
    pairs = list(pairs_of(replace(su35, forecast_dates=dates), [12]))
    assert [pair.made for pair in pairs] == [dates[0]]


def test_scores_of_three_outcomes(mistral):
    pair = next(pairs_of(replace(mistral, forecast_dates=(date(2015, 7, 20),)), [1]))
    row = score(pair, np.array([0.5, 0.2, 0.3]), 0.1)
    assert row["brier"] == pytest.approx(0.25 + 0.04 + 0.49)
    assert row["log"] == pytest.approx(-np.log(0.3))
    assert row["brier_event"] == pytest.approx(2 * 0.25)
    assert row["log_event"] == pytest.approx(-np.log(0.5))
    assert row["brier_base"] == pytest.approx(2 * 0.81)
    assert row["log_base"] == pytest.approx(-np.log(0.1))


def test_means_are_over_questions_of_means_over_dates(mistral, su35):
    few = replace(mistral, forecast_dates=(date(2015, 7, 20),))
    many = replace(su35, forecast_dates=(date(2020, 1, 1), date(2021, 1, 1), date(2022, 1, 1)))
    forecasts = {few.id: np.array([0.8, 0.1, 0.1]), many.id: np.array([0.8, 0.2])}
    rows = [
        score(pair, forecasts[pair.question], 0.1)
        for one in (few, many)
        for pair in pairs_of(one, [1])
    ]
    means = mean_scores(rows).loc[1]
    assert means["n"] == 4
    assert means["questions"] == 2
    assert means["log_event"] == pytest.approx((-np.log(0.2) - np.log(0.8)) / 2)
    gains = [-np.log(0.1) + np.log(0.2), -np.log(0.9) + np.log(0.8)]
    assert means["log_gain"] == pytest.approx(np.mean(gains))
    assert means["log_gain_se"] == pytest.approx(np.std(gains, ddof=1) / np.sqrt(2))


def test_base_rate_left_out_question_by_question(inputs):
    """The question of level gives 0.233, 0.436, 0.622, 0.832 for the 24."""
    rows = []
    for left_out in inputs.resolved:
        rate = constant_rate([one for one in inputs.resolved if one is not left_out])
        for pair in pairs_of(left_out, MONTHS):
            base = base_forecast(rate, pair)
            forecast = np.array([1 - base] + [base / len(left_out.ends)] * len(left_out.ends))
            rows.append(score(pair, forecast, base))
    means = mean_scores(rows)
    assert means["log_base"].to_list() == pytest.approx([0.233, 0.436, 0.622, 0.832], abs=0.007)
    assert means["log_event"].to_list() == pytest.approx(means["log_base"].to_list())
