"""Future news: cut from real ledgers, the question's own and those of resolved questions.

A future has one temperament: all of its news comes from one ledger, in blocks of half a year that
begin at random days (a circular block bootstrap; Politis & Romano 1992). So pace and size go
together, quiet stays quiet and quarrels stay quarrels, and news answers news as it did. The more a
question has of its own, the more of its futures are its own; a ledger of another question is drawn
by the time for which it was watched, because short ledgers are those that ended.
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

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Record:
    """One arrival: when it was known and until when it counts, its size, and what it names."""

    known: float
    until: float
    held_to: float
    size: float
    named: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """The arrivals of one ledger while it was watched.

    Attributes
    ----------
    start, end : date
        Between which it was watched.
    """

    records: tuple[Record, ...]
    start: date
    end: date
    ends: tuple[str, ...]

    @property
    def days(self) -> int:
        """Days for which it was watched, at least one."""
        return max((self.end - self.start).days, 1)

    @property
    def pace(self) -> float:
        """Arrivals a year."""
        return len(self.records) / self.days * DAYS_PER_YEAR


@dataclass(frozen=True)
class Arrivals:
    """From where future news is taken.

    Attributes
    ----------
    sources : tuple of Source
        The question's own first; none if no news is to come.
    probs : ndarray, shape (source,)
        How likely a future takes its news from each.
    named : tuple of (tuple of str, float)
        Sets of outcomes that news names, and how likely each is: what the news of another question
        says of one outcome is taken to be of one of these.
    """

    sources: tuple[Source, ...]
    probs: Array
    named: tuple[tuple[tuple[str, ...], float], ...]

    @property
    def mean_pace(self) -> float:
        """Expected arrivals a year."""
        paces = [source.pace for source in self.sources]
        return float(np.dot(self.probs, paces))

    def sizes(self) -> tuple[Array, Array]:
        """Return signed sizes in steps of push, and arrivals a year of each."""
        paced = [
            (record.size, p / source.days * DAYS_PER_YEAR)
            for p, source in zip(self.probs, self.sources, strict=True)
            for record in source.records
        ]
        return tuple(np.array(paced).reshape(-1, 2).T)  # type: ignore[return-value]


def no_arrivals() -> Arrivals:
    """Return arrivals that never come."""
    return Arrivals((), np.zeros(0), ())


def records_of(counted: Sequence[Pulse], start: date) -> tuple[Record, ...]:
    """Return the arrivals behind pulses from a day on: one an item, with all that it counts for."""
    grouped: dict[str, list[Pulse]] = {}
    for pulse in counted:
        if pulse.known >= start.toordinal():
            grouped.setdefault(pulse.item, []).append(pulse)
    return tuple(
        Record(one.known, one.until, one.held_to, one.size, tuple(p.outcome for p in group))
        for group in grouped.values()
        for one in group[:1]
    )


def fit_arrivals(
    own: Source, resolved: Sequence[Source], borrowed_items: float, likelier: Array
) -> Arrivals:
    """Weigh the ledgers from which future news is taken.

    Parameters
    ----------
    likelier : ndarray, shape (resolved,)
        How much likelier each is met than collected.
    """
    if not resolved and not own.records:
        return no_arrivals()
    mine = len(own.records) / (len(own.records) + borrowed_items) if resolved else 1.0
    theirs = np.array([source.days for source in resolved]) * likelier
    probs = np.concatenate([[mine], (1 - mine) * theirs / max(theirs.sum(), 1.0)])
    return Arrivals((own, *resolved), probs, _named_sets(own))


def source_of(question: ResolvedQuestion, grades: GradesConfig) -> Source:
    """Return the arrivals of a past question while it was watched, before it ended."""
    items = [item for item in question.items if item.counts(question.ended)]
    before = [item for item in items if item.known < question.ended]
    counted = pulses(before, grades, question.ends)
    start = question.at_risk_from
    return Source(records_of(counted, start), start, question.ended, question.ends)


def _named_sets(own: Source) -> tuple[tuple[tuple[str, ...], float], ...]:
    """Count the sets of outcomes named together; each single outcome and all of them once more."""
    ends = own.ends
    smoothing = [tuple(ends), *((outcome,) for outcome in ends if outcome != OTHER)]
    ordered = (tuple(k for k in ends if k in record.named) for record in own.records)
    seen = Counter(ordered) + Counter(smoothing)
    total = sum(seen.values())
    sets = sorted(seen, key=lambda names: [ends.index(name) for name in names])
    return tuple((names, seen[names] / total) for names in sets)
