"""Reasons in the terminal: what a forecast rests on, and which news to watch for."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.table import Table

from tidings.question import load_question
from tidings.terminal.runs import show_age
from tidings.wording import inside_noise, moved, percent, watch_sentences

if TYPE_CHECKING:
    from tidings.explaining import Effect, Explanation
    from tidings.surprises import Surprise
    from tidings.watching import Watch

__all__ = ["show_explanation", "show_watch"]

_OUTCOMES = 3
"""So many outcomes are named beside each part."""


def show_explanation(console: Console, found: "Explanation", horizon: str) -> None:
    """Show what a run rests on at one horizon."""
    manifest, at = found.run.manifest, list(found.run.manifest.horizons).index(horizon)
    console.print(f"[bold]what the forecast rests on[/], {horizon}, run {manifest.run}")
    naive = ", ".join(
        f"{one.title} {percent(float(value))}"
        for one, value in zip(manifest.outcomes, found.naive[:, at], strict=True)
    )
    console.print(
        f"{found.articles} articles, {found.stories} independent reports. "
        f"Counting every article by itself would say: {naive}."
    )
    console.print("\nThe forecast minus that without each part, in points:", highlight=False)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("part", "items", "changes the chance of"):
        table.add_column(column)
    quiet: dict[str, int] = {}
    for effect in (*found.of("time"), *found.of("actor"), *found.of("voice"), *found.of("story")):
        told = "; ".join(_largest(found, effect, at))
        if told:
            table.add_row(f"{effect.basis} {effect.id}", str(len(effect.items) or ""), told)
        else:
            quiet[effect.basis] = quiet.get(effect.basis, 0) + 1
    console.print(table)
    for basis, count in quiet.items():
        console.print(f"[dim]{basis}: {count} more, all inside Monte Carlo noise[/]")
    _show_surprises(console, found)
    again = f"; posterior drawn anew {found.refits} times" if found.refits else ""
    console.print(f"\n[dim]largest Pareto k {found.k:.2f}{again}[/]")
    show_age(console, found.run)


def _largest(found: "Explanation", effect: "Effect", at: int) -> Iterator[str]:
    """Yield the outcomes that a part changes most, outside noise."""
    change, mcse = effect.change[:, at], effect.mcse[:, at]
    ordered = sorted(range(len(change)), key=lambda row: -abs(change[row]))
    outside = [row for row in ordered if not inside_noise(change[row], mcse[row])]
    for row in outside[:_OUTCOMES]:
        title = found.run.manifest.outcomes[row].title
        yield f"{title} {moved(float(change[row]), float(mcse[row]))}"


def _show_surprises(console: Console, found: "Explanation") -> None:
    by_chance = found.examined * found.limit
    console.print(
        f"\nItems that conflict with the others: {len(found.surprises)} of {found.examined} are "
        f"less than {percent(found.limit)} probable given all the others, "
        f"where {by_chance:.0f} would be by chance."
    )
    for one in found.surprises:
        console.print(f"  {one.item}  {_verdict(one)}")
        console.print(f"    [dim]{found.claims[one.item]}[/]", highlight=False)


def _verdict(one: "Surprise") -> str:
    way = "more" if one.higher else "less"
    against = f"; conflicts with {', '.join(one.conflicts)}" if one.conflicts else ""
    return f"{percent(one.probability)} probable: {way} willing than the others say{against}"


def show_watch(console: Console, found: "Watch", horizon: str, count: int) -> None:
    """Show which news would matter most next, in words."""
    manifest, at = found.run.manifest, list(found.run.manifest.horizons).index(horizon)
    question = load_question(found.run.question_file)
    console.print(
        f"[bold]which news would matter most next[/], {horizon}, run {manifest.run}\n"
        "[dim]chances are for the month to come; bits: how much it may tell about the outcome[/]"
    )
    for place, one in enumerate(found.news[:count], start=1):
        bits = np.format_float_positional(one.bits[at] * 1000, precision=2, fractional=False)
        console.print(f"\n{place}. {watch_sentences(one, found, question, at)}", highlight=False)
        trust = "" if one.trusted else " [red]weights cannot be trusted; try tidings preview[/]"
        console.print(f"   [dim]{bits} thousandths of a bit[/]{trust}")
    left = len(found.news) - count
    if left > 0:
        console.print(f"\n[dim]{left} more with --all[/]")
    show_age(console, found.run)
