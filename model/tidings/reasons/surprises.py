"""Items that the model finds surprising given all the others, and which of them they conflict with.

An item's readings are left out by importance weights (as PSIS-LOO does: Vehtari, Gelman & Gabry
2017, doi:10.1007/s11222-016-9696-4); what the others of its story say of their shared effect stays
in. Its probability is that of readings at least as far off: twice the smaller tail, for the item's
most surprising reading, times their number. It conflicts with those items without which it would be
more probable.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from tidings.evidence.readings import Reading
from tidings.mechanism.likelihood import standardised_residuals
from tidings.mechanism.model_data import whitened_of
from tidings.mechanism.parameters import Parameters
from tidings.mechanism.situation import Situation
from tidings.names import Var
from tidings.reasons.draws import Posterior
from tidings.reasons.weights import smoothed_weights, trusted

SURPRISING = 0.05
"""An item less probable than this is told; among independent items, so many are by chance."""
_NAMED = 3
_GAIN = 0.05
"""Items that cost this much log predictive density are said to conflict."""
_WEIGHED = 100
"""So many items at most are tried, one by one, for each that is surprising."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Surprise:
    """One surprising item.

    Attributes
    ----------
    probability : float
        Of readings at least as far off, given all other items.
    higher : bool
        Whether it says more willingness than the others would have expected.
    conflicts : tuple of str
        Items without which it would be more probable, the strongest first.
    k : float
        Pareto k of the weights that leave it out.
    """

    item: str
    probability: float
    higher: bool
    conflicts: tuple[str, ...]
    k: float


def surprises(
    posterior: Posterior,
    refit: Callable[[Situation], Posterior] | None = None,
    most: int | None = None,
) -> tuple[list[Surprise], int]:
    """Find the surprising items.

    Parameters
    ----------
    refit : callable, optional
        Draws from the posterior of a situation, for items that weights cannot leave out; they are
        not examined if it is not given.
    most : int, optional
        How many to tell; all if not given.

    Returns
    -------
    tuple of (list of Surprise, int)
        The least probable first; and how many items were examined.
    """
    items = dict.fromkeys(reading.item for reading in posterior.situation.readings)
    everything = Residuals(posterior.parameters, posterior.situation)
    found = [_examined(everything, item, posterior.situation, refit) for item in items]
    examined = [one for one in found if one is not None]
    rare = [one for one in examined if one.probability < SURPRISING]
    rare.sort(key=lambda one: one.probability)
    told = [
        Surprise(one.item, one.probability, one.higher, _conflicts(one), one.k)
        for one in rare[:most]
    ]
    return told, len(examined)


@dataclass(frozen=True)
class _Examined:
    """How surprising an item is; ``present`` has it where the draws know of it."""

    item: str
    probability: float
    higher: bool
    k: float
    residuals: "Residuals"
    present: set[str]


def _examined(
    everything: "Residuals",
    item: str,
    situation: Situation,
    refit: Callable[[Situation], Posterior] | None,
) -> _Examined | None:
    """Return how surprising an item is; None where neither weights nor a sound refit can tell."""
    residuals, present = everything, {item}
    weights, k = smoothed_weights(-everything.log_density({item}))
    if not trusted(k):
        if refit is None:
            return None
        without = refit(situation.without_reading(item))
        if not without.converged:
            return None
        residuals, present = Residuals(without.parameters, situation), set()
        weights, k = np.ones(without.parameters.draws), 0.0
    probability, higher = residuals.tail(item, weights)
    return _Examined(item, probability, higher, k, residuals, present)


def _conflicts(examined: _Examined) -> tuple[str, ...]:
    """Return the items without which an item would be more probable."""
    residuals, item, present = examined.residuals, examined.item, examined.present
    gains = []
    alone = residuals.log_predictive(item, present, {item})
    for other in _suspects(residuals, item):
        gain = residuals.log_predictive(item, {*present, other}, {item, other}) - alone
        if gain > _GAIN:
            gains.append((gain, other))
    return tuple(other for _, other in sorted(gains, reverse=True)[:_NAMED])


def _suspects(residuals: "Residuals", item: str) -> list[str]:
    """Return the items about the same actor that may conflict with an item.

    Where they are many, those of its own story, and those whose densities go most against its own
    over the draws: to first order, that is what their leaving out gains.
    """
    own = [reading for reading in residuals.readings if reading.item == item]
    about, stories = {one.actor for one in own}, {one.story for one in own}
    others = {one.item: one.story for one in residuals.readings if one.actor in about}
    del others[item]
    if len(others) <= _WEIGHED:
        return sorted(others)
    density = residuals.log_density({item})
    centred = density - density.mean()
    along = {other: float(centred @ residuals.log_density({other})) for other in others}
    ranked = sorted(others, key=lambda other: (others[other] not in stories, along[other], other))
    return ranked[:_WEIGHED]


class Residuals:
    """What each draw expects of each reading, with story effects integrated out.

    Parameters
    ----------
    situation : Situation
        Has the readings; the draws need not know of them all.
    """

    def __init__(self, parameters: Parameters, situation: Situation) -> None:
        self.readings: Sequence[Reading] = situation.readings
        rows = whitened_of(situation)
        standardised, sd = standardised_residuals(parameters, rows)
        self._residual = standardised * sd
        self._noise = parameters.scale[Var.NOISE_SCALE] ** 2
        self._story = parameters.scale[Var.STORY_SD] ** 2
        self._load = np.array([reading.sign / reading.sd_logit for reading in self.readings])
        self._group: dict[tuple[str, str], list[int]] = {}
        self._of: dict[str, list[int]] = {}
        for index, one in enumerate(self.readings):
            self._group.setdefault((one.story, one.actor), []).append(index)
            self._of.setdefault(one.item, []).append(index)

    def _groups(self, items: set[str]) -> Iterator[tuple[list[int], list[int]]]:
        """Yield, by story and actor, the readings of some items and those of all others."""
        indices = sorted(index for item in items for index in self._of.get(item, ()))
        told = [self.readings[index] for index in indices]
        for key in dict.fromkeys((one.story, one.actor) for one in told):
            group = self._group[key]
            own = [index for index in group if self.readings[index].item in items]
            yield own, [index for index in group if self.readings[index].item not in items]

    def _shared(self, others: list[int]) -> tuple[Array, Array]:
        """Return mean and variance of a story's effect given its other readings, by draw."""
        load = self._load[others]
        precision = 1 / self._story + np.sum(load**2) / self._noise
        return (load @ self._residual[others]) / self._noise / precision, 1 / precision

    def log_density(self, items: set[str]) -> Array:
        """Return the log density of some items' readings given all others, shape (draw,)."""
        total = np.zeros(len(self._noise))
        for own, others in self._groups(items):
            mean, variance = self._shared(others)
            load = self._load[own]
            left = self._residual[own] - load[:, None] * mean
            along, length = load @ left / self._noise, np.sum(load**2) / self._noise
            shrunk = variance / (1 + variance * length)
            total -= 0.5 * (np.sum(left**2, axis=0) / self._noise - shrunk * along**2)
            total -= 0.5 * (len(own) * np.log(self._noise) + np.log1p(variance * length))
        return total

    def _each(self, item: str, out: set[str]) -> tuple[Array, Array]:
        """Return residual and sd of each of an item's readings, without what is left out."""
        left, sds = [], []
        for own, others in self._groups(out):
            mean, variance = self._shared(others)
            for index in own:
                if self.readings[index].item == item:
                    load = self._load[index]
                    left.append(self._residual[index] - mean * load)
                    sds.append(np.sqrt(self._noise + variance * load**2))
        return np.array(left), np.array(sds)

    def tail(self, item: str, weights: Array) -> tuple[float, bool]:
        """Return how probable readings as far off are, and whether they lie above."""
        left, sds = self._each(item, {item})
        below = np.mean(weights * ndtr(left / sds), axis=1)
        tails = 2 * np.minimum(below, 1 - below)
        furthest = int(np.argmin(tails))
        sign = self.readings[self._of[item][0]].sign
        higher = bool(below[furthest] > 0.5) == (sign > 0)
        return min(1.0, float(tails[furthest]) * len(tails)), higher

    def log_predictive(self, item: str, known: set[str], out: set[str]) -> float:
        """Return the log predictive density of an item's readings.

        Parameters
        ----------
        known : set of str
            Items that the draws know of and that weights leave out.
        """
        weights = np.ones(len(self._noise))
        if known:
            weights, _ = smoothed_weights(-self.log_density(known))
        left, sds = self._each(item, out)
        density = np.exp(np.sum(-0.5 * (left / sds) ** 2 - np.log(sds), axis=0))
        return float(np.log(np.mean(weights * density)))
