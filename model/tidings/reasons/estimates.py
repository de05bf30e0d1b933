"""Estimates and effects: what draws say of a forecast, or of a difference of two, and its error.

An `Estimate` remembers what each draw contributes, so that the error of a sum or difference is that
of the whole: what two forecasts from the same draws share cancels. An `Effect` is what is told.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidings.reasons.weights import trusted

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Effect:
    """What one thing does to a forecast; arrays are (outcome, horizon).

    Attributes
    ----------
    change : ndarray
        Of each probability.
    mcse : ndarray
        Monte Carlo error of the change.
    k : float
        The largest Pareto k that it relies on; 0 where a posterior was refitted.
    refitted : bool
        Whether one was.
    """

    change: Array
    mcse: Array
    k: float = 0.0
    refitted: bool = False

    @property
    def trusted(self) -> bool:
        """Whether it can be trusted."""
        return trusted(self.k)

    def at(self, row: int, column: int) -> tuple[float, float]:
        """Return change and error of one outcome at one horizon."""
        return float(self.change[row, column]), float(self.mcse[row, column])

    def rows(self, outcomes: Sequence[str], horizons: Sequence[str]) -> Iterator[dict[str, object]]:
        """Yield one row per outcome and horizon: change, Monte Carlo error and Pareto k."""
        for row, outcome in enumerate(outcomes):
            for column, horizon in enumerate(horizons):
                change, mcse = self.at(row, column)
                where = {"outcome": outcome, "horizon": horizon}
                yield {**where, "change": change, "mcse": mcse, "k": self.k}


@dataclass(frozen=True)
class Estimate:
    """Forecasts, added up or subtracted; arrays are (outcome, horizon).

    Attributes
    ----------
    mean : ndarray
        What is estimated.
    influences : mapping of int to ndarray, shape (draw, outcome, horizon)
        By posterior of the pool: what each draw adds to the error.
    effective : mapping of int to ndarray
        How many independent draws each posterior is worth.
    """

    mean: Array
    influences: Mapping[int, Array]
    effective: Mapping[int, Array]
    k: float = 0.0
    refitted: bool = False

    def plus(self, other: "Estimate", share: float = 1.0) -> "Estimate":
        """Return this and some share of another."""
        influences = dict(self.influences)
        for number, influence in other.influences.items():
            influences[number] = influences.get(number, 0.0) + share * influence
        return Estimate(
            self.mean + share * other.mean,
            influences,
            {**self.effective, **other.effective},
            max(self.k, other.k),
            self.refitted or other.refitted,
        )

    def minus(self, other: "Estimate") -> "Estimate":
        """Return the difference to another."""
        return self.plus(other, -1.0)

    def mcse(self) -> Array:
        """Return the Monte Carlo error."""
        squares = [
            influence.var(axis=0) / np.minimum(self.effective[number], len(influence))
            for number, influence in self.influences.items()
        ]
        return np.asarray(np.sqrt(np.sum(squares, axis=0)))

    @property
    def effect(self) -> Effect:
        """The difference as it is told."""
        return Effect(self.mean, self.mcse(), self.k, self.refitted)
