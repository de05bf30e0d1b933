"""The dates of a forecast: from where exposure ended to the last horizon, in steps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from math import ceil

import numpy as np
from numpy.typing import NDArray

from tidings.timeline import add_months

__all__ = ["Calendar", "make_calendar"]

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
    as_of : date
        When the forecast is made.
    dates : tuple of date
        Published dates in rising order; the first is ``as_of``.
    horizons : mapping of str to date
        ``12mo``, or a fixed date's own name, to its date.
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
    start, as_of : date
        Where exposure ended, and when the forecast is made.
    months : sequence of int
        Horizons in calendar months after ``as_of``.
    fixed : sequence of date
        Horizons by their date; those not after ``as_of`` are left out.
    """
    horizons = {f"{month}mo": add_months(as_of, month) for month in months}
    horizons |= {str(day): day for day in fixed if day > as_of}
    monthly = [add_months(as_of, month) for month in range(max(months, default=0) + 1)]
    return Calendar(start, as_of, tuple(sorted({*monthly, *horizons.values()})), horizons)
