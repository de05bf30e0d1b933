"""News yet to come: how often it arrives, how large it is, and which outcomes it names.

An arrival is an item that sets a new record in its story, so that it adds pressure. Arrivals are
counted by month as a negative binomial: a Poisson count whose monthly mean is the question's pace
times a gamma multiplier. The pace is this question's own, shrunk towards that of the resolved
questions; signed sizes are drawn from its own arrivals and, the fewer it has, from theirs; the sets
of outcomes named are drawn from its own, smoothed so that no outcome is out of reach.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from tidings.evidence.pressure import Pulse, pulses
from tidings.evidence.resolved import ResolvedQuestion
from tidings.names import OTHER
from tidings.question.schema import GradesConfig
from tidings.question.timeline import DAYS_PER_YEAR

_DAYS_PER_MONTH = DAYS_PER_YEAR / 12
_DISPERSION_LIMITS = (0.0, 5.0)


@dataclass(frozen=True)
class Arrivals:
    """How news arrives.

    Attributes
    ----------
    pace_shape, pace_rate_years : float
        Gamma distribution of the pace in arrivals a year; a shape of 0 means that none arrive.
    dispersion : float
        Variance of the monthly multiplier, whose mean is 1; 0 for a Poisson count.
    sizes, size_probs : ndarray, shape (size,)
        Signed sizes in steps of push, and how likely each is.
    named, named_probs : ndarray, shapes (set, end) and (set,)
        Zero-one rows of the outcomes named together, and how likely each set is.
    own_count : int
        Arrivals of the question's own.
    """

    pace_shape: float
    pace_rate_years: float
    dispersion: float
    sizes: NDArray[np.float64]
    size_probs: NDArray[np.float64]
    named: NDArray[np.float64]
    named_probs: NDArray[np.float64]
    own_count: int

    @property
    def mean_pace(self) -> float:
        """Expected arrivals a year."""
        return self.pace_shape / self.pace_rate_years if self.pace_shape > 0 else 0.0


@dataclass(frozen=True)
class Record:
    """One arrival: when it was known, its size, and the outcomes it names."""

    known: float
    size: float
    named: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """The arrivals of one question and the time over which they were watched."""

    records: Sequence[Record]
    start: date
    end: date

    @property
    def years(self) -> float:
        """Return the time watched."""
        return max((self.end - self.start).days, 0) / DAYS_PER_YEAR

    def monthly(self) -> NDArray[np.float64]:
        """Return the counts by whole month watched."""
        months = int(self.years * 12)
        edges = self.start.toordinal() + _DAYS_PER_MONTH * np.arange(months + 1)
        return np.histogram([r.known for r in self.records], edges)[0].astype(float)

    @property
    def counted(self) -> int:
        """Return how many arrived while it was watched."""
        low, high = self.start.toordinal(), self.end.toordinal()
        return sum(low <= record.known <= high for record in self.records)


def no_arrivals(ends: Sequence[str]) -> Arrivals:
    """Return arrivals that never come."""
    one = np.ones(1)
    return Arrivals(0.0, 1.0, 0.0, np.zeros(1), one, np.ones((1, len(ends))), one, 0)


def records_of(counted: Sequence[Pulse]) -> tuple[Record, ...]:
    """Return the arrivals behind pulses: one an item, with all outcomes it counts for."""
    grouped: dict[str, list[Pulse]] = {}
    for pulse in counted:
        grouped.setdefault(pulse.item, []).append(pulse)
    return tuple(
        Record(group[0].known, group[0].size, tuple(pulse.outcome for pulse in group))
        for group in grouped.values()
    )


def fit_arrivals(
    own: tuple[Sequence[Pulse], date, date],
    resolved: Sequence[ResolvedQuestion],
    grades: GradesConfig,
    ends: Sequence[str],
    weight_items: tuple[float, float],
) -> Arrivals:
    """Fit how news arrives.

    Parameters
    ----------
    own : tuple of (sequence of Pulse, date, date)
        The question's pulses, when its clock started, and its newest known date.
    resolved : sequence of ResolvedQuestion
        Those that had ended by the as-of date.
    grades : GradesConfig
        The weights of grades.
    ends : sequence of str
        The question's outcomes but the status quo.
    weight_items : tuple of (float, float)
        So many arrivals of its own weigh as much as all resolved questions: for the pace, and for
        sizes and dispersion.
    """
    mine = Source(records_of(own[0]), own[1], own[2])
    theirs = [source_of(question, grades) for question in resolved]
    pooled_sizes = [record.size for source in theirs for record in source.records]
    if not mine.records and not pooled_sizes:
        return no_arrivals(ends)
    pace_weight, weight = weight_items if pooled_sizes else (0.0, 0.0)
    shape, years = float(mine.counted), mine.years
    if pace_weight:
        their_pace = sum(s.counted for s in theirs) / sum(s.years for s in theirs)
        shape, years = shape + pace_weight, years + pace_weight / their_pace
    sizes, size_probs = _mixture([r.size for r in mine.records], pooled_sizes, weight)
    named, named_probs = _named_sets(mine.records, ends)
    return Arrivals(
        shape,
        years,
        _pooled_dispersion(mine, theirs, weight),
        sizes,
        size_probs,
        named,
        named_probs,
        len(mine.records),
    )


def source_of(question: ResolvedQuestion, grades: GradesConfig) -> Source:
    """Return the arrivals of a past question while it was watched."""
    items = [
        item
        for item in question.items
        if question.at_risk_from <= item.known and item.counts(question.ended)
    ]
    counted = pulses(items, grades, question.ends)
    return Source(records_of(counted), question.at_risk_from, question.ended)


def _mixture(
    own: Sequence[float], theirs: Sequence[float], weight: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    weights = [1.0] * len(own) + [weight / max(len(theirs), 1)] * len(theirs)
    sizes, index = np.unique([*own, *theirs], return_inverse=True)
    probs = np.bincount(index, weights=weights, minlength=len(sizes))
    return sizes, probs / probs.sum()


def _named_sets(
    records: Sequence[Record], ends: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Count the sets of outcomes named together; each single outcome and all of them once more."""
    smoothing = [tuple(ends), *((outcome,) for outcome in ends if outcome != OTHER)]
    ordered = (tuple(k for k in ends if k in record.named) for record in records)
    seen = Counter(ordered) + Counter(smoothing)
    sets = sorted(seen, key=lambda names: [ends.index(name) for name in names])
    rows = np.array([[float(outcome in names) for outcome in ends] for names in sets])
    counts = np.array([float(seen[names]) for names in sets])
    return rows, counts / counts.sum()


def _pooled_dispersion(mine: Source, theirs: Sequence[Source], weight: float) -> float:
    own_weight = float(mine.counted)
    their = [_dispersion(source.monthly()) for source in theirs]
    values = [(_dispersion(mine.monthly()), own_weight)]
    values += [(value, weight / len(their)) for value in their]
    known = [(value, share) for value, share in values if value is not None and share > 0]
    if not known:
        return 0.0
    return sum(value * share for value, share in known) / sum(share for _, share in known)


def _dispersion(counts: NDArray[np.float64]) -> float | None:
    """Return the moment estimate of (variance - mean) / mean² of monthly counts."""
    if len(counts) < 2 or counts.sum() == 0:
        return None
    excess = (counts.var(ddof=1) - counts.mean()) / counts.mean() ** 2
    return float(np.clip(excess, *_DISPERSION_LIMITS))
