"""Priors in the terminal: a table of all, or cards of a few."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from tidings.question import Question
from tidings.runs import Run
from tidings.wording import YARDSTICK_TITLES, is_chance, prior_number

if TYPE_CHECKING:
    from tidings.prior_cards import PriorCard, Spread

__all__ = ["show_priors"]

_IN_FULL = 8
"""Up to so many priors are shown as cards, more as a table."""


def show_priors(
    console: Console, cards: Sequence["PriorCard"], question: Question, run: Run | None
) -> None:
    """Show priors with their sources and what a run made of them."""
    after = f"after the evidence of run {run.manifest.run}" if run else "no run yet"
    console.print(f"[bold]{question.config.title}[/]  priors in {question.path}; {after}")
    if len(cards) > _IN_FULL:
        _show_table(console, cards)
        console.print(f"[dim]one in full: tidings priors show {cards[0].name}[/]")
    else:
        for card in cards:
            _show_card(console, card, question)


def _show_table(console: Console, cards: Sequence["PriorCard"]) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("prior", overflow="fold")
    for column in ("median", "middle 90 %", "after", "middle 90 %", "moved, sd"):
        table.add_column(column, justify="right")
    for card in cards:
        before = _cells(card, card.prior)
        after = _cells(card, card.posterior) if card.posterior else ("", "")
        if card.fixed:
            before, after = (before[0], "[dim]fixed[/]"), ("", "")
        moved = "" if card.moved is None else f"{round(card.moved, 1) + 0.0:+.1f}"
        table.add_row(card.name, *before, *after, moved)
    console.print(table)


def _cells(card: "PriorCard", spread: "Spread") -> tuple[str, str]:
    median, low, high = (
        prior_number(card.name, value) for value in (spread.q50, spread.q05, spread.q95)
    )
    return median, f"{low} – {high}"


def _show_card(console: Console, card: "PriorCard", question: Question) -> None:
    console.print(f"\n[bold]{card.name}[/]  {card.meaning}", highlight=False)
    pooled = len(card.sources) > 1
    for source in card.sources:
        weight = f", weight {source.weight:g}" if pooled else ""
        alone = f": {_line(card, source.spread)}" if pooled else ""
        console.print(f"  source     {source.value}{weight}{alone}", highlight=False)
        if pooled:
            console.print(f"    because  {source.because}", highlight=False)
        for claim in source.claims:
            cited = f", citing {claim.cited}" if claim.cited else ""
            note = f" ({claim.note})" if claim.note else ""
            console.print(
                f"    claim    {claim.id}, paragraph {claim.paragraph}, sentence {claim.sentence}"
                f"{cited}, {claim.status}: {claim.claim}[dim]{note}[/]",
                highlight=False,
            )
    console.print(f"  because    {card.because}", highlight=False)
    if not card.fixed:
        said = f"{_line(card, card.prior)}{_word(card, question)}"
        console.print(f"  prior      {said}", highlight=False)
    if card.fit_error > 0:
        console.print(f"  fit        misses the quantiles by {card.fit_error:.1%} of their span")
    if card.fixed:
        return
    if card.posterior is None:
        console.print("  posterior  [dim]no run with this prior[/]")
    else:
        moved = f"; the evidence moved it by {round(card.moved or 0.0, 1) + 0.0:+.1f} prior sds"
        console.print(f"  posterior  {_line(card, card.posterior)}{moved}", highlight=False)


def _line(card: "PriorCard", spread: "Spread") -> str:
    median, middle = _cells(card, spread)
    return f"{median}, middle 90 % {middle}"


def _word(card: "PriorCard", question: Question) -> str:
    """Return the word of the report's yardstick for a probability."""
    if not is_chance(card.name):
        return ""
    yardstick = question.config.yardstick
    title = YARDSTICK_TITLES.get(yardstick, yardstick)
    return f" ({question.yardsticks.word(card.prior.q50, yardstick)}, {title})"
