"""News yet to come and fading pushes, against closed forms."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from scipy.integrate import quad
from tests.helpers import AS_OF

from tidings.evidence.arrivals import Arrivals, no_arrivals
from tidings.forecasting.fitting import prior_parameters
from tidings.mechanism.incidence import Outlook, cumulative_incidence
from tidings.mechanism.parameters import RateParts
from tidings.mechanism.situation import observe, outlook_of
from tidings.question.structure import Structure
from tidings.question.timeline import Timeline, make_calendar

BASE_RATE = 1e-3
SLOPE, HALF_LIFE, PACE, SIZES = 1.2, 45.0, 6.0, np.array([-1.0, 1.0])
START = date(2025, 1, 1)


def one_outcome(arrivals, futures=200):
    structure = Structure(("done",), ("owner",), (("owner", "done"),), ("owner:own",))
    timeline = Timeline(START, START, START, 14, 2, 365.25)
    calendar = make_calendar(START, START, (12,), ())
    return Outlook(
        structure, timeline, calendar, START, 0.0, (), HALF_LIFE, arrivals, START, 0.0, futures
    )  # fmt: skip


def certain_parameters(draws):
    zeros = np.zeros(draws)
    rate = {
        "base_rate": zeros + BASE_RATE,
        "push_slope": zeros + SLOPE,
        "consent_slope": zeros,
        "share_other": zeros,
    }
    one = np.zeros((1, draws))
    return RateParts(rate, one, one, one, one, one[None])


def known_arrivals():
    """Poisson arrivals of a known pace: a gamma so narrow that the pace is a number."""
    half = np.array([0.5, 0.5])
    everything = np.ones((1, 2))
    return Arrivals(PACE * 1e9, 1e9, 0.0, SIZES, half, everything, np.ones(1), 0)


def closed_form_survival(years):
    """Shot noise (Campbell's theorem; Kingman 1993, ch. 3): with Poisson arrivals of pace p,

    E exp(slope * N(t)) = exp(p * integral_0^t E[exp(slope * m * 2^(-u / h)) - 1] du),

    and the mean survival is 1 - base * integral of it, but for terms in base squared (1e-6).
    """

    def growth(u):
        faded = 0.5 ** (u * 365.25 / HALF_LIFE)
        return PACE * np.mean(np.exp(SLOPE * SIZES * faded) - 1)

    def rate(t):
        return BASE_RATE * np.exp(quad(growth, 0, t)[0])

    return 1 - quad(rate, 0, years)[0]


def test_mean_survival_agrees_with_the_shot_noise_closed_form():
    calendar = one_outcome(known_arrivals()).calendar
    years = (calendar.dates[-1] - START).days / 365.25
    values = cumulative_incidence(certain_parameters(2000), one_outcome(known_arrivals()), 3)
    survival = values[:, -1, 0]
    mcse = survival.std(ddof=1) / np.sqrt(len(survival))
    # The second-order term left out of the closed form is at most (1 - S)^2 of the answer.
    expected = closed_form_survival(years)
    assert abs(survival.mean() - expected) <= 5 * mcse
    assert (1 - expected) ** 2 < 5 * mcse

    quiet = cumulative_incidence(
        certain_parameters(10), one_outcome(no_arrivals(("done", "other"))), 3
    )
    assert quiet[:, -1, 0] == pytest.approx(np.exp(-BASE_RATE * years), abs=1e-9)
    assert abs(quiet[0, -1, 0] - survival.mean()) > 20 * mcse


def test_a_push_on_the_as_of_date_multiplies_the_rate_as_the_closed_form_says(alter, new_item):
    """Mean over 3 months of exp(1.2 * 2 * 2^(-t / 45 days)), about 4."""
    fixed = {"push_slope": SLOPE, "consent_slope": 0.0, "base_rate": 1e-5}
    config = alter().question.config
    quiet_news = config.news.model_copy(update={"simulate": False, "half_life_days": HALF_LIFE})
    ageless = config.time.model_copy(update={"age_exponent": 0.0})

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
    integral = quad(lambda t: np.exp(SLOPE * 2 * 0.5 ** (t / HALF_LIFE)), 0, days)[0]
    assert 3.5 < integral / days < 4.5
    # The same futures stand on both sides; what is left is the midpoint rule over 8 days.
    assert after / before == pytest.approx(integral / days, rel=5e-3)
