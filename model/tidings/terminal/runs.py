"""Runs in the terminal: the forecast with its checks, the history, a live progress bar."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tidings.errors import RunError
from tidings.plain_text import visible
from tidings.question import Question, load_question
from tidings.runs import Run
from tidings.wording import headline_number, interval, percent

if TYPE_CHECKING:
    from tidings.inference import ChainState

__all__ = ["leader", "progress_bar", "show_age", "show_history", "show_reports", "show_run"]

_MARKS = {"pass": "[green]pass[/]", "warn": "[yellow]warn[/]", "fail": "[bold red]fail[/]"}


@contextmanager
def progress_bar(console: Console) -> Iterator[Callable[[Sequence["ChainState"]], None]]:
    """Show how far the chains have come; yields what the sampler calls."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("compiling and warming up", total=None)

        def report(chains: Sequence["ChainState"]) -> None:
            done, total = (sum(getattr(c, name) for c in chains) for name in ("finished", "total"))
            diverging = sum(chain.divergences for chain in chains)
            stage = "tuning" if any(chain.tuning for chain in chains) else "sampling"
            words = f"{stage} {len(chains)} chains" + (f", {diverging} divergent" * bool(diverging))
            bar.update(task, description=words, completed=done, total=total)

        yield report


def show_run(console: Console, run: Run) -> None:
    """Show a run: the leader, a table of outcomes by horizon, and what the checks say."""
    question, manifest = load_question(run.question_file), run.manifest
    console.print(f"\n[bold]{manifest.title}[/]  as of {manifest.as_of}")
    console.print(leader(run, question))
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("outcome")
    for horizon in manifest.horizons:
        table.add_column(horizon, justify="right")
    table.add_column(f"90\u00a0% interval, {manifest.headline}", justify="right")
    for outcome in manifest.outcomes:
        row = run.at(manifest.headline)[outcome.id]
        cells = [percent(run.at(horizon)[outcome.id].mean) for horizon in manifest.horizons]
        table.add_row(outcome.title, *cells, interval(row.q05, row.q95))
    console.print(table)
    for note in manifest.notes:
        console.print(f"[yellow]note[/] {note}")
    _show_checks(console, run)


def leader(run: Run, question: Question) -> str:
    """Return the sentence that leads: the likeliest outcome at the headline horizon."""
    manifest = run.manifest
    row = max(run.at(manifest.headline).values(), key=lambda one: one.mean)
    title = next(one.title for one in manifest.outcomes if one.id == row.outcome)
    number = headline_number(row.mean, manifest.yardstick, question.yardsticks)
    return f"{title} by {manifest.horizons[manifest.headline]}: {number}"


def _show_checks(console: Console, run: Run) -> None:
    passed = [check.name for check in run.checks if check.status == "pass"]
    if passed:
        console.print(f"checks  {_MARKS['pass']} {', '.join(passed)}")
    for check in run.checks:
        if check.status != "pass":
            mark = _MARKS.get(check.status, check.status)
            value = "" if check.value is None else f" {check.value:.4g}, limit {check.limit:g}"
            console.print(f"        {mark} {check.name}{value}: {check.says}")
    if run.manifest.publishable:
        console.print(f"run     {run.manifest.run}  in {run.path}")
    else:
        console.print(f"run     {run.manifest.run}  [bold red]not publishable[/]  in {run.path}")


def show_reports(console: Console, paths: Sequence[Path]) -> None:
    """Say where the reports lie."""
    for path in paths:
        console.print(f"report  {path}")


def show_history(
    console: Console, runs: Sequence[Run], unreadable: Sequence[RunError] = ()
) -> None:
    """Show the runs and the probability of each outcome at the headline horizon.

    A run that cannot be read is one line.
    """
    for fault in unreadable:
        console.print(f"{_MARKS['warn']} {escape(visible(str(fault)))}", highlight=False)
    if not runs:
        console.print("no runs yet; make one with: tidings forecast")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("as of")
    table.add_column("run", overflow="fold")
    table.add_column("by")
    outcomes = dict.fromkeys(one.id for run in runs for one in run.manifest.outcomes)
    for outcome in outcomes:
        table.add_column(outcome, justify="right")
    table.add_column("publishable")
    for run in runs:
        found = run.at(run.manifest.headline)
        cells = [percent(found[k].mean) if k in found else "" for k in outcomes]
        mark = "yes" if run.manifest.publishable else "[bold red]no[/]"
        name = run.manifest.run
        table.add_row(str(run.manifest.as_of), name, run.manifest.headline, *cells, mark)
    console.print(table)
    show_age(console, runs[-1])


def show_age(console: Console, run: Run) -> None:
    """Say so where the news behind a run is old."""
    for check in run.checks:
        if check.name == "fresh" and check.status == "warn":
            console.print(f"{_MARKS['warn']} {check.name} {check.value:.0f}: {check.says}")
