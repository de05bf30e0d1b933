"""News yet to come and fading pushes, against closed forms."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from scipy.integrate import quad
from tests.helpers import AS_OF

from tidings.evidence.arrivals import Arrivals, Record, Source, no_arrivals
from tidings.forecasting.fitting import prior_parameters
from tidings.mechanism.incidence import Outlook, cumulative_incidence
from tidings.mechanism.model_data import outlook_of
from tidings.mechanism.parameters import RateParts
from tidings.mechanism.situation import observe
from tidings.question.structure import Structure
from tidings.question.timeline import Timeline, make_calendar

BASE_RATE = 1e-3
SLOPE, COUNTER, HALF_LIVES = 1.2, 0.7, (45.0, 90.0)
START = date(2025, 1, 1)
ENDS = ("done", "other")


def one_outcome(arrivals, futures=200):
    structure = Structure(("done",), ("owner",), (("owner", "done"),), ("owner:own",))
    timeline = Timeline(START, START, START, 14, 2, 365.25)
    calendar = make_calendar(START, START, (12,), ())
    return Outlook(
        structure, timeline, calendar, START, 0.0, (), HALF_LIVES, arrivals, START, 0.0, 0.0,
        futures,
    )  # fmt: skip


def certain_parameters(draws):
    zeros = np.zeros(draws)
    rate = {
        "base_rate": zeros + BASE_RATE,
        "push_slope": zeros + SLOPE,
        "counter_slope": zeros + COUNTER,
        "consent_slope": zeros,
        "share_other": zeros,
    }
    one = np.zeros((1, draws))
    return RateParts(rate, one, one, one, one, one[None])


def ledgers():
    """Two ledgers of one outcome: one watched 400 days, a quiet one 150; four records in all."""
    day = float(date(2020, 1, 1).toordinal())

    def record(after, size, lasts=np.inf, held=0.0):
        return Record(day + after, day + after + lasts, day + after + held, size, ENDS)

    long = (record(20, 1.0), record(60, 2.0, held=30.0), record(210, -1.5, lasts=70.0))
    start = date(2020, 1, 1)
    return Arrivals(
        (
            Source(long, start, start + timedelta(days=400), ENDS),
            Source((record(100, 0.7),), start, start + timedelta(days=150), ENDS),
        ),
        np.array([0.7, 0.3]),
        ((ENDS, 1.0),),
    )


def expected_factor(arrivals, day):
    """Enumerate what news multiplies the rate by on a day: every block of every ledger.

    Blocks of half a year, each beginning on one of the ledger's fortnights, follow each other, and
    what is felt of them saturates together: so the mean is over all sequences of blocks.
    """
    total = 0.0
    for chance, source in zip(arrivals.probs, arrivals.sources, strict=True):
        count = max(1, source.days // 14)
        sums = np.zeros((2, 1))
        for begins in range(0, int(day) + 1, 182):
            each = []
            for place in range(count):
                cut, felt = place * source.days / count, [0.0, 0.0]
                for one in source.records:
                    after = (one.known - source.start.toordinal() - cut) % source.days
                    age = day - begins - after
                    if after >= min(182, source.days) or not 0 <= age < one.until - one.known:
                        continue
                    way = int(one.size < 0)
                    faded = max(age - (one.held_to - one.known), 0.0)
                    felt[way] += abs(one.size) * 0.5 ** (faded / HALF_LIVES[way])
                each.append(felt)
            sums = (sums[:, :, None] + np.array(each).T[:, None, :]).reshape(2, -1)
        up, down = 5 * np.tanh(sums / 5)
        total += chance * np.mean(np.exp(SLOPE * up - COUNTER * down))
    return total


def test_mean_survival_is_that_of_all_blocks_enumerated():
    arrivals = ledgers()
    outlook = one_outcome(arrivals)
    edges, _ = outlook.calendar.edges()
    middles = (edges[:-1] + edges[1:]) / 2 - START.toordinal()
    factors = np.array([expected_factor(arrivals, day) for day in middles])
    # Terms in the square of the base rate are left out: at most (1 - S)^2.
    expected = 1 - BASE_RATE * np.sum(factors * np.diff(edges)) / 365.25
    survival = cumulative_incidence(certain_parameters(2000), outlook, 3)[:, -1, 0]
    mcse = survival.std(ddof=1) / np.sqrt(len(survival))
    assert abs(survival.mean() - expected) <= 5 * mcse + (1 - expected) ** 2
    assert (1 - expected) ** 2 < 5 * mcse

    years = (edges[-1] - edges[0]) / 365.25
    quiet = cumulative_incidence(certain_parameters(10), one_outcome(no_arrivals()), 3)
    assert quiet[:, -1, 0] == pytest.approx(np.exp(-BASE_RATE * years), abs=1e-9)
    assert abs(quiet[0, -1, 0] - survival.mean()) > 20 * mcse


def test_a_push_on_the_as_of_date_multiplies_the_rate_as_the_closed_form_says(alter, new_item):
    """Mean over 3 months of exp(1.2 * 5 tanh(2 * 2^(-t / 45 days) / 5)), nearly 4."""
    fixed = {"push_slope": SLOPE, "consent_slope": 0.0, "base_rate": 1e-5}
    config = alter().question.config
    quiet_news = config.news.model_copy(update={"simulate": False, "half_life_days": HALF_LIVES[0]})
    ageless = config.time.model_copy(update={"start_up_years": 0.0})

    def chance(items):
        one = alter(fixed, items=items, news=quiet_news, time=ageless, status_known_to=AS_OF)
        situation = observe(one.question, one.ledger, one.resolved, AS_OF)
        parameters = prior_parameters(situation, 400)
        flat = np.repeat(parameters.factor, situation.timeline.states, axis=1)
        carried = replace(parameters, factor=flat)
        outlook = outlook_of(situation)
        index = outlook.calendar.dates.index(outlook.calendar.horizons["3mo"])
        column = 1 + situation.structure.ends.index("returned_to_russia")
        values = cumulative_incidence(carried, outlook, 5)[:, index, column]
        return values.mean(), (outlook.calendar.horizons["3mo"] - AS_OF).days

    before, days = chance(())
    after, _ = chance((new_item(push=2),))
    integral = quad(
        lambda t: np.exp(SLOPE * 5 * np.tanh(2 * 0.5 ** (t / HALF_LIVES[0]) / 5)), 0, days
    )[0]
    assert 3.5 < integral / days < 4.5
    # The same futures stand on both sides; what is left is the midpoint rule over 8 days.
    assert after / before == pytest.approx(integral / days, rel=5e-3)
