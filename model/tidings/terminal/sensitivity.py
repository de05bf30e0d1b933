"""Sensitivity in the terminal: a tornado, what prior and evidence quarrel about, tipping points."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from tidings.names import DEAL
from tidings.question import load_question
from tidings.wording import (
    inside_noise,
    item_tip_sentence,
    percent,
    points,
    prior_tip_sentence,
    target_words,
)

if TYPE_CHECKING:
    from tidings.tilts import Sensitivity, Tilt
    from tidings.tipping import PriorTip, Tipping

__all__ = ["show_sensitivity"]

_BAR = 8


def show_sensitivity(
    console: Console, found: "Sensitivity", tipping: "Tipping", count: int
) -> None:
    """Show what a run hangs on, for one outcome at one horizon."""
    manifest = found.run.manifest
    now = percent(found.run.at(tipping.horizon)[tipping.outcome].mean)
    title = next(one.title for one in manifest.outcomes if one.id == tipping.outcome)
    console.print(
        f"[bold]{title}[/] {now} by {manifest.horizons[tipping.horizon]}, run {manifest.run}",
        highlight=False,
    )
    _show_tornado(console, found, (tipping.outcome, tipping.horizon), count)
    _show_scaled(console, found)
    _show_tipping(console, found, tipping)


def _show_tornado(console: Console, found: "Sensitivity", at: tuple[str, str], count: int) -> None:
    row, column = found.place(*at)
    pairs = found.tornado(*at)
    largest = max(abs(float(one.change[row, column])) for pair in pairs for one in pair)
    console.print("\nEach prior moved by one sd of itself, in points:")
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("prior", min_width=42, overflow="fold")
    for heading in ("down", "", "", "up"):
        table.add_column(heading, justify="right" if heading != "up" else "left")
    shown = [pair for pair in pairs if any(_telling(one, row, column) for one in pair)]
    for pair in shown[:count]:
        changes = [float(one.change[row, column]) for one in pair]
        bars = ["█" * max(1, round(_BAR * abs(value) / largest)) for value in changes]
        colours = ["#D55E00" if value < 0 else "#0072B2" for value in changes]
        cells = [_cell(one, row, column) for one in pair]
        table.add_row(
            pair[0].prior, cells[0], f"[{colours[0]}]{bars[0]}[/]",
            f"[{colours[1]}]{bars[1]}[/]", cells[1],
        )  # fmt: skip
    console.print(table)
    rest = len(pairs) - len(shown[:count])
    if rest:
        console.print(f"[dim]{rest} priors move it less[/]")
    worst = max(one.k for one in found.tilts)
    again = [one for one in found.tilts if not one.trusted]
    told = f"; {len(again)} cannot be trusted (marked ?): --refit draws them anew" if again else ""
    console.print(f"[dim]largest Pareto k {worst:.2f}{told}[/]")


def _telling(one: "Tilt", row: int, column: int) -> bool:
    return not inside_noise(float(one.change[row, column]), float(one.mcse[row, column]))


def _cell(one: "Tilt", row: int, column: int) -> str:
    return points(float(one.change[row, column])) + ("" if one.trusted else " ?")


def _show_scaled(console: Console, found: "Sensitivity") -> None:
    conflicts = [one for one in found.priors if one.verdict == "conflict"]
    console.print("\nPriors and evidence (power-scaling, as ArviZ's psense):")
    for one in conflicts:
        console.print(
            f"  [yellow]conflict[/] {one.name}: the evidence moved it by {one.moved_sd:+.1f} prior "
            f"sds, and it hangs on both (prior {one.prior:.2f}, likelihood {one.likelihood:.2f}, "
            f"k {one.k:.2f})",
            highlight=False,
        )
    if not conflicts:
        console.print("  no conflict between a prior and the evidence")
    alone = [one.name for one in found.priors if one.verdict == "prior"]
    if alone:
        console.print(f"  the evidence tells nothing of {len(alone)}: {', '.join(alone)}")
    each = "; ".join(
        f"{one.name} {one.prior:.2f} and {one.likelihood:.2f}" for one in found.outcomes
    )
    console.print(f"  sensitivity of the forecasts to priors and to likelihood: {each}",
                  highlight=False)  # fmt: skip


def _show_tipping(console: Console, found: "Sensitivity", tipping: "Tipping") -> None:
    titles = {one.id: one.title for one in found.run.manifest.outcomes}
    actors = load_question(found.run.question_file).config
    for target in tipping.targets:
        console.print(f"\n[bold]{target_words(target, titles)}[/]", highlight=False)
        tips = [one for one in tipping.priors if one.target == target]
        for tip in sorted((one for one in tips if one.value is not None), key=_distance):
            console.print(f"  {prior_tip_sentence(tip)}", highlight=False)
        _show_cannot(console, [one for one in tips if one.value is None])
        for item in (one for one in tipping.items if one.target == target):
            who = "the deal" if item.actor == DEAL else actors.actor(item.actor).title
            console.print(f"  {item_tip_sentence(item, who.partition(':')[0])}", highlight=False)


def _distance(tip: "PriorTip") -> float:
    """Return how much of the way to the end of its reach a prior has to go."""
    end = tip.high if tip.above else tip.low
    return abs((tip.value or 0.0) - tip.now) / max(abs(end - tip.now), 1e-12)


def _show_cannot(console: Console, tips: Sequence["PriorTip"]) -> None:
    sure = [one for one in tips if one.trusted]
    unsure = [one.prior for one in tips if not one.trusted]
    if sure:
        console.print(
            f"  no value within three prior sds (fewer where the evidence speaks "
            f"against it) of {len(sure)} other priors does it"
        )
    if unsure:
        console.print(f"  weights cannot tell of {', '.join(unsure)}")
