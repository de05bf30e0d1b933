"""The priors commands: show, set, learn, plot."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

import tidings
from tidings.api.project import QUESTION, RENDERED, RUNS
from tidings.cli.asking import confirm, need_consent
from tidings.cli.learning import show_lessons
from tidings.cli.news import rerun
from tidings.cli.options import AsJson, QuestionFile, RunsFolder, Yes, print_json, progress_lines
from tidings.cli.previewing import shown_effect
from tidings.cli.telling import said
from tidings.forecasting.runs import Run
from tidings.question.loading import Question
from tidings.reporting import views
from tidings.reporting.wording import YARDSTICK_TITLES, is_chance, prior_number

if TYPE_CHECKING:
    from tidings.reasons.engine import Refit
    from tidings.reporting.prior_cards import PriorCard, Spread

_IN_FULL = 8
"""Up to so many priors are shown as cards, more as a table."""


def show_priors(
    console: Console, cards: Sequence["PriorCard"], question: Question, run: Run | None
) -> None:
    """Show priors with their sources and what a run made of them."""
    after = f"after the evidence of run {run.manifest.run}" if run else "no run yet"
    console.print(
        f"[bold]{said(question.config.title)}[/]  priors in {said(question.path)}; {after}"
    )
    if len(cards) > _IN_FULL:
        _show_table(console, cards)
        meanings = {card.name.partition(".")[0]: card.meaning for card in cards}
        for family, meaning in meanings.items():
            console.print(f"[dim]{family}: {meaning}[/]", highlight=False)
        console.print(f"[dim]one in full: tidings priors show {cards[0].name}[/]")
    else:
        for card in cards:
            _show_card(console, card, question)


def _show_table(console: Console, cards: Sequence["PriorCard"]) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("prior", overflow="fold")
    for column in ("median", "middle 90 %", "after", "middle 90 %", "moved, sd"):
        table.add_column(column, justify="right")
    above = ""
    for card in cards:
        family, _, last = card.name.rpartition(".")
        if family and family != above:
            table.add_row(f"{family}.")
        above = family
        before = _cells(card, card.prior)
        after = _cells(card, card.posterior) if card.posterior else ("", "")
        if card.fixed:
            before, after = (before[0], "[dim]fixed[/]"), ("", "")
        moved = "" if card.moved is None else f"{round(card.moved, 1) + 0.0:+.1f}"
        table.add_row(f"  {last}" if family else last, *before, *after, moved)
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
        console.print(f"  source     {said(source.value)}{weight}{alone}", highlight=False)
        if pooled:
            console.print(f"    because  {said(source.because)}", highlight=False)
        for claim in source.claims:
            cited = f", citing {said(claim.cited)}" if claim.cited else ""
            note = f" ({said(claim.note)})" if claim.note else ""
            console.print(
                f"    claim    {claim.id}, paragraph {claim.paragraph}, sentence {claim.sentence}"
                f"{cited}, {claim.status}: {said(claim.claim)}[dim]{note}[/]",
                highlight=False,
            )
    console.print(f"  because    {said(card.because)}", highlight=False)
    if not card.fixed:
        spread = f"{_line(card, card.prior)}{_word(card, question)}"
        console.print(f"  prior      {spread}", highlight=False)
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


app = typer.Typer(
    help="The priors: where each comes from, and what the evidence made of it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def show(
    name: Annotated[
        str | None, typer.Argument(help="Its name or its beginning, like willingness.moscow [all].")
    ] = None,
    run: Annotated[str | None, typer.Option(help="Whose posterior [the newest].")] = None,
    question: QuestionFile = QUESTION,
    runs: RunsFolder = RUNS,
    as_json: AsJson = False,
) -> None:
    """Show priors in words and numbers, with source, claim and posterior."""
    shown = tidings.priors(name, run, question, runs)
    if as_json:
        print_json(views.priors(shown.cards, shown.run))
    else:
        show_priors(Console(), shown.cards, shown.question, shown.run)


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
    question: QuestionFile = QUESTION,
    runs: RunsFolder = RUNS,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Edit a prior in its file, with a reason, and show what that does before it is kept."""
    need_consent(yes, f"write {name}?")
    console = Console(stderr=as_json)
    named = None if claims is None else [one.strip() for one in claims.split(";")]
    edit = tidings.edit_prior(name, value, because, yardstick, named, question)
    how: Refit = "always" if refit else "needed"
    effect = shown_effect(console, lambda: tidings.preview_prior(edit, runs, how), question)
    for line in edit.lines():
        console.print(line, highlight=False, markup=False)
    confirm(console, yes, f"write it into {said(edit.path)}?")
    edit.write()
    if as_json:
        print_json(views.changed("prior", name, effect))
    console.print(f"written to {said(edit.path)}; {rerun(question)}", soft_wrap=True)


@app.command()
def learn(question: QuestionFile = QUESTION, as_json: AsJson = False) -> None:
    """Learn again from resolved questions and cases (ten minutes), and examine what was learned."""
    console = Console(stderr=True)
    with progress_lines(console) as progress:
        lessons, files = tidings.learn(question, progress)
    if as_json:
        print_json(views.learn(lessons, files))
    else:
        show_lessons(Console(), lessons, files)


@app.command()
def plot(
    name: Annotated[
        str | None, typer.Argument(help="Its name or its beginning, like willingness.moscow [all].")
    ] = None,
    run: Annotated[str | None, typer.Option(help="Whose posterior [the newest].")] = None,
    to: Annotated[str, typer.Option(help="svg, png or pdf.")] = "svg",
    folder: Annotated[Path, typer.Option("--folder", help="Where figures go.")] = RENDERED,
    question: QuestionFile = QUESTION,
    runs: RunsFolder = RUNS,
) -> None:
    """Draw priors: densities before and after evidence, words, and what the priors alone say."""
    console = Console()
    for path in tidings.plot_priors(name, run, question, runs, folder, to):
        console.print(said(path), highlight=False, soft_wrap=True)
