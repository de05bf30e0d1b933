"""Add, retract, preview: commands for news, and how items, previews and moves look."""

from collections.abc import Callable, Sequence
from math import isfinite
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from tidings.cli.forecasts import show_age
from tidings.cli.telling import said
from tidings.evidence.drafting import Likeness
from tidings.evidence.ledger import ITEM_COLUMNS, Item
from tidings.forecasting.tables import K_LIMIT
from tidings.reporting import views
from tidings.reporting.wording import inside_noise, moved, percent, points

if TYPE_CHECKING:
    from tidings.reasons.moves import Move, Moves
    from tidings.reasons.previewing import Preview
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.prompt import Confirm

import tidings
from tidings.api.defaults import QUESTION, RUNS
from tidings.cli.asking import ask_item, confirm, effect_of, forget_draft
from tidings.cli.options import AsJson, QuestionFile, RunName, RunsFolder, Yes, print_json, read_day
from tidings.evidence.drafting import HYPOTHETICAL, with_grade
from tidings.evidence.recording import standing

_SMALL = 0.02
"""Moves below this share of the largest are counted, not named."""
_AT_LEAST = 3
"""So many moves are named even where they are inside noise."""


def show_preview(console: Console, preview: "Preview", title: str = "what it would do") -> None:
    """Show what a change of the ledger would do to each outcome at the headline horizon."""
    run, effect, horizon = preview.run, preview.effect, preview.run.manifest.headline
    at = list(preview.horizons).index(horizon)
    console.print(
        f"[bold]{title}[/], by {preview.horizons[horizon]} ({horizon}), to run {run.manifest.run}"
    )
    if not isfinite(effect.k):
        console.print(
            "[bold red]it cannot be told from the draws of that run[/]: what was certain is not, "
            "or becomes so; fit again with --refit"
        )
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("outcome")
    since = bool(preview.since.any())
    for column in ("now", *(["since the run"] * since), "then", "change, points", ""):
        table.add_column(column, justify="right")
    for row, outcome in enumerate(run.manifest.outcomes):
        passed = [points(preview.since[row, at])] if since else []
        change, error = effect.at(row, at)
        table.add_row(
            said(outcome.title),
            percent(preview.now[row, at]),
            *passed,
            percent(preview.then[row, at]),
            moved(change, error),
            "[dim]noise[/]" if inside_noise(change, error) else "",
        )
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


def shown_effect(
    console: Console, find: Callable[[], "Preview"], title: str = "what it would do"
) -> "Preview | None":
    """Show what a change would do, where that can be told, and return it."""
    effect = effect_of(console, find)
    if effect is not None:
        show_preview(console, effect, title)
    return effect


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
        table.add_row(moved(change, error), "[dim]Monte Carlo noise[/]")
        console.print(table)
    order = "independent of their order" if moves.order_free else "in order of publication"
    again = f"; posterior drawn anew {moves.refits} times" if moves.refits else ""
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


def show_item(console: Console, item: Item) -> None:
    """Show an item that is about to be recorded, in one line and its claim."""
    push = "not graded" if item.push is None else f"push {item.push:+d}"
    console.print(
        f"{item.id}: {item.date}, {item.actor} ({item.voice}) on {';'.join(item.outcomes)}, "
        f"{item.face_value or 'no face value'}, {push}, "
        f"{item.source_reliability}{item.credibility}, story {item.story}, {said(item.source)}",
        highlight=False,
    )
    console.print(f"  {said(item.claim)}", highlight=False)


def show_likeness(console: Console, item: Item, like: Likeness) -> None:
    """Say which item of the ledger a new one resembles."""
    why = "the same link" if like.same_link else f"worded alike ({like.score:.0f} of 100)"
    console.print(
        f"[yellow]looks like[/] {like.item.id} of {like.item.date}, story {like.item.story}: {why}"
    )
    console.print(f"  there  {said(like.item.claim)}", highlight=False)
    console.print(f"  new    {said(item.claim)}", highlight=False)


Actor = Annotated[str, typer.Option(help="Whose willingness it is about, or deal.")]
Outcomes = Annotated[str, typer.Option(help="With ; between them, or any, or retained.")]
Claim = Annotated[str, typer.Option(help="What it says, in your own words.")]
FaceValue = Annotated[str, typer.Option(help="A ledger word; its beginning is enough.")]
Push = Annotated[str, typer.Option(help="-3 to 3; blank: not graded.")]
Grade = Annotated[str, typer.Option(help="Source and item on the Admiralty scale, like B2.")]
Speaker = Annotated[str, typer.Option(help="Who said or did it.")]
Voice = Annotated[str, typer.Option(help="own, counterpart, party, observer [as before].")]
When = Annotated[str, typer.Option("--date", help="When it was said or done [today].")]
Published = Annotated[str, typer.Option(help="When it could first be used [its date].")]
Source = Annotated[str, typer.Option(help="Who reported it [from the link].")]
Url = Annotated[str, typer.Option(help="Where it was read.")]
Story = Annotated[str, typer.Option(help="Items of one event share it [a new one].")]
ExpectedBy = Annotated[str, typer.Option(help="The day by which what it announces is due.")]
FromFile = Annotated[
    Path | None, typer.Option("--from", help="A CSV file with columns of the ledger.")
]


_RENAMED = {"when": "date", "identifier": "id"}


def _given(context: typer.Context) -> dict[str, str]:
    """Return the columns that flags gave, without the blank ones."""
    flags = {_RENAMED.get(name, name): value for name, value in context.params.items()}
    flags = {name: value for name, value in flags.items() if isinstance(value, str)}
    flags = with_grade(flags)
    return {name: flags[name] for name in ITEM_COLUMNS if flags.get(name)}


def add(
    context: typer.Context,
    actor: Actor = "",
    outcomes: Outcomes = "",
    claim: Claim = "",
    face_value: FaceValue = "",
    push: Push = "",
    grade: Grade = "",
    speaker: Speaker = "",
    voice: Voice = "",
    when: When = "",
    published: Published = "",
    source: Source = "",
    via: Annotated[str, typer.Option(help="Through whom it was read.")] = "",
    url: Url = "",
    story: Story = "",
    expected_by: ExpectedBy = "",
    milestone: Annotated[str, typer.Option(help="The stage it documents.")] = "",
    note: Annotated[str, typer.Option(help="Anything else.")] = "",
    identifier: Annotated[str, typer.Option("--id", help="Its name [from the claim].")] = "",
    file: FromFile = None,
    question: QuestionFile = QUESTION,
    runs: RunsFolder = RUNS,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Record an item, or many from a file, and show what it does before it is kept."""
    _record(_given(context), file, (question, runs, yes), as_json)


def _record(
    given: dict[str, str], file: Path | None, where: tuple[Path, Path, bool], as_json: bool
) -> None:
    question, runs, yes = where
    console = Console(stderr=as_json)
    if file is None and not yes and sys.stdin.isatty():
        given = ask_item(console, tidings.check(question), given)
    drafted = _drafted(given, file, question)
    items = tuple(
        _settled(console, item, alike, (question, runs, yes or not sys.stdin.isatty()))
        for item, alike in zip(drafted.items, drafted.alike, strict=True)
    )
    for name in drafted.skipped:
        console.print(f"{name}: in the ledger already, unchanged; skipped")
    if not items:
        console.print("nothing new to record")
        return
    effect = shown_effect(console, lambda: tidings.preview(items, None, question, runs, "needed"))
    for item in items:
        show_item(console, item)
    confirm(console, yes, f"record {len(items)} item{'s' * (len(items) > 1)}?")
    ledger = tidings.add(items, question)
    forget_draft(ledger)
    if as_json:
        print_json(views.added(items, effect))
    _warn_of_dates(console, items)
    console.print(f"recorded in {said(ledger)}; {rerun(question)}")


def rerun(question: Path) -> str:
    """Return how to make the forecast again."""
    flag = "" if question == QUESTION else f" --question {question}"
    return said(f"now rerun: tidings run{flag} (or take it back: tidings undo{flag})")


def _warn_of_dates(console: Console, items: Sequence[Item]) -> None:
    for item in items:
        if item.known > date.today():
            console.print(
                f"[yellow]note[/] {item.id} is known only on {item.known}, after today: no "
                "forecast of today uses it"
            )


def retract(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="The item.")],
    why: Annotated[str, typer.Option(help="The reason; it is kept in the ledger.")],
    when: Annotated[str, typer.Option("--on", help="From when on it is out [today].")] = "",
    question: QuestionFile = QUESTION,
    runs: RunsFolder = RUNS,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Withdraw an item without erasing it, and show what that does."""
    day = read_day(when) if when else date.today()
    console = Console(stderr=as_json)
    standing(tidings.check(question).ledger, identifier)
    effect = shown_effect(
        console, lambda: tidings.preview_retraction(identifier, day, question, runs)
    )
    confirm(console, yes, f"withdraw {identifier} from {day} on?")
    ledger = tidings.retract(identifier, why, day, question)
    if as_json:
        print_json(views.changed("retracted", identifier, effect))
    console.print(f"marked in {said(ledger)}; {rerun(question)}")


def edit(
    context: typer.Context,
    identifier: Annotated[str, typer.Argument(metavar="ID", help="The item.")],
    why: Annotated[str, typer.Option(help="The reason; it is kept in the item's note.")],
    actor: Actor = "",
    outcomes: Outcomes = "",
    claim: Claim = "",
    face_value: FaceValue = "",
    push: Push = "",
    grade: Grade = "",
    speaker: Speaker = "",
    voice: Voice = "",
    when: When = "",
    published: Published = "",
    source: Source = "",
    url: Url = "",
    story: Story = "",
    expected_by: ExpectedBy = "",
    question: QuestionFile = QUESTION,
    runs: RunsFolder = RUNS,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Grade an item anew, or correct it; its note keeps what it was, and why."""
    console = Console(stderr=as_json)
    given = {name: value for name, value in _given(context).items() if name != "id"}
    item = tidings.edit(identifier, given, why, question)
    effect = shown_effect(console, lambda: tidings.preview_edit(item, question, runs))
    show_item(console, item)
    confirm(console, yes, f"change {identifier}?")
    ledger = tidings.record_edit(item, question)
    if as_json:
        print_json(views.changed("edited", identifier, effect))
    console.print(f"changed in {said(ledger)}; {rerun(question)}")


def undo(question: QuestionFile = QUESTION, yes: Yes = False, as_json: AsJson = False) -> None:
    """Take back the last change of the ledger or of a prior."""
    console = Console(stderr=as_json)
    change = tidings.last(question)
    if change is not None:
        confirm(console, yes, f"take back: {change.what}, {change.when:%Y-%m-%d %H:%M} UTC?")
    done = tidings.undo(question)
    if as_json:
        print_json(views.undone(done))
    console.print(f"taken back in {said(done.path)}: {said(done.what)}")


def preview(
    context: typer.Context,
    run: RunName = None,
    actor: Actor = "",
    outcomes: Outcomes = "",
    claim: Claim = "",
    face_value: FaceValue = "",
    push: Push = "",
    grade: Grade = "",
    speaker: Speaker = "",
    voice: Voice = "",
    when: When = "",
    story: Story = "",
    expected_by: ExpectedBy = "",
    file: FromFile = None,
    refit: Annotated[bool, typer.Option("--refit", help="Fit again, not reweight.")] = False,
    question: QuestionFile = QUESTION,
    runs: RunsFolder = RUNS,
    as_json: AsJson = False,
) -> None:
    """Show what hypothetical items would do to a run, without a refit."""
    given = _given(context)
    drafted = _drafted({**HYPOTHETICAL, **given}, file, question)
    effect = tidings.preview(
        drafted.items, run, question, runs, refit="always" if refit else "never"
    )
    if as_json:
        print_json(views.preview(effect))
    else:
        show_preview(Console(), effect)


def _drafted(given: Mapping[str, str], file: Path | None, question: Path) -> tidings.Draft:
    return tidings.draft([given], question) if file is None else tidings.draft_file(file, question)


def _settled(
    console: Console, item: Item, alike: list[Likeness], where: tuple[Path, Path, bool]
) -> Item:
    """Ask whether an item belongs to the story of one that it resembles."""
    if not alike:
        return item
    question, runs, silent = where
    first = alike[0]
    merged = replace(item, story=first.item.story)
    show_likeness(console, item, first)
    if silent:
        kept = merged if first.same_link else item
        console.print(f"{item.id}: story {kept.story}; name another with --story")
        return kept
    for title, one in (("as news of its own", item), (f"in story {merged.story}", merged)):
        shown_effect(console, partial(tidings.preview, (one,), None, question, runs), title)
    return merged if Confirm.ask(f"put it in story {merged.story}?", console=console) else item
