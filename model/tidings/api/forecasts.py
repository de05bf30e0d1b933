"""Commands of the main job: check, forecast, report, run, history."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tidings.api.base import base_run
from tidings.api.defaults import QUESTION, RENDERED, RUNS, When, Where, day_of
from tidings.errors import Fault, InputError, RunError, UsageError
from tidings.evidence.inputs import Inputs, read_inputs
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
    question : Path
        The question file.
    as_of : date, optional
        When the forecast is made; today if not given.
    runs : Path
        Where runs are kept.
    seed : int, optional
        Root of all randomness, in place of the config's.
    progress : callable, optional
        Called with the state of every chain while it samples.
    prior_only : bool
        Whether to leave out all news, and what the quiet so far tells.

    Returns
    -------
    Run
        As stored.

    Raises
    ------
    InputError
        If an input has a fault.
    FitError
        If the sampler stopped.
    RunError
        If the run cannot be stored.
    """
    question, runs = Path(question), Path(runs)
    as_of = None if as_of is None else day_of(as_of)
    from tidings.forecasting.making import make_forecast

    inputs = read_inputs(question)
    _check_known(inputs)
    if seed is not None:
        inputs = inputs.seeded(seed)
    return make_forecast(inputs, as_of or date.today(), runs, progress, prior_only=prior_only)


def _check_known(inputs: Inputs) -> None:
    """Hold that the status is known up to a day that has come."""
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
    """Render a stored run.

    Parameters
    ----------
    name : str or Run, optional
        The run's id, the beginning of it, or its folder; the newest of the question if not given.
    runs : Path
        Where runs are kept.
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
    question : Path, optional
        The question file, where no run is named; see `base_run`.
    renderer : {"auto", "quarto", "embedded"}
        Quarto where it is installed and works; Quarto or an error; never Quarto.

    Returns
    -------
    tuple of Path
        The reports, in the order of ``to``.

    Raises
    ------
    UsageError
        If there is no such run or format.
    RunError, FitError
        If a run cannot be read, or drawn anew.
    RenderError
        If a report cannot be rendered.
    """
    runs = Path(runs)
    rendered = None if rendered is None else Path(rendered)
    question = None if question is None else Path(question)
    from tidings.api.reasons import diff
    from tidings.reporting.rendering import render

    run_to_show = base_run(runs, name, question)
    moves = None if since is None else diff(since, run_to_show, runs)
    folder = rendered or _beside(runs)
    return render(run_to_show, to, folder, moves, brief=brief, paper=paper, renderer=renderer)


def _beside(runs: Path) -> Path:
    """Return where the reports of some runs go."""
    return RENDERED if runs == RUNS else runs


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
    """Check, forecast and report: the main job.

    Parameters
    ----------
    question, as_of, runs, seed, progress
        As for `forecast`.
    rendered, renderer
        Where the reports go and what makes them, as for `report`.

    Returns
    -------
    tuple of (Run, tuple of Path)
        The stored run, and its HTML and PDF reports.

    Raises
    ------
    InputError, FitError, RunError, RenderError
        As for `forecast` and `report`.
    """
    question, runs = Path(question), Path(runs)
    as_of = None if as_of is None else day_of(as_of)
    rendered = None if rendered is None else Path(rendered)
    made = forecast(question, as_of, runs, seed, progress)
    return made, report(str(made.path), runs, rendered=rendered, renderer=renderer)


def history(runs: Where = RUNS, question: Where | None = None) -> tuple[Run, ...]:
    """Return the stored runs that can be read, the earliest as-of date first.

    Parameters
    ----------
    runs : Path
        Where runs are kept.
    question : Path, optional
        The question file: its runs alone.

    Raises
    ------
    InputError
        If the question file has a fault.
    """
    runs = Path(runs)
    question = None if question is None else Path(question)
    asked = None if question is None else load_settings(question).id
    return tuple(run for run in list_runs(runs) if asked in (None, run.manifest.question))


def plot_history(shown: Sequence[Run], runs: Where = RUNS, rendered: Where | None = None) -> Path:
    """Draw what runs of one question said over time; returns the figure.

    Parameters
    ----------
    shown : sequence of Run
        Of one question, as `history` returns them.
    runs : Path
        Where runs are kept.
    rendered : Path, optional
        Where the figure goes; as for `report` if not given.

    Raises
    ------
    UsageError
        If there is no run.
    RenderError
        If the figure cannot be written.
    """
    from tidings.reporting.rendering import draw_history_of

    if not shown:
        raise UsageError("no runs to draw", remedy="forecast")
    return draw_history_of(shown, Path(rendered) if rendered else _beside(Path(runs)))


def unreadable(runs: Where = RUNS) -> tuple[RunError, ...]:
    """Return what is wrong with each stored run that cannot be read.

    Parameters
    ----------
    runs : Path
        Where runs are kept.
    """
    runs = Path(runs)
    return unreadable_runs(runs)
