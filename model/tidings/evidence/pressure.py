"""Pressure: the pushes still felt at a date, summed over stories, each fading with a half-life.

For each story and outcome two items count at most: the strongest positive and the strongest
negative of those known by then. An item that is outdone by a stronger one of its story stops
counting on the day the stronger one is known; among equals the earliest counts, so that a
repetition adds nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidings.evidence.ledger import Item
from tidings.names import ANY, RETAINED, STATUS_QUO
from tidings.question.schema import GradesConfig


@dataclass(frozen=True)
class Pulse:
    """The part of one item's push that counts for one outcome.

    Attributes
    ----------
    item, story, outcome : str
        Ids.
    size : float
        Push times the weights of its grade, in steps of push.
    known, until : float
        Day numbers between which it counts; ``until`` is infinite unless its story outdid it.
    """

    item: str
    story: str
    outcome: str
    size: float
    known: float
    until: float = np.inf


def item_size(item: Item, grades: GradesConfig) -> float:
    """Return an item's push times its grade's weights; 0 where it is not graded."""
    weight: float = (
        grades.reliability_weight[item.source_reliability]  # type: ignore[index]
        * grades.credibility_weight[item.credibility]  # type: ignore[index]
    )
    return (item.push or 0) * weight


def pulses(items: Iterable[Item], grades: GradesConfig, ends: Sequence[str]) -> tuple[Pulse, ...]:
    """Return what counts of the items' pushes.

    Parameters
    ----------
    items : iterable of Item
        Those that a forecast may use.
    grades : GradesConfig
        The weights of grades.
    ends : sequence of str
        Outcomes other than the status quo; ``any`` and the status quo count for all of them.
    """
    groups: dict[tuple[str, str, bool], list[Pulse]] = {}
    for item in sorted(items, key=lambda one: (one.known, one.id)):
        size = item_size(item, grades)
        if size == 0.0:
            continue
        all_of_them = bool({ANY, RETAINED, STATUS_QUO} & set(item.outcomes))
        for outcome in ends if all_of_them else item.outcomes:
            known = float(item.known.toordinal())
            pulse = Pulse(item.id, item.story, outcome, size, known)
            groups.setdefault((item.story, outcome, size > 0), []).append(pulse)
    return tuple(pulse for group in groups.values() for pulse in _records(group))


def _records(group: Sequence[Pulse]) -> list[Pulse]:
    """Keep the items that outdo all before them; each counts until the next."""
    kept: list[Pulse] = []
    for pulse in group:
        if not kept or abs(pulse.size) > abs(kept[-1].size):
            kept.append(pulse)
    ends = [pulse.known for pulse in kept[1:]] + [np.inf]
    return [
        Pulse(p.item, p.story, p.outcome, p.size, p.known, until)
        for p, until in zip(kept, ends, strict=True)
        if until > p.known
    ]


def mean_pressure(
    counted: Sequence[Pulse], edges: NDArray[np.float64], half_life_days: float, ends: Sequence[str]
) -> NDArray[np.float64]:
    """Return the mean pressure over each interval.

    Parameters
    ----------
    counted : sequence of Pulse
        What counts.
    edges : ndarray, shape (interval + 1,)
        Day numbers, not falling; over an interval of length 0 the mean is 0.
    half_life_days : float
        How fast a push fades.
    ends : sequence of str
        The outcomes, in the order of the result.

    Returns
    -------
    ndarray, shape (outcome, interval)
        In steps of push.
    """
    starts, stops = edges[:-1], edges[1:]
    decay = np.log(2) / half_life_days
    total = np.zeros((len(ends), len(starts)))
    for pulse in counted:
        low = np.maximum(starts, pulse.known)
        high = np.maximum(np.minimum(stops, pulse.until), low)
        integral = np.exp(-decay * (low - pulse.known)) - np.exp(-decay * (high - pulse.known))
        total[ends.index(pulse.outcome)] += pulse.size * integral / decay
    lengths = stops - starts
    return np.divide(total, lengths, out=np.zeros_like(total), where=lengths > 0)


def pressure_at(
    counted: Sequence[Pulse], times: NDArray[np.float64], half_life_days: float, ends: Sequence[str]
) -> NDArray[np.float64]:
    """Return the pressure at moments in time.

    Parameters
    ----------
    counted : sequence of Pulse
        What counts.
    times : ndarray, shape (time,)
        Day numbers.
    half_life_days : float
        How fast a push fades.
    ends : sequence of str
        The outcomes, in the order of the result.

    Returns
    -------
    ndarray, shape (outcome, time)
        In steps of push.
    """
    total = np.zeros((len(ends), len(times)))
    for pulse in counted:
        felt = (times >= pulse.known) & (times < pulse.until)
        fading = 0.5 ** (np.where(felt, times - pulse.known, 0.0) / half_life_days)
        total[ends.index(pulse.outcome)] += pulse.size * felt * fading
    return total
