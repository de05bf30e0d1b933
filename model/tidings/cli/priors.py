"""Commands for priors: show, set, learn, plot."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tidings import commands, terminal
from tidings.cli.options import (
    AsJson,
    QuestionFile,
    RunsFolder,
    Yes,
    print_json,
    progress_lines,
)
from tidings.cli.prompting import confirm, effect_of

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


@app.command("set")
def set_prior(
    name: Annotated[str, typer.Argument(help="Its name, like willingness.moscow.ukraine.")],
    value: Annotated[
        str, typer.Argument(help="A word, quantiles like p05=0.1,p95=0.4, or a number: certain.")
    ],
    because: Annotated[str, typer.Option(help="The reason; it is kept in the file.")],
    yardstick: Annotated[str | None, typer.Option(help="Whose word [as before].")] = None,
    claims: Annotated[str | None, typer.Option(help="With ; between them [as before].")] = None,
    refit: Annotated[bool, typer.Option("--refit", help="Fit again, not reweight.")] = False,
    question: QuestionFile = commands.QUESTION,
    runs: RunsFolder = commands.RUNS,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Edit a prior in its file, with a reason, and show what that does before it is kept."""
    console = Console(stderr=as_json)
    named = None if claims is None else [one.strip() for one in claims.split(";")]
    edit = commands.edit_prior(name, value, because, yardstick, named, question)
    effect = effect_of(console, lambda: commands.preview_prior(edit, runs, refit=refit))
    if effect is not None and not effect.trusted:
        console.print(f"weights cannot tell (Pareto k {effect.k:.2f}): drawing the posterior anew")
        effect = commands.preview_prior(edit, runs, refit=True)
    if effect is not None:
        terminal.show_preview(console, effect)
    for line in edit.lines():
        console.print(line, highlight=False, markup=False)
    confirm(console, yes, f"write it into {edit.path}?")
    edit.write()
    if as_json:
        print_json({"prior": name, "preview": effect.to_json() if effect else None})
    console.print(f"written to {edit.path}; now rerun: tidings run")


@app.command()
def learn(question: QuestionFile = commands.QUESTION, as_json: AsJson = False) -> None:
    """Learn again from resolved questions and cases (two minutes), and examine what was learned."""
    console = Console(stderr=True)
    with progress_lines(console) as progress:
        lessons, files = commands.learn(question, progress)
    if as_json:
        print_json(
            {"learned": lessons.learned.model_dump(mode="json"), "files": [*map(str, files)]}
        )
    else:
        terminal.show_lessons(Console(), lessons, files)


@app.command()
def plot(
    name: Annotated[
        str | None, typer.Argument(help="Its name or its beginning, like willingness.moscow [all].")
    ] = None,
    run: Annotated[str | None, typer.Option(help="Whose posterior [the newest].")] = None,
    to: Annotated[str, typer.Option(help="svg, png or pdf.")] = "svg",
    folder: Annotated[Path, typer.Option("--folder", help="Where figures go.")] = commands.RENDERED,
    question: QuestionFile = commands.QUESTION,
    runs: RunsFolder = commands.RUNS,
) -> None:
    """Draw priors: densities before and after evidence, words, and what the priors alone say."""
    console = Console()
    for path in commands.plot_priors(name, run, question, runs, folder, to):
        console.print(str(path), highlight=False)
