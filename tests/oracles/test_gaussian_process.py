"""The factors' posterior against exact Gaussian-process regression, in NumPy."""

from dataclasses import replace

import numpy as np
import pytest
from arviz_stats.base import array_stats
from tests.helpers import AS_OF

from tidings.forecasting.fitting import Fitted
from tidings.forecasting.sampling import sample
from tidings.mechanism.model_data import graph_data
from tidings.mechanism.situation import observe

SDS = {"ankara": 0.8, "moscow": 0.6, "washington": 0.7}


@pytest.fixture(scope="module")
def fitted(alter):
    fixed = {f"factor_sd.{actor}": sd for actor, sd in SDS.items()}
    fixed |= {"noise_scale": 1.0, "story_sd": 0.0, "voice_bias_sd": 0.0}
    inputs = alter()
    levels = {
        name: normal.quantile(0.5)
        for name, normal in inputs.question.priors.items()
        if name.startswith("willingness.")
    }
    one = alter(fixed | levels)
    situation = observe(one.question, one.ledger, one.resolved, AS_OF)
    data = graph_data(situation)
    # No exposure, no survival: what is left of the likelihood are the readings.
    still = np.zeros_like(data.values["exposure_years"])
    data = data.changed(exposure_years=still)
    fit = one.question.config.fit.model_copy(update={"draws": 1000})
    return Fitted(situation, data, sample(situation.structure, data, fit))


def exact(situation, priors):
    """Posterior mean and sd of the factors: K(t, s) = sd² 2^(-|t - s| / half-life), plus noise.

    Rasmussen & Williams 2006, eq. 2.23 and 2.24.
    """
    structure, timeline = situation.structure, situation.timeline
    times = np.arange(timeline.states) * timeline.state_days
    shared = 0.5 ** (np.abs(times[:, None] - times) / timeline.factor_half_life_days)
    medians = {k: np.exp(priors[f"precedent.{k}"].mean) for k in structure.named}
    total = sum(medians.values())
    means, sds = [], []
    for actor in structure.dynamic:
        readings = [r for r in situation.readings if r.actor == actor]
        level = {k: priors[f"willingness.{actor}.{k}"].mean for k in structure.named}
        middle = sum(medians[k] / total * level[k] for k in structure.named)
        rest = np.array([
            r.y_logit - r.sign * (middle if r.outcome is None else level[r.outcome])
            for r in readings
        ])  # fmt: skip
        H = np.zeros((len(readings), len(times)))
        for row, reading in enumerate(readings):
            H[row, reading.state] = reading.sign
        K = SDS[actor] ** 2 * shared
        noise = np.diag([r.sd_logit**2 for r in readings])
        gain = np.linalg.solve(H @ K @ H.T + noise, H @ K).T
        means.append(gain @ rest)
        sds.append(np.sqrt(np.diag(K - gain @ H @ K)))
    return np.array(means), np.array(sds)


def test_factors_agree_with_exact_gaussian_process_regression(fitted):
    situation = fitted.situation
    expected_mean, expected_sd = exact(situation, situation.question.priors)
    draws = np.moveaxis(fitted.parameters.factor, (-2, -1), (0, 1))
    flat = draws.reshape(*draws.shape[:2], -1)

    def errors(method):
        return np.array([
            array_stats.mcse(flat[..., i], chain_axis=0, draw_axis=1, method=method)
            for i in range(flat.shape[-1])
        ])  # fmt: skip

    off_mean = np.abs(flat.mean((0, 1)) - expected_mean.ravel()) / errors("mean")
    off_sd = np.abs(flat.std((0, 1)) - expected_sd.ravel()) / errors("sd")
    assert off_mean.max() <= 5
    assert off_sd.max() <= 5


def test_readings_without_their_sign_do_not_agree(fitted):
    """The twin: an exact answer that reads "retained" as agreement is far off."""
    situation = fitted.situation
    wrong = replace(situation, readings=tuple(replace(r, sign=1.0) for r in situation.readings))
    expected_mean, _ = exact(wrong, situation.question.priors)
    draws = np.moveaxis(fitted.parameters.factor, (-2, -1), (0, 1))
    error = draws.std((0, 1)) / np.sqrt(draws[..., 0, 0].size)
    assert (np.abs(draws.mean((0, 1)) - expected_mean) / error).max() > 20
