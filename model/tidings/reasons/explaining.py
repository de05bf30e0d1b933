"""What a forecast rests on: what each story, actor, voice and the quiet time add to it.

Each effect is the forecast as it is minus the forecast without that part, both from the same draws:
the run's own where their weights can be trusted, else a posterior drawn anew without it (see
`tidings.reasons.pool`). Effects do not add up: two stories that say the same can each be spared.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from tidings._notebook import Shown
from tidings.evidence.ledger import Item
from tidings.forecasting.runs import Run, axes_of
from tidings.mechanism.situation import Situation, half_lives_of, outlook_of
from tidings.reasons.estimates import Effect
from tidings.reasons.pool import Pool, refitted
from tidings.reasons.reweighting import DRAWS, quick_posterior
from tidings.reasons.surprises import SURPRISING, Surprise, surprises
from tidings.reasons.worlds import World, world_of

if TYPE_CHECKING:
    import pandas as pd

Basis = Literal["story", "time", "actor", "voice", "naive"]
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Part:
    """What one part of the evidence adds.

    Attributes
    ----------
    basis : str
        What kind of part.
    id : str
        The story, actor or voice.
    items : tuple of str
        The items in it.
    effect : Effect
        The forecast minus that without it.
    """

    basis: Basis
    id: str
    items: tuple[str, ...]
    effect: Effect


@dataclass(frozen=True, repr=False)
class Explanation(Shown):
    """What a run rests on.

    Attributes
    ----------
    run : Run
        The run.
    parts : tuple of Part
        Stories and time, actors, voices, by kind; within a kind the largest first, at the headline
        horizon. ``naive`` is what counting every article by itself would add.
    surprises : tuple of Surprise
        Items that conflict with the others, the least probable first.
    examined : int
        How many items have readings that could conflict.
    articles, stories : int
        Items, and independent reports.
    claims : dict of str to str
        What the items say.
    k : float
        The largest Pareto k that was relied on.
    refits : int
        How many posteriors were drawn.
    """

    run: Run
    parts: tuple[Part, ...]
    surprises: tuple[Surprise, ...]
    examined: int
    articles: int
    stories: int
    claims: dict[str, str]
    k: float
    refits: int

    def of(self, *bases: Basis) -> list[Part]:
        """Return the parts of some kinds."""
        return [part for part in self.parts if part.basis in bases]

    @property
    def limit(self) -> float:
        """The probability below which an item is told."""
        return SURPRISING

    @property
    def naive(self) -> Array:
        """The forecast that a count of the articles would make, shape (outcome, horizon)."""
        [part] = self.of("naive")
        return np.asarray(self.run.at_horizons(lambda row: row.mean) + part.effect.change)

    def table(self) -> "pd.DataFrame":
        """Return what each part adds, one row an outcome and horizon."""
        import pandas as pd

        return pd.DataFrame(
            {"basis": part.basis, "id": part.id, **row}
            for part in self.parts
            for row in part.effect.rows(*axes_of(self.run))
        )

    def _says(self) -> str:
        return f"{self.stories} stories in {self.articles} items, run {self.run.manifest.run}"


def explain_run(run: Run) -> Explanation:
    """Say what a run rests on.

    Parameters
    ----------
    run : Run
        As stored.

    Raises
    ------
    InputError, RunError
        If the run cannot be read.
    FitError
        If a posterior that had to be drawn anew could not be.
    """
    posterior = quick_posterior(run)
    world = world_of(posterior)
    whole = world.situation()
    pool = Pool(posterior.inputs, [posterior], whole, draws=None, anchored=True)

    def part(basis: Basis, name: str, items: Iterable[str], without: Situation) -> Part:
        """Return what one part of the evidence adds."""
        less, more = pool.step(without, whole)
        return Part(basis, name, tuple(items), more.minus(less).effect)

    parts = [part("time", "no event", (), replace(whole, time_tells=False))]
    kinds: tuple[tuple[Basis, Callable[[Item], str]], ...] = (
        ("story", lambda item: item.story),
        ("actor", lambda item: item.actor),
        ("voice", lambda item: item.voice),
    )
    for basis, key in kinds:
        parts += [
            part(basis, name, items, _without(world, items).situation())
            for name, items in _grouped(world, key)
        ]
    at = list(run.manifest.horizons).index(run.manifest.headline)
    parts.sort(key=lambda one: -float(np.abs(one.effect.change[:, at]).max()))
    counted = part("naive", "every article", (), _each_alone(world).situation())
    # The effect is of telling stories apart; the naive count is the forecast without that.
    parts.append(replace(counted, effect=replace(counted.effect, change=-counted.effect.change)))
    few = posterior.thinned(DRAWS)
    told, examined = surprises(few, lambda one: refitted(few.inputs, one))
    return Explanation(
        run,
        tuple(parts),
        tuple(told),
        examined,
        len(world.items),
        len({item.story for item in world.items.values()}),
        {item.id: item.claim for item in world.items.values()},
        pool.k,
        pool.refits,
    )


def leading_stories(pool: Pool, outcome: str, most: int) -> list[Part]:
    """Return what the stories that press most add to an outcome, without a posterior drawn anew.

    Parameters
    ----------
    pool : Pool
        Of a run.
    outcome : str
        Whose forecast at the headline horizon the stories are ordered by, the largest first.
    most : int
        How many stories are weighed: those whose pushes are felt most on the as-of date.

    Returns
    -------
    list of Part
        With the quiet time first among equals, as ``time``.
    """
    whole = pool.posterior.situation
    base = pool.at(whole)

    def part(basis: Basis, name: str, without: Situation) -> Part:
        """Return what one part of the evidence adds."""
        items = tuple(item.id for item in whole.items if item.story == name)
        return Part(basis, name, items, base.minus(pool.at(without)).effect)

    felt = _felt_by_story(whole)
    pressing = sorted(felt, key=lambda story: -felt[story])[:most]
    parts = [part("time", "no event", replace(whole, time_tells=False))]
    parts += [part("story", story, whole.without_story(story)) for story in pressing]
    config = whole.question.config
    row = config.outcome_ids.index(outcome)
    at = list(outlook_of(whole).calendar.horizons).index(f"{config.headline_months}mo")
    return sorted(parts, key=lambda one: -abs(float(one.effect.change[row, at])))


def _felt_by_story(situation: Situation) -> dict[str, float]:
    """Return how much of each story's pushes is felt on the as-of date, in steps, over outcomes."""
    half_lives = half_lives_of(situation.question.config)
    now = situation.as_of.toordinal()
    felt: dict[str, float] = {}
    for pulse in situation.pulses:
        age = max(now - pulse.held_to, 0.0)
        size = abs(pulse.size) * 2 ** (-age / half_lives[pulse.way]) * (pulse.until > now)
        felt[pulse.story] = felt.get(pulse.story, 0.0) + size
    return felt


def _grouped(world: World, part: Callable[[Item], str]) -> Iterator[tuple[str, list[str]]]:
    groups: dict[str, list[str]] = {}
    for item in world.items.values():
        groups.setdefault(part(item), []).append(item.id)
    yield from groups.items()


def _without(world: World, items: Sequence[str]) -> World:
    kept = {name: item for name, item in world.items.items() if name not in items}
    return replace(world, items=kept)


def _each_alone(world: World) -> World:
    alone = {name: replace(item, story=name) for name, item in world.items.items()}
    return replace(world, items=alone)
