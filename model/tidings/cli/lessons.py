"""Commands for other questions: exam, new."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tidings import commands, terminal
from tidings.cli.options import AsJson, QuestionFile, print_json, progress_lines, read_day

__all__ = ["COMMANDS"]


def exam(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Resolved questions.")],
    leave_one_out: Annotated[
        bool, typer.Option("--leave-one-out", help="Learn from the others of the folder.")
    ] = False,
    question: QuestionFile = commands.QUESTION,
    as_json: AsJson = False,
) -> None:
    """Score the model on resolved questions that it has not learned from."""
    console = Console(stderr=True)
    with progress_lines(console) as progress:
        found = commands.exam(folder, question, leave_one_out=leave_one_out, progress=progress)
    if as_json:
        print_json(found.to_json())
    else:
        terminal.show_exam(Console(), found)


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
    question, ledger = commands.new(name, title, ends, deciders, day)
    Console().print(
        f"{question} and {ledger} are there; now open the first, replace what says so, and: "
        f"tidings check --question {question}",
        highlight=False,
    )


COMMANDS = (exam, new)
