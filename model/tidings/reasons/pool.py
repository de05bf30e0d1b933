"""A posterior drawn anew, where the weights of another's draws cannot be trusted.

Forecasts of many situations from a few posteriors, with Monte Carlo errors that add up.

A `Pool` begins with stored draws. For each situation it takes the first posterior whose weights
there can be trusted (see `tidings.reasons.reweighting`); where there is none it draws a new one, which
serves the situations to come as well. An `Estimate` remembers what each draw
contributes, so that the error of a sum or difference is that of the whole: what two forecasts from
the same draws share cancels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tidings.evidence.inputs import Inputs
from tidings.forecasting.checks import diagnose
from tidings.forecasting.fitting import fit, incidence_of
from tidings.forecasting.tables import K_LIMIT
from tidings.mechanism.situation import Situation, outlook_of
from tidings.names import Dim
from tidings.reasons.reweighting import DRAWS, Posterior, Reweighted, Reweighting, standard_error


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


Array = NDArray[np.float64]
_EFFICIENCY = 0.3
"""A step between two situations is worth a new posterior where fewer draws than this are left."""


class TooManyRefitsError(Exception):
    """More posteriors would have to be drawn than was allowed."""


@dataclass(frozen=True)
class Estimate:
    """Forecasts, added up or subtracted; arrays are (outcome, horizon).

    Attributes
    ----------
    mean : ndarray
        What is estimated.
    influences : mapping of int to ndarray, shape (draw, outcome, horizon)
        By posterior of the pool: what each draw adds to the error.
    effective : mapping of int to ndarray
        How many independent draws each posterior is worth.
    """

    mean: Array
    influences: Mapping[int, Array]
    effective: Mapping[int, Array]

    def plus(self, other: "Estimate", share: float = 1.0) -> "Estimate":
        """Return this and some share of another."""
        influences = dict(self.influences)
        for number, influence in other.influences.items():
            influences[number] = influences.get(number, 0.0) + share * influence
        effective = {**self.effective, **other.effective}
        return Estimate(self.mean + share * other.mean, influences, effective)

    def minus(self, other: "Estimate") -> "Estimate":
        """Return the difference to another."""
        return self.plus(other, -1.0)

    def mcse(self) -> Array:
        """Return the Monte Carlo error."""
        squares = [
            standard_error(influence, self.effective[number]) ** 2
            for number, influence in self.influences.items()
        ]
        return np.asarray(np.sqrt(np.sum(squares, axis=0)))


class Pool:
    """Posteriors of one question that serve many situations.

    Parameters
    ----------
    inputs : Inputs
        What new posteriors are drawn from.
    posteriors : sequence of Posterior
        Stored draws.
    last : Situation
        The one with the longest timeline of those to come.

    Attributes
    ----------
    k : float
        The largest Pareto k that was relied on.
    refits : int
        How many posteriors were drawn.
    """

    def __init__(self, inputs: Inputs, posteriors: Sequence[Posterior], last: Situation) -> None:
        self.k, self.refits = 0.0, 0
        self._inputs, self._last = inputs, last
        self._members = [Reweighting(one, last) for one in posteriors]

    def at(self, situation: Situation, refits: int | None = None) -> Estimate:
        """Return the forecast of a situation.

        Parameters
        ----------
        situation : Situation
            Of the same outcomes and horizons as all others.
        refits : int, optional
            How many posteriors may have been drawn in all.

        Raises
        ------
        TooManyRefitsError
            If one more would be needed.
        FitError
            If the sampler stopped.
        """
        for number in range(len(self._members)):
            found = self._from(number, [situation])
            if found is not None:
                return found[0]
        if refits is not None and self.refits >= refits:
            raise TooManyRefitsError
        return self._drawn(situation)

    def step(self, before: Situation, after: Situation) -> tuple[Estimate, Estimate]:
        """Return the forecasts before and after a change, from the same draws where possible.

        Raises
        ------
        FitError
            If the sampler stopped.
        """
        for number in range(len(self._members)):
            pair = self._from(number, [before, after], _EFFICIENCY)
            if pair is not None:
                return pair[0], pair[1]
        first = self._drawn(before)
        newest = len(self._members) - 1
        pairs = [self._from(newest, [before, after])]
        # Where that is too far for weights, two posteriors, each with an error of its own.
        others = (self._from(number, [after], _EFFICIENCY) for number in range(newest))
        pairs += [[first, *other] for other in others if other is not None][:1]
        found = [(pair[0], pair[1]) for pair in pairs if pair is not None]
        if not found:
            return first, self._drawn(after)
        return min(found, key=lambda pair: float(pair[1].minus(pair[0]).mcse().sum()))

    def _from(
        self, number: int, situations: Sequence[Situation], efficiency: float = 0.0
    ) -> list[Estimate] | None:
        """Return forecasts from one posterior, if it can be trusted for all of them."""
        weighed = []
        for situation in situations:
            weights, k = self._members[number].weigh(situation)
            if not k <= K_LIMIT or 1 / np.mean(weights**2) < efficiency:
                return None
            weighed.append((weights, k))
        self.k = max(self.k, *(k for _, k in weighed))
        return [
            self._estimate(number, weights, situation)
            for (weights, _), situation in zip(weighed, situations, strict=True)
        ]

    def _drawn(self, situation: Situation) -> Estimate:
        self.refits += 1
        self._members.append(Reweighting(refitted(self._inputs, situation, DRAWS), self._last))
        equal = np.ones(len(self._members[-1].posterior.incidence))
        return self._estimate(len(self._members) - 1, equal, situation)

    def _estimate(self, number: int, weights: Array, situation: Situation) -> Estimate:
        member = self._members[number]
        effective = member.posterior.effective
        found = Reweighted(weights, 0.0, member.carry(situation), effective)
        return Estimate(found.mean, {number: found.influence}, {number: effective})
