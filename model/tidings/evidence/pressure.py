"""Pressure: the pushes still felt at a date, towards each outcome and against it.

For each story and outcome two items count at most: the strongest positive and the strongest
negative of those known by then. An item that is outdone by a stronger one of its story stops
counting on the day the stronger one is known; among equals the earliest counts, so that a
repetition adds nothing. A push fades with a half-life from the day it becomes known or, if it
announces something, from the day that is due. Of what is felt towards an outcome, or against it,
the strongest `FEW` are summed, and the sum ``s`` saturates as ``MOST tanh(s / MOST)``: a burst of
stories moves a forecast no further than its strongest few can.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from tidings.evidence.ledger import Item
from tidings.names import ANY, RETAINED, STATUS_QUO
from tidings.question.schema import GradesConfig

Array = NDArray[np.float64]

FEW = 5
"""How many pushes one way are felt at once."""
MOST = 5.0
"""The pressure one way that none exceeds, in steps of push."""
WAYS = (1, -1)
"""Towards an outcome, and against it: the order of everything that has two ways."""

_MOMENTS = 7
"""Moments of an interval over which its mean is taken."""


@dataclass(frozen=True)
class Pulse:
    """The part of one item's push that counts for one outcome.

    Attributes
    ----------
    size : float
        Push times the weights of its grade, in steps of push.
    known, until : float
        Day numbers between which it counts; ``until`` is infinite unless its story outdid it.
    held_to : float
        Day number from which it fades; `known` unless what it announces is expected later.
    """

    item: str
    story: str
    outcome: str
    size: float
    known: float
    until: float = np.inf
    held_to: float = -np.inf

    @property
    def way(self) -> int:
        """The place of its sign among `WAYS`."""
        return 0 if self.size > 0 else 1


def item_size(item: Item, grades: GradesConfig, second: int | None = None) -> float:
    """Return an item's push times its grade's weights; 0 where it is not graded.

    Where a second grader has judged its push too, the mean of both counts.
    """
    weight: float = (
        grades.reliability_weight[item.source_reliability]  # type: ignore[index]
        * grades.credibility_weight[item.credibility]  # type: ignore[index]
    )
    push = float(item.push or 0)
    return (push if second is None else (push + second) / 2) * weight


def pulses(
    items: Iterable[Item],
    grades: GradesConfig,
    ends: Sequence[str],
    second: Mapping[str, int] = MappingProxyType({}),
) -> tuple[Pulse, ...]:
    """Return what counts of the items' pushes.

    Parameters
    ----------
    grades : GradesConfig
        The weights of grades.
    """
    groups: dict[tuple[str, str, bool], list[Pulse]] = {}
    for item in sorted(items, key=lambda one: (one.known, one.id)):
        size = item_size(item, grades, second.get(item.id))
        if size == 0.0:
            continue
        all_of_them = bool({ANY, RETAINED, STATUS_QUO} & set(item.outcomes))
        known = float(item.known.toordinal())
        expected = float(item.expected_by.toordinal()) if item.expected_by else known
        for outcome in ends if all_of_them else item.outcomes:
            pulse = Pulse(item.id, item.story, outcome, size, known, held_to=max(known, expected))
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
        replace(pulse, until=until)
        for pulse, until in zip(kept, ends, strict=True)
        if until > pulse.known
    ]


def saturated[T: np.floating](total: NDArray[T]) -> NDArray[T]:
    """Return the pressure that a sum of pushes one way makes, in its precision."""
    most = total.dtype.type(MOST)
    return np.asarray(most * np.tanh(total / most))


def pressure_at(
    counted: Sequence[Pulse],
    times: NDArray[np.float64],
    half_lives: tuple[float, float],
    ends: Sequence[str],
) -> NDArray[np.float64]:
    """Return the pressure at moments in time.

    Parameters
    ----------
    times : ndarray, shape (time,)
        Day numbers.
    half_lives : tuple of (float, float)
        Days in which a push fades to half: towards an outcome, and against it.
    ends : sequence of str
        The outcomes, in the order of the result.

    Returns
    -------
    ndarray, shape (way, outcome, time)
        In steps of push, never negative.
    """
    return saturated(summed_pushes_at(counted, times, half_lives, ends))


def summed_pushes_at(
    counted: Sequence[Pulse],
    times: NDArray[np.float64],
    half_lives: tuple[float, float],
    ends: Sequence[str],
) -> NDArray[np.float64]:
    """Return the sum of the strongest `FEW` pushes at moments in time, before it saturates.

    Parameters and shape as for `pressure_at`. What comes later is added to it first: all that is
    felt one way saturates together.
    """
    summed = np.zeros((len(WAYS), len(ends), len(times)))
    for way, half_life in enumerate(half_lives):
        for place, outcome in enumerate(ends):
            mine = [one for one in counted if one.outcome == outcome and one.way == way]
            if mine:
                summed[way, place] = _strongest(mine, times, half_life)
    return summed


def _strongest(mine: Sequence[Pulse], times: Array, half_life: float) -> Array:
    """Return the sum of the strongest few at each time."""
    size, known, until, held = np.array(
        [(abs(one.size), one.known, one.until, max(one.held_to, one.known)) for one in mine]
    ).T[..., None]
    faded = size * 0.5 ** (np.maximum(times - held, 0.0) / half_life)
    felt = np.where((times >= known) & (times < until), faded, 0.0)
    few = felt if len(mine) <= FEW else np.partition(felt, -FEW, axis=0)[-FEW:]
    return np.asarray(few.sum(axis=0))


def mean_pressure(
    counted: Sequence[Pulse],
    edges: NDArray[np.float64],
    half_lives: tuple[float, float],
    ends: Sequence[str],
) -> NDArray[np.float64]:
    """Return the mean pressure over each interval, from seven moments of each.

    Parameters
    ----------
    edges : ndarray, shape (interval + 1,)
        Day numbers, not falling; over an interval of length 0 the mean is 0.
    half_lives : tuple of (float, float)
        Days in which a push fades to half: towards an outcome, and against it.
    ends : sequence of str
        The outcomes, in the order of the result.

    Returns
    -------
    ndarray, shape (way, outcome, interval)
        In steps of push, never negative.
    """
    lengths = np.diff(edges)
    parts = (np.arange(_MOMENTS) + 0.5) / _MOMENTS
    moments = (edges[:-1, None] + lengths[:, None] * parts).ravel()
    felt = pressure_at(counted, moments, half_lives, ends)
    means = felt.reshape(*felt.shape[:2], len(lengths), _MOMENTS).mean(axis=-1)
    return np.asarray(means * (lengths > 0))
