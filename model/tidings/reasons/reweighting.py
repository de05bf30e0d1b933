"""A run's draws as draws of another situation: weighted by how much likelier they are there.

Readings, survival and priors give each draw its weight (importance sampling, its tail smoothed);
where the other situation lasts longer, the actors' factors go on as their AR(1) process first.
Above a Pareto k of 0.7 the weights cannot be trusted. The forecast of a weighted draw is its own,
under the other situation's pressure and time.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tidings.evidence.inputs import Inputs, read_inputs
from tidings.evidence.readings import Reading
from tidings.forecasting.runs import Run
from tidings.forecasting.tables import K_LIMIT
from tidings.mechanism.incidence import Futures
from tidings.mechanism.likelihood import NeutralRates, log_prior, log_readings
from tidings.mechanism.parameters import Parameters, of_stored
from tidings.mechanism.situation import (
    Situation,
    exposure_of,
    half_lives_of,
    observe,
    outlook_of,
    precedent_share,
    priors_alone,
    reading_rows,
)
from tidings.mechanism.unknowns import prior_names
from tidings.names import RETAINED, Var
from tidings.question.normal import LinkNormal
from tidings.randomness import stream
from tidings.reasons.pareto import smoothed_weights

DRAWS = 1000
"""Draws that are carried forward again, spread over the run's."""
ALL_DRAWS = 10**9
"""More than any run has."""
_EQUAL = 1e-9
_NEAR_EQUAL = 0.98
"""Share of the draws that weights leave, above which they are those of nearly the same posterior.

The k of a tail does not know how small the whole tail is.
"""


def trusted(k: float) -> bool:
    """Say whether weights of this Pareto k can be trusted."""
    return k <= K_LIMIT


def weights_of(log_weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Return importance weights of mean 1 and their Pareto k; 0 where they are near equal."""
    if np.ptp(log_weights) < _EQUAL:
        return np.ones(len(log_weights)), 0.0
    weights, k = smoothed_weights(log_weights)
    return weights, 0.0 if left_of(weights) > _NEAR_EQUAL else k


def left_of(weights: NDArray[np.float64]) -> float:
    """Return the share of the draws that weights of mean 1 leave effective."""
    return float(1 / np.mean(weights**2))


@dataclass(frozen=True)
class Posterior:
    """Draws of a situation with what is needed to weigh them.

    Attributes
    ----------
    inputs : Inputs
        Those that the situation comes from.
    situation : Situation
        What it rests on.
    parameters : Parameters
        Some of the draws, chain after chain.
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
    incidence: NDArray[np.float64]
    effective: NDArray[np.float64]
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


def quick_posterior(run: Run, draws: int = ALL_DRAWS, futures: int = 1) -> Posterior:
    """Read a run's draws, to be carried into few futures each: for many small questions.

    A difference of two forecasts hangs on how many draws it has more than on their futures.

    Raises
    ------
    RunError, InputError
        As `stored_posterior`.
    """
    posterior = stored_posterior(run, draws)
    question = posterior.situation.question
    fit = question.config.fit.model_copy(update={"futures": futures})
    config = question.config.model_copy(update={"fit": fit})
    situation = replace(posterior.situation, question=replace(question, config=config))
    return replace(posterior, situation=situation)


def stored_posterior(run: Run, draws: int = DRAWS) -> Posterior:
    """Read a run's draws and inputs.

    Parameters
    ----------
    run : Run
        As stored.
    draws : int
        About how many draws to take.

    Raises
    ------
    RunError
        If its files cannot be read.
    InputError
        If its inputs are not valid any more.
    """
    inputs = read_inputs(run.question_file).seeded(run.manifest.seed)
    as_of = run.manifest.as_of
    situation = (
        priors_alone(inputs.question, inputs.resolved, as_of)
        if run.manifest.prior_only
        else observe(inputs.question, inputs.ledger, inputs.resolved, as_of)
    )
    parameters = of_stored(run.stored("posterior"), situation.structure)
    incidence = run.stored("forecast")[Var.INCIDENCE]
    # Runs from before the manifest named the stride were made as their config has it.
    stride = run.manifest.fit.stride or inputs.question.config.fit.stride
    every = max(1, incidence.shape[0] * incidence.shape[1] // draws)
    return Posterior(
        inputs,
        situation,
        parameters.flat(stride * every),
        incidence[:, ::every].reshape(-1, *incidence.shape[2:]),
        run.at_horizons(lambda row: row.ess),
    )


def standard_error(
    influence: NDArray[np.float64], effective: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the Monte Carlo standard error of a mean, shape (...).

    Parameters
    ----------
    influence : ndarray, shape (draw, ...)
        What each draw adds.
    effective : ndarray, shape (...)
        How many independent draws they are worth, as the run found out for its probabilities.
    """
    return np.asarray(influence.std(axis=0) / np.sqrt(np.minimum(effective, len(influence))))


class Reweighting:
    """Weighs a run's draws for other situations of the same question.

    Parameters
    ----------
    posterior : Posterior
        The draws.
    last : Situation, optional
        The one with the longest timeline of those to come; the run's own if not given.
    anchored : bool
        Whether a draw's forecast is the one that is stored, moved by what another situation does
        to it in its futures here, so that few futures do.
    """

    def __init__(
        self, posterior: Posterior, last: Situation | None = None, *, anchored: bool = False
    ) -> None:
        own = posterior.situation
        states = max(own.timeline.states, last.timeline.states if last else 0)
        self.posterior, self._anchored = posterior, anchored
        self.parameters = _with_later_states(posterior, states)
        self._futures: dict[object, Futures] = {}
        self._carried: dict[object, NDArray[np.float64]] = {}
        self._read: dict[object, NDArray[np.float64]] = {}
        self._survived: dict[object, NDArray[np.float64]] = {}

    @cached_property
    def _neutral(self) -> NeutralRates:
        own = self.posterior.situation
        reference = own.question.config.consent_reference
        return NeutralRates(self.parameters, own.structure, reference)

    @cached_property
    def _own(self) -> NDArray[np.float64]:
        return self._log_likelihood(self.posterior.situation)

    def weigh(self, situation: Situation) -> tuple[NDArray[np.float64], float]:
        """Return the draws' weights for a situation, of mean 1, and their Pareto k.

        It is infinite where no weights can help: on another grid of time, with a fixed prior, or
        where the draws themselves cannot be trusted.
        """
        if not self.posterior.converged or _grid(situation) != _grid(self.posterior.situation):
            return np.ones(len(self._own)), np.inf
        log_weights = self._log_likelihood(situation) - self._own
        changed = _changed_priors(self.posterior.situation, situation)
        if any(prior.sd == 0.0 for pair in changed.values() for prior in pair):
            # No draw of one is possible under the other.
            return np.ones(len(log_weights)), np.inf
        structure = situation.structure
        for sign, which in ((-1, 0), (1, 1)):
            priors = {name: pair[which] for name, pair in changed.items()}
            log_weights += sign * log_prior(self.parameters, structure, priors)
        return weights_of(log_weights)

    def carry(self, situation: Situation) -> NDArray[np.float64]:
        """Return each draw's forecast in a situation, shape (draw, outcome, horizon).

        Situations that differ in what is known only have the same futures.
        """
        carried = self._carry(situation)
        if not self._anchored:
            return carried
        own = self.posterior.situation
        stored = at_horizons(self.posterior.incidence, own)
        return np.asarray(stored + carried - self._carry(own))

    def futures(self, situation: Situation) -> Futures:
        """Return the futures that the draws are carried into."""
        outlook, arrivals = outlook_of(situation), situation.arrivals
        key = (
            outlook.calendar.start,
            outlook.calendar.as_of,
            outlook.news_from,
            outlook.half_lives,
            outlook.start_up_years,
            outlook.unnoticed,
            arrivals.sources,
            arrivals.probs.tobytes(),
        )
        if key not in self._futures:
            # Factors of states after the situation's own are its futures.
            states = situation.timeline.states
            own = replace(self.parameters, factor=self.parameters.factor[:, :states])
            self._futures[key] = Futures(own, outlook, self.posterior.seed, "other futures")
        return self._futures[key]

    def _carry(self, situation: Situation) -> NDArray[np.float64]:
        futures = self.futures(situation)
        here = id(futures), situation.pulses
        if here not in self._carried:
            carried = futures.incidence(situation.pulses)
            asked = situation.question.config.outcome_ids
            known = (RETAINED, *situation.structure.ends)
            columns = [i for i, name in enumerate(known) if name in asked]
            self._carried[here] = at_horizons(carried[:, :, columns], situation)
        return self._carried[here]

    def _log_likelihood(self, situation: Situation) -> NDArray[np.float64]:
        return self._log_readings(situation) + self._log_survival(situation)

    def _log_readings(self, situation: Situation) -> NDArray[np.float64]:
        """Return the log density of the readings: stories and actors are independent of others."""
        groups: dict[tuple[str, str], list[Reading]] = {}
        for reading in situation.readings:
            groups.setdefault((reading.story, reading.actor), []).append(reading)
        share = tuple(precedent_share(situation.question).items())
        total = np.zeros(self.parameters.draws)
        for group in groups.values():
            key = share, tuple(group)
            if key not in self._read:
                rows = reading_rows(replace(situation, readings=tuple(group)))
                self._read[key] = log_readings(self.parameters, rows)
            total += self._read[key]
        return total

    def _log_survival(self, situation: Situation) -> NDArray[np.float64]:
        """Return the log probability that nothing has happened; later pushes do not act on it."""
        edges, config = situation.timeline.exposed_edges(), situation.question.config
        time = (
            edges.tobytes(),
            situation.status_known_to,
            situation.time_tells,
            half_lives_of(config),
            config.clock_start,
            config.time.start_up_years,
            config.silence.noticed,
        )
        total = np.zeros(self.parameters.draws)
        for place, end in enumerate(situation.structure.ends):
            acting = tuple(
                pulse
                for pulse in situation.pulses
                if pulse.outcome == end and pulse.known < edges[-1]
            )
            key = place, acting, time
            if key not in self._survived:
                exposure = exposure_of(replace(situation, pulses=acting))
                self._survived[key] = self._neutral.log_survival_of(place, exposure)
            total += self._survived[key]
        return total


def _grid(situation: Situation) -> tuple[object, ...]:
    """Return what two situations must share for the draws of one to be draws of the other."""
    timeline, config = situation.timeline, situation.question.config
    lengths = (timeline.step_days, timeline.steps_in_state, timeline.factor_half_life_days)
    return situation.structure, timeline.start, *lengths, config.consent_reference


def _changed_priors(old: Situation, new: Situation) -> dict[str, tuple[LinkNormal, LinkNormal]]:
    """Return the priors that differ, as they were and as they are."""
    pairs = {
        name: (old.question.priors[name], new.question.priors[name])
        for name in prior_names(old.structure)
        if name in old.question.priors
    }
    return {k: (a, b) for k, (a, b) in pairs.items() if (a.mean, a.sd) != (b.mean, b.sd)}


def at_horizons(incidence: NDArray[np.float64], situation: Situation) -> NDArray[np.float64]:
    """Return draw, date, outcome as draw, outcome, horizon."""
    calendar = outlook_of(situation).calendar
    marks = [calendar.dates.index(day) for day in calendar.horizons.values()]
    return incidence[:, marks].transpose(0, 2, 1)


def _with_later_states(posterior: Posterior, states: int) -> Parameters:
    """Let the factors go on to the last of some states."""
    parameters, timeline = posterior.parameters, posterior.situation.timeline
    rho = timeline.correlation(timeline.state_days)
    generator = stream(posterior.seed, "later states")
    path = [parameters.factor]
    actors, draws = parameters.factor_sd.shape
    while sum(part.shape[1] for part in path) < states:
        shock = generator.standard_normal((draws, actors)).T
        moved = rho * path[-1][:, -1] + np.sqrt(1 - rho**2) * parameters.factor_sd * shock
        path.append(moved[:, None])
    return replace(parameters, factor=np.concatenate(path, axis=1))
