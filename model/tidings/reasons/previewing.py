"""Preview: what a change of the ledger, or of a prior, would do to a stored run.

The run's draws are weighed for the situation with the change, or a posterior is drawn anew (see
`tidings.reasons.pool`). What has changed since the run (time, and items recorded since) is told
apart from what the change does: its push and reading, the days until when its news shows the status
quo to have held, and what it teaches of news to come.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tidings._notebook import Shown
from tidings.evidence.inputs import read_inputs
from tidings.evidence.ledger import Item, Ledger
from tidings.forecasting.runs import Run
from tidings.mechanism.situation import Situation, observe, outlook_of, reread
from tidings.question.normal import LinkNormal
from tidings.reasons.estimates import Effect, Estimate
from tidings.reasons.pool import Pool, Refit
from tidings.reasons.reweighting import stored_posterior

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False)
class Preview(Shown):
    """What a change would do; arrays are (outcome, horizon).

    Attributes
    ----------
    run : Run
        The run it is held against.
    as_of : date
        The run's own date, or that of the change.
    outcomes : tuple of str
        In the order of the run.
    horizons : mapping of str to date
        Counted from ``as_of``.
    now : ndarray
        As published.
    since : ndarray
        Change since the run: by the time until ``as_of`` and by what the ledger says more by now;
        0 where there is neither.
    effect : Effect
        Of the change itself, all that a rerun with it would show.
    mcse_then : ndarray
        Monte Carlo error of the forecast with the change, as it stands here.
    """

    run: Run
    as_of: date
    outcomes: tuple[str, ...]
    horizons: dict[str, date]
    now: NDArray[np.float64]
    since: NDArray[np.float64]
    effect: Effect
    mcse_then: NDArray[np.float64]

    @property
    def then(self) -> NDArray[np.float64]:
        """The forecast with the change."""
        return self.now + self.since + self.effect.change

    @property
    def rerun_error(self) -> NDArray[np.float64]:
        """How far a rerun may be from it: the error here, and the one a rerun has of its own."""
        own, widening = (
            self.run.at_horizons(find) for find in (lambda row: row.mcse, lambda row: row.widening)
        )
        return np.asarray(widening * np.hypot(self.mcse_then, own))

    def table(self) -> "pd.DataFrame":
        """Return what the change does, one row an outcome and horizon."""
        import pandas as pd

        return pd.DataFrame(
            {**row, "now": now, "since": since, "then": then}
            for row, now, since, then in zip(
                self.effect.rows(self.outcomes, list(self.horizons)),
                self.now.ravel(),
                self.since.ravel(),
                self.then.ravel(),
                strict=True,
            )
        )

    def _says(self) -> str:
        return f"what a change would do to run {self.run.manifest.run}, k {self.effect.k:.2f}"


def preview_ledger(
    run: Run, before: Ledger, after: Ledger, on: date, refit: Refit = "never"
) -> Preview:
    """Say what a change of the ledger would do.

    Parameters
    ----------
    run : Run
        The run it is held against.
    before, after : Ledger
        Without and with the change, both valid.
    on : date
        The day of the change; nothing happens to the date of a run that is newer.
    refit : {"never", "needed", "always"}
        Whether a posterior is drawn anew.

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
    return _preview(run, unchanged, changed, refit)


def preview_items(
    run: Run, items: Sequence[Item], ledger: Ledger | None = None, refit: Refit = "never"
) -> Preview:
    """Say what more items would do; ``ledger`` is as it stands now, that of the run if not given.

    Their ids must be new to the ledger; see `preview_ledger`.
    """
    before = ledger or read_inputs(run.question_file).ledger
    after = replace(before, items=(*before.items, *items))
    return preview_ledger(run, before, after, max(item.known for item in items), refit)


def preview_prior(run: Run, name: str, prior: LinkNormal, refit: Refit = "never") -> Preview:
    """Say what another prior would do to a run, all else being as it was; see `preview_ledger`."""
    own = stored_posterior(run).situation
    question = replace(own.question, priors={**own.question.priors, name: prior})
    return _preview(run, own, reread(replace(own, question=question)), refit)


def _preview(run: Run, unchanged: Situation, changed: Situation, refit: Refit) -> Preview:
    posterior = stored_posterior(run)
    own, now = posterior.situation, run.at_horizons(lambda row: row.mean)
    pool = Pool(posterior.inputs, [posterior], changed, refit, draws=None)
    without, then = pool.step(unchanged, changed)
    same = unchanged.as_of == own.as_of and unchanged.items == own.items
    base = now if without.refitted else pool.own().mean
    since = np.zeros_like(now) if same else without.mean - base
    return previewed(run, changed, (without, then), since)


def previewed(
    run: Run, changed: Situation, pair: tuple[Estimate, Estimate], since: NDArray[np.float64]
) -> Preview:
    """Return what a change does, from the estimates without and with it.

    Parameters
    ----------
    run : Run
        The run it is held against.
    changed : Situation
        With the change.
    pair : tuple of Estimate
        Without it and with it.
    since : ndarray, shape (outcome, horizon)
        Change since the run.
    """
    without, then = pair
    return Preview(
        run=run,
        as_of=changed.as_of,
        outcomes=tuple(outcome.id for outcome in run.manifest.outcomes),
        horizons=outlook_of(changed).calendar.horizons,
        now=run.at_horizons(lambda row: row.mean),
        since=since,
        effect=then.minus(without).effect,
        mcse_then=then.mcse(),
    )
