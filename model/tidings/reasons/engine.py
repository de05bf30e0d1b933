"""The engine of every "what if": what a change of scenario does to a forecast.

An `Engine` begins with stored draws. For each situation it takes the first posterior whose weights
there can be trusted (see `tidings.reasons.reweighting`); where there is none it draws a new one,
if it may, which serves the situations to come as well.
"""

from collections.abc import Sequence, Set
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tidings.evidence.inputs import Inputs
from tidings.forecasting.checks import LIMITS, diagnose
from tidings.forecasting.fitting import fit, incidence_of
from tidings.forecasting.runs import Run
from tidings.mechanism.model_data import outlook_of
from tidings.mechanism.situation import Situation
from tidings.names import Dim
from tidings.question.schema import FitConfig
from tidings.reasons.draws import ALL_DRAWS, DRAWS, Posterior, at_horizons, stored_posterior
from tidings.reasons.estimates import Effect, Estimate
from tidings.reasons.reweighting import Reweighting
from tidings.reasons.scenarios import Change, Scenario, scenario_of
from tidings.reasons.weights import trusted

Array = NDArray[np.float64]
Refit = Literal["never", "needed", "always"]
"""When to run the sampler again: never, where weights fail, or for every change."""

_EFFICIENCY = 0.3
"""A step between two situations is worth a new posterior where fewer draws than this are left."""
_OF_MANY = 0.05
"""The same where all draws take part and stored forecasts are moved."""
REFIT_R_HAT = 1.05
"""R-hat above which a refit is not trusted: it may have fewer draws than a run,
whose own limit is 1.01, and its error is told with it."""


class TooManyRefitsError(Exception):
    """More posteriors would have to be drawn than was allowed."""


class Engine:
    """Posteriors of one question that serve many scenarios.

    Parameters
    ----------
    last : Situation, optional
        The one with the longest timeline of those to come; the first posterior's if not given.
    refit : {"never", "needed", "always"}
        Whether posteriors may be drawn.
    draws : int, optional
        How many draws of a new posterior to simulate forward; as the config has it if not given.
    control_variate : bool
        Whether to start from the stored forecasts; see `Reweighting`. Fewer effective draws are
        then enough for a step.

    Attributes
    ----------
    k : float
        The largest Pareto k that was relied on.
    refits : int
        How many posteriors were drawn.
    """

    def __init__(
        self,
        inputs: Inputs,
        posteriors: Sequence[Posterior],
        last: Situation | None = None,
        refit: Refit = "needed",
        draws: int | None = DRAWS,
        *,
        control_variate: bool = False,
    ) -> None:
        self._efficiency = _OF_MANY if control_variate else _EFFICIENCY
        self.k, self.refits = 0.0, 0
        self._inputs, self._last, self._refit, self._draws = inputs, last, refit, draws
        self._members = [
            Reweighting(posterior, last, control_variate=control_variate)
            for posterior in posteriors
        ]

    @property
    def posterior(self) -> Posterior:
        """The first posterior."""
        return self._members[0].posterior

    @property
    def first(self) -> Reweighting:
        """The first posterior's draws, as they are weighed."""
        return self._members[0]

    @property
    def scenario(self) -> Scenario:
        """The scenario of the first posterior."""
        return scenario_of(self.posterior)

    def effect(self, change: Change, base: Scenario | None = None) -> Effect:
        """Return what a change does to the first posterior's forecast, or to that of a base.

        Raises
        ------
        FitError
            If the sampler stopped.
        """
        base = base or self.scenario
        before, after = self.step(base.situation(), change(base).situation())
        return after.minus(before).effect

    def own(self, number: int = 0) -> Estimate:
        """Return the forecast that came with one of the posteriors that were given."""
        posterior = self._members[number].posterior
        values = at_horizons(posterior.incidence, posterior.situation)
        return self._estimate(number, (np.ones(len(values)), 0.0), values)

    def at(self, situation: Situation, refits: int | None = None) -> Estimate:
        """Return the forecast of a situation of the same outcomes and horizons as all others.

        Raises
        ------
        TooManyRefitsError
            If one more would be needed.
        FitError
            If the sampler stopped.
        """
        for number in range(len(self._members)):
            weighed = self._from(number, [situation])
            if weighed is not None:
                return weighed[0]
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
        if self._refit == "always":
            return self.at(before), self._drawn(after)
        for number in range(len(self._members)):
            pair = self._from(number, [before, after], self._efficiency)
            if pair is not None:
                return pair[0], pair[1]
        first = self._drawn(before)
        newest = len(self._members) - 1
        pairs = [self._from(newest, [before, after])]
        # Where that is too far for weights, two posteriors, each with an error of its own.
        others = (self._from(number, [after], self._efficiency) for number in range(newest))
        pairs += [[first, *other] for other in others if other is not None][:1]
        usable = [(pair[0], pair[1]) for pair in pairs if pair is not None]
        if not usable:
            return first, self._drawn(after)
        return min(usable, key=lambda pair: float(pair[1].minus(pair[0]).mcse().sum()))

    def chain(self, situations: Sequence[Situation]) -> list[Estimate]:
        """Return what each situation changes of the one before, all of them on one way.

        The way begins with the first posterior's own situation and ends with that of the last that
        was given. Each change comes from one posterior whose weights can be trusted on both its
        sides; where the way turns from one posterior to another, what they differ by is told by
        neither. So it turns where the most draws are left, and a posterior is drawn only where none
        can be trusted.

        Raises
        ------
        FitError
            If the sampler stopped.
        """
        drawn: set[int] = set()
        if not self._members:
            self._drawn(situations[0])
        ends = 0, len(self._members) - 1
        while isinstance(way := self._way(situations, ends, drawn), int):
            self._drawn(situations[way])
            drawn.add(way)
        changes = []
        for (first, second), before, after in zip(
            way, situations[:-1], situations[1:], strict=True
        ):
            changes.append(self._weighed(second, after).minus(self._weighed(first, before)))
        return changes

    def _weighed(self, number: int, situation: Situation) -> Estimate:
        """Return a forecast from a posterior that is known to serve."""
        member = self._members[number]
        weighed = member.weigh(situation)
        self.k = max(self.k, weighed.k)
        values = member.carry(situation, weighed)
        return self._estimate(number, (weighed.weights, weighed.k), values)

    def _way(
        self, situations: Sequence[Situation], ends: tuple[int, int], drawn: Set[int]
    ) -> list[tuple[int, int]] | int:
        """Return the posteriors before and after each step, or the place of a situation to draw.

        A turn costs the error of both posteriors: one over the share of the draws left. A step too
        far for any one posterior is taken from one to another, each drawn on its side.
        """
        cost = self._costs(situations)
        numbers = np.arange(cost.shape[1])
        spent = np.where(numbers == ends[0], 0.0, cost[0] + cost[0, ends[0]])
        came: list[tuple[NDArray[np.intp], bool]] = []
        for place in range(1, len(situations)):
            before, after = cost[place - 1], cost[place]
            turned = spent[:, None] + before[:, None] + before
            turned[np.diag_indices(len(numbers))] = spent
            reached = np.where(np.isfinite(after), turned.min(axis=0), np.inf)
            far = not np.isfinite(reached).any()
            if far and place not in drawn:
                return place
            if far:
                turned = np.broadcast_to((spent + before)[:, None], turned.shape)
                reached = turned.min(axis=0) + after
            came.append((turned.argmin(axis=0), far))
            spent = reached
        ended = spent + np.where(numbers == ends[1], 0.0, cost[-1] + cost[-1, ends[1]])
        last, way = int(ended.argmin()), []
        for origins, far in reversed(came):
            origin = int(origins[last])
            way.append((origin if far else last, last))
            last = origin
        return way[::-1]

    def _costs(self, situations: Sequence[Situation]) -> Array:
        """Return one over the share of the draws that each posterior has left, (situation, member).

        It is infinite where weights cannot be trusted.
        """
        cost = np.full((len(situations), len(self._members)), np.inf)
        for place, situation in enumerate(situations):
            for number, member in enumerate(self._members):
                weighed = member.weigh(situation)
                if trusted(weighed.k):
                    cost[place, number] = 1 / weighed.left
        return cost

    def _from(
        self, number: int, situations: Sequence[Situation], efficiency: float = 0.0
    ) -> list[Estimate] | None:
        """Return forecasts from one posterior, if it serves for all of them."""
        member = self._members[number]
        weighed = [member.weigh(situation) for situation in situations]
        if self._refit != "never" and not all(
            trusted(one.k) and one.left >= efficiency for one in weighed
        ):
            return None
        self.k = max(self.k, *(one.k for one in weighed))
        return [
            self._estimate(number, (one.weights, one.k), member.carry(situation, one))
            for one, situation in zip(weighed, situations, strict=True)
        ]

    def _drawn(self, situation: Situation) -> Estimate:
        self.refits += 1
        posterior = refitted(self._inputs, situation, self._draws)
        self._members.append(Reweighting(posterior, self._last))
        number, equal = len(self._members) - 1, np.ones(len(posterior.incidence))
        # A posterior that is drawn for many situations is carried into their common paths.
        values = (
            at_horizons(posterior.incidence, situation)
            if self._refit == "always"
            else self._members[-1].carry(situation)
        )
        # What did not converge is told as what no weights can reach: not to be trusted.
        k = 0.0 if posterior.converged else np.inf
        self.k = max(self.k, k)
        return replace(self._estimate(number, (equal, k), values), refitted=True)

    def _estimate(self, number: int, weighed: tuple[Array, float], values: Array) -> Estimate:
        weights, k = weighed
        mean = np.asarray(np.tensordot(weights, values, 1) / len(weights))
        influence = np.asarray(weights[:, None, None] * (values - mean))
        effective = self._members[number].posterior.effective
        return Estimate(mean, {number: influence}, {number: effective}, k)


def engine_of(run: Run, refit: Refit = "never") -> Engine:
    """Return a run's draws for many small questions: stored forecasts, moved on one path each.

    Raises
    ------
    RunError, InputError
        If the run cannot be read.
    """
    return small_engine(stored_posterior(run, ALL_DRAWS, futures=1), refit)


def small_engine(posterior: Posterior, refit: Refit = "never") -> Engine:
    """Return an engine that moves the stored forecasts of a posterior."""
    return Engine(posterior.inputs, [posterior], refit=refit, control_variate=True)


def refitted(inputs: Inputs, situation: Situation, draws: int | None = None) -> Posterior:
    """Draw from the posterior of a situation, and carry it forward.

    Parameters
    ----------
    draws : int, optional
        How many draws to simulate forward; as the config has it if not given.

    Raises
    ------
    FitError
        If the sampler stopped.
    """
    changed = {"futures": inputs.question.config.fit.futures}
    if draws is not None:
        changed["forecast_draws"] = draws
    settings = situation.question.config.fit.model_copy(update=changed)
    situation = _with_settings(situation, settings)
    fitted = fit(situation)
    incidence = incidence_of(fitted)
    dates = [str(day) for day in outlook_of(situation).calendar.horizons.values()]
    at = incidence.sel({Dim.DATE.value: dates}).values
    found = [[diagnose(at[:, :, d, k]) for d in range(at.shape[2])] for k in range(at.shape[3])]
    diverging = float(fitted.sampled.stats["diverging"].mean())
    worst = max(one.r_hat for row in found for one in row)
    return Posterior(
        inputs,
        situation,
        fitted.parameters.flat(settings.stride),
        incidence.values.reshape(-1, *incidence.shape[2:]),
        np.array([[one.ess_bulk for one in row] for row in found]),
        converged=worst <= REFIT_R_HAT and diverging <= LIMITS["divergences"],
    )


def _with_settings(situation: Situation, settings: FitConfig) -> Situation:
    question = situation.question
    config = question.config.model_copy(update={"fit": settings})
    return replace(situation, question=replace(question, config=config))
