"""Tipping points: how far one prior, or one hypothetical item, must go before a forecast tips.

A prior is asked about as if its value were known. With ``x`` set to ``v`` in every draw, the draws
are those of the posterior given ``x = v`` when each has the weight ``L(v, rest) / L(x, rest)``:
importance sampling whose proposal for the rest is the posterior, times the prior of ``x``. Where
the evidence speaks so loudly against a value that no weights help, the prior's median is moved
instead, and its sd stays. The values tried reach from three prior sds below the prior's mean to
three above (for a value taken as certain, over its whole support); where none of them tips the
forecast, the prior cannot.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidings.evidence import Item
from tidings.incidence import Futures, make_calendar
from tidings.likelihood import NeutralRates, log_readings
from tidings.names import DEAL, OTHER, RETAINED, Var
from tidings.normal import LinkNormal, from_link
from tidings.parameters import Parameters, linked_priors, of_linked
from tidings.pareto import smoothed_weights
from tidings.pressure import Pulse
from tidings.readings import read_items
from tidings.reweighting import Posterior, at_horizons
from tidings.runs import Run
from tidings.situation import (
    Situation,
    exposure_of,
    outlook_of,
    precedent_share,
    reading_rows,
)
from tidings.summary import K_LIMIT
from tidings.yardsticks import LEDGER

__all__ = ["ItemTip", "PriorTip", "Target", "Tipping", "tipping_points"]

Array = NDArray[np.float64]
_DRAWS, _FUTURES = 200, 25
_REACH_SD = 3.0
_SUPPORT = 4.0
"""How far on the logit or log scale a value taken as certain is moved: logit ±4 is 2 to 98 %."""
_BISECTIONS = 6
_NEAR_EQUAL = 0.98
"""Share of the draws that weights leave, above which they are near equal."""
_ACTING = ("base_rate", "push_slope", "consent_slope", "share_other", Var.PRECEDENT.value,
           "willingness", "binding")  # fmt: skip


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
        return self.k <= K_LIMIT


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
class Tipping:
    """The tipping points of one outcome at one horizon."""

    outcome: str
    horizon: str
    targets: tuple[Target, ...]
    priors: tuple[PriorTip, ...]
    items: tuple[ItemTip, ...]

    def to_json(self) -> dict[str, Any]:
        """Return what ``tidings sensitivity --json`` prints of it."""

        def told(one: PriorTip | ItemTip) -> dict[str, Any]:
            return {**vars(one), "target": vars(one.target)}

        return {
            "targets": [vars(one) for one in self.targets],
            "priors": [told(one) for one in self.priors],
            "items": [told(one) for one in self.items],
        }


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
    here = _Here(run, posterior, horizon)
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


class _Here:
    """A run's draws, carried to one horizon, with any prior's value changed."""

    def __init__(self, run: Run, everything: Posterior, horizon: str) -> None:
        self.posterior = everything.thinned(_DRAWS)
        self.situation: Situation = self.posterior.situation
        self.outcomes = [one.id for one in run.manifest.outcomes]
        self.published = np.array([row.mean for row in run.at(horizon).values()])
        self.linked = linked_priors(self.posterior.parameters, self.situation.structure)
        self.every_parameters = everything.parameters
        self.every_linked = linked_priors(everything.parameters, self.situation.structure)
        place = list(run.manifest.horizons).index(horizon)
        self.every = at_horizons(everything.incidence, self.situation)[:, :, place]
        outlook = outlook_of(self.situation)
        day = outlook.calendar.horizons[horizon]
        # Only one date is asked about: nothing is carried beyond it.
        calendar = make_calendar(outlook.calendar.start, outlook.calendar.as_of, (), (day,))
        self.outlook = replace(outlook, calendar=calendar, futures=_FUTURES)
        self._exposure, self._rows = exposure_of(self.situation), reading_rows(self.situation)
        self.own_readings = log_readings(self.posterior.parameters, self._rows)
        self.own_survival = self._survival(self.posterior.parameters)
        self.own_futures = Futures(
            self.posterior.parameters, self.outlook, self.posterior.seed, "tipping"
        )
        self.own = self._carried(self.own_futures, self.situation.pulses)

    def acting(self) -> list[str]:
        """Return the priors whose values act on the forecast of a given draw."""
        return [name for name in self.linked if name.partition(".")[0] in _ACTING
                and name in self.situation.question.priors]  # fmt: skip

    def prior(self, name: str) -> LinkNormal:
        """Return a prior."""
        return self.situation.question.priors[name]

    def at_value(self, name: str, linked: float) -> tuple[Array, float]:
        """Return the forecast were a prior's value known, shape (outcome,), and Pareto k."""
        changed = {**self.linked, name: np.full_like(self.linked[name], linked)}
        parameters = of_linked(self.posterior.parameters, changed, self.situation.structure)
        log_weights = self._survival(parameters) - self.own_survival
        if name.startswith("willingness."):
            log_weights += log_readings(parameters, self._rows) - self.own_readings
        weights, k = _weights(log_weights)
        carried = self._carried(self.own_futures.of(parameters), self.situation.pulses)
        return self._moved(weights, carried), k

    def at_prior(self, name: str, linked: float) -> tuple[Array, float]:
        """Return the forecast were a prior's median another, shape (outcome,), and Pareto k."""
        prior = self.prior(name)
        steps = (linked - prior.mean) / prior.sd
        standard = (self.every_linked[name] - prior.mean) / prior.sd
        return self._weighted(steps * standard)

    def with_push(self, pulses: Sequence[Pulse]) -> Array:
        """Return the forecast with more pressure, shape (outcome,)."""
        carried = self._carried(self.own_futures, [*self.situation.pulses, *pulses])
        return self._moved(np.ones(len(carried)), carried)

    def with_item(self, item: Item) -> tuple[Array, float]:
        """Return the forecast with one more reading, shape (outcome,), and Pareto k."""
        question = self.situation.question
        more = read_items(
            [item], question.config, precedent_share(question), question.yardsticks,
            self.situation.timeline,
        )  # fmt: skip
        after = replace(self.situation, readings=(*self.situation.readings, *more))
        change = log_readings(self.every_parameters, reading_rows(after))
        change -= log_readings(self.every_parameters, self._rows)
        return self._weighted(change)

    def _weighted(self, log_weights: Array) -> tuple[Array, float]:
        """Return the forecast of all stored draws with other weights, and Pareto k."""
        weights, k = _weights(log_weights)
        then = weights @ self.every / weights.sum()
        moved = self.published + then - self.every.mean(axis=0)
        return np.asarray(np.clip(moved, 0.0, 1.0)), k

    def _moved(self, weights: Array, carried: Array) -> Array:
        """Return the published forecast, moved as that of these draws is."""
        then = weights @ carried / weights.sum()
        return np.asarray(np.clip(self.published + then - self.own.mean(axis=0), 0.0, 1.0))

    def _survival(self, parameters: Parameters) -> Array:
        reference = self.situation.question.config.consent_reference
        rates = NeutralRates(parameters, self.situation.structure, reference)
        return rates.log_survival(self._exposure)

    def _carried(self, futures: Futures, pulses: Sequence[Pulse]) -> Array:
        """Return each draw's forecast at the horizon, shape (draw, outcome)."""
        known = (RETAINED, *self.situation.structure.change)
        columns = [known.index(name) for name in self.outcomes]
        return futures.incidence(pulses)[:, -1, columns]


def _weights(log_weights: Array) -> tuple[Array, float]:
    """Return smoothed weights and Pareto k; 0 where they are near equal.

    The k of a tail does not know how small the whole tail is: weights that leave nearly all draws
    are those of nearly the same posterior, whatever the form of their tail.
    """
    weights = np.exp(log_weights - log_weights.max())
    weights /= weights.mean()
    if 1 / np.mean(weights**2) > _NEAR_EQUAL:
        return weights, 0.0
    return smoothed_weights(log_weights)


def _excess(here: _Here, target: Target) -> Callable[[Array], float]:
    """Return how far a forecast is past a target: positive once it has tipped."""
    own = here.outcomes.index(target.outcome)
    sign = 1.0 if target.rises else -1.0

    def excess(forecast: Array) -> float:
        mark = target.threshold
        if mark is None:
            mark = float(forecast[here.outcomes.index(str(target.other))])
        return sign * (float(forecast[own]) - mark)

    return excess


def _prior_tips(here: _Here, name: str, targets: Sequence[Target]) -> Iterator[PriorTip]:
    """Yield where a prior tips each target; the ends of its reach are looked at first."""
    prior, at = here.prior(name), partial(here.at_value, name)
    low, high = _reach(here, name, prior)
    now, moves = float(np.median(here.linked[name])), False
    ends = {end: at(end) for end in (low, high)}
    if prior.sd > 0 and max(k for _, k in ends.values()) > K_LIMIT:
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


def _reach(here: _Here, name: str, prior: LinkNormal) -> tuple[float, float]:
    if prior.sd > 0:
        return prior.mean - _REACH_SD * prior.sd, prior.mean + _REACH_SD * prior.sd
    value = float(np.median(here.linked[name]))
    inside = min(max(value, -_SUPPORT), _SUPPORT)
    return (-_SUPPORT, _SUPPORT) if prior.link == "logit" else (inside - 2.0, inside + 2.0)


def _furthest(at: Callable[[float], tuple[Array, float]], prior: LinkNormal, sign: int) -> float:
    """Return the furthest median, in half sds of the prior, to which weights reach."""
    steps = np.arange(_REACH_SD, 0.5, -0.5)
    values = [prior.mean + sign * step * prior.sd for step in steps]
    return next((value for value in values if at(value)[1] <= K_LIMIT), values[-1])


def _bisected(
    at: Callable[[float], tuple[Array, float]],
    excess: Callable[[Array], float],
    inside: float,
    tipping: float,
) -> tuple[float, float]:
    """Halve the way between a value that does not tip and one that does."""
    inside = min(max(inside, -2 * _SUPPORT), 2 * _SUPPORT)
    found = tipping, at(tipping)[1]
    for _ in range(_BISECTIONS):
        middle = (inside + found[0]) / 2
        forecast, k = at(middle)
        if excess(forecast) > 0:
            found = middle, k
        else:
            inside = middle
    return found


def _item_tips(here: _Here, target: Target) -> Iterator[ItemTip]:
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


def _least_push(here: _Here, target: Target, moving: str | None, sign: float) -> float | None:
    excess = _excess(here, target)
    change = [moving] if moving is not None else list(here.situation.structure.change)
    day = float(here.situation.as_of.toordinal())

    def tips(size: float) -> bool:
        pulses = [Pulse("tip", "tip", outcome, sign * size, day) for outcome in change]
        return excess(here.with_push(pulses)) > 0

    if not tips(3.0):
        return None
    low, high = 0.0, 3.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if tips(middle) else (middle, high)
    return sign * high


def _mildest_word(
    here: _Here, target: Target, pair: tuple[str, str], sign: float
) -> tuple[str | None, float]:
    """Return the mildest face value that tips, from the middle of the yardstick outwards."""
    excess, bands = _excess(here, target), here.situation.question.yardsticks.bands[LEDGER]
    ordered = sorted(bands, key=lambda word: bands[word][0], reverse=sign < 0)
    largest = 0.0
    for word in ordered:
        forecast, k = here.with_item(_item(here, pair, word))
        largest = max(largest, k)
        if excess(forecast) > 0:
            return word, k
    return None, largest


def _item(here: _Here, pair: tuple[str, str], word: str) -> Item:
    """Return an observer's report of the best grade about one actor and outcome."""
    as_of = here.situation.as_of
    return Item(
        id="tip", date=as_of, date_precision="day", published=as_of, source="tip", via=None,
        url="https://tip", speaker=None, voice="observer", actor=pair[0], outcomes=(pair[1],),
        claim="tip", face_value=word, push=None, milestone=None, source_reliability="A",
        credibility="1", story="tip", note=None, retracted=None, retracted_why=None,
    )  # fmt: skip
