"""A posterior drawn anew, where the weights of another's draws cannot be trusted."""

import numpy as np

from tidings.checks import diagnose
from tidings.fitting import fit, incidence_of
from tidings.inputs import Inputs
from tidings.names import Dim
from tidings.reweighting import Posterior
from tidings.situation import Situation, outlook_of

__all__ = ["refitted"]


def refitted(inputs: Inputs, situation: Situation) -> Posterior:
    """Draw from the posterior of a situation, and carry it forward.

    Parameters
    ----------
    inputs : Inputs
        Those that the situation comes from.
    situation : Situation
        What is known.

    Raises
    ------
    FitError
        If the sampler stopped.
    """
    fitted = fit(situation)
    incidence = incidence_of(fitted)
    settings = situation.question.config.fit
    dates = [str(day) for day in outlook_of(situation).calendar.horizons.values()]
    at = incidence.sel({Dim.DATE.value: dates}).values
    effective = [
        [diagnose(at[:, :, d, k]).ess_bulk for d in range(at.shape[2])] for k in range(at.shape[3])
    ]
    return Posterior(
        inputs, situation,
        fitted.parameters.flat(max(1, settings.draws // incidence.sizes[Dim.DRAW])),
        incidence.values.reshape(-1, *incidence.shape[2:]),
        np.array(effective),
    )  # fmt: skip
