"""Time: the grid from the clock's start to what is known, and the dates of a forecast after it.

Steps carry exposure and pressure, coarser states the actors' factors. Dates are turned into day
numbers (proleptic ordinals), so that an interval of days is a difference.
"""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from math import ceil

import numpy as np
from numpy.typing import NDArray

from tidings.question.schema import TimeConfig

DAYS_PER_YEAR = 365.25
DAYS_PER_MONTH = DAYS_PER_YEAR / 12


@dataclass(frozen=True)
class Timeline:
    """From the clock's start to the end of what is known.

    Attributes
    ----------
    exposed_to : date
        Until when the status quo is known to have held, or the event; exposure ends there.
    end : date
        Last date that a reading may have; not before ``exposed_to``.
    step_days, steps_in_state : int
        Length of a step in days, and how many steps share one state of the factors.
    factor_half_life_days : float
        Half-life of the factors' autocorrelation, in days.
    """

    start: date
    exposed_to: date
    end: date
    step_days: int
    steps_in_state: int
    factor_half_life_days: float

    @property
    def state_days(self) -> int:
        """Days in a state."""
        return self.step_days * self.steps_in_state

    @property
    def states(self) -> int:
        """States of the grid."""
        return max(1, ceil((self.end - self.start).days / self.state_days))

    def state_at(self, when: date) -> int:
        """Return the state in force on a date; before the start it is the first."""
        index = (when - self.start).days // self.state_days
        return min(max(index, 0), self.states - 1)

    def step_edges(self) -> NDArray[np.float64]:
        """Return the edges of all steps as day numbers, shape (states * steps_in_state + 1,)."""
        steps = self.states * self.steps_in_state
        return self.start.toordinal() + self.step_days * np.arange(steps + 1, dtype=float)

    def exposed_edges(self) -> NDArray[np.float64]:
        """Return the edges cut off at ``exposed_to``: what lies beyond has length 0."""
        return np.minimum(self.step_edges(), float(self.exposed_to.toordinal()))

    def exposure_years(self) -> NDArray[np.float64]:
        """Return the exposure of each step in years, shape (states, steps_in_state)."""
        lengths = np.diff(self.exposed_edges()) / DAYS_PER_YEAR
        return np.asarray(lengths.reshape(self.states, self.steps_in_state))

    @property
    def exposed_years(self) -> float:
        """Years from the start to the end of exposure."""
        return (self.exposed_to - self.start).days / DAYS_PER_YEAR

    def factor_cholesky(self) -> NDArray[np.float64]:
        """Return L with L Lᵀ the AR(1) correlation of the states, shape (states, states)."""
        rho = self.correlation(self.state_days)
        lags = np.arange(self.states)
        cholesky = np.sqrt(1 - rho**2) * rho ** np.abs(lags[:, None] - lags[None, :])
        cholesky[:, 0] = rho**lags
        return np.asarray(np.tril(cholesky))

    def correlation(self, days: float) -> float:
        """Return the autocorrelation of the factors over some days."""
        return float(0.5 ** (days / self.factor_half_life_days))


def make_timeline(time: TimeConfig, start: date, exposed_to: date, end: date) -> Timeline:
    """Return the grid of a question.

    Parameters
    ----------
    time : TimeConfig
        Steps, states and half-life.
    """
    first = max(exposed_to, start)
    return Timeline(
        start,
        first,
        max(end, first),
        time.step_days,
        time.steps_in_state,
        time.factor_half_life_days,
    )


def mean_start_up(edges: NDArray[np.float64], start: date, years: float) -> NDArray[np.float64]:
    """Return the mean over each interval of ``1 - exp(-age / years)``: nothing ends at once.

    Parameters
    ----------
    edges : ndarray, shape (interval + 1,)
        Day numbers, not falling.
    years : float
        At least 0; over an interval of length 0 the mean is 0.
    """
    ages = np.maximum(edges - start.toordinal(), 0.0) / DAYS_PER_YEAR
    lengths = np.diff(ages)
    if years == 0.0:
        return (lengths > 0).astype(float)
    lost = -years * np.diff(np.exp(-ages / years))
    share = np.divide(lost, lengths, out=np.ones_like(lengths), where=lengths > 0)
    return np.asarray(1.0 - share)


def add_months(day: date, months: int) -> date:
    """Return the same day of a later calendar month, or that month's last day."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


_STEP_DAYS = 8.0
_LATER_STEP_DAYS = 16.0
_FADED_DAYS = 92
"""Steps are short while known news fades; after that only its expectation moves."""


@dataclass(frozen=True)
class Calendar:
    """The dates of a forecast.

    Attributes
    ----------
    start : date
        Where exposure ended.
    dates : tuple of date
        Published dates in rising order; the first is ``as_of``.
    """

    start: date
    as_of: date
    dates: tuple[date, ...]
    horizons: dict[str, date]

    def edges(self) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """Return the edges of the steps as day numbers, and which edge each published date is."""
        marks = sorted({self.start, *self.dates})
        edges = [float(marks[0].toordinal())]
        for low, high in pairwise(marks):
            days = (high - low).days
            late = (low - self.start).days >= _FADED_DAYS
            count = ceil(days / (_LATER_STEP_DAYS if late else _STEP_DAYS))
            edges += [low.toordinal() + days * (i + 1) / count for i in range(count)]
        days_of = np.array([float(day.toordinal()) for day in self.dates])
        return np.array(edges), np.searchsorted(edges, days_of)


def make_calendar(
    start: date, as_of: date, months: Sequence[int], fixed: Sequence[date]
) -> Calendar:
    """Return the calendar of a forecast: every month up to the last horizon, and fixed dates.

    Parameters
    ----------
    months : sequence of int
        Horizons in calendar months after ``as_of``.
    fixed : sequence of date
        Horizons by their date; those not after ``as_of`` are left out.
    """
    horizons = {f"{month}mo": add_months(as_of, month) for month in months}
    horizons |= {str(day): day for day in fixed if day > as_of}
    monthly = [add_months(as_of, month) for month in range(max(months, default=0) + 1)]
    return Calendar(start, as_of, tuple(sorted({*monthly, *horizons.values()})), horizons)
