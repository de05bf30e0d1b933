"""What figures show, as data: bars, swings of priors, events, and willingness over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tidings.evidence.ledger import Item


@dataclass(frozen=True)
class Bar:
    """One bar: what it is of, and from where to where it goes.

    Attributes
    ----------
    low, high : float
        The probabilities where it begins and to which it leads.
    doubtful : bool
        Whether the draws are too far off for it to be trusted.
    """

    label: str
    low: float
    high: float
    doubtful: bool = False
    says: str = ""

    @property
    def change(self) -> float:
        """From its beginning to its end."""
        return self.high - self.low


@dataclass(frozen=True)
class Swing:
    """What a forecast becomes where one prior is moved down and up; see `Bar`."""

    label: str
    down: float
    up: float
    doubtful: bool = False
    prior: str = ""


@dataclass(frozen=True)
class Event:
    """Something that moved the forecast: its number in the figure, when, and what it was."""

    number: int
    day: date
    item: Item


@dataclass(frozen=True)
class Willing:
    """What one actor seems willing to do, over time.

    Attributes
    ----------
    days : sequence of date
        The moments.
    low, middle, high : sequence of float
        Of the willingness at each, with nine tenths of the draws between.
    """

    title: str
    days: Sequence[date]
    low: Sequence[float]
    middle: Sequence[float]
    high: Sequence[float]
    said: Sequence[tuple[date, float]]
