"""Commands for priors: show."""

from typing import Annotated

import typer
from rich.console import Console

from tidings import commands, terminal
from tidings.cli.options import AsJson, QuestionFile, RunsFolder, print_json

__all__ = ["app"]

app = typer.Typer(help="The priors: where each comes from, and what the evidence made of it.",
                  no_args_is_help=True)  # fmt: skip


@app.command()
def show(
    name: Annotated[
        str | None, typer.Argument(help="Its name or its beginning, like willingness.moscow [all].")
    ] = None,
    run: Annotated[str | None, typer.Option(help="Whose posterior [the newest].")] = None,
    question: QuestionFile = commands.QUESTION,
    runs: RunsFolder = commands.RUNS,
    as_json: AsJson = False,
) -> None:
    """Show priors in words and numbers, with source, claim and posterior."""
    shown = commands.priors(name, run, question, runs)
    if as_json:
        run_id = shown.run.manifest.run if shown.run else None
        print_json({"run": run_id, "priors": [card.to_json() for card in shown.cards]})
    else:
        terminal.show_priors(Console(), shown.cards, shown.question, shown.run)
