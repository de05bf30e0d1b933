"""A run's draws as draws of another situation: importance sampling.

Each draw's weight is how much likelier it is in the other situation: by readings, survival and
priors. Where the other situation lasts longer, the actors' latent states go on as their AR(1)
process first. Above a Pareto k of 0.7 the weights cannot be trusted. The forecast of a weighted
draw is its own, under the other situation's pressure and time.

A changed prior can also be met by moving the draws: with ``x' = mean' + sd' (x - mean) / sd`` the
densities of the priors cancel, and the weight is the ratio of the likelihoods at ``x'`` and ``x``.
That is better where the evidence tells little of ``x``, and it is the only way where a prior is, or
becomes, a fixed value. Draws are weighed where they are if that can be trusted, else moved.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tidings.evidence.readings import Reading
from tidings.mechanism.incidence import SimulatedPaths
from tidings.mechanism.likelihood import NeutralRates, log_prior, log_readings
from tidings.mechanism.model_data import exposure_of, outlook_of, reading_rows
from tidings.mechanism.parameters import Parameters, of_unconstrained
from tidings.mechanism.situation import Situation, half_lives_of, precedent_share
from tidings.mechanism.unknowns import prior_names
from tidings.names import RETAINED
from tidings.question.normal import LinkNormal
from tidings.randomness import stream
from tidings.reasons.draws import Posterior, at_horizons
from tidings.reasons.weights import left_of, trusted, weights_of

Array = NDArray[np.float64]
_SCALES = ("noise_scale", "story_sd")
_IN_READINGS = ("willingness.", *_SCALES)
"""Priors that the density of readings depends on; of the scales, nothing else does."""
_OF_A_PATH = ("factor_sd.", "voice_bias_sd")
"""Sds of latent values that are part of a draw: their draws are weighed, and never moved."""


@dataclass(frozen=True)
class Weighed:
    """Weights of mean 1, their Pareto k, and the draws that they are for."""

    weights: Array
    k: float
    parameters: Parameters

    @property
    def left(self) -> float:
        """The share of the draws that is effective."""
        return left_of(self.weights)


class Reweighting:
    """Weighs a posterior's draws for other situations of the same question.

    Parameters
    ----------
    last : Situation, optional
        The one with the longest timeline of those to come; the posterior's own if not given.
    control_variate : bool
        Whether to start from each draw's stored forecast and add the simulated difference between
        the two situations (a control variate), which needs fewer simulated paths.
    """

    def __init__(
        self, posterior: Posterior, last: Situation | None = None, *, control_variate: bool = False
    ) -> None:
        own = posterior.situation
        states = max(own.timeline.states, last.timeline.states if last else 0)
        self.posterior, self._control_variate = posterior, control_variate
        self.parameters = _with_later_states(posterior, states)
        self._futures: dict[object, SimulatedPaths] = {}
        self._carried: dict[object, Array] = {}
        self._read: dict[object, Array] = {}
        self._survived: dict[object, Array] = {}
        self._likelihoods: dict[object, tuple[object, Array]] = {}

    @cached_property
    def _neutral(self) -> NeutralRates:
        own = self.posterior.situation
        return NeutralRates(self.parameters, own.structure, own.question.config.consent_reference)

    @cached_property
    def _own(self) -> Array:
        return self._log_likelihood(self.posterior.situation)

    def weigh(self, situation: Situation) -> Weighed:
        """Return the draws' weights for a situation.

        Their k is infinite where no weights can help: on another grid of time, or where the draws
        themselves cannot be trusted.
        """
        equal = np.ones(self.parameters.draws)
        if situation is self.posterior.situation and self.posterior.converged:
            return Weighed(equal, 0.0, self.parameters)
        lost = Weighed(equal, np.inf, self.parameters)
        if not self.posterior.converged or _grid(situation) != _grid(self.posterior.situation):
            return lost
        changed = _changed_priors(self.posterior.situation, situation)
        found = lost
        if all(prior.sd > 0 for pair in changed.values() for prior in pair):
            found = self._in_place(situation, changed)
        if trusted(found.k) or any(name.startswith(_OF_A_PATH) for name in changed):
            return found
        return min(found, self._moved(situation, changed), key=lambda one: one.k)

    def _in_place(
        self, situation: Situation, changed: dict[str, tuple[LinkNormal, LinkNormal]]
    ) -> Weighed:
        log_weights = self._log_likelihood(situation) - self._own
        for sign, which in ((-1, 0), (1, 1)):
            priors = {name: pair[which] for name, pair in changed.items()}
            log_weights += sign * log_prior(self.parameters, situation.structure, priors)
        return Weighed(*weights_of(log_weights), self.parameters)

    def _moved(
        self, situation: Situation, changed: dict[str, tuple[LinkNormal, LinkNormal]]
    ) -> Weighed:
        own, structure = self.parameters, situation.structure
        linked, names = np.array(own.unconstrained), prior_names(structure)
        for name, (old, new) in changed.items():
            place = names.index(name)
            if old.sd > 0:
                z = (linked[place] - old.mean) / old.sd
            else:
                z = stream(self.posterior.seed, f"loosened {name}").standard_normal(own.draws)
            linked[place] = new.mean + new.sd * z
        moved = of_unconstrained(linked, own.factor, own.voice_bias, structure)
        if any(name.startswith(_IN_READINGS) for name in changed):
            readings = log_readings(moved, reading_rows(situation))
        else:
            readings = self._log_readings(situation)
        if all(name in _SCALES for name in changed):
            survival = self._log_survival(situation)
        else:
            reference = situation.question.config.consent_reference
            survival = NeutralRates(moved, structure, reference).log_survival(
                exposure_of(situation)
            )
        return Weighed(*weights_of(readings + survival - self._own), moved)

    def carry(self, situation: Situation, weighed: Weighed | None = None) -> Array:
        """Return each draw's forecast in a situation, shape (draw, outcome, horizon).

        Situations that differ in what is known only have the same simulated paths.
        """
        parameters = self.parameters if weighed is None else weighed.parameters
        carried = self._carry(situation, parameters)
        if not self._control_variate:
            return carried
        return np.asarray(self._stored + carried - self._carry_own)

    @cached_property
    def _stored(self) -> Array:
        return at_horizons(self.posterior.incidence, self.posterior.situation)

    @cached_property
    def _carry_own(self) -> Array:
        return self._carry(self.posterior.situation, self.parameters)

    def futures(self, situation: Situation) -> SimulatedPaths:
        """Return the simulated paths that the draws are carried into."""
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
            # Latent states after the situation's own are part of its paths.
            states = situation.timeline.states
            own = replace(self.parameters, factor=self.parameters.factor[:, :states])
            self._futures[key] = SimulatedPaths(own, outlook, self.posterior.seed, "other futures")
        return self._futures[key]

    def _carry(self, situation: Situation, parameters: Parameters) -> Array:
        futures = self.futures(situation)
        if parameters is not self.parameters:
            states = situation.timeline.states
            futures = futures.of(replace(parameters, factor=parameters.factor[:, :states]))
            return self._at_horizons(futures, situation)
        here = id(futures), situation.pulses
        if here not in self._carried:
            self._carried[here] = self._at_horizons(futures, situation)
        return self._carried[here]

    def _at_horizons(self, futures: SimulatedPaths, situation: Situation) -> Array:
        carried = futures.incidence(situation.pulses)
        asked = situation.question.config.outcome_ids
        known = (RETAINED, *situation.structure.ends)
        columns = [i for i, name in enumerate(known) if name in asked]
        return at_horizons(carried[:, :, columns], situation)

    def _log_likelihood(self, situation: Situation) -> Array:
        told = situation.readings, situation.pulses, situation.timeline, situation.question.config
        share = tuple(precedent_share(situation.question).items())
        key = *map(id, told), share, situation.time_tells, situation.status_known_to
        if key not in self._likelihoods:
            total = self._log_readings(situation) + self._log_survival(situation)
            # What the key names by its id is kept, so that no other thing can have that id.
            self._likelihoods[key] = told, total
        return self._likelihoods[key][1]

    def _log_readings(self, situation: Situation) -> Array:
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

    def _log_survival(self, situation: Situation) -> Array:
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


def _with_later_states(posterior: Posterior, states: int) -> Parameters:
    """Let the latent states go on to the last of some states."""
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
