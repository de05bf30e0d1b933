"""Attribution: why a forecast differs from an earlier one, change by change, adding up.

The changes between the scenarios of two runs are made one kind after the other (see
`tidings.reasons.engine`):

1. **time**: the newer run's dates with the older evidence; then, apart, what news is to come as
   the newer run has learned it from what came;
2. **items, retractions, priors**: up to `ORDER_FREE` of them get their Shapley values (the mean of
   what each adds over all orders in which they could have come: Shapley 1953,
   doi:10.1515/9781400881970-018), which no order changes; more of them are added one after the
   other, as they were published, priors last;
3. **settings** of the question file (a prior edit too), and **cases**: the resolved questions;
4. **model**: what another version of the code makes of the same inputs, refitted;
5. **noise**, the error of the split: what is left to the published change. The way leads from the
   draws of the one run to those of the other, and where it changes, both have an error.

Time comes before the news, since an item cannot act before its day.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.metadata import version
from itertools import accumulate, combinations
from math import factorial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tidings._notebook import Shown
from tidings.errors import UsageError
from tidings.forecasting.runs import Run
from tidings.mechanism.situation import Situation
from tidings.reasons.draws import ALL_DRAWS, Posterior, stored_posterior
from tidings.reasons.engine import Engine, TooManyRefitsError
from tidings.reasons.estimates import Effect, Estimate
from tidings.reasons.scenarios import (
    Kind,
    NamedChange,
    Scenario,
    all_of,
    evidence_of,
    news_and_priors,
    passage_of_time,
    settings_and_cases,
)

if TYPE_CHECKING:
    import pandas as pd

ORDER_FREE = 8
"""Up to so many changes are separated independent of their order."""
_REFITS = 6
"""So many posteriors may be drawn for that before they are taken in order after all."""
_FUTURES = 8
"""SimulatedPaths that each draw is carried into anew, where a step leads to other dates."""
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Move:
    """What one change did.

    Attributes
    ----------
    effect : Effect
        On each probability.
    """

    kind: Kind
    id: str
    effect: Effect


@dataclass(frozen=True, repr=False)
class Moves(Shown):
    """All moves between two runs; arrays are (outcome, horizon).

    Attributes
    ----------
    order_free : bool
        Whether items, retractions and priors are separated independent of their order.
    refits : int
        How many posteriors were drawn.
    """

    old: Run
    new: Run
    outcomes: tuple[str, ...]
    horizons: tuple[str, ...]
    before: Array
    after: Array
    moves: tuple[Move, ...]
    claims: Mapping[str, str]
    order_free: bool
    k: float
    refits: int

    def table(self) -> "pd.DataFrame":
        """Return every move, one row an outcome and horizon."""
        import pandas as pd

        return pd.DataFrame(
            {"kind": move.kind, "id": move.id, **row}
            for move in self.moves
            for row in move.effect.rows(self.outcomes, self.horizons)
        )

    def _says(self) -> str:
        return f"{len(self.moves)} moves from {self.old.manifest.run} to {self.new.manifest.run}"


def explain_moves(old: Run, new: Run) -> Moves:
    """Split the difference of two runs of one question into moves.

    Parameters
    ----------
    old, new : Run
        The runs; the new one is not as of an earlier date.

    Raises
    ------
    UsageError
        If they are of two questions, or the new one is as of an earlier date.
    InputError, RunError, FitError
        If a run cannot be read, or refitted.
    """
    _check_pair(old, new)
    outcomes, horizons = _common(old, new)
    before, after = (_published(run, outcomes, horizons, "mean") for run in (old, new))
    posteriors = [
        _restricted(stored_posterior(run, ALL_DRAWS, _FUTURES), horizons) for run in (old, new)
    ]
    path = _Path(posteriors, (old, new))
    moves = path.moves() if path.comparable else [path.incomparable(after - before)]
    left = after - before - np.sum([move.effect.change for move in moves], axis=0)
    unknown = path.mcse() if path.comparable else np.zeros_like(left)
    noise = Move("noise", "error of the split", Effect(left, unknown))
    claims = {item.id: item.claim for one in posteriors for item in one.inputs.ledger.items}
    return Moves(
        old,
        new,
        outcomes,
        horizons,
        before,
        after,
        (*moves, noise),
        claims,
        path.order_free,
        path.engine.k,
        path.engine.refits,
    )


def _check_pair(old: Run, new: Run) -> None:
    first, second = old.manifest, new.manifest
    if first.question != second.question:
        raise UsageError(
            f"{first.run} asks {first.question!r} and {second.run} asks {second.question!r}; "
            "moves are between two runs of one question"
        )
    if second.as_of < first.as_of:
        raise UsageError(
            f"{second.run} is as of an earlier day than {first.run}", remedy="put the earlier first"
        )


def _common(old: Run, new: Run) -> tuple[tuple[str, ...], tuple[str, ...]]:
    theirs = {outcome.id for outcome in new.manifest.outcomes}
    outcomes = tuple(outcome.id for outcome in old.manifest.outcomes if outcome.id in theirs)
    horizons = tuple(name for name in old.manifest.horizons if name in new.manifest.horizons)
    if not any(name.endswith("mo") for name in horizons):
        raise UsageError(
            f"{old.manifest.run} and {new.manifest.run} have no horizon in common: "
            f"{list(old.manifest.horizons)} and {list(new.manifest.horizons)}"
        )
    return outcomes, horizons


def _published(run: Run, outcomes: Sequence[str], horizons: Sequence[str], statistic: str) -> Array:
    return np.array(
        [[getattr(run.at(horizon)[name], statistic) for horizon in horizons] for name in outcomes]
    )


def _restricted(posterior: Posterior, horizons: Sequence[str]) -> Posterior:
    """Return a posterior whose question has these horizons only."""
    question = posterior.situation.question
    config = question.config.model_copy(
        update={
            "horizons_months": tuple(int(one[:-2]) for one in horizons if one.endswith("mo")),
            "horizon_dates": tuple(
                date.fromisoformat(one) for one in horizons if not one.endswith("mo")
            ),
        }
    )
    has = list(_horizons(posterior))
    columns = [has.index(name) for name in horizons]
    question = replace(question, config=config)
    return replace(
        posterior,
        situation=replace(posterior.situation, question=question),
        effective=posterior.effective[:, columns],
    )


def _horizons(posterior: Posterior) -> Iterator[str]:
    config, as_of = posterior.situation.question.config, posterior.situation.as_of
    yield from (f"{month}mo" for month in config.horizons_months)
    yield from (str(day) for day in config.horizon_dates if day > as_of)


class _Path:
    """The way from the scenario of one run to that of another."""

    def __init__(self, posteriors: Sequence[Posterior], runs: tuple[Run, Run]) -> None:
        first, last = posteriors
        self.start, self.end = evidence_of(first), evidence_of(last)
        self.comparable = _axes(first.situation) == _axes(last.situation)
        self.order_free = True
        self._runs = runs
        self._code = [run.manifest.versions["tidings"] for run in runs]
        same, now = self._code[0] == self._code[1], version("tidings")
        self._as_today = [same or code == now for code in self._code]
        usable = [one for one, fits in zip(posteriors, self._as_today, strict=True) if fits]
        target = self.end.situation()
        known = usable if self.comparable else ()
        self.engine = Engine(first.inputs, known, target, draws=None, control_variate=True)
        self._total: Estimate | None = None

    def incomparable(self, change: Array) -> Move:
        """Return the one move between questions of different outcomes or actors."""
        errors = [_published(run, *_common(*self._runs), statistic="mcse") for run in self._runs]
        effect = Effect(change, np.hypot(*errors))
        return Move("prior", "the question's outcomes or actors", effect)

    def moves(self) -> list[Move]:
        """Return what each change did."""
        told = news_and_priors(self.start, self.end)
        before = list(passage_of_time(self.start.moment, self.end.moment))
        after = list(settings_and_cases(self.start, self.end))
        dated = _after(self.start, before)
        in_any_order = None if len(told) > ORDER_FREE else self._order_free(dated, told)
        self.order_free = in_any_order is not None
        if in_any_order is None:
            moves = self._one_by_one([*before, *told, *after])
        else:
            moves = [
                self._step(_after(self.start, before[:n]), one) for n, one in enumerate(before)
            ]
            moves += in_any_order
            moved = _after(dated, told)
            moves += [self._step(_after(moved, after[:n]), one) for n, one in enumerate(after)]
        return [*moves, *self._model_move(_after(dated, [*told, *after]))]

    def _one_by_one(self, made: Sequence[NamedChange]) -> list[Move]:
        scenarios = accumulate(made, lambda one, named: named.change(one), initial=self.start)
        effects = self.engine.chain([one.situation() for one in scenarios])
        return [self._move(named, effect) for named, effect in zip(made, effects, strict=True)]

    def _step(self, scenario: Scenario, named: NamedChange) -> Move:
        before, after = self.engine.step(scenario.situation(), named.change(scenario).situation())
        return self._move(named, after.minus(before))

    def _order_free(self, scenario: Scenario, made: Sequence[NamedChange]) -> list[Move] | None:
        try:
            effects = shapley_values(self.engine, scenario, made)
        except TooManyRefitsError:
            return None
        return [self._move(named, effect) for named, effect in zip(made, effects, strict=True)]

    def _move(self, change: NamedChange, effect: Estimate) -> Move:
        self._total = effect if self._total is None else self._total.plus(effect)
        return Move(change.kind, change.id, effect.effect)

    def _model_move(self, last: Scenario) -> Iterator[Move]:
        """Yield what other code than today's made of the runs' own scenarios."""
        if all(self._as_today):
            return
        started, ended = (self.engine.at(one.situation()) for one in (self.start, last))
        axes = _common(*self._runs)
        change, squares = np.zeros_like(started.mean), np.zeros_like(started.mean)
        for run, own, sign, today in zip(
            self._runs, (started, ended), (1, -1), self._as_today, strict=True
        ):
            if not today:
                change += sign * (own.mean - _published(run, *axes, statistic="mean"))
                squares += own.mcse() ** 2 + _published(run, *axes, statistic="mcse") ** 2
        yield Move("model", " to ".join(self._code), Effect(change, np.sqrt(squares)))

    def mcse(self) -> Array:
        """Return the Monte Carlo error of what all moves leave over of the published change."""
        if all(self._as_today):
            change = self.engine.own(1).minus(self.engine.own())
            return (change if self._total is None else change.minus(self._total)).mcse()
        axes = _common(*self._runs)
        published = np.hypot(*(_published(run, *axes, statistic="mcse") for run in self._runs))
        told = np.zeros_like(published) if self._total is None else self._total.mcse()
        return np.asarray(np.hypot(published, told))


def _axes(situation: Situation) -> tuple[object, object]:
    return situation.structure, tuple(situation.question.config.outcome_ids)


def _after(scenario: Scenario, made: Sequence[NamedChange]) -> Scenario:
    return all_of([named.change for named in made])(scenario)


def shapley_values(engine: Engine, start: Scenario, made: Sequence[NamedChange]) -> list[Estimate]:
    """Return the Shapley value of each change, in any order, starting from a scenario.

    Raises
    ------
    TooManyRefitsError
        If it takes more new posteriors than it is worth.
    """
    count, allowed = len(made), engine.refits + _REFITS
    values = {
        frozenset(chosen): engine.at(_after(start, [made[i] for i in chosen]).situation(), allowed)
        for size in range(count + 1)
        for chosen in combinations(range(count), size)
    }
    effects = []
    for index in range(count):
        effect = values[frozenset()].minus(values[frozenset()])
        for chosen, without in values.items():
            if index not in chosen:
                orders = factorial(len(chosen)) * factorial(count - len(chosen) - 1)
                share = orders / factorial(count)
                effect = effect.plus(values[chosen | {index}], share).plus(without, -share)
        effects.append(effect)
    return effects
