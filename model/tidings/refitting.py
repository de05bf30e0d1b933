"""A posterior drawn anew, where the weights of another's draws cannot be trusted."""

from dataclasses import replace

import numpy as np

from tidings.checks import diagnose
from tidings.fitting import fit, incidence_of
from tidings.inputs import Inputs
from tidings.names import Dim
from tidings.reweighting import Posterior
from tidings.situation import Situation, outlook_of

__all__ = ["refitted"]


def refitted(inputs: Inputs, situation: Situation, draws: int | None = None) -> Posterior:
    """Draw from the posterior of a situation, and carry it forward.

    Parameters
    ----------
    inputs : Inputs
        Those that the situation comes from.
    situation : Situation
        What is known.
    draws : int, optional
        How many draws to carry forward; as the config has it if not given.

    Raises
    ------
    FitError
        If the sampler stopped.
    """
    if draws is not None:
        situation = _carrying(situation, draws)
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


def _carrying(situation: Situation, draws: int) -> Situation:
    question = situation.question
    fit_config = question.config.fit.model_copy(update={"forecast_draws": draws})
    config = question.config.model_copy(update={"fit": fit_config})
    return replace(situation, question=replace(question, config=config))
