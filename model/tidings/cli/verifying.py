"""The command doctor: what is wrong with stored runs, what was left behind, and clearing it."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

import tidings
from tidings.api.project import QUESTION, RUNS
from tidings.cli.asking import confirm
from tidings.cli.options import AsJson, QuestionFile, RunsFolder, Yes, print_json
from tidings.cli.telling import said
from tidings.reporting import views


def doctor(
    question: QuestionFile = QUESTION,
    runs: RunsFolder = RUNS,
    clear: Annotated[bool, typer.Option("--clear", help="Delete what was left behind.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Verify stored runs, and find what was left behind."""
    console = Console(stderr=as_json)
    found = tidings.doctor(question, runs)
    for one in found.findings:
        where = f"[yellow]{one.kind}[/] {said(one.path)}: {said(one.says)}"
        console.print(where, highlight=False, soft_wrap=True)
    left = [one for one in found.findings if one.clearable]
    cleared: tuple[Path, ...] = ()
    if left and clear:
        confirm(console, yes, f"delete {len(left)} leftovers?")
        cleared = tidings.clear(found)
        console.print(f"deleted {len(cleared)} leftovers")
    elif left:
        console.print(f"{len(left)} may be deleted: tidings doctor --clear")
    if as_json:
        print_json(views.doctor(found, cleared))
    elif not found.findings:
        console.print(f"{found.runs} runs are as they were written; nothing was left behind")
    raise typer.Exit(0 if len(left) == len(found.findings) else 1)
