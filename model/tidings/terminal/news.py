"""News in the terminal: items, previews, and the moves between two runs."""

from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from tidings.drafting import Likeness
from tidings.evidence import Item
from tidings.summary import K_LIMIT
from tidings.terminal.runs import show_age
from tidings.wording import inside_noise, moved, percent, points

if TYPE_CHECKING:
    from tidings.moves import Move, Moves
    from tidings.previewing import Preview

__all__ = ["show_item", "show_likeness", "show_moves", "show_preview"]

_SMALL = 0.02
"""Moves below this share of the largest are counted, not named."""
_AT_LEAST = 3
"""So many moves are named even where they are inside noise."""


def show_preview(console: Console, effect: "Preview", title: str = "what it would do") -> None:
    """Show what a change of the ledger would do to each outcome at the headline horizon."""
    run, horizon = effect.run, effect.run.manifest.headline
    at = list(effect.horizons).index(horizon)
    console.print(
        f"[bold]{title}[/], by {effect.horizons[horizon]} ({horizon}), to run {run.manifest.run}"
    )
    if not isfinite(effect.k):
        console.print(
            "[bold red]it cannot be told from the draws of that run[/]: what was certain is not, "
            "or becomes so; fit again with --refit"
        )
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("outcome")
    since = bool(effect.since.any())
    for column in ("now", *(["since the run"] * since), "then", "change, points", ""):
        table.add_column(column, justify="right")
    for row, outcome in enumerate(run.manifest.outcomes):
        passed = [points(effect.since[row, at])] if since else []
        change, error = effect.change[row, at], effect.mcse[row, at]
        table.add_row(
            outcome.title, percent(effect.now[row, at]), *passed, percent(effect.then[row, at]),
            moved(change, error), "[dim]noise[/]" if inside_noise(change, error) else "",
        )  # fmt: skip
    console.print(table)
    if effect.refitted:
        console.print("[dim]fitted again[/]")
    elif effect.trusted:
        console.print(f"[dim]reweighted; Pareto k {effect.k:.2f}, below {K_LIMIT}[/]")
    else:
        console.print(
            f"[bold red]these numbers cannot be trusted[/]: Pareto k {effect.k:.2f} is above "
            f"{K_LIMIT}; fit again with --refit"
        )
    show_age(console, run)


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
            f"\n[bold]{titles[outcome]}[/]  {percent(before)} to {percent(after)}: "
            f"{points(after - before)}"
        )
        table = Table(box=None, pad_edge=False, show_header=False, expand=True)
        table.add_column(justify="right", no_wrap=True)
        table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        *told, noise = moves.moves
        shown = _told_apart(told, (row, at))
        for move in shown:
            change, error = float(move.change[row, at]), float(move.mcse[row, at])
            mark = "[dim]inside noise[/]  " if inside_noise(change, error) else ""
            table.add_row(moved(change, error), mark + _move_title(moves, move))
        left = [move for move in told if move not in shown]
        if left:
            total = sum(float(move.change[row, at]) for move in left)
            table.add_row(points(total), f"[dim]{len(left)} more, smaller or inside noise[/]")
        change, error = float(noise.change[row, at]), float(noise.mcse[row, at])
        table.add_row(moved(change, error), "[dim]Monte Carlo noise[/]")
        console.print(table)
    order = "independent of their order" if moves.order_free else "in order of publication"
    again = f"; posterior drawn anew {moves.refits} times" if moves.refits else ""
    console.print(f"\n[dim]moves {order}; largest Pareto k {moves.k:.2f}{again}[/]")
    show_age(console, moves.new)


def _told_apart(moves: Sequence["Move"], place: tuple[int, int]) -> list["Move"]:
    """Return the moves that explain a change, the largest first; a few, if all are noise."""

    def size(move: "Move") -> float:
        return abs(float(move.change[place]))

    ordered = sorted(moves, key=size, reverse=True)
    outside = [move for move in ordered if not inside_noise(move.change[place], move.mcse[place])]
    shown = [move for move in outside if size(move) >= _SMALL * size(outside[0])]
    inside = [move for move in ordered if move not in outside]
    return shown + inside[: max(0, _AT_LEAST - len(shown))]


def _move_title(moves: "Moves", move: "Move") -> str:
    claim = moves.claims.get(move.id, "")
    return f"{move.kind} {move.id}" + (f"  [dim]{claim}[/]" if claim else "")


def show_item(console: Console, item: Item) -> None:
    """Show an item that is about to be recorded, in one line and its claim."""
    push = "not graded" if item.push is None else f"push {item.push:+d}"
    console.print(
        f"{item.id}: {item.date}, {item.actor} ({item.voice}) on {';'.join(item.outcomes)}, "
        f"{item.face_value or 'no face value'}, {push}, "
        f"{item.source_reliability}{item.credibility}, story {item.story}, {item.source}",
        highlight=False,
    )
    console.print(f"  {item.claim}", highlight=False)


def show_likeness(console: Console, item: Item, like: Likeness) -> None:
    """Say which item of the ledger a new one resembles."""
    why = "the same link" if like.same_link else f"worded alike ({like.score:.0f} of 100)"
    console.print(
        f"[yellow]looks like[/] {like.item.id} of {like.item.date}, story {like.item.story}: {why}"
    )
    console.print(f"  there  {like.item.claim}", highlight=False)
    console.print(f"  new    {item.claim}", highlight=False)
