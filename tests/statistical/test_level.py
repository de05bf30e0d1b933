"""The level: what the gate refuses, and that the news that was could come again."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from tests.helpers import AS_OF

from tidings.evidence.arrivals import Arrivals, fit_arrivals, source_of
from tidings.evidence.ledger import Ledger
from tidings.evidence.pressure import pressure_at, saturated
from tidings.forecasting.level_checks import news_tails
from tidings.forecasting.making import make_forecast
from tidings.mechanism.news_to_come import NewsToCome
from tidings.mechanism.situation import half_lives_of, observe
from tidings.past.rate_fits import pasts_of

NEWEST = date(2026, 3, 31)


def check_of(run, name):
    return next(check for check in run.checks if check.name == name)


def test_the_shipped_forecast_passes_the_gate(shipped_run):
    assert shipped_run.manifest.publishable
    for name in ("survival_so_far", "priors_and_evidence", "news_to_come", "noise_scale",
                 "surprises", "as_old"):  # fmt: skip
        assert check_of(shipped_run, name).status == "pass", name


def test_flipped_face_values_cannot_be_published(inputs, tmp_path):
    words = list(inputs.question.yardsticks.phrases("ledger"))
    flipped = dict(zip(words, reversed(words), strict=True)) | {None: None}
    items = [replace(one, face_value=flipped[one.face_value]) for one in inputs.ledger.items]
    turned = replace(inputs, ledger=Ledger(inputs.ledger.path, tuple(items)))
    run = make_forecast(turned, AS_OF, tmp_path)
    assert check_of(run, "priors_and_evidence").status == "fail"
    assert not run.manifest.publishable


def test_a_base_rate_of_one_a_year_cannot_be_published(alter, tmp_path):
    """Six quiet years at more than one end a year: e to the power of less than -7."""
    run = make_forecast(alter({"base_rate": 1.0}), AS_OF, tmp_path)
    survival = check_of(run, "survival_so_far")
    assert survival.status == "fail" and survival.value < 1e-3
    assert not run.manifest.publishable


def statistics(pressure, slopes):
    """Mean factor on rates and sd of net pressure of (way, end, step, ...), outcomes even."""
    up, down = pressure
    factor = np.exp(slopes[0] * up - slopes[1] * down).mean(axis=(0, 1))
    return np.array([factor, (up - down).std(axis=1).mean(axis=0)])


def inside(past, inputs, slopes, half_lives, only=None):
    """Say whether both statistics of a question lie in the middle 90 % of its simulated news."""
    question, grades = past.question, past.grading.grades
    days = (question.ended - question.at_risk_from).days
    middles = np.arange(7.0, days, 14.0)
    own = source_of(question, grades)
    others = [source_of(one, grades) for one in inputs.resolved if one.id != question.id]
    borrowed = inputs.question.config.news.borrowed_items
    arrivals = fit_arrivals(own, others, borrowed, np.ones(len(others)))
    if only is not None:
        arrivals = Arrivals(arrivals.sources, only(arrivals), arrivals.named)
    coming = NewsToCome(arrivals, question.ends, middles, half_lives)
    sums = np.stack(list(coming.draw(np.random.default_rng(5), 1, 400)), axis=2)[..., 0, :]
    drawn = saturated(sums)
    moments = question.at_risk_from.toordinal() + middles
    real = pressure_at(past.pulses(question.ended), moments, half_lives, question.ends)
    mine, theirs = statistics(real[..., None], slopes)[:, 0], statistics(drawn, slopes)
    low, high = np.quantile(theirs, (0.05, 0.95), axis=1)
    return bool(((low <= mine) & (mine <= high)).all())


@pytest.fixture(scope="module")
def slopes(inputs):
    names = ("resolved.collected.push_slope", "resolved.collected.counter_slope")
    return tuple(inputs.question.learned.quantities[one].normal.quantile(0.5) for one in names)


def test_news_that_was_lies_inside_news_to_come_for_most_questions(inputs, slopes):
    config = inputs.question.config
    half_lives = half_lives_of(config)
    pasts = pasts_of(inputs.resolved, config, inputs.question.yardsticks)
    assert len(pasts) == 24
    found = [inside(past, inputs, slopes, half_lives) for past in pasts]
    situation = observe(inputs.question, inputs.ledger, inputs.resolved, NEWEST)
    found.append(bool((news_tails(situation, situation.arrivals, slopes) >= 0.05).all()))
    print(f"{sum(found)} of {len(found)} inside, the shipped question {found[-1]}")
    assert sum(found) >= 20 and found[-1]


def test_news_of_the_most_violent_ledger_alone_would_not_do(inputs, slopes):
    """The twin that must fail: every future takes its news from the question that saw most."""
    config = inputs.question.config
    half_lives = half_lives_of(config)
    pasts = pasts_of(inputs.resolved, config, inputs.question.yardsticks)

    def violent(arrivals):
        mean = [sum(abs(r.size) for r in one.records) / one.days for one in arrivals.sources[1:]]
        return np.eye(len(arrivals.sources))[1 + int(np.argmax(mean))]

    assert sum(inside(past, inputs, slopes, half_lives, violent) for past in pasts) < 20
