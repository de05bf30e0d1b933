"""What a forecast rests on: what each story, actor, voice and the quiet time add to it.

Each effect is the forecast as it is minus the forecast without that part, both from the same draws:
the run's own where their weights can be trusted, else a refit without it (see
`tidings.reasons.engine`). Effects do not add up: two stories that say the same can each be spared.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from tidings._notebook import Shown
from tidings.evidence.ledger import Item
from tidings.forecasting.runs import Run, axes_of
from tidings.mechanism.model_data import outlook_of
from tidings.mechanism.situation import Situation, half_lives_of
from tidings.reasons.draws import DRAWS
from tidings.reasons.engine import Engine, engine_of, refitted
from tidings.reasons.estimates import Effect
from tidings.reasons.scenarios import (
    Change,
    Scenario,
    each_item_alone,
    evidence_of,
    silence_tells_nothing,
    withdrawn,
)
from tidings.reasons.surprises import SURPRISING, Surprise, surprises

if TYPE_CHECKING:
    import pandas as pd

Basis = Literal["story", "time", "actor", "voice", "naive"]
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Part:
    """What one part of the evidence adds.

    Attributes
    ----------
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
    parts : tuple of Part
        Stories and time, actors, voices, by kind; within a kind the largest first, at the headline
        horizon. ``naive`` is what counting every article by itself would add.
    surprises : tuple of Surprise
        Items that conflict with the others, the least probable first.
    examined : int
        How many items have readings that could conflict.
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
    """Return what a run rests on.

    Raises
    ------
    InputError, RunError
        If the run cannot be read.
    FitError
        If a posterior that had to be refitted could not be.
    """
    engine = engine_of(run, "needed")
    scenario = evidence_of(engine.posterior)
    parts = [_part(engine, scenario, "time", "no event", ())]
    kinds: tuple[tuple[Basis, Callable[[Item], str]], ...] = (
        ("story", lambda item: item.story),
        ("actor", lambda item: item.actor),
        ("voice", lambda item: item.voice),
    )
    for basis, key in kinds:
        groups: dict[str, list[str]] = {}
        for item in scenario.items.values():
            groups.setdefault(key(item), []).append(item.id)
        parts += [_part(engine, scenario, basis, name, ids) for name, ids in groups.items()]
    at = list(run.manifest.horizons).index(run.manifest.headline)
    parts.sort(key=lambda one: -float(np.abs(one.effect.change[:, at]).max()))
    # The other way round than parts: what the forecast would be if every article counted.
    parts.append(Part("naive", "every article", (), engine.effect(each_item_alone, scenario)))
    few = engine.posterior.thinned(DRAWS)
    told, examined = surprises(few, lambda one: refitted(few.inputs, one))
    return Explanation(
        run,
        tuple(parts),
        tuple(told),
        examined,
        len(scenario.items),
        len({item.story for item in scenario.items.values()}),
        {item.id: item.claim for item in scenario.items.values()},
        engine.k,
        engine.refits,
    )


def _part(engine: Engine, scenario: Scenario, basis: Basis, name: str, ids: Iterable[str]) -> Part:
    """Return what one part of the evidence adds: the forecast minus that without it."""
    leave_out: Change = silence_tells_nothing if basis == "time" else withdrawn(*ids)
    without, whole = engine.step(leave_out(scenario).situation(), scenario.situation())
    return Part(basis, name, tuple(ids), whole.minus(without).effect)


def leading_stories(engine: Engine, outcome: str, most: int) -> list[Part]:
    """Return what the stories that press most add to an outcome, without a refit.

    Parameters
    ----------
    outcome : str
        Whose forecast at the headline horizon the stories are ordered by, the largest first.

    Returns
    -------
    list of Part
        With the quiet time first among equals, as ``time``.
    """
    whole, scenario = engine.posterior.situation, engine.scenario
    felt = _felt_by_story(whole)
    pressing = sorted(felt, key=lambda story: -felt[story])[:most]
    parts = [_part(engine, scenario, "time", "no event", ())]
    for story in pressing:
        ids = [item.id for item in whole.items if item.story == story]
        parts.append(_part(engine, scenario, "story", story, ids))
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
