"""A small synthetic question; draws from its priors stand for a posterior, so nothing is fitted.

``tests/units`` mirrors the folders of the package; all of it takes a few seconds.
"""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

import tidings
from tidings.evidence.inputs import Inputs
from tidings.forecasting.fitting import prior_parameters
from tidings.mechanism.incidence import cumulative_incidence
from tidings.mechanism.model_data import outlook_of
from tidings.mechanism.situation import Situation, observe
from tidings.reasons.draws import Posterior

TOY = Path(__file__).parent / "toy" / "toy.toml"
AS_OF = date(2022, 3, 1)
DRAWS = 300


@pytest.fixture(scope="session")
def toy() -> Inputs:
    """The toy question with its seven items."""
    return tidings.check(TOY)


@pytest.fixture(scope="session")
def situation(toy: Inputs) -> Situation:
    """What is known on the as-of date."""
    return observe(toy.question, toy.ledger, toy.resolved, AS_OF)


@pytest.fixture(scope="session")
def posterior(toy: Inputs, situation: Situation) -> Posterior:
    """Draws from the priors, carried forward: what a posterior without evidence would be."""
    few = prior_parameters(situation, DRAWS)
    states = situation.timeline.states
    parameters = replace(few, factor=np.repeat(few.factor, states, axis=1))
    outlook = replace(outlook_of(situation), futures=5)
    incidence = cumulative_incidence(parameters, outlook, 1)[:, :, :-1]
    shape = len(toy.question.config.outcome_ids), len(outlook.calendar.horizons)
    return Posterior(toy, situation, parameters, incidence, np.full(shape, float(DRAWS)))
