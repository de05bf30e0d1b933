"""Commands for reasons: diff, explain, watch."""

from pathlib import Path
from typing import TYPE_CHECKING

from tidings.commands.defaults import RUNS
from tidings.errors import UsageError
from tidings.runs import Run, find_run, list_runs

if TYPE_CHECKING:
    from tidings.explaining import Explanation
    from tidings.moves import Moves
    from tidings.watching import Watch

__all__ = ["diff", "explain", "watch"]


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
    from tidings.moves import explain_moves

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
    from tidings.explaining import explain_run

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
    from tidings.watching import watch_run

    return watch_run(find_run(runs, name))


def _run_before(run: Run, runs: Path) -> Run:
    same = [one for one in list_runs(runs) if one.manifest.question == run.manifest.question]
    names = [one.manifest.run for one in same]
    place = names.index(run.manifest.run) if run.manifest.run in names else 0
    if place == 0:
        raise UsageError(f"{runs}: no run of {run.manifest.question!r} before {run.manifest.run}")
    return same[place - 1]
