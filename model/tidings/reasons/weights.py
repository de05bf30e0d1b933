"""Pareto-smoothed importance weights (PSIS): the largest weights replaced by expected ones.

The same numbers as `arviz_stats`' ``psislw``, which a test holds; here in NumPy alone, since
importing ArviZ takes longer than all of a preview. Vehtari et al. 2024, arXiv:1507.02646, with the
fit of Zhang & Stephens 2009, doi:10.1198/tech.2009.08017.
"""

import numpy as np
from numpy.typing import NDArray

from tidings.forecasting.tables import K_LIMIT

Array = NDArray[np.float64]
_FEW_DRAWS = 225
_PRIOR_K, _PRIOR_COUNT, _PRIOR_SCALE = 0.5, 10, 3


_EQUAL = 1e-9
_NEAR_EQUAL = 0.98
"""Share of effective draws above which weights are those of nearly the same posterior.

The k of a tail does not know how small the whole tail is.
"""


def trusted(k: float) -> bool:
    """Return whether weights of this Pareto k can be trusted."""
    return k <= K_LIMIT


def weights_of(log_weights: Array) -> tuple[Array, float]:
    """Return importance weights of mean 1 and their Pareto k; 0 where they are near equal."""
    if np.ptp(log_weights) < _EQUAL:
        return np.ones(len(log_weights)), 0.0
    weights, k = smoothed_weights(log_weights)
    return weights, 0.0 if left_of(weights) > _NEAR_EQUAL else k


def left_of(weights: Array) -> float:
    """Return the share of the draws that weights of mean 1 leave effective."""
    return float(1 / np.mean(weights**2))


def smoothed_weights(log_weights: Array) -> tuple[Array, float]:
    """Return importance weights with a smoothed tail, of mean 1, and their Pareto k.

    Parameters
    ----------
    log_weights : ndarray, shape (draw,)
        Not all equal.

    Returns
    -------
    tuple of (ndarray, float)
        The weights are not smoothed where no tail fits (k is nan or infinite then).
    """
    draws = len(log_weights)
    shifted = log_weights - log_weights.max()
    tail = int(3 * draws**0.5) if draws > _FEW_DRAWS else draws // 5
    order = np.argsort(shifted)
    largest = order[draws - tail :]
    weights = np.exp(shifted)
    cutoff = weights[order[draws - tail - 1]]
    k, scale = _generalised_pareto(weights[largest] - cutoff)
    if np.isfinite(k) and scale > 0:
        places = np.arange(0.5, tail) / tail
        expected = -np.log1p(-places) if k == 0 else np.expm1(-k * np.log1p(-places)) / k
        weights[largest] = np.minimum(cutoff + scale * expected, 1.0)
    return weights / weights.mean(), k


def _generalised_pareto(excess: Array) -> tuple[float, float]:
    """Fit shape and scale to sorted excesses over a cutoff; nan where they are not like it."""
    count = len(excess)
    quartile = excess[int(count / 4 + 0.5) - 1]
    if quartile <= 0:
        return np.nan, np.nan
    grid = 30 + int(count**0.5)
    theta = 1 - np.sqrt(grid / (np.arange(1, grid + 1) - 0.5))
    theta = theta / (_PRIOR_SCALE * quartile) + 1 / excess[-1]
    shape = np.mean(np.log1p(-theta[:, None] * excess), axis=1)
    profile = count * (np.log(-theta / shape) - shape - 1)
    plausible = np.exp(profile - profile.max())
    plausible /= plausible.sum()
    counted = plausible >= 10 * np.finfo(float).eps
    middle = np.sum((theta * plausible)[counted]) / plausible[counted].sum()
    k = float(np.mean(np.log1p(-middle * excess)))
    scale = -k / middle
    k = (count * k + _PRIOR_COUNT * _PRIOR_K) / (count + _PRIOR_COUNT)
    return (np.inf, np.nan) if np.isnan(k) else (k, float(scale))
