"""The command check, apart from the others: it is run most often, and needs the least."""

from typing import Annotated

import typer

import tidings
from tidings._text import visible
from tidings.api.project import QUESTION
from tidings.cli.options import AsJson, QuestionFile, print_json
from tidings.errors import InputError
from tidings.question.schema import TO_BE_REPLACED
from tidings.reporting import views


def check(
    question: QuestionFile = QUESTION,
    every: Annotated[bool, typer.Option("--all", help="Print every fault.")] = False,
    as_json: AsJson = False,
) -> None:
    """Validate every input and print its faults: the first 20, and a count by kind."""
    try:
        inputs = tidings.check(question)
    except InputError as error:
        if as_json:
            print_json(views.check(None, error.faults))
            raise typer.Exit(error.exit_code) from None
        if every:
            from tidings.cli.telling import all_told

            typer.echo(all_told(error), err=True)
            raise typer.Exit(error.exit_code) from None
        raise
    if as_json:
        print_json(views.check(inputs))
        return
    words = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in views.counts(inputs).items())
    typer.echo(f"{visible(str(question))}: no faults in {words}")
    left = len(inputs.question.undefined) + len(inputs.question.unreasoned)
    if left:
        say = "text still says" if left == 1 else "texts still say"
        typer.echo(f"note: {left} {say} “{TO_BE_REPLACED}”")
