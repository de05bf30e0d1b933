"""Preview: what hypothetical items would do to a stored run, without a refit.

The run's draws are weighed for the situation with the items (see `tidings.reasons.reweighting`). What has
changed since the run (time, and items recorded since) is told apart from what they do.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidings.evidence.inputs import read_inputs
from tidings.evidence.ledger import Item, Ledger
from tidings.forecasting.runs import Run
from tidings.forecasting.tables import K_LIMIT
from tidings.mechanism.situation import observe, outlook_of, reread
from tidings.question.normal import LinkNormal
from tidings.reasons.reweighting import Reweighting, standard_error, stored_posterior


@dataclass(frozen=True)
class Preview:
    """What items would do; arrays are (outcome, horizon).

    Attributes
    ----------
    run : Run
        The run they are held against.
    as_of : date
        The run's own date, or that on which the newest item is known.
    outcomes : tuple of str
        In the order of the run.
    horizons : mapping of str to date
        Counted from ``as_of``.
    now : ndarray
        As published.
    since : ndarray
        Change since the run: by the time until ``as_of`` and by what the ledger says more by now;
        0 where there is neither.
    change : ndarray
        Change by the items.
    mcse : ndarray
        Monte Carlo error of the change by the items.
    mcse_then : ndarray
        Monte Carlo error of the forecast with the items.
    k : float
        Pareto k of the weights; 0 after a refit.
    refitted : bool
        Whether the posterior was drawn anew.
    """

    run: Run
    as_of: date
    outcomes: tuple[str, ...]
    horizons: dict[str, date]
    now: NDArray[np.float64]
    since: NDArray[np.float64]
    change: NDArray[np.float64]
    mcse: NDArray[np.float64]
    mcse_then: NDArray[np.float64]
    k: float
    refitted: bool = False

    @property
    def then(self) -> NDArray[np.float64]:
        """The forecast with the items."""
        return self.now + self.since + self.change

    def to_json(self) -> dict[str, Any]:
        """Return the object that ``tidings preview --json`` prints."""
        names = {"now": self.now, "since": self.since, "change": self.change, "then": self.then,
                 "mcse": self.mcse}  # fmt: skip
        return {
            "run": self.run.manifest.run,
            "as_of": str(self.as_of),
            "fresh": self.run.fresh,
            "k": self.k,
            "trusted": self.trusted,
            "refitted": self.refitted,
            "horizons": {
                horizon: {
                    "date": str(day),
                    "outcomes": {
                        outcome: {name: float(found[i, j]) for name, found in names.items()}
                        for i, outcome in enumerate(self.outcomes)
                    },
                }
                for j, (horizon, day) in enumerate(self.horizons.items())
            },
        }

    @property
    def trusted(self) -> bool:
        """Whether the weights can be trusted."""
        return self.k <= K_LIMIT


def preview_ledger(run: Run, before: Ledger, after: Ledger, on: date) -> Preview:
    """Say what a change of the ledger would do.

    Parameters
    ----------
    run : Run
        The run it is held against.
    before, after : Ledger
        Without and with the change, both valid.
    on : date
        The day of the change; nothing happens to the date of a run that is newer.
    """
    posterior = stored_posterior(run)
    own, inputs = posterior.situation, posterior.inputs
    as_of = max(own.as_of, on)
    then_known = observe(own.question, after, inputs.resolved, as_of)
    else_known = observe(
        own.question, before, inputs.resolved, as_of, then_known.watched_to, then_known.items
    )
    reweighting = Reweighting(posterior, then_known)
    now = reweighting.own_forecast()
    without, then = reweighting.forecast(else_known), reweighting.forecast(then_known)
    same = as_of == own.as_of and else_known.items == own.items
    return Preview(
        run=run,
        as_of=as_of,
        outcomes=tuple(one.id for one in run.manifest.outcomes),
        horizons=outlook_of(then_known).calendar.horizons,
        now=run.at_horizons(lambda row: row.mean),
        since=np.zeros_like(now.mean) if same else without.mean - now.mean,
        change=then.mean - without.mean,
        mcse=standard_error(then.influence - without.influence, posterior.effective),
        mcse_then=then.mcse(),
        k=then.k,
    )


def preview_items(run: Run, items: Sequence[Item], ledger: Ledger | None = None) -> Preview:
    """Say what more items would do.

    Parameters
    ----------
    run : Run
        The run they are held against.
    items : sequence of Item
        Valid, with ids that the ledger does not have.
    ledger : Ledger, optional
        As it stands now; that of the run if not given.
    """
    before = ledger or read_inputs(run.question_file).ledger
    after = replace(before, items=(*before.items, *items))
    return preview_ledger(run, before, after, max(item.known for item in items))


def refit_items(run: Run, items: Sequence[Item], ledger: Ledger | None = None) -> Preview:
    """Say what more items would do, by drawing the posterior without and with them.

    Parameters
    ----------
    run, items, ledger
        As for `preview_items`.

    Raises
    ------
    FitError
        If the sampler stopped.
    """
    from tidings.reasons.pool import refitted

    inputs = read_inputs(run.question_file).seeded(run.manifest.seed)
    before = ledger or inputs.ledger
    after = replace(before, items=(*before.items, *items))
    as_of = max([run.manifest.as_of, *(item.known for item in items)])
    with_items = observe(inputs.question, after, inputs.resolved, as_of)
    without = observe(
        inputs.question, before, inputs.resolved, as_of, with_items.watched_to, with_items.items
    )
    found = [
        Reweighting(refitted(inputs, situation)).own_forecast()
        for situation in (without, with_items)
    ]
    now = run.at_horizons(lambda row: row.mean)
    return Preview(
        run=run,
        as_of=as_of,
        outcomes=tuple(one.id for one in run.manifest.outcomes),
        horizons=outlook_of(with_items).calendar.horizons,
        now=now,
        since=found[0].mean - now,
        change=found[1].mean - found[0].mean,
        mcse=np.hypot(found[0].mcse(), found[1].mcse()),
        mcse_then=found[1].mcse(),
        k=0.0,
        refitted=True,
    )


def preview_prior(run: Run, name: str, prior: LinkNormal, *, refit: bool = False) -> Preview:
    """Say what another prior would do to a run, all else being as it was.

    Parameters
    ----------
    run : Run
        The run it is held against.
    name : str
        The prior.
    prior : LinkNormal
        As it would be.
    refit : bool
        Whether to draw the posterior anew.

    Raises
    ------
    FitError
        If the sampler stopped.
    """
    posterior = stored_posterior(run)
    own = posterior.situation
    question = replace(own.question, priors={**own.question.priors, name: prior})
    other = reread(replace(own, question=question))
    reweighting = Reweighting(posterior)
    if refit:
        from tidings.reasons.pool import refitted

        now = reweighting.own_forecast()
        then = Reweighting(refitted(posterior.inputs, other)).own_forecast()
        mcse = np.hypot(now.mcse(), then.mcse())
        change = then.mean - run.at_horizons(lambda row: row.mean)
    else:
        now, then = reweighting.forecast(own), reweighting.forecast(other)
        mcse = standard_error(then.influence - now.influence, posterior.effective)
        change = then.mean - now.mean
    return Preview(
        run=run,
        as_of=own.as_of,
        outcomes=tuple(one.id for one in run.manifest.outcomes),
        horizons=outlook_of(own).calendar.horizons,
        now=run.at_horizons(lambda row: row.mean),
        since=np.zeros_like(then.mean),
        change=change,
        mcse=mcse,
        mcse_then=then.mcse(),
        k=0.0 if refit else then.k,
        refitted=refit,
    )
