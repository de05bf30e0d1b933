"""Recovery: data simulated from the model at known values are found again, and tell something."""

from dataclasses import replace

import numpy as np
import pytest
from tests.conftest import AS_OF

from tidings.forecasting import Fitted
from tidings.graph import GraphData
from tidings.inference import compile_density, sample
from tidings.parameters import natural
from tidings.situation import graph_data, observe

REPEATS = 3
LARGEST_RMS = 1.5
"""Root mean square of standardised errors: 1 in expectation over the posterior."""


@pytest.fixture(scope="module")
def simulated(inputs):
    """Truths drawn from the prior, and readings drawn at the design of the real evidence."""
    situation = observe(inputs.question, inputs.ledger, inputs.resolved, AS_OF)
    # Each item reads thrice, by three independent stories, so that the data can tell.
    readings = tuple(
        replace(r, story=f"{r.story}-{n}") for n in range(REPEATS) for r in situation.readings
    )
    situation = replace(situation, readings=readings)
    data = graph_data(situation)
    density = compile_density(situation.structure, data)
    generator = np.random.default_rng(11)
    z = {name: generator.normal(size=shape) for name, shape in density.variables}
    truth = natural(z, data)
    v = data.values
    x = np.concatenate([truth.level_logit, truth.factor.ravel(), truth.voice_bias])
    variance = truth.scale["noise_scale"] ** 2
    variance = variance + truth.scale["story_sd"] ** 2 * v["reading_story_load"]
    y = v["reading_design"] @ x + np.sqrt(variance) * generator.normal(size=len(variance))
    return situation, density, truth, with_values(data, reading_y=y)


def with_values(data, **values):
    return GraphData({**data.values, **values}, data.states)


def fit_to(simulated, data):
    situation, density, _, _ = simulated
    fit = situation.question.config.fit
    # Exposure says nothing of the truth here: it was drawn without regard to survival.
    still = np.zeros_like(data.values["exposure_years"])
    quiet = with_values(data, exposure_years=still)
    return Fitted(situation, quiet, sample(density, quiet, fit)).parameters().flat()


def standardised(draws, truth):
    return (draws.mean(0) - truth) / draws.std(0)


def read_states(situation):
    """Actor and state of every reading: where the data tell of the factors."""
    actors = situation.structure.dynamic
    return sorted({(actors.index(r.actor), r.state) for r in situation.readings
                   if r.actor in actors})  # fmt: skip


def means_read(parameters, situation):
    """Willingness of each reading (logit): what the readings are about."""
    columns = []
    for actor, state in read_states(situation):
        name = situation.structure.dynamic[actor]
        pairs = [i for i, (a, _) in enumerate(situation.structure.pairs) if a == name]
        level = parameters.level_logit[..., pairs].mean(-1)
        columns.append(level + parameters.factor[..., actor, state])
    return np.stack(columns, axis=-1)


@pytest.fixture(scope="module")
def recovered(simulated):
    return fit_to(simulated, simulated[3])


def test_known_values_are_recovered(simulated, recovered):
    situation, _, truth, _ = simulated
    errors = standardised(means_read(recovered, situation), means_read(truth, situation))
    assert np.sqrt(np.mean(errors**2)) <= LARGEST_RMS
    for name in ("noise_scale", "story_sd", "voice_bias_sd"):
        draws = np.log(recovered.scale[name])
        assert abs(standardised(draws, np.log(truth.scale[name]))) <= 3


def test_the_posterior_is_informative(simulated, recovered):
    """The sds of what was read are at most two thirds of the prior's (an empty posterior has 1)."""
    situation, _, _, data = simulated
    generator = np.random.default_rng(5)
    shapes = dict(simulated[1].variables)
    prior = natural({k: generator.normal(size=(2000, *s)) for k, s in shapes.items()}, data)
    prior_sd = means_read(prior, situation).std(0)
    posterior_sd = means_read(recovered, situation).std(0)
    assert np.median(posterior_sd / prior_sd) <= 2 / 3
    assert np.log(recovered.scale["noise_scale"]).std() <= 0.15


def test_a_model_without_bias_and_stories_is_found_out(simulated):
    """The twin: a model that takes every reading as independent and unbiased is too sure."""
    situation, _, truth, data = simulated
    scale_mean = data.values["scale_prior_mean"].copy()
    scale_sd = data.values["scale_prior_sd"].copy()
    scale_mean[1:], scale_sd[1:] = -40.0, 0.0
    wrong = with_values(data, scale_prior_mean=scale_mean, scale_prior_sd=scale_sd)
    parameters = fit_to(simulated, wrong)
    errors = standardised(means_read(parameters, situation), means_read(truth, situation))
    assert np.sqrt(np.mean(errors**2)) > LARGEST_RMS
