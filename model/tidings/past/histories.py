"""Resolved questions as arrays: time at risk in cells, and ends.

A cell is one outcome of one question over one step of the grid. What counts in it is what was known
by then: an item published on the day a question ended tells nothing of that end.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from tidings.evidence.pressure import WAYS, mean_pressure, pressure_at
from tidings.past.questions import Past
from tidings.question.timeline import DAYS_PER_YEAR

HALF_LIVES = tuple(float(days) for days in np.geomspace(15.0, 600.0, 12).round())
"""Half-lives of pushes at which pressure is computed, in days; in between it is interpolated."""
_DRAWS = 500
_ONE_DAY = timedelta(days=1)

Array = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True)
class Histories:
    """What the hierarchical model learns from.

    Attributes
    ----------
    happened : ndarray, shape (question,)
        1 where the question ended in a change, else 0.
    watched_years : ndarray, shape (question,)
        For how long it would have been watched without an end.
    cell_question : ndarray, shape (cell,)
    cell_years : ndarray, shape (cell,)
        Time at risk.
    cell_age : ndarray, shape (2, cell)
        The question's age in years when the step begins, and when it ends.
    cell_pressure : ndarray, shape (way, half_life, cell)
        Mean over the step, towards the outcome and against it, in steps of push.
    cell_agreement, cell_log_share : ndarray, shape (cell,)
        A - A0 and the log of the outcome's share of consent, as the items known by then have them.
    end_age, end_agreement, end_log_share : ndarray, shape (question,)
        The same at each end, for the outcome that came, from items known before that day; where
        none came, of the first outcome at the end of the watching, which nothing reads.
    end_pressure : ndarray, shape (way, half_life, question)
    """

    names: tuple[str, ...]
    happened: Array
    watched_years: Array
    cell_question: Index
    cell_years: Array
    cell_age: Array
    cell_pressure: Array
    cell_agreement: Array
    cell_log_share: Array
    end_age: Array
    end_agreement: Array
    end_log_share: Array
    end_pressure: Array


def histories_of(questions: Sequence[Past]) -> Histories:
    """Gather what the hierarchical model learns from.

    Parameters
    ----------
    questions : sequence of Past
        At least one, the order of the result.
    """
    cells = [_cells(past) for past in questions]
    ends = [_end(past) for past in questions]

    def joined(part: Callable[[_Part], Array], parts: Sequence[_Part]) -> Array:
        return np.concatenate([part(one) for one in parts], axis=-1)

    return Histories(
        tuple(past.question.id for past in questions),
        np.array([float(past.question.happened) for past in questions]),
        _watched_years(questions),
        np.repeat(np.arange(len(cells)), [len(cell.years) for cell in cells]),
        joined(lambda one: one.years, cells),
        joined(lambda one: one.age, cells),
        joined(lambda one: one.pressure, cells),
        joined(lambda one: one.agreement, cells),
        joined(lambda one: one.log_share, cells),
        joined(lambda one: one.age, ends)[1],
        joined(lambda one: one.agreement, ends),
        joined(lambda one: one.log_share, ends),
        joined(lambda one: one.pressure, ends),
    )


def _watched_years(questions: Sequence[Past]) -> Array:
    """Return for how long each would have been watched, had it not ended.

    One that ended is taken to have been watched as long as the median of those that did not.
    """
    days = np.array([(p.question.ended - p.question.at_risk_from).days for p in questions], float)
    quiet = np.array([not past.question.happened for past in questions])
    usual = np.median(days[quiet]) if quiet.any() else days.max()
    return np.where(quiet, days, np.maximum(usual, days)) / DAYS_PER_YEAR


@dataclass(frozen=True)
class _Part:
    """The cells, or the end, of one question."""

    years: Array
    age: Array
    pressure: Array
    agreement: Array
    log_share: Array


def _cells(past: Past) -> _Part:
    """Return every outcome over every step, outcome after outcome.

    A step ends where an item becomes known: within it pressure only fades, and the mean that the
    exposure takes is close to the moment that an end takes.
    """
    question, outcomes = past.question, len(past.question.ends)
    timeline = past.timeline(question.ended)
    counted = past.twice_graded(question.ended)
    start, end = (float(day.toordinal()) for day in (question.at_risk_from, question.ended))
    jumps = [pulse.known for pulse in counted if start < pulse.known < end]
    edges = np.unique([*timeline.exposed_edges(), *jumps])
    lengths = np.diff(edges)
    ages = (edges - start) / DAYS_PER_YEAR
    state = ((edges[:-1] - start) // timeline.state_days).astype(int)
    felt = [mean_pressure(counted, edges, (h, h), question.ends) for h in HALF_LIVES]
    agreement, log_share = _consents(past, timeline.states)
    return _Part(
        np.tile(lengths / DAYS_PER_YEAR, outcomes),
        np.tile(np.array([ages[:-1], ages[1:]]), outcomes),
        np.stack(felt, axis=1).reshape(len(WAYS), len(HALF_LIVES), -1),
        np.tile(agreement[state], outcomes),
        log_share[:, state].ravel(),
    )


def _consents(past: Past, states: int) -> tuple[Array, Array]:
    """Return A - A0 (state,) and the log shares (end, state), as known when a state begins."""
    prior = past.prior_willing(_DRAWS, states)
    days = past.grading.time.step_days * past.grading.time.steps_in_state
    known = [past.question.at_risk_from + timedelta(days=days * state) for state in range(states)]
    consents = [past.consent(past.willing(day, prior), state) for state, day in enumerate(known)]
    agreement = np.array([agreed.mean() for _, agreed in consents]) - past.reference
    return agreement, np.log(np.array([share.mean(axis=1) for share, _ in consents])).T


def _end(past: Past) -> _Part:
    question = past.question
    place = question.ends.index(question.outcome) if question.happened else 0
    agreement, log_share = _consents(past, past.timeline(question.ended).states)
    moment = np.array([float(question.ended.toordinal())])
    counted = past.twice_graded(question.ended - _ONE_DAY)
    felt = [pressure_at(counted, moment, (h, h), question.ends)[:, place] for h in HALF_LIVES]
    age = (question.ended - question.at_risk_from).days / DAYS_PER_YEAR
    return _Part(
        np.zeros(1),
        np.full((2, 1), age),
        np.stack(felt, axis=1),
        agreement[-1:],
        log_share[place, -1:],
    )
