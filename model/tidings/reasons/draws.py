"""A run's draws, with the model inputs that they rest on."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tidings.evidence.inputs import Inputs, read_inputs
from tidings.forecasting.runs import Run
from tidings.mechanism.model_data import outlook_of
from tidings.mechanism.parameters import Parameters, of_stored, unconstrained_priors
from tidings.mechanism.situation import Situation, observe, priors_alone
from tidings.names import Var

Array = NDArray[np.float64]

DRAWS = 1000
"""Draws that are simulated forward again, spread over the run's."""
ALL_DRAWS = 10**9
"""More than any run has."""


@dataclass(frozen=True)
class Posterior:
    """Draws of a posterior with what is needed to weigh them.

    Attributes
    ----------
    incidence : ndarray, shape (draw, date, outcome)
        Their forecasts, as stored.
    effective : ndarray, shape (outcome, horizon)
        How many independent draws they are worth, by published probability.
    converged : bool
        Whether the sampler's chains agree and did not diverge.
    """

    inputs: Inputs
    situation: Situation
    parameters: Parameters
    incidence: Array
    effective: Array
    converged: bool = True

    @property
    def seed(self) -> int:
        """The run's root of randomness."""
        return self.situation.question.config.fit.seed

    def thinned(self, draws: int) -> "Posterior":
        """Return about so many of the draws."""
        every = max(1, len(self.incidence) // draws)
        few = self.parameters.each(lambda array: array[..., ::every])
        return replace(self, parameters=few, incidence=self.incidence[::every])

    def standardised(self) -> dict[str, Array]:
        """Return where each draw lies in each prior that is not fixed, in sds of that prior."""
        linked = unconstrained_priors(self.parameters, self.situation.structure)
        return {
            name: (linked[name] - prior.mean) / prior.sd
            for name, prior in self.situation.question.priors.items()
            if name in linked and prior.sd > 0
        }


def stored_posterior(run: Run, draws: int = DRAWS, futures: int | None = None) -> Posterior:
    """Read about so many of a run's draws, and its inputs.

    ``futures`` is how many simulated paths each draw is carried into anew, the run's own number if
    not given. A difference of two forecasts depends on how many draws it has more than on that.

    Raises
    ------
    RunError, InputError
        If the run's files cannot be read, or are not valid any more.
    """
    inputs = read_inputs(run.question_file).seeded(run.manifest.seed)
    question, as_of = inputs.question, run.manifest.as_of
    if futures is not None:
        fit = question.config.fit.model_copy(update={"futures": futures})
        question = replace(question, config=question.config.model_copy(update={"fit": fit}))
    situation = (
        priors_alone(question, inputs.resolved, as_of)
        if run.manifest.prior_only
        else observe(question, inputs.ledger, inputs.resolved, as_of)
    )
    parameters = of_stored(run.stored("posterior"), situation.structure)
    incidence = run.stored("forecast")[Var.INCIDENCE]
    # Runs from before the manifest named the stride were made as their config has it.
    stride = run.manifest.fit.stride or question.config.fit.stride
    every = max(1, incidence.shape[0] * incidence.shape[1] // draws)
    return Posterior(
        inputs,
        situation,
        parameters.flat(stride * every),
        incidence[:, ::every].reshape(-1, *incidence.shape[2:]),
        run.at_horizons(lambda row: row.ess),
    )


def at_horizons(incidence: Array, situation: Situation) -> Array:
    """Return incidence of shape (draw, date, outcome) as (draw, outcome, horizon)."""
    calendar = outlook_of(situation).calendar
    marks = [calendar.dates.index(day) for day in calendar.horizons.values()]
    return incidence[:, marks].transpose(0, 2, 1)
