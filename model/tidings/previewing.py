"""Preview: what hypothetical items would do to a stored run, without a refit.

The run's draws are weighed for the situation with the items (see `tidings.reweighting`). If they
are newer than the run, time passes first: what its passing does is told apart from what they do.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from tidings.evidence import Item
from tidings.reweighting import K_LIMIT, Reweighting, StoredPosterior, standard_error
from tidings.situation import observe, outlook_of

__all__ = ["Preview", "preview_items", "published"]


@dataclass(frozen=True)
class Preview:
    """What items would do; arrays are (outcome, horizon).

    Attributes
    ----------
    run : str
        The run they are held against.
    as_of : date
        The run's own date, or that on which the newest item is known.
    outcomes : tuple of str
        In the order of the run.
    horizons : mapping of str to date
        Counted from ``as_of``.
    now : ndarray
        As published.
    by_time : ndarray
        Change by the time that passes before ``as_of`` with nothing else known; 0 where none does.
    by_items : ndarray
        Change by the items then.
    mcse : ndarray
        Monte Carlo error of the change by the items.
    mcse_then : ndarray
        Monte Carlo error of the forecast with time and items.
    k : float
        Pareto k of the weights.
    """

    run: str
    as_of: date
    outcomes: tuple[str, ...]
    horizons: dict[str, date]
    now: NDArray[np.float64]
    by_time: NDArray[np.float64]
    by_items: NDArray[np.float64]
    mcse: NDArray[np.float64]
    mcse_then: NDArray[np.float64]
    k: float

    @property
    def then(self) -> NDArray[np.float64]:
        """The forecast with time and items."""
        return self.now + self.by_time + self.by_items

    @property
    def trusted(self) -> bool:
        """Whether the weights can be trusted."""
        return self.k <= K_LIMIT


def published(posterior: StoredPosterior) -> NDArray[np.float64]:
    """Return a run's published probabilities, shape (outcome, horizon)."""
    manifest = posterior.run.manifest
    rows = [posterior.run.at(horizon) for horizon in manifest.horizons]
    return np.array([[at[one.id].mean for at in rows] for one in manifest.outcomes])


def preview_items(posterior: StoredPosterior, items: Sequence[Item]) -> Preview:
    """Say what hypothetical items would do.

    Parameters
    ----------
    posterior : StoredPosterior
        The run they are held against.
    items : sequence of Item
        Valid, with ids that its ledger does not have.
    """
    inputs, own = posterior.inputs, posterior.situation
    as_of = max([own.as_of, *(item.known for item in items)])
    ledger = replace(inputs.ledger, items=(*inputs.ledger.items, *items))
    question, resolved = own.question, inputs.resolved
    after = observe(question, ledger, resolved, as_of)
    before = replace(
        observe(question, inputs.ledger, resolved, as_of, after.watched_to),
        arrivals=after.arrivals,
    )
    reweighting = Reweighting(posterior, after)
    now = reweighting.own_forecast()
    waited, then = reweighting.forecast(before), reweighting.forecast(after)
    passes = after.as_of > own.as_of
    calendar = outlook_of(after).calendar
    return Preview(
        run=posterior.run.manifest.run,
        as_of=as_of,
        outcomes=tuple(one.id for one in posterior.run.manifest.outcomes),
        horizons=calendar.horizons,
        now=published(posterior),
        by_time=waited.mean - now.mean if passes else np.zeros_like(now.mean),
        by_items=then.mean - waited.mean,
        mcse=standard_error(then.influence - waited.influence, posterior.chains),
        mcse_then=then.mcse(),
        k=then.k,
    )
