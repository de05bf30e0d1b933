"""Resolved questions as arrays: time at risk in cells, ends, and arrivals of news.

A cell is one outcome of one question over one step of the grid. What counts in it is what was known
by then: an item published on the day a question ended tells nothing of that end.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from tidings.arrivals import source_of
from tidings.learning.past import Past
from tidings.pressure import mean_pressure, pressure_at
from tidings.timeline import DAYS_PER_YEAR

__all__ = ["HALF_LIVES", "Histories", "histories_of"]

HALF_LIVES = (20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0)
"""The grid on which the half-life of pushes is learned, in days."""
_DRAWS = 500
_ONE_DAY = timedelta(days=1)

Array = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True)
class Histories:
    """What the hierarchical model learns from.

    Attributes
    ----------
    names : tuple of str
        The questions; ``*_question`` are places among them.
    cell_question : ndarray, shape (cell,)
    cell_years : ndarray, shape (cell,)
        Time at risk.
    cell_log_age : ndarray, shape (cell,)
        Log of the question's age in years, in the middle of the step.
    cell_pressure : ndarray, shape (half_life, cell)
        Mean over the step, in steps of push.
    cell_agreement, cell_log_share : ndarray, shape (cell,)
        A - A0 and the log of the outcome's share of consent, as the items known by then have them.
    end_question, end_log_age, end_agreement, end_log_share : ndarray, shape (end,)
        The same at the day before each end, for the outcome that came.
    end_pressure : ndarray, shape (half_life, end)
    month_question, month_count : ndarray, shape (month,)
        Arrivals of news by whole month watched.
    size_question, size : ndarray, shape (size,)
        Signed sizes of the arrivals, in steps of push.
    """

    names: tuple[str, ...]
    cell_question: Index
    cell_years: Array
    cell_log_age: Array
    cell_pressure: Array
    cell_agreement: Array
    cell_log_share: Array
    end_question: Index
    end_log_age: Array
    end_agreement: Array
    end_log_share: Array
    end_pressure: Array
    month_question: Index
    month_count: Array
    size_question: Index
    size: Array


def histories_of(questions: Sequence[Past]) -> Histories:
    """Gather what the hierarchical model learns from.

    Parameters
    ----------
    questions : sequence of Past
        At least one, the order of the result.
    """
    cells = [_cells(past) for past in questions]
    ended = [place for place, past in enumerate(questions) if past.question.happened]
    ends = [_end(questions[place]) for place in ended]
    sources = [source_of(past.question, past.grading.grades) for past in questions]
    months = [source.monthly() for source in sources]
    sizes = [np.array([record.size for record in source.records]) for source in sources]

    def joined(part: Callable[[_Part], Array], parts: Sequence[_Part]) -> Array:
        return np.concatenate([part(one) for one in parts], axis=-1)

    return Histories(
        tuple(past.question.id for past in questions),
        _places([len(one.years) for one in cells]),
        joined(lambda one: one.years, cells),
        joined(lambda one: one.log_age, cells),
        joined(lambda one: one.pressure, cells),
        joined(lambda one: one.agreement, cells),
        joined(lambda one: one.log_share, cells),
        np.array(ended),
        joined(lambda one: one.log_age, ends),
        joined(lambda one: one.agreement, ends),
        joined(lambda one: one.log_share, ends),
        joined(lambda one: one.pressure, ends),
        _places([len(one) for one in months]),
        np.concatenate(months),
        _places([len(one) for one in sizes]),
        np.concatenate(sizes),
    )


def _places(lengths: Sequence[int]) -> Index:
    return np.repeat(np.arange(len(lengths)), lengths)


@dataclass(frozen=True)
class _Part:
    """The cells, or the end, of one question."""

    years: Array
    log_age: Array
    pressure: Array
    agreement: Array
    log_share: Array


def _cells(past: Past) -> _Part:
    """Return every outcome over every step, outcome after outcome."""
    question, outcomes = past.question, len(past.question.change)
    timeline = past.timeline(question.ended)
    edges = timeline.exposed_edges()
    lengths = np.diff(edges)
    kept = lengths > 0
    middle_age = (edges[:-1] + lengths / 2 - timeline.start.toordinal()) / DAYS_PER_YEAR
    counted = past.pulses(question.ended)
    pressure = np.array([mean_pressure(counted, edges, h, question.change) for h in HALF_LIVES])
    prior = past.prior_willing(_DRAWS, timeline.states)
    known = [
        timeline.start + timedelta(days=state * timeline.state_days)
        for state in range(timeline.states)
    ]
    found = [past.consent(past.willing(day, prior), state) for state, day in enumerate(known)]
    agreement = np.array([agreed.mean() for _, agreed in found]) - past.reference
    log_share = np.log(np.array([share.mean(axis=1) for share, _ in found])).T
    steps = timeline.steps_in_state
    return _Part(
        np.tile(lengths[kept] / DAYS_PER_YEAR, outcomes),
        np.tile(np.log(middle_age[kept]), outcomes),
        pressure[..., kept].reshape(len(HALF_LIVES), -1),
        np.tile(np.repeat(agreement, steps)[kept], outcomes),
        np.repeat(log_share, steps, axis=1)[:, kept].ravel(),
    )


def _end(past: Past) -> _Part:
    question = past.question
    day = question.ended - _ONE_DAY
    place = question.change.index(question.outcome)
    timeline = past.timeline(day)
    willing = past.willing(day, past.prior_willing(_DRAWS, timeline.states))
    share, agreement = past.consent(willing, timeline.states - 1)
    moment = np.array([float(question.ended.toordinal())])
    counted = past.pulses(day)
    pressure = [pressure_at(counted, moment, h, question.change)[place] for h in HALF_LIVES]
    age = (question.ended - question.at_risk_from).days / DAYS_PER_YEAR
    return _Part(
        np.zeros(1),
        np.log([age]),
        np.array(pressure),
        np.array([agreement.mean() - past.reference]),
        np.log([share[place].mean()]),
    )
