"""Any number of draws, and of draws carried forward, through every command that reads a run."""

from dataclasses import replace

import numpy as np
import pytest
from tests.helpers import AS_OF

import tidings
from tidings.forecasting.making import make_forecast
from tidings.names import Var
from tidings.reasons.draws import ALL_DRAWS, at_horizons, stored_posterior
from tidings.reasons.reweighting import Reweighting

COUNTS = [
    pytest.param((80, 100)),
    pytest.param((75, 70), marks=pytest.mark.slow),
    pytest.param((90, 300), marks=pytest.mark.slow),
    pytest.param((61, 244), marks=pytest.mark.slow),
]


@pytest.fixture(scope="module", params=COUNTS, ids=str)
def run(request, inputs, tmp_path_factory):
    draws, carried = request.param
    question = inputs.question
    fit = question.config.fit.model_copy(update={"draws": draws, "forecast_draws": carried})
    config = question.config.model_copy(update={"fit": fit})
    few = replace(inputs, question=replace(question, config=config))
    return make_forecast(few, AS_OF, tmp_path_factory.mktemp("runs"))


def test_each_forecast_stands_beside_the_draw_it_was_made_from(run):
    posterior = stored_posterior(run, ALL_DRAWS)
    assert len(posterior.incidence) == posterior.parameters.draws
    stride = run.manifest.fit.stride
    with run.posterior() as tree:
        carried = tree["forecast"]["draw"].values
        drawn = tree["posterior"][Var.LINKED.value].sel(draw=carried).values
    np.testing.assert_array_equal(carried, stride * np.arange(len(carried)))
    np.testing.assert_array_equal(
        posterior.parameters.unconstrained.T, drawn.reshape(-1, drawn.shape[-1])
    )
    again = Reweighting(posterior).carry(posterior.situation)[:, 0, 3]
    stored = at_horizons(posterior.incidence, posterior.situation)[:, 0, 3]
    assert np.corrcoef(stored, again)[0, 1] > 0.8


def test_every_command_reads_it(run, tmp_path):
    runs = run.path.parent
    assert tidings.watch(run, runs).news
    assert tidings.explain(run, runs).parts
    moves = tidings.diff(run, run, runs)
    assert all(np.abs(move.effect.change).max() < 1e-12 for move in moves.moves)
    assert tidings.sensitivity(run, runs=runs).priors.shifts
    shifted = tidings.preview_doubts(shifted={"base_rate": 1.0}, name=run, runs=runs)
    assert shifted.effect.change[0, 3] < 0
    assert set(tidings.datatree(run, runs).children) >= {"posterior", "log_likelihood"}
    [page] = tidings.report(run, runs, ("html",), tmp_path)
    assert page.stat().st_size > 100_000
