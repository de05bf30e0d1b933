"""The main job: forecast, report, run, history. See `tidings.api.project` for common arguments."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tidings.api.project import QUESTION, RUNS, Project, When, Where, day_of
from tidings.errors import Fault, InputError, RunError, UsageError
from tidings.evidence.inputs import Inputs
from tidings.forecasting.runs import Run, list_runs, unreadable_runs
from tidings.question.loading import load_settings

if TYPE_CHECKING:
    from tidings.forecasting.sampling import Progress


def forecast(
    question: Where = QUESTION,
    as_of: When | None = None,
    runs: Where = RUNS,
    seed: int | None = None,
    progress: "Progress | None" = None,
    *,
    prior_only: bool = False,
) -> Run:
    """Fit, check and store a forecast.

    Parameters
    ----------
    as_of : date, optional
        When the forecast is made; today if not given.
    seed : int, optional
        Root of all randomness, in place of the config's.
    progress : callable, optional
        Called with the state of every chain while it samples.
    prior_only : bool
        Whether to leave out all news, and what the time without an event so far tells.

    Raises
    ------
    InputError
        If an input has a fault.
    FitError
        If the sampler stopped.
    RunError
        If the run cannot be stored.

    Examples
    --------
    >>> import tidings as td
    >>> run = td.forecast(as_of="2026-03-31")  # doctest: +SKIP
    >>> run.table()  # doctest: +SKIP
    """
    from tidings.forecasting.making import make_forecast

    at, day = Project.of(question, runs), day_of(as_of)
    inputs = at.inputs()
    _check_known(inputs)
    if seed is not None:
        inputs = inputs.seeded(seed)
    return make_forecast(inputs, day, at.runs, progress, prior_only=prior_only)


def _check_known(inputs: Inputs) -> None:
    """Refuse a status quo that is said to be known beyond today."""
    question, today = inputs.question, date.today()
    known_to = question.config.status_known_to
    if known_to is not None and known_to > today:
        expected = f"a day up to today, {today}: nothing later can be known"
        raise InputError([Fault(question.path, None, "status_known_to", str(known_to), expected)])


def report(
    name: str | Run | None = None,
    runs: Where = RUNS,
    to: Sequence[str] = ("html", "pdf"),
    rendered: Where | None = None,
    since: str | None = None,
    *,
    brief: bool = False,
    paper: str = "a4",
    question: Where | None = None,
    renderer: str = "auto",
) -> tuple[Path, ...]:
    """Render a stored run; returns the reports, in the order of ``to``.

    Parameters
    ----------
    to : sequence of {"html", "pdf"}
        Formats.
    rendered : Path, optional
        Where the reports go: if not given, beside the runs, or in ``reports/rendered`` where the
        runs are in their usual place.
    since : str, optional
        An earlier run: the report then says what moved since.
    brief : bool
        Whether to report page one alone.
    paper : {"a4", "letter"}
        Of the PDF.
    renderer : {"auto", "quarto", "embedded"}
        Quarto where it is installed and works; Quarto or an error; never Quarto.

    Raises
    ------
    UsageError
        If there is no such run or format.
    InputError, RunError, FitError
        If a run cannot be read, or refitted.
    RenderError
        If a report cannot be rendered.

    Examples
    --------
    >>> import tidings as td
    >>> td.report(to=("html",), brief=True)  # doctest: +SKIP
    """
    from tidings.api.reasons import diff
    from tidings.reporting.rendering import render

    at = Project.of(question, runs)
    run = at.run(name)
    moves = None if since is None else diff(since, run, at.runs)
    folder = at.rendered if rendered is None else Path(rendered)
    return render(run, to, folder, moves, brief=brief, paper=paper, renderer=renderer)


def run(
    question: Where = QUESTION,
    as_of: When | None = None,
    runs: Where = RUNS,
    seed: int | None = None,
    progress: "Progress | None" = None,
    rendered: Where | None = None,
    *,
    renderer: str = "auto",
) -> tuple[Run, tuple[Path, ...]]:
    """Check, forecast and report: returns the stored run, and its HTML and PDF reports.

    Parameters are those of `forecast` and `report`.

    Raises
    ------
    InputError, FitError, RunError, RenderError
        As for `forecast` and `report`.

    Examples
    --------
    >>> import tidings as td
    >>> run, reports = td.run(as_of="2026-03-31")  # doctest: +SKIP
    """
    made = forecast(question, as_of, runs, seed, progress)
    return made, report(made, runs, rendered=rendered, renderer=renderer)


def history(runs: Where = RUNS, question: Where | None = None) -> tuple[Run, ...]:
    """Return the stored runs that can be read, of one question if it is named, by as-of date.

    Raises
    ------
    InputError
        If the question file has a fault.

    Examples
    --------
    >>> import tidings as td
    >>> [run.manifest.as_of for run in td.history()]  # doctest: +SKIP
    """
    asked = None if question is None else load_settings(Path(question)).id
    return tuple(run for run in list_runs(Path(runs)) if asked in (None, run.manifest.question))


def plot_history(shown: Sequence[Run], runs: Where = RUNS, rendered: Where | None = None) -> Path:
    """Draw what runs of one question said over time, as `history` returns them; returns the figure.

    Raises
    ------
    UsageError
        If there is no run.
    RenderError
        If the figure cannot be written.

    Examples
    --------
    >>> import tidings as td
    >>> td.plot_history(td.history())  # doctest: +SKIP
    """
    from tidings.reporting.figure_files import draw_history_of

    if not shown:
        raise UsageError("no runs to draw", remedy="forecast")
    return draw_history_of(shown, Path(rendered) if rendered else Project.of(None, runs).rendered)


def unreadable(runs: Where = RUNS) -> tuple[RunError, ...]:
    """Return what is wrong with each stored run that cannot be read.

    Examples
    --------
    >>> import tidings as td
    >>> td.unreadable()  # doctest: +SKIP
    """
    return unreadable_runs(Path(runs))
