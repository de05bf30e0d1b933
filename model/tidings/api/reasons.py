"""Commands for reasons: diff, explain, watch, sensitivity, and what a reader doubts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tidings.api.base import base_run
from tidings.api.defaults import RUNS, Where
from tidings.errors import UsageError, nearest
from tidings.forecasting.runs import Run, find_run, runs_before
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
    """Split the difference of two runs into moves that add up.

    Parameters
    ----------
    old : str or Run, optional
        The earlier run; the one before ``new`` if not given.
    new : str or Run, optional
        The later run; the newest of that question if not given.
    runs : Path
        Where runs are kept.
    question : Path, optional
        The question file, where no run is named; see `base_run`.

    Raises
    ------
    UsageError
        If there are no two such runs.
    InputError, RunError, FitError
        If a run cannot be read, or drawn anew.
    """
    runs = Path(runs)
    question = None if question is None else Path(question)
    from tidings.reasons.attribution import explain_moves

    first = find_run(runs, old) if isinstance(old, str) else old
    if isinstance(new, Run):
        last = new
    elif new is None and first is not None:
        last = find_run(runs, None, first.manifest.question)
    else:
        last = base_run(runs, new, question)
    return explain_moves(first or _run_before(last, runs), last)


def explain(
    name: str | Run | None = None, runs: Where = RUNS, question: Where | None = None
) -> "Explanation":
    """Say what a run rests on: its stories, actors, voices, the quiet time, and its conflicts.

    Parameters
    ----------
    name : str or Run, optional
        The run; the newest of the question if not given.
    runs : Path
        Where runs are kept.
    question : Path, optional
        The question file, where no run is named; see `base_run`.

    Raises
    ------
    UsageError
        If there is no such run.
    InputError, RunError, FitError
        If it cannot be read, or drawn anew without a part.
    """
    runs = Path(runs)
    question = None if question is None else Path(question)
    from tidings.reasons.explaining import explain_run

    return explain_run(base_run(runs, name, question))


def watch(
    name: str | Run | None = None, runs: Where = RUNS, question: Where | None = None
) -> "Watch":
    """Say which news would matter most next.

    Parameters
    ----------
    name : str or Run, optional
        The run; the newest of the question if not given.
    runs : Path
        Where runs are kept.
    question : Path, optional
        The question file, where no run is named; see `base_run`.

    Raises
    ------
    UsageError
        If there is no such run.
    InputError, RunError
        If it cannot be read.
    """
    runs = Path(runs)
    question = None if question is None else Path(question)
    from tidings.reasons.watching import watch_run

    return watch_run(base_run(runs, name, question))


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
    """Say what a run would be to a reader with doubts, as the living report does.

    Parameters
    ----------
    without : iterable of str
        Stories and items that are not believed.
    graded : mapping of str to str
        Items that are graded otherwise, like ``"C3"``.
    shifted : mapping of str to float
        Priors that are held otherwise: moved by sds of themselves on their link scale.
    name : str or Run, optional
        The run; the newest of the question if not given.
    runs : Path
        Where runs are kept.
    question : Path, optional
        The question file, where no run is named; see `base_run`.
    refit : {"never", "needed", "always"}
        Whether to draw a posterior anew: where weights cannot be trusted, or always.

    Raises
    ------
    UsageError
        If there is no such run, or what is doubted is not in it.
    InputError, RunError, FitError
        If the run cannot be read, or drawn anew.
    """
    runs = Path(runs)
    question = None if question is None else Path(question)
    from tidings.reasons import previewing

    doubts = previewing.Doubts(frozenset(without), dict(graded or {}), dict(shifted or {}))
    return previewing.preview_doubts(base_run(runs, name, question), doubts, refit)


def datatree(
    name: str | Run | None = None, runs: Where = RUNS, question: Where | None = None
) -> "xr.DataTree":
    """Return a run as ArviZ expects one: prior, posterior, predictions and log likelihood.

    Parameters
    ----------
    name : str or Run, optional
        The run; the newest of the question if not given.
    runs : str or Path
        Where runs are kept.
    question : str or Path, optional
        The question file, where no run is named; see `base_run`.

    Raises
    ------
    UsageError
        If there is no such run.
    InputError, RunError
        If it cannot be read.
    """
    runs = Path(runs)
    question = None if question is None else Path(question)
    from tidings.reasons.arviz_tree import datatree_of

    return datatree_of(base_run(runs, name, question))


def _run_before(run: Run, runs: Path) -> Run:
    before = runs_before(run, runs)
    if not before:
        raise UsageError(f"{runs}: no run of {run.manifest.question!r} before {run.manifest.run}")
    return before[-1]


@dataclass(frozen=True)
class SensitivityShown:
    """Which priors a run hangs on, and what would tip one outcome at one horizon."""

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
    """Say which priors a run hangs on, where they quarrel with evidence, and what would tip it.

    Parameters
    ----------
    name : str or Run, optional
        The run; the newest if not given.
    outcome : str, optional
        Whose tipping points; the likeliest end if not given.
    horizon : str, optional
        Like ``12mo``; the headline if not given.
    threshold : float
        The probability that the outcome is to pass.
    runs : Path
        Where runs are kept.
    question : Path, optional
        The question file, where no run is named; see `base_run`.
    refit : bool
        Whether to draw posteriors anew where weights cannot be trusted.

    Raises
    ------
    UsageError
        If there is no such run, outcome or horizon.
    InputError, RunError, FitError
        If the run cannot be read, or drawn anew.
    """
    runs = Path(runs)
    question = None if question is None else Path(question)
    from tidings.reasons.engine import engine_of
    from tidings.reasons.sensitivity import sensitivity_of
    from tidings.reasons.tipping import tipping_points

    run = base_run(runs, name, question)
    at = horizon or run.manifest.headline
    if at not in run.manifest.horizons:
        raise UsageError(f"got {at!r}; expected {nearest(at, run.manifest.horizons)}", "horizon")
    chances = {one: row.mean for one, row in run.at(at).items()}
    ends = {one: mean for one, mean in chances.items() if one != RETAINED}
    asked = outcome or max(ends, key=lambda one: ends[one])
    if asked not in chances:
        raise UsageError(f"got {asked!r}; expected {nearest(asked, chances)}", "outcome")
    engine = engine_of(run, refit="needed" if refit else "never")
    return SensitivityShown(sensitivity_of(run, engine), tipping_points(run, asked, at, threshold))
