"""Recovery: data simulated from the model at known values are found again, and tell something."""

from dataclasses import replace

import numpy as np
import pytest
from tests.helpers import AS_OF

from tidings.forecasting.fitting import Fitted
from tidings.forecasting.sampling import sample
from tidings.mechanism.model_data import graph_data
from tidings.mechanism.parameters import constrained
from tidings.mechanism.situation import observe
from tidings.mechanism.unknowns import free_shapes, prior_slices

pytestmark = pytest.mark.slow

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
    truth = draw_truth(situation, data, np.random.default_rng(11))
    rows, variance = data.rows, truth.scale["noise_scale"] ** 2
    x = np.concatenate([truth.level_logit, truth.factor.ravel(), truth.voice_bias])
    variance = variance + truth.scale["story_sd"] ** 2 * rows.story_load
    noise = np.random.default_rng(12).normal(size=len(variance))
    y = rows.design @ x + np.sqrt(variance) * noise
    return situation, truth, data.reading(replace(rows, y=y))


def draw_truth(situation, data, generator, draws=()):
    """Draw from the priors: paths along all directions, informed or not."""
    structure, values = situation.structure, data.values
    shapes = free_shapes(structure, data.paths.modes)
    free = {name: generator.normal(size=(*draws, *shape)) for name, shape in shapes.items()}
    moved = values["prior_sd"] * free["prior_z"]
    slices = prior_slices(structure)
    centring = values["factor_centring"] * moved[..., slices["factor_sd"], None]
    free["factor_u"] *= np.exp(centring)
    voice = moved[..., slices["scale"]][..., 2, None]
    free["voice_bias_u"] *= np.exp(values["voice_bias_centring"] * voice)
    rest = data.paths.rest
    return constrained(
        free, data, structure, generator.normal(size=(*draws, rest.shape[0], rest.shape[2]))
    )


def fit_to(simulated, data):
    situation, _, _ = simulated
    fit = situation.question.config.fit
    # Exposure says nothing of the truth here: it was drawn without regard to survival.
    quiet = data.changed(exposure_years=np.zeros_like(data.values["exposure_years"]))
    return Fitted(situation, quiet, sample(situation.structure, quiet, fit)).parameters.flat()


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
        level = parameters.level_logit[pairs].mean(0)
        columns.append(level + parameters.factor[actor, state])
    return np.stack(columns, axis=-1)


@pytest.fixture(scope="module")
def recovered(simulated):
    return fit_to(simulated, simulated[2])


def test_known_values_are_recovered(simulated, recovered):
    situation, truth, _ = simulated
    errors = standardised(means_read(recovered, situation), means_read(truth, situation))
    assert np.sqrt(np.mean(errors**2)) <= LARGEST_RMS
    for name in ("noise_scale", "story_sd", "voice_bias_sd"):
        draws = np.log(recovered.scale[name])
        assert abs(standardised(draws, np.log(truth.scale[name]))) <= 3


def test_the_posterior_is_informative(simulated, recovered):
    """The sds of what was read are at most two thirds of the prior's (an empty posterior has 1)."""
    situation, _, data = simulated
    prior = draw_truth(situation, data, np.random.default_rng(5), (2000,))
    prior_sd = means_read(prior, situation).std(0)
    posterior_sd = means_read(recovered, situation).std(0)
    assert np.median(posterior_sd / prior_sd) <= 2 / 3
    assert np.log(recovered.scale["noise_scale"]).std() <= 0.15


def test_a_model_without_bias_and_stories_is_found_out(simulated):
    """The twin: a model that takes every reading as independent and unbiased is too sure."""
    situation, truth, data = simulated
    mean, sd = data.values["prior_mean"].copy(), data.values["prior_sd"].copy()
    scales = prior_slices(situation.structure)["scale"]
    mean[scales][1:], sd[scales][1:] = -40.0, 0.0
    parameters = fit_to(simulated, data.changed(prior_mean=mean, prior_sd=sd))
    errors = standardised(means_read(parameters, situation), means_read(truth, situation))
    assert np.sqrt(np.mean(errors**2)) > LARGEST_RMS
