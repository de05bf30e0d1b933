"""Preview: what a change of the ledger, of a prior, or a reader's doubts would do to a stored run.

The run's draws are weighed for the situation with the change, or the sampler is run again (see
`tidings.reasons.engine`). What has changed since the run (time, and items recorded since) is told
apart from what the change does: its push and reading, the days until when its news shows the status
quo to have held, and what it teaches of news to come.

A doubt changes nothing that is recorded: news comes as before, but what is doubted neither pushes
nor says anything, or counts by another grade. The living report weighs doubts in the reader's
browser with the same draws (see `tidings.reporting.living`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tidings._notebook import Shown
from tidings.errors import UsageError, nearest
from tidings.evidence.inputs import read_inputs
from tidings.evidence.ledger import Item, Ledger
from tidings.forecasting.runs import Run
from tidings.mechanism.model_data import outlook_of
from tidings.mechanism.situation import Situation, observe
from tidings.question.normal import LinkNormal
from tidings.reasons.draws import ALL_DRAWS, Posterior, stored_posterior
from tidings.reasons.engine import Engine, Refit, small_engine
from tidings.reasons.estimates import Effect, Estimate
from tidings.reasons.scenarios import (
    Change,
    Scenario,
    all_of,
    regraded,
    shifted,
    with_prior,
    without,
)

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
_DRAWS = 1500
"""Draws that doubts are weighed with: as many as a page can carry."""
_SHORT = 32767


@dataclass(frozen=True, repr=False)
class Preview(Shown):
    """What a change would do; arrays are (outcome, horizon).

    Attributes
    ----------
    outcomes : tuple of str
        In the order of the run.
    since : ndarray
        Change since the run: by the time until ``as_of`` and by what the ledger says more by now;
        0 where there is neither.
    mcse_then : ndarray
        Monte Carlo error of the forecast with the change, as it stands here.
    """

    run: Run
    as_of: date
    outcomes: tuple[str, ...]
    horizons: dict[str, date]
    now: Array
    since: Array
    effect: Effect
    mcse_then: Array

    @property
    def then(self) -> Array:
        """The forecast with the change."""
        return self.now + self.since + self.effect.change

    @property
    def rerun_error(self) -> Array:
        """How far a rerun may be from it: the error here, and the one a rerun has of its own."""
        own, widening = (
            self.run.at_horizons(find) for find in (lambda row: row.mcse, lambda row: row.widening)
        )
        return np.asarray(widening * np.hypot(self.mcse_then, own))

    def table(self) -> "pd.DataFrame":
        """Return what the change does, one row an outcome and horizon."""
        import pandas as pd

        columns = {"now": self.now, "since": self.since, "then": self.then}
        table = pd.DataFrame(self.effect.rows(self.outcomes, list(self.horizons)))
        return table.assign(**{name: values.ravel() for name, values in columns.items()})

    def _says(self) -> str:
        return f"what a change would do to run {self.run.manifest.run}, k {self.effect.k:.2f}"


def preview_ledger(
    run: Run, before: Ledger, after: Ledger, on: date, refit: Refit = "never"
) -> Preview:
    """Preview a change of the ledger.

    Parameters
    ----------
    before, after : Ledger
        Without and with the change, both valid.
    on : date
        The day of the change; nothing happens to the date of a run that is newer.

    Raises
    ------
    InputError, RunError
        If the run cannot be read.
    FitError
        If the sampler stopped.
    """
    inputs = read_inputs(run.question_file).seeded(run.manifest.seed)
    as_of = max(run.manifest.as_of, on)
    unchanged, changed = (
        observe(inputs.question, ledger, inputs.resolved, as_of) for ledger in (before, after)
    )
    posterior = stored_posterior(run)
    engine = Engine(posterior.inputs, [posterior], changed, refit, draws=None)
    without, then = engine.step(unchanged, changed)
    own, now = posterior.situation, run.at_horizons(lambda row: row.mean)
    same = unchanged.as_of == own.as_of and unchanged.items == own.items
    base = now if without.refitted else engine.own().mean
    since = np.zeros_like(now) if same else without.mean - base
    return _preview(run, changed, without, then, since)


def preview_items(
    run: Run, items: Sequence[Item], ledger: Ledger | None = None, refit: Refit = "never"
) -> Preview:
    """Preview more items; ``ledger`` is as it stands now, that of the run if not given.

    Their ids must be new to the ledger; see `preview_ledger`.
    """
    before = ledger or read_inputs(run.question_file).ledger
    after = replace(before, items=(*before.items, *items))
    return preview_ledger(run, before, after, max(item.known for item in items), refit)


def preview_prior(run: Run, name: str, prior: LinkNormal, refit: Refit = "never") -> Preview:
    """Preview another prior, all else being as it was; see `preview_ledger`."""
    posterior = stored_posterior(run)
    engine = Engine(posterior.inputs, [posterior], None, refit, draws=None)
    return _of_change(run, engine, with_prior(name, prior))


@dataclass(frozen=True)
class Doubts:
    """What a reader doubts.

    Attributes
    ----------
    off : frozenset of str
        Stories and items that are not believed.
    shifts : mapping of str to float
        Priors that are held otherwise, by dotted name: moved by so many sds, on their link scale.
    """

    off: frozenset[str] = frozenset()
    grades: Mapping[str, str] = MappingProxyType({})
    shifts: Mapping[str, float] = MappingProxyType({})

    def change(self, scenario: Scenario) -> Scenario:
        """Return a scenario as a reader with these doubts sees it.

        Raises
        ------
        UsageError
            If what is doubted is not there.
        """
        self._check(scenario)
        shifts = [shifted(name, sds) for name, sds in self.shifts.items() if sds]
        return all_of([without(*self.off), regraded(self.grades), *shifts])(scenario)

    def _check(self, scenario: Scenario) -> None:
        items = set(scenario.items)
        stories = {item.story for item in scenario.items.values()}
        for flag, named, there in (
            ("without", self.off, items | stories),
            ("graded", self.grades, items),
            ("shift", self.shifts, scenario.priors),
        ):
            for name in named:
                if name not in there:
                    raise UsageError(f"got {name!r}; expected {nearest(name, there)}", flag)
        known = scenario.settings.config.grades
        for name, grade in self.grades.items():
            if (
                grade[:1] not in known.reliability_weight
                or grade[1:] not in known.credibility_weight
            ):
                raise UsageError(f"got {grade!r} for {name}; expected a grade like B2", "graded")


def doubting_engine(posterior: Posterior, refit: Refit = "never") -> Engine:
    """Return the draws that doubts are weighed with, rounded as a page carries them."""
    posterior = posterior.thinned(_DRAWS)
    parameters = posterior.parameters
    step = short_step(parameters.factor)
    factor = np.rint(parameters.factor / step) * step
    return small_engine(replace(posterior, parameters=replace(parameters, factor=factor)), refit)


def short_step(array: Array) -> float:
    """Return the power of two in whose multiples 16 bits hold an array: a page has no more room."""
    return float(2.0 ** np.ceil(np.log2(max(float(np.abs(array).max()), 1.0) / _SHORT)))


def preview_doubts(run: Run, doubts: Doubts, refit: Refit = "never") -> Preview:
    """Preview a run for a reader with doubts.

    Raises
    ------
    UsageError
        If what is doubted is not there.
    InputError, RunError
        If the run cannot be read.
    FitError
        If the sampler stopped.
    """
    posterior = stored_posterior(run, ALL_DRAWS, futures=1)
    return _of_change(run, doubting_engine(posterior, refit), doubts.change)


def _of_change(run: Run, engine: Engine, change: Change) -> Preview:
    """Return what a change of a run's own scenario does."""
    scenario = engine.scenario
    changed = change(scenario).situation()
    before, then = engine.step(scenario.situation(), changed)
    return _preview(run, changed, before, then, np.zeros_like(then.mean))


def _preview(
    run: Run, changed: Situation, before: Estimate, then: Estimate, since: Array
) -> Preview:
    return Preview(
        run=run,
        as_of=changed.as_of,
        outcomes=tuple(outcome.id for outcome in run.manifest.outcomes),
        horizons=outlook_of(changed).calendar.horizons,
        now=run.at_horizons(lambda row: row.mean),
        since=since,
        effect=then.minus(before).effect,
        mcse_then=then.mcse(),
    )
