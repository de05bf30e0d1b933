"""Smoothed importance weights against ArviZ."""

import numpy as np
import pytest
from arviz_stats.base import array_stats

from tidings.reasons.weights import smoothed_weights


@pytest.mark.parametrize("spread", [1e-3, 0.1, 0.5, 1.0, 2.0, 5.0])
@pytest.mark.parametrize("draws", [200, 1000, 3000])
def test_weights_and_k_are_those_of_arviz(spread, draws):
    log_weights = spread * np.random.default_rng(draws).standard_t(6, size=draws)
    expected, k = array_stats.psislw(-log_weights)
    expected = np.exp(expected - expected.max())
    weights, found = smoothed_weights(log_weights)
    assert found == pytest.approx(float(k), abs=1e-10)
    np.testing.assert_allclose(weights, expected / expected.mean(), rtol=1e-9)
    assert weights.mean() == pytest.approx(1.0)
