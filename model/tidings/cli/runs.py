"""Commands that make and show runs: check, forecast, report, run, history."""

from typing import Annotated, Any

import typer
from rich.console import Console

from tidings import commands, terminal
from tidings.cli.options import (
    AsJson,
    AsOf,
    QuestionFile,
    RunName,
    RunsFolder,
    Seed,
    print_json,
)
from tidings.config import TO_BE_REPLACED
from tidings.errors import InputError, UsageError, nearest

__all__ = ["COMMANDS"]

FORMATS = ("html", "pdf")


def check(question: QuestionFile = commands.QUESTION, as_json: AsJson = False) -> None:
    """Validate every input and print every fault."""
    try:
        inputs = commands.check(question)
    except InputError as error:
        if as_json:
            print_json({"valid": False, "faults": [_fault(one) for one in error.faults]})
            raise typer.Exit(error.exit_code) from None
        raise
    counts = {
        "priors": len(inputs.question.priors),
        "claims": len(inputs.question.claims),
        "items": len(inputs.ledger.items),
        "cases": inputs.cases,
        "resolved_questions": len(inputs.resolved),
    }
    if as_json:
        print_json({"valid": True, "faults": [], **counts})
        return
    words = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
    Console().print(f"{question}: no faults in {words}")
    blanks = inputs.question.path.read_text(encoding="utf-8").count(f'"{TO_BE_REPLACED}')
    if blanks:
        Console().print(f"[yellow]note[/] {blanks} reasons still say “{TO_BE_REPLACED}”")


def _fault(fault: Any) -> dict[str, object]:  # noqa: ANN401 - a Fault
    return {**vars(fault), "file": str(fault.file)}


def forecast(
    question: QuestionFile = commands.QUESTION,
    as_of: AsOf = None,
    runs: RunsFolder = commands.RUNS,
    seed: Seed = None,
    as_json: AsJson = False,
) -> None:
    """Fit, check and store a run."""
    with terminal.progress_bar(Console(stderr=True)) as progress:
        made = commands.forecast(question, as_of, runs, seed, progress)
    if as_json:
        print_json(made.to_json())
    else:
        terminal.show_run(Console(), made)
    raise typer.Exit(0 if made.manifest.publishable else 1)


def report(
    run: RunName = None,
    to: Annotated[str, typer.Option(help="Formats, with commas.")] = "html,pdf",
    since: Annotated[str | None, typer.Option(help="An earlier run: say what moved.")] = None,
    runs: RunsFolder = commands.RUNS,
    as_json: AsJson = False,
) -> None:
    """Render a stored run."""
    formats = [part.strip() for part in to.split(",")]
    for one in formats:
        if one not in FORMATS:
            raise UsageError(f"--to: got {one!r}; expected {nearest(one, FORMATS)}")
    paths = commands.report(run, runs, formats, since=since)
    if as_json:
        print_json({"reports": [str(path) for path in paths]})
    else:
        terminal.show_reports(Console(), paths)


def run(
    question: QuestionFile = commands.QUESTION,
    as_of: AsOf = None,
    runs: RunsFolder = commands.RUNS,
    seed: Seed = None,
    as_json: AsJson = False,
) -> None:
    """Check, forecast and report: the main job."""
    with terminal.progress_bar(Console(stderr=True)) as progress:
        made, paths = commands.run(question, as_of, runs, seed, progress)
    if as_json:
        print_json({**made.to_json(), "reports": [str(path) for path in paths]})
    else:
        terminal.show_run(Console(), made)
        terminal.show_reports(Console(), paths)
    raise typer.Exit(0 if made.manifest.publishable else 1)


def history(runs: RunsFolder = commands.RUNS, as_json: AsJson = False) -> None:
    """Show the runs and the probability of each outcome over time."""
    found, unreadable = commands.history(runs), commands.unreadable(runs)
    if not as_json:
        terminal.show_history(Console(), found, unreadable)
        return
    print_json(
        {
            "runs": [
                {
                    "run": one.manifest.run,
                    "question": one.manifest.question,
                    "as_of": str(one.manifest.as_of),
                    "created": one.manifest.created.isoformat(),
                    "publishable": one.manifest.publishable,
                    "horizon": one.manifest.headline,
                    "outcomes": {k: r.mean for k, r in one.at(one.manifest.headline).items()},
                }
                for one in found
            ],
            "unreadable": [str(one) for one in unreadable],
        }
    )


COMMANDS = (check, forecast, report, run, history)
