"""Command for examinations: exam."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tidings import commands, terminal
from tidings.cli.options import AsJson, QuestionFile, print_json, progress_lines

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


COMMANDS = (exam,)
