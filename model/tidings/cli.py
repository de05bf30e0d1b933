"""The command line: a thin face on the library functions of the same names."""

import json
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from tidings import commands, terminal
from tidings.errors import InputError, TidingsError, UsageError, nearest

__all__ = ["app", "main"]

app = typer.Typer(
    help="Bayesian forecasts that move with the news.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

FORMATS = ("html", "pdf")


def _day(value: str) -> date:
    try:
        return datetime.strptime(value, "%Y-%m-%d").date()
    except ValueError:
        raise typer.BadParameter(f"got {value!r}; expected a day that exists, YYYY-MM-DD") from None


QuestionFile = Annotated[Path, typer.Option("--question", help="The question file.")]
RunsFolder = Annotated[Path, typer.Option("--runs", help="Where runs are kept.")]
AsOf = Annotated[
    date | None,
    typer.Option("--as-of", parser=_day, metavar="DATE", help="When the forecast is made [today]."),
]
Seed = Annotated[int | None, typer.Option(help="Root of all randomness [the config's].", min=0)]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def _print_json(value: Any) -> None:  # noqa: ANN401 - JSON is of any type
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


@app.command()
def check(question: QuestionFile = commands.QUESTION, as_json: AsJson = False) -> None:
    """Validate every input and print every fault."""
    try:
        inputs = commands.check(question)
    except InputError as error:
        if as_json:
            _print_json({"valid": False, "faults": [_fault(one) for one in error.faults]})
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
        _print_json({"valid": True, "faults": [], **counts})
        return
    words = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
    Console().print(f"{question}: no faults in {words}")


def _fault(fault: Any) -> dict[str, object]:  # noqa: ANN401 - a Fault
    return {**vars(fault), "file": str(fault.file)}


@app.command()
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
        _print_json(made.to_json())
    else:
        terminal.show_run(Console(), made)
    raise typer.Exit(0 if made.manifest.publishable else 1)


@app.command()
def report(
    run: Annotated[str | None, typer.Argument(help="Its id or folder [the newest].")] = None,
    to: Annotated[str, typer.Option(help="Formats, with commas.")] = "html,pdf",
    runs: RunsFolder = commands.RUNS,
    as_json: AsJson = False,
) -> None:
    """Render a stored run."""
    formats = [part.strip() for part in to.split(",")]
    for one in formats:
        if one not in FORMATS:
            raise UsageError(f"--to: got {one!r}; expected {nearest(one, FORMATS)}")
    paths = commands.report(run, runs, formats)
    if as_json:
        _print_json({"reports": [str(path) for path in paths]})
    else:
        terminal.show_reports(Console(), paths)


@app.command()
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
        _print_json({**made.to_json(), "reports": [str(path) for path in paths]})
    else:
        terminal.show_run(Console(), made)
        terminal.show_reports(Console(), paths)
    raise typer.Exit(0 if made.manifest.publishable else 1)


@app.command()
def history(runs: RunsFolder = commands.RUNS, as_json: AsJson = False) -> None:
    """Show the runs and the probability of each outcome over time."""
    found = commands.history(runs)
    if not as_json:
        terminal.show_history(Console(), found)
        return
    _print_json(
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
            ]
        }
    )


def main() -> None:
    """Run the command line; expected errors are lines on standard error, never a traceback."""
    try:
        app()
    except TidingsError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        sys.stderr.write(f"tidings: internal fault: {type(error).__name__}: {error}\n")
        sys.exit(3)
