"""The likelihood in NumPy, from draws on natural scales: what weighs them for other evidence.

The formulas are those of `tidings.mechanism.graph`, which a test holds equal to the graph's own
density."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tidings.mechanism.parameters import (
    Parameters,
    RateParts,
    neutral_rates,
    news_factor,
    unconstrained_priors,
)
from tidings.mechanism.rows import ReadingRows
from tidings.mechanism.unknowns import Exposure
from tidings.names import Var
from tidings.question.normal import LinkNormal
from tidings.question.structure import Structure

Array = NDArray[np.float64]


def standardised_residuals(parameters: Parameters, rows: ReadingRows) -> tuple[Array, Array]:
    """Return each row's residual in units of its sd, and the sd, both of shape (row, draw)."""
    path = parameters.factor[:, : rows.path.shape[2]].reshape(-1, parameters.draws)
    expected = np.zeros((len(rows.y), parameters.draws))
    for features, values in (
        (rows.levels, parameters.level_logit),
        (rows.path.reshape(len(rows.y), -1), path),
        (rows.biases, parameters.voice_bias),
    ):
        used = features.any(axis=0)
        expected += features[:, used] @ values[used]
    noise, story = (parameters.scale[name] for name in (Var.NOISE_SCALE, Var.STORY_SD))
    sd = np.sqrt(noise**2 + story**2 * rows.story_load[:, None])
    return (rows.y[:, None] - expected) / sd, sd


def log_readings(parameters: Parameters, rows: ReadingRows) -> Array:
    """Return the log density of the readings, shape (draw,), without constants."""
    residual, sd = standardised_residuals(parameters, rows)
    return np.asarray(-0.5 * np.sum(residual**2, axis=0) - rows.count @ np.log(sd))


class NeutralRates:
    """The rate of each outcome in every state at no pressure, from which survival follows."""

    def __init__(self, parts: RateParts, structure: Structure, consent_reference: float) -> None:
        by_state = parts.each(lambda array: array[..., None, :])
        self._rates = neutral_rates(by_state, parts.factor, structure, consent_reference)
        self._parts = parts

    def log_survival(self, exposure: Exposure) -> Array:
        """Return the log probability that nothing has happened, shape (draw,)."""
        ends = range(len(self._rates))
        return np.asarray(np.sum([self.log_survival_of(end, exposure) for end in ends], axis=0))

    def log_survival_of(self, end: int, exposure: Exposure) -> Array:
        """Return the log probability that one end has not happened, shape (draw,)."""
        pushed = news_factor(self._parts, exposure.pressure[:, end, ..., None])
        years = np.sum(pushed * exposure.years[..., None], axis=1)
        return -np.sum(self._rates[end, : len(years)] * years, axis=0)


def log_prior(
    parameters: Parameters, structure: Structure, priors: Mapping[str, LinkNormal]
) -> Array:
    """Return the log density of some priors, shape (draw,), without constants.

    Parameters
    ----------
    priors : mapping of str to LinkNormal
        By dotted name; those to be counted. An sd of 0 gives no density.
    """
    values = unconstrained_priors(parameters, structure)
    total = np.zeros(parameters.draws)
    for name, prior in priors.items():
        total -= 0.5 * ((values[name] - prior.mean) / prior.sd) ** 2 + np.log(prior.sd)
    return total
