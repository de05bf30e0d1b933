"""Which news would matter most next: for each actor and outcome, a story of the size that comes.

How often such a story comes follows from the model's own process of future news (see
`tidings.evidence.arrivals`): its pace, dispersion, sizes and outcomes named; whom it is about, from
this question's items, smoothed. Given that one comes, the process goes on as before (Slivnyak's
theorem), so the forecast "if so" is that with one more story today: its push, and its face value as
a reading of the actor, both those that items of that direction have had.

Both directions may come within a month, and more than once. What the month may tell about the
outcome, in bits (mutual information), is therefore that of three events of which exactly one
happens: the first such story is for it, the first is against it, or there is none (`partition`).
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from tidings._notebook import Shown
from tidings.evidence.arrivals import Arrivals
from tidings.evidence.ledger import Item
from tidings.forecasting.runs import Run, axes_of
from tidings.names import ANY, DEAL, OTHER, RETAINED
from tidings.question.timeline import DAYS_PER_MONTH
from tidings.question.yardsticks import LEDGER
from tidings.reasons.engine import Engine, engine_of
from tidings.reasons.estimates import Effect
from tidings.reasons.scenarios import Change, all_of, supposed_item, with_items, with_pushes

if TYPE_CHECKING:
    import pandas as pd

Sign = Literal[1, -1]
Array = NDArray[np.float64]


@dataclass(frozen=True)
class News:
    """A story of one actor and outcome, in one direction.

    Attributes
    ----------
    probability : float
        That at least one comes within a month.
    size : float
        Its push after grading, in steps.
    face_value : str or None
        What it says at face value; None for the deal.
    then : ndarray, shape (outcome, horizon)
        The forecast if it comes.
    """

    probability: float
    size: float
    face_value: str | None
    then: Array
    effect: Effect


@dataclass(frozen=True)
class Watched:
    """What news of one actor and outcome would tell.

    Attributes
    ----------
    silence : float
        Probability that neither comes within a month.
    neither : ndarray, shape (outcome, horizon)
        The forecast then.
    bits : ndarray, shape (horizon,)
        Expected information about the outcome.
    """

    actor: str
    outcome: str
    favourable: News
    adverse: News
    silence: float
    neither: Array
    bits: Array

    @property
    def trusted(self) -> bool:
        """Whether the weights of both can be trusted."""
        return self.favourable.effect.trusted and self.adverse.effect.trusted


@dataclass(frozen=True, repr=False)
class Watch(Shown):
    """Which news would matter most next.

    Attributes
    ----------
    now : ndarray, shape (outcome, horizon)
        As published.
    news : tuple of Watched
        The most telling at the headline horizon first.
    """

    run: Run
    now: Array
    news: tuple[Watched, ...]

    def table(self) -> "pd.DataFrame":
        """Return what each piece of news would do, one row an outcome and horizon."""
        import pandas as pd

        return pd.DataFrame(
            {"actor": one.actor, "about": one.outcome, "direction": way, "chance": news.probability}
            | row
            for one in self.news
            for way, news in (("for", one.favourable), ("against", one.adverse))
            for row in news.effect.rows(*axes_of(self.run))
        )

    def _says(self) -> str:
        return f"{len(self.news)} pieces of news to look out for, run {self.run.manifest.run}"


def watch_run(run: Run, engine: Engine | None = None) -> Watch:
    """Return which news would matter most next.

    Raises
    ------
    InputError, RunError
        If the run cannot be read.
    """
    lookout = Lookout(run, engine or engine_of(run))
    at = list(run.manifest.horizons).index(run.manifest.headline)
    news = [lookout.watched(actor, outcome) for actor, outcome in lookout.pairs()]
    news.sort(key=lambda one: -one.bits[at])
    return Watch(run, lookout.now, tuple(news))


class Lookout:
    """Forecasts of a run with one story more."""

    def __init__(self, run: Run, engine: Engine) -> None:
        self.situation, self.scenario = engine.posterior.situation, engine.scenario
        self._engine = engine
        self.now = run.at_horizons(lambda row: row.mean)
        pushing = {pulse.item for pulse in self.situation.pulses}
        self._items = [item for item in self.situation.items if item.id in pushing]

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Yield each actor with each outcome that it may agree to, and the deal with each."""
        structure = self.situation.structure
        yield from structure.pairs
        yield from ((actor, ANY) for actor in structure.dynamic)
        yield from ((DEAL, outcome) for outcome in (*structure.ends, ANY) if outcome != OTHER)

    def watched(self, actor: str, outcome: str) -> Watched:
        """Return what news of an actor and outcome would tell."""
        share = self._naming(outcome) * self._about(actor, outcome)
        favourable, adverse = (self._news(actor, outcome, sign, share) for sign in (1, -1))
        effects = np.array([favourable.then, adverse.then]) - self.now
        chances, forecasts = partition(self.situation.arrivals, share, self.now, effects)
        bits = np.tensordot(chances, _divergence(forecasts, self.now), 1)
        return Watched(actor, outcome, favourable, adverse, float(chances[2]), forecasts[2], bits)

    def _naming(self, outcome: str) -> float:
        return _naming(self.situation.arrivals, self.situation.structure.ends, outcome)

    def _news(self, actor: str, outcome: str, sign: Sign, share: float) -> News:
        size = _typical_size(self.situation.arrivals, sign)
        face = None if actor == DEAL else self._typical_face(sign)
        effect = self._engine.effect(self.story(actor, outcome, size, face), self.scenario)
        chance = at_least_one(self.situation.arrivals, sign, share)
        return News(chance, size, face, self.now + effect.change, effect)

    def story(self, actor: str, outcome: str, size: float, face: str | None) -> Change:
        """Return the change of one more story today: its push, and its face value if any."""
        ends = self.situation.structure.ends
        pushed = with_pushes(ends if outcome == ANY else (outcome,), size)
        if face is None:
            return pushed
        return all_of([pushed, with_items(self._typical_item(actor, outcome, face))])

    def _typical_item(self, actor: str, outcome: str, face: str) -> Item:
        """Return an item of the actor's own, graded as most that moved the forecast were."""
        grades = Counter((one.source_reliability, one.credibility) for one in self._items)
        [(grade, _)] = grades.most_common(1) or [(("B", "2"), 0)]
        return supposed_item(self.situation.as_of, actor, outcome, face, "own", grade)

    def _typical_face(self, sign: Sign) -> str:
        """Return the median face value of items that pushed in a direction, as a word."""
        yardsticks = self.situation.question.yardsticks
        means = {word: yardsticks.normal(LEDGER, word).mean for word in yardsticks.phrases(LEDGER)}
        said = [
            means[item.face_value]
            for item in self._items
            if item.face_value is not None
            and item.outcomes != (RETAINED,)
            and (item.push or 0) * sign > 0
        ]
        middle = median(said) if said else 0.0
        return min(means, key=lambda word: abs(means[word] - middle))

    def _about(self, actor: str, outcome: str) -> float:
        """Return the chance that a story that names an outcome is about an actor."""
        able = [one for one, its in self.pairs() if its == outcome]
        heard = [(self._heard(item), _named(item)) for item in self._items]
        overall = Counter(one for one, _ in heard if one in able)
        here = Counter(one for one, named in heard if one in able and outcome in named)
        share = (overall[actor] + 1) / (overall.total() + len(able))
        return (here[actor] + share) / (here.total() + 1)

    def _heard(self, item: Item) -> str:
        if item.actor == DEAL:
            return DEAL
        actor = self.situation.question.config.actor(item.actor)
        return actor.speaks_for or actor.id


def _named(item: Item) -> Sequence[str]:
    return (ANY,) if {ANY, RETAINED} & set(item.outcomes) else item.outcomes


def _naming(arrivals: Arrivals, ends: Sequence[str], outcome: str) -> float:
    """Return the chance that an arrival names an outcome; ``any`` is all of them together."""
    if outcome == ANY:
        return sum(chance for names, chance in arrivals.named if len(names) == len(ends))
    some = ((names, chance) for names, chance in arrivals.named if len(names) < len(ends))
    return sum(chance for names, chance in some if outcome in names)


def _typical_size(arrivals: Arrivals, sign: Sign) -> float:
    """Return the mean size of arrivals in a direction; 0 where there are none."""
    sizes, pace = arrivals.sizes()
    way = sizes * sign > 0
    return float(sizes[way] @ pace[way] / pace[way].sum()) if way.any() else 0.0


def at_least_one(arrivals: Arrivals, sign: Sign, share: float) -> float:
    """Return the chance that a share of the arrivals in a direction has one within a month.

    They come at the pace of the ledger that a future takes its news from, at random moments.
    """
    return float(arrivals.probs @ -np.expm1(-share * _a_month(arrivals, sign)))


def _a_month(arrivals: Arrivals, sign: Sign) -> Array:
    """Return the expected arrivals a month in a direction, by source."""
    counts = [sum(one.size * sign > 0 for one in source.records) for source in arrivals.sources]
    days = [source.days for source in arrivals.sources]
    return np.asarray(np.array(counts) / np.array(days) * DAYS_PER_MONTH)


def partition(arrivals: Arrivals, share: float, now: Array, effects: Array) -> tuple[Array, Array]:
    """Split the next month by the first story of a share of the arrivals.

    With ``a`` and ``b`` stories a month for it and against it, ``none = exp(-a - b)``, and the
    first, if any comes, leaves on average ``left`` of the month to those after it. A forecast is
    taken to move by the effect of a story for each one more or less than is expected, so that the
    three forecasts have the present one as their mean (Mecke's formula, to first order). Where
    many stories come, that is too much for an outcome that is seldom: the effects are then scaled
    down until each forecast is one.

    Parameters
    ----------
    now : ndarray, shape (outcome, horizon)
        The forecast.
    effects : ndarray, shape (2, outcome, horizon)
        What one more story for it, and one against it, does.

    Returns
    -------
    tuple of ndarray, shapes (3,) and (3, outcome, horizon)
        Chance of, and forecast after: first one for it, first one against it, none.
    """
    by_source = np.array([_a_month(arrivals, sign) for sign in (1, -1)]) * share
    none = float(arrivals.probs @ np.exp(-by_source.sum(axis=0)))
    mean = by_source @ arrivals.probs
    if mean.sum() == 0.0:
        return np.array([0.0, 0.0, 1.0]), np.stack([now, now, now])
    # Ledgers of unlike pace as one that is as often silent.
    pace = -np.log(none) * mean / mean.sum()
    chances = np.array([*(1 - none) * mean / mean.sum(), none])
    left = 1 - 1 / pace.sum() + none / (1 - none)
    more = np.array([pace * (left - 1)] * 2 + [-pace]) + np.eye(3, 2)
    moves = np.tensordot(more, effects, 1)
    return chances, now + _within(now, moves) * moves


def _within(now: Array, moves: Array) -> Array:
    """Return by how much moves of a horizon must be scaled to stay probabilities, (horizon,)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(moves < 0, now / -moves, (1 - now) / moves)
    return np.asarray(np.where(moves == 0, 1.0, room).min(axis=(0, 1)).clip(max=1.0))


def _divergence(forecast: Array, now: Array) -> Array:
    """Return the Kullback-Leibler divergence of forecasts in bits, shape (..., horizon)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(forecast > 0, forecast * np.log2(forecast / now), 0.0)
    return np.asarray(terms.sum(axis=-2))
