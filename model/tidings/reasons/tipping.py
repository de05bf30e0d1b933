"""Tipping points: how far one prior, or one hypothetical item, must go before a forecast tips.

A prior is asked about as if its value were known (see `tidings.reasons.what_if`). Where the
evidence speaks so loudly against a value that no weights help, the prior's median is moved instead,
and its sd stays. The values tried reach from three prior sds below the prior's mean to three above
(for a value taken as certain, over its whole support); where none of them tips the forecast, the
prior cannot."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from tidings.evidence.pressure import Pulse
from tidings.forecasting.runs import Run
from tidings.names import DEAL, OTHER, RETAINED
from tidings.question.normal import LinkNormal, from_link
from tidings.question.yardsticks import LEDGER
from tidings.reasons.pool import Pool
from tidings.reasons.reweighting import Posterior, trusted
from tidings.reasons.sensitivity import standardised
from tidings.reasons.what_if import SUPPOSED, WhatIf, supposed_item

Array = NDArray[np.float64]
_REACH_SD = 3.0
_SUPPORT = 4.0
"""How far on the logit or log scale a value taken as certain is moved: logit ±4 is 2 to 98 %."""
_BISECTIONS = 6
_STEP_SD = 0.5


@dataclass(frozen=True)
class Target:
    """What is to be tipped: an outcome past a probability, or past another outcome.

    Attributes
    ----------
    outcome : str
        Whose forecast is to move.
    rises : bool
        Whether it has to rise; else it has to fall.
    threshold : float or None
        The probability to pass.
    other : str or None
        The outcome to overtake, or to fall behind.
    """

    outcome: str
    rises: bool
    threshold: float | None
    other: str | None


@dataclass(frozen=True)
class PriorTip:
    """Where one prior tips a target.

    Attributes
    ----------
    prior : str
        Its dotted name.
    target : Target
        What it tips.
    value : float or None
        On its natural scale; None where no value in reach does.
    above : bool
        Whether it tips from that value on upwards; else downwards.
    low, high : float
        The values in reach.
    now : float
        Its posterior median; the prior's own median where ``moves``.
    k : float
        Pareto k of the weights there, or the larger at the ends of the reach.
    moves : bool
        Whether the value is the median to which the prior is moved, instead of one known for
        certain: so where the evidence speaks against values that far out.
    """

    prior: str
    target: Target
    value: float | None
    above: bool
    low: float
    high: float
    now: float
    k: float
    moves: bool

    @property
    def trusted(self) -> bool:
        """Whether the weights can be trusted."""
        return trusted(self.k)


@dataclass(frozen=True)
class ItemTip:
    """Which hypothetical item of grade A1 tips a target, of one actor or the deal.

    Attributes
    ----------
    actor : str
        Whom it would be about; ``deal`` acts by its push alone.
    target : Target
        What it tips.
    push : float or None
        The least push, without a reading; None where not even ±3 does.
    face_value : str or None
        The mildest word of a reading, without a push; None where no word does.
    k : float
        Pareto k of the weights of the reading.
    """

    actor: str
    target: Target
    push: float | None
    face_value: str | None
    k: float


@dataclass(frozen=True)
class PriorShift:
    """How far the middle of a prior must move before a forecast passes a bound, all else as it is.

    Attributes
    ----------
    prior : str
        Its dotted name.
    bound : float
        The probability that is passed.
    before, after : float
        The prior's median as it is, and where the forecast passes; on its natural scale.
    """

    prior: str
    bound: float
    before: float
    after: float


@dataclass(frozen=True)
class Tipping:
    """The tipping points of one outcome at one horizon."""

    outcome: str
    horizon: str
    targets: tuple[Target, ...]
    priors: tuple[PriorTip, ...]
    items: tuple[ItemTip, ...]


def tipping_points(
    run: Run, posterior: Posterior, outcome: str, horizon: str, threshold: float
) -> Tipping:
    """Find what tips the forecast of one outcome.

    Parameters
    ----------
    run : Run
        As stored.
    posterior : Posterior
        All its draws.
    outcome : str
        One of the run's.
    horizon : str
        One of the run's.
    threshold : float
        A probability for the outcome to pass.
    """
    here = WhatIf(run, posterior, horizon)
    targets = tuple(_targets(run, outcome, horizon, threshold))
    priors = [tip for name in here.acting() for tip in _prior_tips(here, name, targets)]
    items = [tip for target in targets for tip in _item_tips(here, target)]
    return Tipping(outcome, horizon, targets, tuple(priors), tuple(items))


def _targets(run: Run, outcome: str, horizon: str, threshold: float) -> Iterator[Target]:
    means = {name: row.mean for name, row in run.at(horizon).items()}
    own = means.pop(outcome)
    yield Target(outcome, own < threshold, threshold, None)
    higher = [name for name, mean in means.items() if mean > own]
    if higher:
        yield Target(outcome, True, None, min(higher, key=lambda name: means[name]))
    elif means:
        yield Target(outcome, False, None, max(means, key=lambda name: means[name]))


def _excess(here: WhatIf, target: Target) -> Callable[[Array], float]:
    """Return how far a forecast is past a target: positive once it has tipped."""
    own = here.outcomes.index(target.outcome)
    sign = 1.0 if target.rises else -1.0

    def excess(forecast: Array) -> float:
        """Return how far a forecast is past the target."""
        mark = target.threshold
        if mark is None:
            mark = float(forecast[here.outcomes.index(str(target.other))])
        return sign * (float(forecast[own]) - mark)

    return excess


def _prior_tips(here: WhatIf, name: str, targets: Sequence[Target]) -> Iterator[PriorTip]:
    """Yield where a prior tips each target; the ends of its reach are looked at first."""
    prior, at = here.prior(name), partial(here.at_value, name)
    low, high = _reach(here, name, prior)
    now, moves = float(np.median(here.linked[name])), False
    ends = {end: at(end) for end in (low, high)}
    if prior.sd > 0 and not trusted(max(k for _, k in ends.values())):
        # The evidence speaks against values that far out: the prior is moved, and not replaced.
        now, moves, at = prior.mean, True, partial(here.at_prior, name)
        low, high = (_furthest(at, prior, sign) for sign in (-1, 1))
        ends = {end: at(end) for end in (low, high)}
    natural = [from_link(value, prior.link) for value in (low, high, now)]
    for target in targets:
        excess = _excess(here, target)
        past = {end: excess(forecast) for end, (forecast, _) in ends.items()}
        tipping = max(past, key=lambda end: past[end])
        value, k = None, max(k for _, k in ends.values())
        if past[tipping] > 0:
            linked, k = _bisected(at, excess, now, tipping)
            value = from_link(linked, prior.link)
        yield PriorTip(
            name, target, value, bool(tipping == high), natural[0], natural[1], natural[2], k, moves
        )


def _reach(here: WhatIf, name: str, prior: LinkNormal) -> tuple[float, float]:
    if prior.sd > 0:
        return prior.mean - _REACH_SD * prior.sd, prior.mean + _REACH_SD * prior.sd
    value = float(np.median(here.linked[name]))
    inside = min(max(value, -_SUPPORT), _SUPPORT)
    return (-_SUPPORT, _SUPPORT) if prior.link == "logit" else (inside - 2.0, inside + 2.0)


def _furthest(at: Callable[[float], tuple[Array, float]], prior: LinkNormal, sign: int) -> float:
    """Return the furthest median, in half sds of the prior, to which weights reach."""
    steps = np.arange(_REACH_SD, 0.5, -0.5)
    values = [prior.mean + sign * step * prior.sd for step in steps]
    return next((value for value in values if trusted(at(value)[1])), values[-1])


def _bisected(
    at: Callable[[float], tuple[Array, float]],
    excess: Callable[[Array], float],
    inside: float,
    tipping: float,
) -> tuple[float, float]:
    """Halve the way between a value that does not tip and one that does."""
    inside = min(max(inside, -2 * _SUPPORT), 2 * _SUPPORT)
    tips = tipping, at(tipping)[1]
    for _ in range(_BISECTIONS):
        middle = (inside + tips[0]) / 2
        forecast, k = at(middle)
        if excess(forecast) > 0:
            tips = middle, k
        else:
            inside = middle
    return tips


def _item_tips(here: WhatIf, target: Target) -> Iterator[ItemTip]:
    """Yield what the deal, and each actor of the outcome, would have to be reported to do."""
    moving = target.outcome if target.outcome != RETAINED else None
    sign = 1.0 if target.rises else -1.0
    if moving is None:
        sign = -sign
    push = _least_push(here, target, moving, sign)
    yield ItemTip(DEAL, target, push, None, 0.0)
    if moving in (None, OTHER):
        return
    for actor, outcome in here.situation.structure.pairs:
        if outcome == moving:
            word, k = _mildest_word(here, target, (actor, str(moving)), sign)
            yield ItemTip(actor, target, None, word, k)


def _least_push(here: WhatIf, target: Target, moving: str | None, sign: float) -> float | None:
    excess = _excess(here, target)
    ends = [moving] if moving is not None else list(here.situation.structure.ends)
    day = float(here.situation.as_of.toordinal())

    def tips(size: float) -> bool:
        """Say whether a size of push tips the target."""
        pulses = [Pulse(SUPPOSED, SUPPOSED, outcome, sign * size, day) for outcome in ends]
        return excess(here.with_push(pulses)) > 0

    if not tips(3.0):
        return None
    low, high = 0.0, 3.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if tips(middle) else (middle, high)
    return sign * high


def _mildest_word(
    here: WhatIf, target: Target, pair: tuple[str, str], sign: float
) -> tuple[str | None, float]:
    """Return the mildest face value that tips: words are tried from the weakest up."""
    excess, bands = _excess(here, target), here.situation.question.yardsticks.bands[LEDGER]
    ordered = sorted(bands, key=lambda word: bands[word][0], reverse=sign < 0)
    largest = 0.0
    for word in ordered:
        item = supposed_item(here.situation.as_of, pair, word, "observer", ("A", "1"))
        forecast, k = here.with_item(item)
        largest = max(largest, k)
        if excess(forecast) > 0:
            return word, k
    return None, largest


def prior_shifts(
    pool: Pool, place: tuple[int, int], bounds: Sequence[float], priors: Sequence[str]
) -> Iterator[PriorShift]:
    """Yield where priors, moved as a whole, take a forecast past each bound; see `PriorShift`.

    Parameters
    ----------
    pool : Pool
        Of a run.
    place : tuple of int
        Where the forecast stands: outcome, horizon.
    bounds : sequence of float
        Probabilities.
    priors : sequence of str
        Those to be moved, by at most `_REACH_SD` sds of themselves and as far as weights reach.
    """
    standard = standardised(pool.posterior)
    now = float(pool.own().mean[place])
    for name in priors:
        prior = pool.posterior.situation.question.priors[name]
        for bound in bounds:
            shift = _least_shift(pool, standard[name], place, (now, bound))
            if shift is not None:
                before, after = (
                    from_link(prior.mean + moved * prior.sd, prior.link) for moved in (0.0, shift)
                )
                yield PriorShift(name, bound, before, after)


def _least_shift(
    pool: Pool, standard: Array, place: tuple[int, int], ends: tuple[float, float]
) -> float | None:
    """Return the least shift, in sds, by which a forecast passes a bound; None if none does."""
    now, bound = ends

    def past(shift: float) -> bool | None:
        """Say whether a shift takes the forecast past the bound; None where weights fail."""
        moved = pool.tilted(shift * standard)
        if not trusted(moved.k):
            return None
        return (float(moved.mean[place]) - bound) * (now - bound) <= 0

    found = []
    for sign in (-1.0, 1.0):
        inside = 0.0
        for size in np.arange(_STEP_SD, _REACH_SD + _STEP_SD, _STEP_SD):
            passed = past(sign * float(size))
            if passed is None:
                break
            if passed:
                found.append(_between(past, inside, sign * float(size)))
                break
            inside = sign * float(size)
    return min(found, key=abs, default=None)


def _between(past: Callable[[float], bool | None], inside: float, beyond: float) -> float:
    for _ in range(_BISECTIONS):
        middle = (inside + beyond) / 2
        inside, beyond = (inside, middle) if past(middle) else (middle, beyond)
    return beyond
