"""The likelihood in NumPy, from draws on natural scales: what weighs them for other evidence.

The formulas are those of `tidings.mechanism.graph`, which a test holds equal to the graph's own density.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tidings.mechanism.parameters import Parameters, linked_priors, log_consent
from tidings.mechanism.rows import ReadingRows
from tidings.mechanism.unknowns import Exposure
from tidings.names import Var
from tidings.question.normal import LinkNormal
from tidings.question.structure import Structure


def standardised_residuals(
    parameters: Parameters, rows: ReadingRows
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each row's residual in units of its sd, and the sd, both of shape (draw, row).

    Parameters
    ----------
    parameters : Parameters
        Over draws along one axis; paths may have more states than the rows.
    rows : ReadingRows
        Over states.
    """
    draws, states = len(parameters.factor_sd), rows.path.shape[2]
    path = parameters.factor[..., :states].reshape(draws, -1)
    linear = np.concatenate([parameters.level_logit, path, parameters.voice_bias], axis=1)
    noise = parameters.scale[Var.NOISE_SCALE][:, None]
    story = parameters.scale[Var.STORY_SD][:, None]
    sd = np.sqrt(noise**2 + story**2 * rows.story_load)
    return (rows.y - linear @ rows.design.T) / sd, sd


def log_readings(parameters: Parameters, rows: ReadingRows) -> NDArray[np.float64]:
    """Return the log density of the readings, shape (draw,), without constants."""
    residual, sd = standardised_residuals(parameters, rows)
    return np.asarray(-0.5 * np.sum(residual**2, axis=1) - np.log(sd) @ rows.count)


class NeutralRates:
    """The rate of each outcome in every state at no pressure, for the survival of the status quo.

    Parameters
    ----------
    parameters : Parameters
        Over draws along one axis.
    structure : Structure
        The question's coordinates.
    consent_reference : float
        A0.
    """

    def __init__(
        self, parameters: Parameters, structure: Structure, consent_reference: float
    ) -> None:
        last = parameters.each(lambda array: np.moveaxis(array, 0, -1)[..., None, :])
        factor = np.moveaxis(parameters.factor, 0, -1)
        consent, agreement = log_consent(last, factor, structure)
        rate = last.rate
        away = agreement - consent_reference
        of_all = rate[Var.BASE_RATE] * np.exp(rate[Var.CONSENT_SLOPE] * away)
        other = rate[Var.SHARE_OTHER] * of_all
        self._rates = np.concatenate([np.exp(consent - agreement) * of_all, other[None]])
        self._push_slope = parameters.rate[Var.PUSH_SLOPE]

    def log_survival(self, exposure: Exposure) -> NDArray[np.float64]:
        """Return the log probability that nothing has happened, shape (draw,)."""
        total = np.zeros(len(self._push_slope))
        states = exposure.years.shape[0]
        for rates, pressure in zip(self._rates, exposure.pressure, strict=True):
            pushed = np.exp(pressure[..., None] * self._push_slope)
            years = np.sum(pushed * exposure.years[..., None], axis=1)
            total -= np.sum(rates[:states] * years, axis=0)
        return total


def log_prior(
    parameters: Parameters, structure: Structure, priors: Mapping[str, LinkNormal]
) -> NDArray[np.float64]:
    """Return the log density of some priors, shape (draw,), without constants.

    Parameters
    ----------
    parameters : Parameters
        Over draws along one axis.
    structure : Structure
        The question's coordinates.
    priors : mapping of str to LinkNormal
        By dotted name; those to be counted. An sd of 0 gives no density.
    """
    values = linked_priors(parameters, structure)
    total = np.zeros(len(parameters.factor_sd))
    for name, prior in priors.items():
        total -= 0.5 * ((values[name] - prior.mean) / prior.sd) ** 2 + np.log(prior.sd)
    return total
