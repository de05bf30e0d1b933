"""Commands that say why: diff, explain, watch, sensitivity."""

from typing import Annotated

import typer
from rich.console import Console

from tidings import commands, terminal
from tidings.cli.options import AsJson, RunName, RunsFolder, print_json
from tidings.errors import UsageError, nearest
from tidings.runs import Run

__all__ = ["COMMANDS"]

Horizon = Annotated[str, typer.Option(help="Like 12mo [the headline].")]
_SHOWN = 10


def diff(
    old: Annotated[str | None, typer.Argument(help="The earlier run [the one before].")] = None,
    new: Annotated[str | None, typer.Argument(help="The later run [the newest].")] = None,
    horizon: Horizon = "",
    runs: RunsFolder = commands.RUNS,
    as_json: AsJson = False,
) -> None:
    """Show the moves between two runs, item by item, adding up."""
    moves = commands.diff(old, new, runs)
    named = _horizon(horizon, moves.new, moves.horizons)
    if as_json:
        print_json(moves.to_json(named))
    else:
        terminal.show_moves(Console(), moves, named)


def explain(
    run: RunName = None,
    horizon: Horizon = "",
    runs: RunsFolder = commands.RUNS,
    as_json: AsJson = False,
) -> None:
    """Show what a run rests on: stories, actors, voices, time; and items that conflict."""
    found = commands.explain(run, runs)
    named = _horizon(horizon, found.run, tuple(found.run.manifest.horizons))
    if as_json:
        print_json(found.to_json(named))
    else:
        terminal.show_explanation(Console(), found, named)


def watch(
    run: RunName = None,
    horizon: Horizon = "",
    every: Annotated[bool, typer.Option("--all", help="Show all, not the first ten.")] = False,
    runs: RunsFolder = commands.RUNS,
    as_json: AsJson = False,
) -> None:
    """Show which news would matter most next."""
    found = commands.watch(run, runs)
    named = _horizon(horizon, found.run, tuple(found.run.manifest.horizons))
    if as_json:
        print_json(found.to_json(named))
    else:
        terminal.show_watch(Console(), found, named, len(found.news) if every else _SHOWN)


def sensitivity(
    run: RunName = None,
    outcome: Annotated[str, typer.Option(help="Whose forecast [the likeliest change].")] = "",
    horizon: Horizon = "",
    threshold: Annotated[
        float, typer.Option(help="The chance that it is to pass, for tipping points.", min=0, max=1)
    ] = 0.05,
    refit: Annotated[bool, typer.Option("--refit", help="Fit again where weights fail.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Show all, not the first ten.")] = False,
    runs: RunsFolder = commands.RUNS,
    as_json: AsJson = False,
) -> None:
    """Show which priors a run hangs on, where they quarrel with evidence, and what would tip it."""
    found = commands.sensitivity(
        run, outcome or None, horizon or None, threshold, runs, refit=refit
    )
    if as_json:
        print_json(found.to_json())
    else:
        count = len(found.priors.tilts) if every else _SHOWN
        terminal.show_sensitivity(Console(), found.priors, found.tipping, count)


def _horizon(asked: str, run: Run, known: tuple[str, ...]) -> str:
    named = asked or run.manifest.headline
    if named not in known:
        raise UsageError(f"--horizon: got {named!r}; expected {nearest(named, known)}")
    return named


COMMANDS = (diff, explain, watch, sensitivity)
