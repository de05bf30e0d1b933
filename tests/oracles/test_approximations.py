"""What the fast design leaves out, against the same without leaving it out."""

from dataclasses import replace

import numpy as np
import pytest
from tests.helpers import AS_OF

from tidings.evidence.arrivals import no_arrivals
from tidings.evidence.pressure import pulses
from tidings.forecasting.fitting import prior_parameters
from tidings.mechanism.incidence import cumulative_incidence
from tidings.mechanism.model_data import graph_data, paths_of, prior_outlook
from tidings.mechanism.paths import INFORMED, path_basis
from tidings.mechanism.situation import observe
from tidings.question import timeline as horizons

DRAWS = 3000
MONTE_CARLO = 1 / np.sqrt(DRAWS)
"""Standard error of a mean of so many draws, in units of the posterior sd."""


@pytest.fixture(scope="module")
def situation(inputs):
    return observe(inputs.question, inputs.ledger, inputs.resolved, AS_OF)


def log_density(rows, x, noise, story):
    variance = noise**2 + story**2 * rows.story_load
    residual = rows.y - rows.design @ x
    return -0.5 * np.sum(residual**2 / variance + rows.count * np.log(variance))


def test_compressed_readings_have_the_same_density(situation):
    data = graph_data(situation)
    # Ten stories of one reading for every one there is: more rows than features.
    rows = data.rows.over(data.paths)
    many = replace(rows, **{k: np.concatenate([v] * 10) for k, v in vars(rows).items()})
    many.story_load[len(rows.y) :] = 0.0
    short = many.compressed()
    assert len(short.y) < len(many.y) / 2
    generator = np.random.default_rng(3)
    for _ in range(5):
        x = generator.normal(size=rows.design.shape[1])
        noise, story = np.exp(generator.normal(size=2) / 2)
        expected = log_density(many, x, noise, story)
        assert log_density(short, x, noise, story) == pytest.approx(expected, rel=1e-10)


def posterior_of_path(basis, design, y):
    """Mean and covariance of a path given readings with unit noise, in the basis' directions."""
    along = design @ basis
    gain = np.linalg.inv(np.eye(basis.shape[1]) + along.T @ along)
    return basis @ gain @ along.T @ y, basis @ gain @ basis.T


def furthest(situation, limit):
    """How far the paths' posterior lies from the exact one, in units of its sd, at most."""
    data, timeline = graph_data(situation), situation.timeline
    cholesky, off = timeline.factor_cholesky(), []
    full = path_basis(cholesky, np.ones((len(situation.structure.dynamic), timeline.states)), -1.0)
    cut = paths_of(situation, limit)
    for a in range(len(situation.structure.dynamic)):
        design = data.rows.path[:, a]
        exact_mean, exact = posterior_of_path(full.informed[a], design, data.rows.y)
        mean, covariance = posterior_of_path(cut.informed[a], design, data.rows.y)
        covariance = covariance + cut.rest[a] @ cut.rest[a].T
        sd = np.sqrt(np.diag(exact))
        off += [np.abs(mean - exact_mean) / sd, np.abs(np.sqrt(np.diag(covariance)) / sd - 1)]
    return float(np.max(off))


def test_paths_without_uninformed_directions_are_within_monte_carlo_error(situation):
    assert furthest(situation, INFORMED) < MONTE_CARLO


def test_leaving_out_informed_directions_would_show(situation):
    assert furthest(situation, 30 * INFORMED) > MONTE_CARLO


def test_longer_steps_are_within_monte_carlo_error(situation, monkeypatch, new_item):
    """Known news fades and factors move; arrivals have no error in expectation from the step."""
    config, structure = situation.question.config, situation.structure
    quiet = no_arrivals()
    strong = pulses([new_item(push=3)], config.grades, structure.ends)
    outlook = replace(prior_outlook(situation), arrivals=quiet, pulses=strong)
    parameters = prior_parameters(situation, DRAWS)
    usual = cumulative_incidence(parameters, outlook, 1)
    monkeypatch.setattr(horizons, "_STEP_DAYS", 1.0)
    monkeypatch.setattr(horizons, "_LATER_STEP_DAYS", 1.0)
    fine = cumulative_incidence(parameters, outlook, 1)
    error = fine.std(axis=0) * MONTE_CARLO
    assert np.max(np.abs(usual - fine).mean(axis=0) / np.maximum(error, 1e-12)) < 1.0
