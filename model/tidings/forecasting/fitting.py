"""Fits: the posterior of one situation, and the forecasts of posterior and priors."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tidings.forecasting.sampling import Progress, Sampled, sample
from tidings.mechanism.incidence import cumulative_incidence
from tidings.mechanism.model_data import graph_data, outlook_of, prior_data, prior_outlook
from tidings.mechanism.parameters import Parameters, constrained, log_consent
from tidings.mechanism.situation import Situation
from tidings.mechanism.unknowns import GraphData, free_shapes
from tidings.names import RETAINED, Dim, Var
from tidings.randomness import stream

if TYPE_CHECKING:
    import xarray as xr

_PRIOR_DRAWS = 1000
_REFERENCE_DRAWS = 400_000


@dataclass(frozen=True)
class Fitted:
    """A posterior of one situation."""

    situation: Situation
    data: GraphData
    sampled: Sampled

    @cached_property
    def parameters(self) -> Parameters:
        """The draws on natural scales, with axes chain and draw.

        Along the directions of the paths of which the evidence tells nothing, and which the graph
        leaves out, they are drawn from their prior.
        """
        draws = self.sampled.draws
        rest = self.data.paths.rest
        generator = stream(self.situation.question.config.fit.seed, "uninformed paths")
        shape = (draws.sizes[Dim.CHAIN], draws.sizes[Dim.DRAW], rest.shape[0], rest.shape[2])
        free = {str(name): values.values for name, values in draws.items()}
        return constrained(
            free, self.data, self.situation.structure, generator.standard_normal(shape)
        )


def fit(situation: Situation, progress: Progress | None = None) -> Fitted:
    """Draw from the posterior of a situation.

    Raises
    ------
    FitError
        If the sampler stopped.
    """
    data = graph_data(situation)
    sampled = sample(situation.structure, data, situation.question.config.fit, progress)
    return Fitted(situation, data, sampled)


def incidence_of(fitted: Fitted) -> "xr.DataArray":
    """Return a posterior's forecast, dims chain, draw, date, outcome; outcomes sum to 1.

    Of each chain every ``stride``-th draw is simulated forward; the coordinate says which.
    """
    settings = fitted.situation.question.config.fit
    flat = fitted.parameters.flat(settings.stride)
    values = cumulative_incidence(flat, outlook_of(fitted.situation), settings.seed)
    by_chain = values.reshape(settings.chains, -1, *values.shape[1:])
    return _named_incidence(by_chain, fitted.situation, settings.stride)


def prior_parameters(situation: Situation, draws: int, stage: str = "prior") -> Parameters:
    """Draw from the priors, with the factors at one time only.

    Parameters
    ----------
    situation : Situation
        Has the priors; its evidence is not used.
    """
    generator = stream(situation.question.config.fit.seed, stage)
    free = {
        name: generator.normal(size=(draws, *shape))
        for name, shape in free_shapes(situation.structure, 1).items()
    }
    return constrained(free, prior_data(situation), situation.structure)


def prior_incidence_of(situation: Situation) -> "xr.DataArray":
    """Return the forecast that the priors alone would make on the same date."""
    parameters = prior_parameters(situation, _PRIOR_DRAWS)
    seed = situation.question.config.fit.seed
    values = cumulative_incidence(parameters, prior_outlook(situation), seed, "prior futures")
    return _named_incidence(values[None], situation)


def consent_reference(situation: Situation) -> float:
    """Return A0, the log prior mean of exp(A), where A is the log of total consent."""
    parameters = prior_parameters(situation, _REFERENCE_DRAWS, "consent reference")
    _, agreement = log_consent(parameters, parameters.factor[:, 0], situation.structure)
    return float(np.log(np.mean(np.exp(agreement))))


def _named_incidence(
    values: NDArray[np.float64], situation: Situation, stride: int = 1
) -> "xr.DataArray":
    outcomes = (RETAINED, *situation.structure.ends)
    calendar = outlook_of(situation).calendar
    import xarray as xr

    named = xr.DataArray(
        values,
        dims=(Dim.CHAIN.value, Dim.DRAW.value, Dim.DATE.value, Dim.OUTCOME.value),
        coords={
            Dim.CHAIN.value: np.arange(values.shape[0]),
            Dim.DRAW.value: stride * np.arange(values.shape[1]),
            Dim.DATE.value: [str(day) for day in calendar.dates],
            Dim.OUTCOME.value: list(outcomes),
        },
        name=Var.INCIDENCE.value,
    )
    asked = situation.question.config.outcome_ids
    return named.sel({Dim.OUTCOME.value: [name for name in outcomes if name in asked]})
