"""A past question in the coordinates of the forecast: who is asked, readings, pressure, exposure.

The same parts as for the question at hand (structure, timeline, readings, pressure), so that what
is learned means the same there. Willingness is that of `tidings.mechanism.graph` at fixed scales,
where it is an exact Gaussian regression: a draw of the prior is moved by what the readings say
beyond it (Matheron's rule; Wilson et al. 2020, arXiv:2002.09309)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tidings.evidence.ledger import Item
from tidings.evidence.pressure import Pulse, mean_pressure, pulses
from tidings.evidence.readings import read_items
from tidings.evidence.resolved import ResolvedQuestion
from tidings.mechanism.parameters import RateParts, log_consent
from tidings.mechanism.rows import ReadingRows, rows_of
from tidings.mechanism.unknowns import Exposure
from tidings.names import DEAL, RETAINED, STATUS_QUO, Var
from tidings.question.schema import ActorConfig, GradesConfig, NewsConfig, TimeConfig
from tidings.question.structure import Structure, sides_of
from tidings.question.timeline import Timeline, make_timeline, mean_start_up
from tidings.question.yardsticks import Yardsticks
from tidings.randomness import stream

LEVEL_SD = 1.5
"""Sd (logit) of an actor's willingness before it is read: even chances, from 8 to 92 %."""
_FACTOR_SD, _BIAS_SD, _STORY_SD, _NOISE = 0.7, 0.7, 0.5, 1.0
"""Scales (logit) at the medians of the shipped question's priors."""

_REFERENCE_DRAWS = 20_000

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Grading:
    """Settings that turn items into model inputs: grades, words, the time grid, future news."""

    grades: GradesConfig
    yardsticks: Yardsticks
    time: TimeConfig
    news: NewsConfig


@dataclass(frozen=True)
class _Cast:
    """Who is asked about what in a past question; nobody speaks for another there."""

    grades: GradesConfig
    named_ids: tuple[str, ...]
    actors: Mapping[str, ActorConfig]
    recipients: Mapping[str, str]

    def actor(self, identifier: str) -> ActorConfig:
        """Return an actor."""
        return self.actors[identifier]


def known_by(question: ResolvedQuestion, day: date) -> tuple[Item, ...]:
    """Return the news that was known by a day, before the end, and not withdrawn by then."""
    return tuple(
        item for item in question.items if item.counts(day) and item.known < question.ended
    )


@dataclass(frozen=True)
class Willing:
    """Draws of the actors' willingness.

    Attributes
    ----------
    level_logit : ndarray, shape (draw, pair)
    factor : ndarray, shape (draw, actor, state)
    """

    level_logit: Array
    factor: Array


class Past:
    """A past question, ready to be learned from or forecast."""

    def __init__(self, question: ResolvedQuestion, grading: Grading, seed: int) -> None:
        self.question, self.grading, self.seed = question, grading, seed
        required = {actor for actors in question.requires.values() for actor in actors}
        spoken = {item.actor for item in question.items} - {DEAL}
        # Where nobody is asked and nobody speaks, one who is not asked stands for all.
        actors = tuple(sorted(required | spoken)) or ("nobody",)
        pairs = tuple((actor, outcome) for actor in actors for outcome in question.ends)
        self.structure = Structure(question.ends, actors, pairs, sides_of(actors))
        self._cast = _Cast(
            grading.grades,
            question.ends,
            {actor: ActorConfig(id=actor, title=f"actor {actor}") for actor in actors},
            {},
        )

    def timeline(self, to: date) -> Timeline:
        """Return the grid from the question's start to a day."""
        return make_timeline(self.grading.time, self.question.at_risk_from, to, to)

    def pulses(self, to: date) -> tuple[Pulse, ...]:
        """Return what counts of the pushes known by a day."""
        return pulses(known_by(self.question, to), self.grading.grades, self.question.ends)

    def twice_graded(self, to: date) -> tuple[Pulse, ...]:
        """Return the same by the mean of both graders, where there are two."""
        question = self.question
        known = known_by(question, to)
        return pulses(known, self.grading.grades, question.ends, question.second)

    def rows(self, to: date, states: int) -> ReadingRows:
        """Return what was read of actors by a day, as rows over some states."""
        known = [_as_retained(item) for item in known_by(self.question, to)]
        timeline = self.timeline(to)
        share = dict.fromkeys(self.question.ends, 1 / len(self.question.ends))
        readings = read_items(known, self._cast, share, self.grading.yardsticks, timeline)
        return rows_of(readings, self.structure, states, share)

    def exposure(
        self, to: date, half_lives: tuple[float, float], start_up_years: float
    ) -> Exposure:
        """Return the time without an event up to a day, and the pressure over it."""
        timeline, ends = self.timeline(to), self.structure.ends
        edges = timeline.exposed_edges()
        pressure = mean_pressure(self.pulses(to), edges, half_lives, ends)
        shape = (timeline.states, timeline.steps_in_state)
        age = mean_start_up(edges, timeline.start, start_up_years).reshape(shape)
        years = timeline.exposure_years() * age
        return Exposure(years, pressure.reshape(*pressure.shape[:2], *shape))

    @cached_property
    def binding(self) -> Array:
        """Return 1 for each pair whose actor had to agree, 0 for the others, shape (pair,)."""
        requires = self.question.requires
        return np.array([float(actor in requires[k]) for actor, k in self.structure.pairs])

    def willing(self, to: date, prior: Willing) -> Willing:
        """Return prior draws moved by what had been read by a day."""
        draws, actors, states = prior.factor.shape
        rows = self.rows(to, states)
        levels, path = rows.levels, rows.path.reshape(len(rows.y), -1)
        correlation = self._correlation(states)
        path_sd2 = (rows.path @ correlation).reshape(len(rows.y), -1) * _FACTOR_SD**2
        generator = stream(self.seed, f"readings of {self.question.id}")
        biases = generator.standard_normal((draws, rows.biases.shape[1])) * _BIAS_SD
        row_sd = np.sqrt(_NOISE**2 + _STORY_SD**2 * rows.story_load)
        expected = (
            prior.level_logit @ levels.T
            + prior.factor.reshape(draws, -1) @ path.T
            + biases @ rows.biases.T
            + generator.standard_normal((draws, len(rows.y))) * row_sd
        )
        covariance = (
            LEVEL_SD**2 * levels @ levels.T
            + path_sd2 @ path.T
            + _BIAS_SD**2 * rows.biases @ rows.biases.T
            + np.diag(row_sd**2)
        )
        beyond = np.linalg.solve(covariance, (rows.y - expected).T).T
        return Willing(
            prior.level_logit + beyond @ levels * LEVEL_SD**2,
            prior.factor + (beyond @ path_sd2).reshape(draws, actors, states),
        )

    def prior_willing(self, draws: int, states: int) -> Willing:
        """Draw from the prior: even chances, and factors as their AR(1) process."""
        generator = stream(self.seed, f"willingness of {self.question.id}")
        levels = generator.standard_normal((draws, len(self.structure.pairs))) * LEVEL_SD
        noise = generator.standard_normal((draws, len(self.structure.dynamic), states))
        cholesky = np.linalg.cholesky(self._correlation(states))
        return Willing(levels, _FACTOR_SD * noise @ cholesky.T)

    def _correlation(self, states: int) -> Array:
        timeline = self.timeline(self.question.ended)
        lags = np.arange(states)
        rho = timeline.correlation(timeline.state_days)
        return np.asarray(rho ** np.abs(lags[:, None] - lags))

    def consent(self, willing: Willing, state: int) -> tuple[Array, Array]:
        """Return shares of the outcomes (ends, draw) and A (draw,) in a state."""
        parameters = self.parameters(willing, {Var.SHARE_OTHER.value: np.zeros(1)})
        consent, agreement = log_consent(parameters, parameters.factor[:, state], self.structure)
        return np.exp(consent - agreement), agreement

    def parameters(self, willing: Willing, rate: Mapping[str, Array]) -> RateParts:
        """Return draws as the forecast takes them, with the parts of the rate as given."""
        draws = len(willing.level_logit)
        actors, named = len(self.structure.dynamic), len(self.structure.named)
        return RateParts(
            rate,
            np.zeros((named, draws)),
            willing.level_logit.T,
            np.tile(self.binding[:, None], draws),
            np.full((actors, draws), _FACTOR_SD),
            np.moveaxis(willing.factor, 0, -1),
        )

    @cached_property
    def reference(self) -> float:
        """A0, the log of the prior mean of exp(A)."""
        _, agreement = self.consent(self.prior_willing(_REFERENCE_DRAWS, 1), 0)
        return float(np.log(np.mean(np.exp(agreement))))


def _as_retained(item: Item) -> Item:
    """Return an item with the status quo under the name that readings know it by."""
    if STATUS_QUO not in item.outcomes:
        return item
    return replace(item, outcomes=(RETAINED,))
