"""Diff: the moves between two runs, and how they look in a terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

import tidings
from tidings.api.project import RUNS
from tidings.cli.forecasts import show_age
from tidings.cli.options import AsCsv, AsJson, AskedQuestion, Horizon, RunsFolder, horizon_of, show
from tidings.cli.telling import said
from tidings.reporting import views
from tidings.reporting.wording import inside_noise, moved, percent, points

if TYPE_CHECKING:
    from tidings.reasons.attribution import Move, Moves

_SMALL = 0.02
"""Moves below this share of the largest are counted, not named."""
_AT_LEAST = 3
"""So many moves are named even where they are inside noise."""


def show_moves(console: Console, moves: "Moves", horizon: str) -> None:
    """Show, for each outcome, what moved it, the largest first; they add up to the change."""
    at, new = moves.horizons.index(horizon), moves.new.manifest
    console.print(
        f"[bold]what moved[/], {horizon}: from {moves.old.manifest.run} to {new.run}, in points"
    )
    titles = {one.id: one.title for one in new.outcomes}
    for row, outcome in enumerate(moves.outcomes):
        before, after = moves.before[row, at], moves.after[row, at]
        console.print(
            f"\n[bold]{said(titles[outcome])}[/]  {percent(before)} to {percent(after)}: "
            f"{points(after - before)}"
        )
        table = Table(box=None, pad_edge=False, show_header=False, expand=True)
        table.add_column(justify="right", no_wrap=True)
        table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        *told, noise = moves.moves
        shown = _told_apart(told, (row, at))
        for move in shown:
            change, error = move.effect.at(row, at)
            mark = "[dim]inside noise[/]  " if inside_noise(change, error) else ""
            table.add_row(moved(change, error), mark + _move_title(moves, move))
        left = [move for move in told if move not in shown]
        if left:
            total = sum(float(move.effect.change[row, at]) for move in left)
            table.add_row(points(total), f"[dim]{len(left)} more, smaller or inside noise[/]")
        change, error = noise.effect.at(row, at)
        table.add_row(
            moved(change, error), "[dim]error of the split: what two sets of draws differ by[/]"
        )
        console.print(table)
    order = "told apart in any order" if moves.order_free else "told apart in order of publication"
    again = f"; posterior refitted {moves.refits} times" if moves.refits else ""
    console.print(f"\n[dim]moves {order}; largest Pareto k {moves.k:.2f}{again}[/]")
    show_age(console, moves.new)


def _told_apart(moves: Sequence["Move"], place: tuple[int, int]) -> list["Move"]:
    """Return the moves that explain a change, the largest first; a few, if all are noise."""

    def size(move: "Move") -> float:
        return abs(float(move.effect.change[place]))

    ordered = sorted(moves, key=size, reverse=True)
    outside = [move for move in ordered if not inside_noise(*move.effect.at(*place))]
    shown = [move for move in outside if size(move) >= _SMALL * size(outside[0])]
    inside = [move for move in ordered if move not in outside]
    return shown + inside[: max(0, _AT_LEAST - len(shown))]


def _move_title(moves: "Moves", move: "Move") -> str:
    claim = moves.claims.get(move.id, "")
    return f"{move.kind} {move.id}" + (f"  [dim]{said(claim)}[/]" if claim else "")


def diff(
    old: Annotated[str | None, typer.Argument(help="The earlier run [the one before].")] = None,
    new: Annotated[str | None, typer.Argument(help="The later run [the newest].")] = None,
    horizon: Horizon = "",
    question: AskedQuestion = None,
    runs: RunsFolder = RUNS,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show the moves between two runs, item by item, adding up."""
    moves = tidings.diff(old, new, runs, question)
    named = horizon_of(horizon, moves.new, moves.horizons)
    show(
        (as_json, as_csv),
        moves.table,
        lambda: views.diff(moves, named),
        lambda: show_moves(Console(), moves, named),
    )
