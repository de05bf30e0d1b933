"""Tipping points: how far one prior, or one hypothetical item, must go before a forecast tips.

A prior is moved as a whole, by sds of itself, as ``preview --shift`` moves it; one that is fixed is
given another value. What is tried reaches three sds either way, or as far as weights can be trusted
(for a fixed value, over its support); where nothing of that tips the forecast, the prior cannot.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidings.forecasting.runs import Run
from tidings.names import DEAL, OTHER, RETAINED, Var
from tidings.question.normal import LinkNormal, from_link
from tidings.question.yardsticks import LEDGER
from tidings.reasons.draws import Posterior
from tidings.reasons.engine import small_engine
from tidings.reasons.previewing import doubting_engine
from tidings.reasons.scenarios import (
    Change,
    known_value,
    shifted,
    supposed_item,
    with_items,
    with_pushes,
)
from tidings.reasons.weights import trusted

Array = NDArray[np.float64]
_REACH_SD, _STEP_SD = 3.0, 1.0
_SUPPORT = 4.0
"""How far on the logit or log scale a fixed value is moved: logit ±4 is 2 to 98 %."""
_BISECTIONS = 6
_DRAWS = 400
"""Draws that find the way to a tipping point; where it is, the draws of `doubting_engine` say."""
_ACTING = (
    "base_rate",
    "push_slope",
    "counter_slope",
    "consent_slope",
    "share_other",
    Var.PRECEDENT.value,
    "willingness",
    "binding",
)


@dataclass(frozen=True)
class Target:
    """What is to be tipped: an outcome past a probability, or past another outcome.

    Attributes
    ----------
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
    value : float or None
        The prior median, or the fixed value, on its natural scale; None where none in reach does.
    above : bool
        Whether it tips from that value on upwards; else downwards.
    low, high : float
        The values in reach.
    k : float
        Pareto k of the weights there, or the larger at the ends of the reach.
    moves : bool
        Whether the prior is moved as a whole; else its value is fixed, and another is tried.
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
    """Find what tips the forecast of one outcome, past a threshold and past its neighbour.

    Parameters
    ----------
    threshold : float
        A probability for the outcome to pass.
    """
    at = _At(run, posterior, horizon)
    targets = tuple(_targets(run, outcome, horizon, threshold))
    priors = [tip for name in at.acting() for tip in prior_tips(at, name, targets)]
    items = [tip for target in targets for tip in _item_tips(at, target)]
    return Tipping(outcome, horizon, targets, tuple(priors), tuple(items))


def past_bounds(
    run: Run, posterior: Posterior, outcome: str, bounds: Sequence[float], priors: Sequence[str]
) -> list[PriorTip]:
    """Return where priors take an outcome past bounds at the headline horizon, if they do."""
    at = _At(run, posterior, run.manifest.headline)
    now = run.at(run.manifest.headline)[outcome].mean
    targets = [Target(outcome, now < bound, bound, None) for bound in bounds]
    tips = [tip for name in priors for tip in prior_tips(at, name, targets)]
    return [tip for tip in tips if tip.value is not None]


class _At:
    """Forecasts of one horizon under changes, moved to what the run published."""

    def __init__(self, run: Run, posterior: Posterior, horizon: str) -> None:
        engine = small_engine(posterior.thinned(_DRAWS))
        self._fine = doubting_engine(posterior)
        self.outcomes = [one.id for one in run.manifest.outcomes]
        self.situation = engine.posterior.situation
        self._engine = engine
        self._published = np.array([row.mean for row in run.at(horizon).values()])
        self._column = list(run.manifest.horizons).index(horizon)

    def forecast(self, change: Change, *, fine: bool = False) -> tuple[Array, float]:
        """Return the forecast after a change, shape (outcome,), and its Pareto k."""
        engine = self._fine if fine else self._engine
        then = engine.effect(change)
        moved = self._published + then.change[:, self._column]
        return np.asarray(np.clip(moved, 0.0, 1.0)), then.k

    def acting(self) -> list[str]:
        """Return the priors whose values act on the forecast of a given draw."""
        priors = self.situation.question.priors
        return [name for name in priors if name.partition(".")[0] in _ACTING]

    def prior(self, name: str) -> LinkNormal:
        """Return a prior."""
        return self.situation.question.priors[name]

    def excess(self, target: Target, forecast: Array) -> float:
        """Return how far a forecast is past a target: positive once it has tipped."""
        mark = target.threshold
        if mark is None:
            mark = float(forecast[self.outcomes.index(str(target.other))])
        sign = 1.0 if target.rises else -1.0
        return sign * (float(forecast[self.outcomes.index(target.outcome)]) - mark)


def _targets(run: Run, outcome: str, horizon: str, threshold: float) -> Iterator[Target]:
    means = {name: row.mean for name, row in run.at(horizon).items()}
    own = means.pop(outcome)
    yield Target(outcome, own < threshold, threshold, None)
    higher = [name for name, mean in means.items() if mean > own]
    if higher:
        yield Target(outcome, True, None, min(higher, key=lambda name: means[name]))
    elif means:
        yield Target(outcome, False, None, max(means, key=lambda name: means[name]))


def prior_tips(at: _At, name: str, targets: Sequence[Target]) -> Iterator[PriorTip]:
    """Yield where a prior tips each target: what is tried goes outward from what it is."""
    prior = at.prior(name)
    moves, unit = prior.sd > 0, prior.sd or 1.0

    def changed(steps: float) -> Change:
        if moves:
            return shifted(name, steps)
        return known_value(name, from_link(prior.mean + steps, prior.link))

    def natural(steps: float) -> float:
        return from_link(prior.mean + steps * unit, prior.link)

    def fine(steps: float) -> tuple[Array, float]:
        return at.forecast(changed(steps), fine=True)

    def tipped(target: Target, steps: float, found: Array) -> bool:
        # Few draws show the way; what is told must be so with the draws of a preview.
        return at.excess(target, found) > 0 and at.excess(target, fine(steps)[0]) > 0

    def done(steps: float, found: Array) -> bool:
        return all(tipped(target, steps, found) for target in targets)

    tried = dict(_outward(prior, lambda steps: at.forecast(changed(steps)), done))
    sure = [steps for steps, (_, k) in tried.items() if trusted(k)]
    reach = natural(min([0.0, *sure])), natural(max([0.0, *sure])), natural(0.0)
    for target in targets:
        value, k, above = None, max(k for _, k in tried.values()), True
        tips = (steps for steps in sorted(sure, key=abs) if tipped(target, steps, tried[steps][0]))
        first = next(tips, None)
        if first is not None:
            steps, k = _bisected(fine, at, target, first)
            value, above = natural(steps), first > 0
        yield PriorTip(name, target, value, above, *reach, k, moves)


def _outward(
    prior: LinkNormal,
    forecast: Callable[[float], tuple[Array, float]],
    done: Callable[[float, Array], bool],
) -> Iterator[tuple[float, tuple[Array, float]]]:
    """Yield steps down and up with their forecasts, until all is tipped or weights fail."""
    for sign in (-1.0, 1.0):
        sizes = np.arange(_STEP_SD, _REACH_SD + _STEP_SD, _STEP_SD)
        if prior.sd == 0:
            centre = prior.mean if prior.link == "logit" else 0.0
            sizes = np.array([_SUPPORT - sign * centre])
        for size in sizes[sizes > 0]:
            found = forecast(sign * float(size))
            yield sign * float(size), found
            if not trusted(found[1]) or done(sign * float(size), found[0]):
                break


def _bisected(
    forecast: Callable[[float], tuple[Array, float]], at: _At, target: Target, tipping: float
) -> tuple[float, float]:
    """Halve the way between no step and one that tips; return the least found, and its k."""
    inside, tips = 0.0, (tipping, forecast(tipping)[1])
    for _ in range(_BISECTIONS):
        middle = (inside + tips[0]) / 2
        found, k = forecast(middle)
        if at.excess(target, found) > 0:
            tips = middle, k
        else:
            inside = middle
    return tips


def _item_tips(at: _At, target: Target) -> Iterator[ItemTip]:
    """Yield what the deal, and each actor of the outcome, would have to be reported to do."""
    moving = target.outcome if target.outcome != RETAINED else None
    sign = 1.0 if target.rises == (moving is not None) else -1.0
    yield ItemTip(DEAL, target, _least_push(at, target, moving, sign), None, 0.0)
    if moving in (None, OTHER):
        return
    for actor, outcome in at.situation.structure.pairs:
        if outcome == moving:
            word, k = _mildest_word(at, target, actor, str(moving), sign)
            yield ItemTip(actor, target, None, word, k)


def _least_push(at: _At, target: Target, moving: str | None, sign: float) -> float | None:
    ends = [moving] if moving is not None else at.situation.structure.ends

    def tips(size: float) -> bool:
        found, _ = at.forecast(with_pushes(ends, sign * size))
        return at.excess(target, found) > 0

    if not tips(3.0):
        return None
    low, high = 0.0, 3.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if tips(middle) else (middle, high)
    return sign * high


def _mildest_word(
    at: _At, target: Target, actor: str, outcome: str, sign: float
) -> tuple[str | None, float]:
    """Return the mildest face value that tips: words are tried from the weakest up."""
    bands, largest = at.situation.question.yardsticks.bands[LEDGER], 0.0
    for word in sorted(bands, key=lambda one: bands[one][0], reverse=sign < 0):
        item = supposed_item(at.situation.as_of, actor, outcome, word)
        found, k = at.forecast(with_items(item))
        largest = max(largest, k)
        if at.excess(target, found) > 0:
            return word, k
    return None, largest
