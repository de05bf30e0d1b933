"""Commands for reasons: diff, explain, watch, sensitivity."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tidings.api.defaults import RUNS
from tidings.errors import UsageError, nearest
from tidings.forecasting.runs import Run, find_run, list_runs
from tidings.names import RETAINED

if TYPE_CHECKING:
    from tidings.reasons.explaining import Explanation
    from tidings.reasons.moves import Moves
    from tidings.reasons.sensitivity import Sensitivity
    from tidings.reasons.tipping import Tipping
    from tidings.reasons.watching import Watch


def diff(old: str | None = None, new: str | None = None, runs: Path = RUNS) -> "Moves":
    """Split the difference of two runs into moves that add up.

    Parameters
    ----------
    old : str, optional
        The earlier run; the one made before ``new`` if not given.
    new : str, optional
        The later run; the newest of that question if not given.
    runs : Path
        Where runs are kept.

    Raises
    ------
    UsageError
        If there are no two such runs.
    InputError, RunError, FitError
        If a run cannot be read, or drawn anew.
    """
    from tidings.reasons.moves import explain_moves

    first = None if old is None else find_run(runs, old)
    last = find_run(runs, new, first.manifest.question if first else None)
    return explain_moves(first or _run_before(last, runs), last)


def explain(name: str | None = None, runs: Path = RUNS) -> "Explanation":
    """Say what a run rests on: its stories, actors, voices, the quiet time, and its conflicts.

    Parameters
    ----------
    name : str, optional
        The run; the newest if not given.
    runs : Path
        Where runs are kept.

    Raises
    ------
    UsageError
        If there is no such run.
    InputError, RunError, FitError
        If it cannot be read, or drawn anew without a part.
    """
    from tidings.reasons.explaining import explain_run

    return explain_run(find_run(runs, name))


def watch(name: str | None = None, runs: Path = RUNS) -> "Watch":
    """Say which news would matter most next.

    Parameters
    ----------
    name : str, optional
        The run; the newest if not given.
    runs : Path
        Where runs are kept.

    Raises
    ------
    UsageError
        If there is no such run.
    InputError, RunError
        If it cannot be read.
    """
    from tidings.reasons.watching import watch_run

    return watch_run(find_run(runs, name))


def _run_before(run: Run, runs: Path) -> Run:
    same = [one for one in list_runs(runs) if one.manifest.question == run.manifest.question]
    names = [one.manifest.run for one in same]
    place = names.index(run.manifest.run) if run.manifest.run in names else 0
    if place == 0:
        raise UsageError(f"{runs}: no run of {run.manifest.question!r} before {run.manifest.run}")
    return same[place - 1]


@dataclass(frozen=True)
class SensitivityShown:
    """Which priors a run hangs on, and what would tip one outcome at one horizon."""

    priors: "Sensitivity"
    tipping: "Tipping"


def sensitivity(
    name: str | None = None,
    outcome: str | None = None,
    horizon: str | None = None,
    threshold: float = 0.05,
    runs: Path = RUNS,
    *,
    refit: bool = False,
) -> SensitivityShown:
    """Say which priors a run hangs on, where they quarrel with evidence, and what would tip it.

    Parameters
    ----------
    name : str, optional
        The run; the newest if not given.
    outcome : str, optional
        Whose tipping points; the likeliest end if not given.
    horizon : str, optional
        Like ``12mo``; the headline if not given.
    threshold : float
        The probability that the outcome is to pass.
    runs : Path
        Where runs are kept.
    refit : bool
        Whether to draw posteriors anew where weights cannot be trusted.

    Raises
    ------
    UsageError
        If there is no such run, outcome or horizon.
    InputError, RunError, FitError
        If the run cannot be read, or drawn anew.
    """
    from tidings.reasons.reweighting import ALL_DRAWS, stored_posterior
    from tidings.reasons.sensitivity import sensitivity_of
    from tidings.reasons.tipping import tipping_points

    run = find_run(runs, name)
    at = horizon or run.manifest.headline
    if at not in run.manifest.horizons:
        raise UsageError(f"got {at!r}; expected {nearest(at, run.manifest.horizons)}", "horizon")
    chances = {one: row.mean for one, row in run.at(at).items()}
    ends = {one: mean for one, mean in chances.items() if one != RETAINED}
    asked = outcome or max(ends, key=lambda one: ends[one])
    if asked not in chances:
        raise UsageError(f"got {asked!r}; expected {nearest(asked, chances)}", "outcome")
    posterior = stored_posterior(run, ALL_DRAWS)
    return SensitivityShown(
        sensitivity_of(run, posterior, refit=refit),
        tipping_points(run, posterior, asked, at, threshold),
    )
