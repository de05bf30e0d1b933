"""Exam and new: commands about other questions, and what was learned as a person sees it."""

from collections.abc import Iterable, Sequence
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

import tidings
from tidings.api.project import QUESTION
from tidings.cli.options import AsJson, QuestionFile, print_json, progress_lines, read_day
from tidings.cli.telling import said
from tidings.question.sources import LevelRow, ScoreRow
from tidings.reporting import views

if TYPE_CHECKING:
    from tidings.trust.cross_validation import Examination
    from tidings.trust.learning_priors import Lessons


def show_exam(console: Console, examination: "Examination") -> None:
    """Show the scores of an examination by horizon, and the gain by question."""
    rows = examination.score_rows()
    console.print(_scores(rows))
    console.print(
        "[dim]log scores and Brier scores, the lower the better; event: that anything "
        "has changed[/]"
    )
    console.print(_levels(examination.level_rows()))
    console.print(
        "[dim]expected and seen: share with a change; constant: the best in hindsight, which knows "
        "the level; two: a hazard of two parameters; every month: open windows weighted[/]"
    )
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("gain in log score of the event", overflow="fold")
    gain = examination.gains()
    for months in gain.columns:
        table.add_column(f"{months}mo", justify="right")
    for question, values in zip(gain.index, gain.to_numpy(), strict=True):
        cells = [f"{value:+.3f}" if isfinite(value) else "" for value in values]
        table.add_row(str(question), *cells)
    console.print(table)


def _scores(rows: Iterable[ScoreRow]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in (
        "horizon",
        "log",
        "log event",
        "base rate",
        "gain ± se",
        "Brier",
        "Brier event",
        "base rate",
        "status quo",
        "n",
    ):
        table.add_column(column, justify="right")
    for row in rows:
        se = "" if row.log_gain_se is None else f" ± {row.log_gain_se:.3f}"
        table.add_row(
            f"{row.months}mo",
            f"{row.log:.3f}",
            f"{row.log_event:.3f}",
            f"{row.log_base:.3f}",
            f"{row.log_gain:+.3f}{se}",
            f"{row.brier:.3f}",
            f"{row.brier_event:.3f}",
            f"{row.brier_base:.3f}",
            f"{row.brier_status_quo:.3f}",
            str(row.n),
        )
    return table


def _levels(rows: Iterable[LevelRow]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("dates")
    for column in (
        "horizon", "expected", "seen", "log event", "two", "constant", "± se", "slope", "AUC", "n",
    ):  # fmt: skip
        table.add_column(column, justify="right")
    for row in rows:
        optional = (row.gain_se, row.calibration_slope, row.auc)
        rest = ["" if value is None else f"{value:.3f}" for value in optional]
        table.add_row(
            row.dates,
            f"{row.months}mo",
            f"{row.expected:.3f}",
            f"{row.seen:.3f}",
            f"{row.log_event:.3f}",
            "" if row.log_two_parameters is None else f"{row.log_two_parameters:.3f}",
            f"{row.log_constant:.3f}",
            *rest,
            str(row.n),
        )
    return table


def show_lessons(console: Console, lessons: "Lessons", files: Sequence[Path]) -> None:
    """Show what was learned and how it fared, and where it was written."""
    learned = lessons.learned
    console.print(
        f"[bold]{learned.question}[/]  learned from {len(learned.resolved)} resolved questions and "
        f"{learned.cases} cases (trusted to the power {learned.trust:g})"
    )
    show_exam(console, lessons.examination)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("cases predicted without their owner's", "model", "base rate", "gain ± se", "n"):
        table.add_column(column, justify="left" if "cases" in column else "right")
    for row in learned.class_scores:
        gain = f"{row.pooled - row.model:+.3f} ± {row.gain_se:.3f}"
        table.add_row(row.part, f"{row.model:.3f}", f"{row.pooled:.3f}", gain, str(row.n))
    console.print(table)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("quantity", "median", "middle 90 %"):
        table.add_column(column, justify="left" if column == "quantity" else "right")
    for name, quantity in learned.quantities.items():
        low, middle, high = (quantity.normal.quantile(p) for p in (0.05, 0.5, 0.95))
        table.add_row(name, f"{middle:.2g}", f"{low:.2g} – {high:.2g}")
    console.print(table)
    for name, value in learned.settings.items():
        console.print(f"{name} {value:g}", highlight=False)
    console.print("written: " + ", ".join(map(said, files)), highlight=False)


def exam(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Resolved questions.")],
    leave_one_out: Annotated[
        bool, typer.Option("--leave-one-out", help="Learn from the others of the folder.")
    ] = False,
    question: QuestionFile = QUESTION,
    as_json: AsJson = False,
) -> None:
    """Score the model on resolved questions that it has not learned from."""
    console = Console(stderr=True)
    with progress_lines(console) as progress:
        examination = tidings.exam(folder, question, leave_one_out=leave_one_out, progress=progress)
    if as_json:
        print_json(views.exam(examination))
    else:
        show_exam(Console(), examination)


def new(
    name: Annotated[str, typer.Argument(help="Its id; the file is priors/NAME.toml.")],
    title: Annotated[str | None, typer.Option(help="The question in words.")] = None,
    outcomes: Annotated[str, typer.Option(help="Ends but the status quo, with , between.")] = (
        "happened"
    ),
    actors: Annotated[str, typer.Option(help="Who must agree, with , between.")] = "decider",
    clock_start: Annotated[
        str, typer.Option(help="When an end first became possible [today].")
    ] = "",
) -> None:
    """Write a commented starting config for another question, and its empty ledger."""
    ends, deciders = ([one.strip() for one in text.split(",")] for text in (outcomes, actors))
    day = read_day(clock_start) if clock_start else None
    question, ledger = tidings.new(name, title, ends, deciders, day)
    Console().print(
        f"{question} and {ledger} are there; now open the first, replace what says so, and: "
        f"tidings check --question {question}",
        highlight=False,
    )
