"""Check, forecast, report, run, history: the main job, and how a run looks in a terminal."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

import tidings
from tidings.api.project import QUESTION, RUNS
from tidings.cli.options import (
    AsJson,
    AskedQuestion,
    AsOf,
    Out,
    QuestionFile,
    Renderer,
    RunName,
    RunsFolder,
    Seed,
    print_json,
)
from tidings.cli.telling import said
from tidings.errors import UsageError, nearest
from tidings.forecasting.runs import Run
from tidings.question.loading import load_question
from tidings.reporting import views
from tidings.reporting.wording import chance, chance_range, leader

if TYPE_CHECKING:
    from tidings.forecasting.sampling import ChainState
    from tidings.forecasting.sampling import Progress as SamplerProgress

MARKS = {"pass": "[green]pass[/]", "warn": "[yellow]warn[/]", "fail": "[bold red]fail[/]"}


@contextmanager
def progress_bar(console: Console) -> Iterator["SamplerProgress | None"]:
    """Show how far the chains have come; yields what the sampler calls, None if nobody looks on."""
    if not console.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
    )  # fmt: skip
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
    console.print(f"\n[bold]{said(manifest.title)}[/]  as of {manifest.as_of}")
    console.print(said(leader(run, question)))
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("outcome")
    for horizon in manifest.horizons:
        table.add_column(horizon, justify="right")
    table.add_column(f"90\u00a0% interval, {manifest.headline}", justify="right")
    for outcome in manifest.outcomes:
        row = run.at(manifest.headline)[outcome.id]
        cells = [chance(run.at(horizon)[outcome.id].mean) for horizon in manifest.horizons]
        table.add_row(said(outcome.title), *cells, chance_range(row.q05, row.q95))
    console.print(table)
    for note in manifest.notes:
        console.print(f"[yellow]note[/] {said(note)}")
    _show_checks(console, run)


def _show_checks(console: Console, run: Run) -> None:
    passed = [check.name for check in run.checks if check.status == "pass"]
    if passed:
        console.print(f"checks  {MARKS['pass']} {', '.join(passed)}")
    for check in run.checks:
        if check.status != "pass":
            mark = MARKS.get(check.status, check.status)
            value = "" if check.value is None else f" {check.value:.4g}, limit {check.limit:g}"
            console.print(f"        {mark} {check.name}{value}: {check.says}")
    if run.manifest.publishable:
        console.print(f"run     {run.manifest.run}  in {said(run.path)}", soft_wrap=True)
    else:
        console.print(
            f"run     {run.manifest.run}  [bold red]not publishable[/]  in {said(run.path)}",
            soft_wrap=True,
        )


def show_reports(console: Console, paths: Sequence[Path]) -> None:
    """Show where the reports are."""
    for path in paths:
        console.print(f"report  {said(path)}", soft_wrap=True)


def show_age(console: Console, run: Run) -> None:
    """Show a warning if the news behind a run is old."""
    for check in run.checks:
        if check.name == "fresh" and check.status == "warn":
            console.print(f"{MARKS['warn']} {check.name} {check.value:.0f}: {check.says}")


FORMATS = ("html", "pdf")


def forecast(
    question: QuestionFile = QUESTION,
    as_of: AsOf = None,
    runs: RunsFolder = RUNS,
    seed: Seed = None,
    prior_only: Annotated[
        bool, typer.Option("--prior-only", help="Leave out all news, and the quiet so far.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Fit, check and store a run."""
    with progress_bar(Console(stderr=True)) as progress:
        made = tidings.forecast(question, as_of, runs, seed, progress, prior_only=prior_only)
    if as_json:
        print_json(views.forecast(made))
    else:
        show_run(Console(), made)
    raise typer.Exit(0 if made.manifest.publishable else 1)


def report(
    run: RunName = None,
    to: Annotated[str, typer.Option(help="Formats, with commas.")] = "html,pdf",
    since: Annotated[str | None, typer.Option(help="An earlier run: say what moved.")] = None,
    brief: Annotated[bool, typer.Option("--brief", help="Page one alone.")] = False,
    paper: Annotated[str, typer.Option(help="Of the PDF: a4 or letter.")] = "a4",
    renderer: Renderer = "auto",
    out: Out = None,
    question: AskedQuestion = None,
    runs: RunsFolder = RUNS,
    as_json: AsJson = False,
) -> None:
    """Render a stored run."""
    formats = [part.strip() for part in to.split(",")]
    for one in formats:
        if one not in FORMATS:
            raise UsageError(f"--to: got {one!r}; expected {nearest(one, FORMATS)}")
    paths = tidings.report(
        run,
        runs,
        formats,
        out,
        since,
        brief=brief,
        paper=paper,
        question=question,
        renderer=renderer,
    )
    if as_json:
        print_json(views.report(paths))
    else:
        show_reports(Console(), paths)


def run(
    question: QuestionFile = QUESTION,
    as_of: AsOf = None,
    runs: RunsFolder = RUNS,
    seed: Seed = None,
    renderer: Renderer = "auto",
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Check, forecast and report: the main job."""
    with progress_bar(Console(stderr=True)) as progress:
        made, paths = tidings.run(question, as_of, runs, seed, progress, out, renderer=renderer)
    if as_json:
        print_json(views.forecast(made, paths))
    else:
        show_run(Console(), made)
        show_reports(Console(), paths)
    raise typer.Exit(0 if made.manifest.publishable else 1)
