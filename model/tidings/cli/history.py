"""History: the runs, and the probability of each outcome over time."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

import tidings
from tidings.api.project import RUNS
from tidings.cli.forecasts import MARKS, show_age
from tidings.cli.options import AsCsv, AsJson, AskedQuestion, Out, RunsFolder, print_csv, print_json
from tidings.cli.telling import said
from tidings.errors import RunError
from tidings.forecasting.runs import Run
from tidings.names import RETAINED
from tidings.reporting import views
from tidings.reporting.wording import chance, months_words

if TYPE_CHECKING:
    import pandas as pd

_WIDE = 124
"""Columns of a terminal from which there is room for the names of runs."""
_BAR = 30
_PARTS = " ▏▎▍▌▋▊▉"


def show_history(
    console: Console,
    runs: Sequence[Run],
    unreadable: Sequence[RunError] = (),
    *,
    plot: bool = False,
) -> None:
    """Show the runs of each question and its outcomes at the headline horizon.

    A run that cannot be read is one line.
    """
    for fault in unreadable:
        console.print(f"{MARKS['warn']} {said(fault)}", highlight=False)
    if not runs:
        console.print("no runs yet; make one with: tidings forecast")
        return
    several = len({run.manifest.question for run in runs}) > 1
    for question, mine in _by_question(runs):
        last = mine[-1].manifest
        ahead = months_words(int(last.headline.removesuffix("mo")))
        name = f"  {said(question)}" if several else ""
        console.print(f"[bold]{said(last.title)}[/]{name}  within {ahead} of each date")
        _show_runs(console, mine)
        if plot:
            _show_bars(console, mine)
        show_age(console, mine[-1])
    if console.width < _WIDE:
        console.print("[dim]a run is named by the beginning of its id; all ids: --csv[/]")


def _by_question(runs: Sequence[Run]) -> Iterator[tuple[str, list[Run]]]:
    for question in dict.fromkeys(run.manifest.question for run in runs):
        yield question, [run for run in runs if run.manifest.question == question]


def _show_runs(console: Console, runs: Sequence[Run]) -> None:
    """Show the runs of one question, the earliest as-of date first."""
    wide = console.width >= _WIDE
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("as of", no_wrap=True)
    if wide:
        table.add_column("run", no_wrap=True)
    outcomes = dict.fromkeys(one.id for run in runs for one in run.manifest.outcomes)
    for outcome in outcomes:
        table.add_column(outcome.replace("_", " "), justify="right")
    for run in runs:
        rows = run.at(run.manifest.headline)
        cells = [chance(rows[k].mean) if k in rows else "" for k in outcomes]
        mark = "" if run.manifest.publishable else " [bold red]not publishable[/]"
        name = [run.manifest.run] if wide else []
        table.add_row(f"{run.manifest.as_of}{mark}", *name, *cells)
    console.print(table)


def _show_bars(console: Console, runs: Sequence[Run]) -> None:
    """Draw the chance of any change as bars, one per run."""
    changes = [1 - run.at(run.manifest.headline)[RETAINED].mean for run in runs]
    console.print("\n[dim]chance of any change[/]")
    for run, change in zip(runs, changes, strict=True):
        eighths = round(change / max(changes) * _BAR * 8)
        bar = "█" * (eighths // 8) + _PARTS[eighths % 8]
        console.print(f"{run.manifest.as_of}  {bar} {chance(change)}", highlight=False)


def _table(runs: Sequence[Run]) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(
        {
            "question": run.manifest.question,
            "run": run.manifest.run,
            "as_of": str(run.manifest.as_of),
            "horizon": run.manifest.headline,
            "publishable": run.manifest.publishable,
            "outcome": outcome,
            "mean": row.mean,
            "q05": row.q05,
            "q95": row.q95,
        }
        for run in runs
        for outcome, row in run.at(run.manifest.headline).items()
    )


def history(
    question: AskedQuestion = None,
    runs: RunsFolder = RUNS,
    plot: Annotated[
        bool, typer.Option("--plot", help="Draw it too, here and as a figure.")
    ] = False,
    out: Out = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show the runs and the probability of each outcome over time."""
    readable, unreadable = tidings.history(runs, question), tidings.unreadable(runs)
    if as_csv:
        print_csv(_table(readable))
    elif as_json:
        print_json(views.history(readable, unreadable))
    else:
        console = Console()
        show_history(console, readable, unreadable, plot=plot)
        for path in _figures(readable, runs, out) if plot else ():
            console.print(f"figure  {said(path)}", soft_wrap=True)


def _figures(readable: Sequence[Run], runs: Path, out: Path | None) -> Iterator[Path]:
    for _, mine in _by_question(readable):
        yield tidings.plot_history(mine, runs, out)
