"""Why a forecast is what it is: diff, explain, watch, sensitivity, doubts; and a run for ArviZ.

See `tidings.api.project` for the arguments that all of them share.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidings.api.project import RUNS, Project, Where
from tidings.errors import UsageError, nearest
from tidings.forecasting.runs import Run
from tidings.names import RETAINED

if TYPE_CHECKING:
    import xarray as xr

    from tidings.reasons.attribution import Moves
    from tidings.reasons.engine import Refit
    from tidings.reasons.explaining import Explanation
    from tidings.reasons.previewing import Preview
    from tidings.reasons.sensitivity import Sensitivity
    from tidings.reasons.tipping import Tipping
    from tidings.reasons.watching import Watch


def diff(
    old: str | Run | None = None,
    new: str | Run | None = None,
    runs: Where = RUNS,
    question: Where | None = None,
) -> "Moves":
    """Split the difference of two runs into moves that add up; the last two if none are named.

    Raises
    ------
    UsageError
        If there are no two such runs.
    InputError, RunError, FitError
        If a run cannot be read, or refitted.

    Examples
    --------
    >>> import tidings as td
    >>> td.diff("2025-10-31", "2025-11-30").table()  # doctest: +SKIP
    """
    from tidings.reasons.attribution import explain_moves

    return explain_moves(*Project.of(question, runs).pair(old, new))


def explain(
    name: str | Run | None = None, runs: Where = RUNS, question: Where | None = None
) -> "Explanation":
    """Return what each story, actor, voice and the quiet time adds to a forecast.

    Raises
    ------
    UsageError
        If there is no such run.
    InputError, RunError, FitError
        If it cannot be read, or refitted without a part.

    Examples
    --------
    >>> import tidings as td
    >>> td.explain().table()  # doctest: +SKIP
    """
    from tidings.reasons.explaining import explain_run

    return explain_run(Project.of(question, runs).run(name))


def watch(
    name: str | Run | None = None, runs: Where = RUNS, question: Where | None = None
) -> "Watch":
    """Return which news would matter most next.

    Raises
    ------
    UsageError
        If there is no such run.
    InputError, RunError
        If it cannot be read.

    Examples
    --------
    >>> import tidings as td
    >>> td.watch().table()  # doctest: +SKIP
    """
    from tidings.reasons.watching import watch_run

    return watch_run(Project.of(question, runs).run(name))


def preview_doubts(
    without: Iterable[str] = (),
    graded: Mapping[str, str] | None = None,
    shifted: Mapping[str, float] | None = None,
    *,
    name: str | Run | None = None,
    runs: Where = RUNS,
    question: Where | None = None,
    refit: "Refit" = "never",
) -> "Preview":
    """Preview a run for a reader who doubts some news or priors, as the living report does.

    Parameters
    ----------
    without : iterable of str
        Stories and items that are not believed.
    graded : mapping of str to str
        Items that are graded otherwise, like ``"C3"``.
    shifted : mapping of str to float
        Priors that are held otherwise: moved by sds of themselves on their link scale.

    Raises
    ------
    UsageError
        If there is no such run, or what is doubted is not in it.
    InputError, RunError, FitError
        If the run cannot be read, or refitted.

    Examples
    --------
    >>> import tidings as td
    >>> td.preview_doubts(shifted={"base_rate": 1.0})  # doctest: +SKIP
    """
    from tidings.reasons import previewing

    doubts = previewing.Doubts(frozenset(without), dict(graded or {}), dict(shifted or {}))
    return previewing.preview_doubts(Project.of(question, runs).run(name), doubts, refit)


def datatree(
    name: str | Run | None = None, runs: Where = RUNS, question: Where | None = None
) -> "xr.DataTree":
    """Return a run as ArviZ expects one: prior, posterior, predictions and log likelihood.

    Raises
    ------
    UsageError
        If there is no such run.
    InputError, RunError
        If it cannot be read.

    Examples
    --------
    >>> import arviz_stats as azs
    >>> import tidings as td
    >>> azs.loo(td.datatree(), var_name="evidence")  # doctest: +SKIP
    """
    from tidings.reasons.arviz_tree import datatree_of

    return datatree_of(Project.of(question, runs).run(name))


@dataclass(frozen=True)
class SensitivityShown:
    """Which priors a forecast depends on, and what would move one outcome past a threshold."""

    priors: "Sensitivity"
    tipping: "Tipping"


def sensitivity(
    name: str | Run | None = None,
    outcome: str | None = None,
    horizon: str | None = None,
    threshold: float = 0.05,
    runs: Where = RUNS,
    *,
    question: Where | None = None,
    refit: bool = False,
) -> SensitivityShown:
    """Return which priors a forecast depends on, prior-data conflicts, and tipping points.

    Parameters
    ----------
    outcome : str, optional
        Whose tipping points; the likeliest end if not given.
    horizon : str, optional
        Like ``12mo``; the headline if not given.
    threshold : float
        The probability that the outcome is to pass.
    refit : bool
        Whether to draw posteriors anew where weights cannot be trusted.

    Raises
    ------
    UsageError
        If there is no such run, outcome or horizon.
    InputError, RunError, FitError
        If the run cannot be read, or refitted.

    Examples
    --------
    >>> import tidings as td
    >>> td.sensitivity(outcome="ukraine", threshold=0.01).priors.table()  # doctest: +SKIP
    """
    from tidings.reasons.engine import engine_of
    from tidings.reasons.sensitivity import sensitivity_of
    from tidings.reasons.tipping import tipping_points

    run = Project.of(question, runs).run(name)
    at = horizon or run.manifest.headline
    if at not in run.manifest.horizons:
        raise UsageError(f"got {at!r}; expected {nearest(at, run.manifest.horizons)}", "horizon")
    chances = {one: row.mean for one, row in run.at(at).items()}
    ends = {one: mean for one, mean in chances.items() if one != RETAINED}
    asked = outcome or max(ends, key=lambda one: ends[one])
    if asked not in chances:
        raise UsageError(f"got {asked!r}; expected {nearest(asked, chances)}", "outcome")
    engine = engine_of(run, "needed" if refit else "never")
    tipping = tipping_points(run, engine.posterior, asked, at, threshold)
    return SensitivityShown(sensitivity_of(run, engine), tipping)
