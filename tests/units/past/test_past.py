"""The past: cases and resolved questions as arrays."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from tests.units.conftest import AS_OF

from tidings.evidence.resolved import ResolvedQuestion
from tidings.past.cases import aalen_johansen, spans_of
from tidings.past.histories import HALF_LIVES, histories_of
from tidings.past.questions import Grading, Past
from tidings.past.rate_fits import constant_rate


@pytest.fixture(scope="module")
def past(toy):
    """The toy question as if it had ended with a sale."""
    renamed = {"retained": ("status_quo",)}
    items = tuple(
        replace(item, outcomes=renamed.get(item.outcomes[0], item.outcomes))
        for item in toy.ledger.items
    )
    question = ResolvedQuestion(
        "toy-past", "What became of it?", ("sold", "scrapped"),
        {"sold": ("owner", "maker"), "scrapped": ("owner",)}, date(2020, 1, 1), AS_OF, "sold",
        items, (date(2021, 1, 1),),
    )  # fmt: skip
    config = toy.question.config
    return Past(
        question, Grading(config.grades, toy.question.yardsticks, config.time, config.news), 1
    )


def test_an_aalen_johansen_estimate_by_hand():
    """Four cases: an end at 1, a censoring at 2, the other end at 3, one still open at 4."""
    raw = aalen_johansen(np.array([0, -1, 1, -1]), np.array([1.0, 2.0, 3.0, 4.0]), [0.5, 1, 3, 9])
    assert raw.estimate == pytest.approx(np.array([[0, 0.25, 0.25, 0.25], [0, 0, 0.375, 0.375]]))
    inside = raw.estimate > 0
    assert (raw.low[inside] < raw.estimate[inside]).all()
    assert (raw.estimate[inside] < raw.high[inside]).all()


def test_months_are_spans():
    spans = spans_of(np.array([3.0]))
    assert spans.before.sum() == 2 and spans.within.sum() == 2


def test_who_had_to_agree_binds(past):
    bound = dict(zip(past.structure.pairs, past.binding, strict=True))
    assert bound["maker", "sold"] == 1 and bound["maker", "scrapped"] == 0


def test_a_history_has_all_the_time_at_risk_and_the_end_without_its_own_news(past):
    histories = histories_of([past])
    years = (AS_OF - date(2020, 1, 1)).days / 365.25
    assert histories.cell_years.sum() == pytest.approx(2 * years)
    assert histories.end_pressure.shape == (2, len(HALF_LIVES), 1)
    at_end = past.pulses(AS_OF)
    assert all(pulse.known < AS_OF.toordinal() for pulse in at_end)


def test_willingness_follows_what_was_read(past):
    prior = past.prior_willing(4000, 3)
    before = past.willing(date(2020, 1, 2), prior)
    after = past.willing(date(2020, 3, 2), prior)
    sold = past.structure.pairs.index(("maker", "sold"))
    assert after.level_logit[:, sold].mean() > before.level_logit[:, sold].mean() + 0.1


def test_the_constant_rate_is_ends_over_years(past):
    years = (AS_OF - date(2020, 1, 1)).days / 365.25
    assert constant_rate([past.question]) == pytest.approx(1 / years)
