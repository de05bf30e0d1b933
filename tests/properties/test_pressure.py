"""Pressure and wording: properties that hold for any order and any repetition."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.helpers import AS_OF

from tidings.evidence.pressure import MOST, mean_pressure, pressure_at, pulses
from tidings.reporting.wording import percent

CHANGE = ("us_base", "third_country", "ukraine", "returned_to_russia", "disabled_in_place", "other")
HALF_LIVES = (120.0, 90.0)
TIMES = np.arange(AS_OF.toordinal() - 2000.0, AS_OF.toordinal() + 300.0, 7.0)


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 10**6))
def test_the_order_of_rows_does_not_matter(inputs, seed):
    items = list(inputs.ledger.items)
    grades = inputs.question.config.grades
    first = pressure_at(pulses(items, grades, CHANGE), TIMES, HALF_LIVES, CHANGE)
    np.random.default_rng(seed).shuffle(items)
    again = pressure_at(pulses(items, grades, CHANGE), TIMES, HALF_LIVES, CHANGE)
    np.testing.assert_allclose(again, first, atol=1e-12)


def test_repeating_every_item_in_its_story_adds_no_pressure(inputs):
    grades, items = inputs.question.config.grades, inputs.ledger.items
    twice = [*items, *(replace(item, id=f"{item.id}-again") for item in items)]
    first = pressure_at(pulses(items, grades, CHANGE), TIMES, HALF_LIVES, CHANGE)
    again = pressure_at(pulses(twice, grades, CHANGE), TIMES, HALF_LIVES, CHANGE)
    assert np.abs(first).max() > 0.5
    np.testing.assert_allclose(again, first, atol=1e-12)


def test_the_mean_over_a_step_is_the_mean_of_its_moments(inputs):
    counted = pulses(inputs.ledger.items, inputs.question.config.grades, CHANGE)
    edges = TIMES[::2]
    fine = np.linspace(edges[:-1], edges[1:], 2001, axis=1)
    fine = (fine[:, 1:] + fine[:, :-1]) / 2
    moments = pressure_at(counted, fine.ravel(), HALF_LIVES, CHANGE)
    moments = moments.reshape(2, len(CHANGE), *fine.shape)
    means = mean_pressure(counted, edges, HALF_LIVES, CHANGE)
    # An item known between two of seven moments is out by at most half of the seventh.
    np.testing.assert_allclose(means, moments.mean(axis=-1), atol=3 / 14)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    pushes=st.lists(st.tuples(st.integers(1, 3), st.integers(0, 60)), min_size=1, max_size=80),
    way=st.sampled_from([1, -1]),
)
def test_more_news_of_one_sign_never_moves_it_the_other_way(inputs, new_item, pushes, way):
    grades, items = inputs.question.config.grades, list(inputs.ledger.items)
    more = [
        new_item(
            id=f"more-{n}", story=f"more-{n}", push=way * push,
            date=AS_OF - timedelta(days=ago), published=AS_OF - timedelta(days=ago),
        )
        for n, (push, ago) in enumerate(pushes)
    ]  # fmt: skip
    before = pressure_at(pulses(items, grades, CHANGE), TIMES, HALF_LIVES, CHANGE)
    after = pressure_at(pulses([*items, *more], grades, CHANGE), TIMES, HALF_LIVES, CHANGE)
    mine, other = (0, 1) if way > 0 else (1, 0)
    assert (after[mine] >= before[mine] - 1e-12).all()
    np.testing.assert_allclose(after[other], before[other], atol=1e-12)
    assert after.max() <= MOST


@given(probability=st.floats(1e-7, 1 - 1e-7))
def test_percentages_are_never_rounded_to_nothing_or_to_certainty(probability):
    number = float(percent(probability).removesuffix("\u00a0%"))
    assert 0.0 < number < 100.0
    assert abs(number / 100 - probability) <= 0.051 * min(probability, 1 - probability)
