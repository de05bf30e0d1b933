"""Add, retract, edit, undo: commands for news, and how items and moves look."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.prompt import Confirm

import tidings
from tidings.api.project import QUESTION, RUNS
from tidings.cli.asking import ask_or_keep, confirm, forget_draft, need_consent
from tidings.cli.options import AsJson, QuestionFile, RunsFolder, Yes, print_json, read_day
from tidings.cli.previewing import (
    Actor,
    Claim,
    ExpectedBy,
    FaceValue,
    FromFile,
    Grade,
    Outcomes,
    Published,
    Push,
    Source,
    Speaker,
    Story,
    Url,
    Voice,
    When,
    drafted,
    given_cells,
    shown_effect,
)
from tidings.cli.telling import said
from tidings.evidence.drafting import Likeness
from tidings.evidence.ledger import Item
from tidings.evidence.recording import standing
from tidings.reporting import views

if TYPE_CHECKING:
    pass


def show_item(console: Console, item: Item) -> None:
    """Show an item that is about to be recorded, in one line, with its claim."""
    push = "not graded" if item.push is None else f"push {item.push:+d}"
    console.print(
        f"{item.id}: {item.date}, {item.actor} ({item.voice}) on {';'.join(item.outcomes)}, "
        f"{item.face_value or 'no face value'}, {push}, "
        f"{item.source_reliability}{item.credibility}, story {item.story}, {said(item.source)}",
        highlight=False,
    )
    console.print(f"  {said(item.claim)}", highlight=False)


def show_likeness(console: Console, item: Item, like: Likeness) -> None:
    """Show which item of the ledger a new one resembles."""
    why = "the same link" if like.same_link else f"worded alike ({like.score:.0f} of 100)"
    console.print(
        f"[yellow]looks like[/] {like.item.id} of {like.item.date}, story {like.item.story}: {why}"
    )
    console.print(f"  there  {said(like.item.claim)}", highlight=False)
    console.print(f"  new    {said(item.claim)}", highlight=False)


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
    """Record an item, or many from a file, and show what it does before it is kept.

    What is left out: the date is today, and that of publication the same; the source comes from the
    link, the voice from earlier items of the speaker, the name from the claim; the story is new.
    """
    _record(given_cells(context), file, (question, runs, yes), as_json)


def _record(
    cells: dict[str, str], file: Path | None, where: tuple[Path, Path, bool], as_json: bool
) -> None:
    question, runs, yes = where
    need_consent(yes, "record it?")
    console = Console(stderr=as_json)
    if file is None and not yes and sys.stdin.isatty():
        cells = ask_or_keep(console, tidings.check(question), cells)
    draft = drafted(cells, file, question)
    items = tuple(
        _settled(console, item, alike, (question, runs, yes or not sys.stdin.isatty()))
        for item, alike in zip(draft.items, draft.alike, strict=True)
    )
    for name in draft.skipped:
        console.print(f"{name}: in the ledger already, unchanged; skipped")
    if not items:
        console.print("nothing new to record")
        return
    effect = shown_effect(
        console, lambda: tidings.preview(items, None, question, runs, "needed"), question
    )
    for item in items:
        show_item(console, item)
    confirm(console, yes, f"record {len(items)} item{'s' * (len(items) > 1)}?")
    ledger = tidings.add(items, question)
    forget_draft(ledger)
    if as_json:
        print_json(views.added(items, effect))
    _warn_of_dates(console, items)
    console.print(f"recorded in {said(ledger)}; {rerun(question)}", soft_wrap=True)


def rerun(question: Path) -> str:
    """Return how to make the forecast again."""
    flag = "" if question == QUESTION else f" --question {question}"
    return said(
        f"now rerun as of today: tidings run{flag} (another day: --as-of; take it back: tidings "
        f"undo{flag})"
    )


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
    need_consent(yes, f"withdraw {identifier} from {day} on?")
    console = Console(stderr=as_json)
    standing(tidings.check(question).ledger, identifier)
    effect = shown_effect(
        console, lambda: tidings.preview_retraction(identifier, day, question, runs), question
    )
    confirm(console, yes, f"withdraw {identifier} from {day} on?")
    ledger = tidings.retract(identifier, why, day, question)
    if as_json:
        print_json(views.changed("retracted", identifier, effect))
    console.print(f"it counts until {day}; forecasts as of earlier dates keep it (see --on)")
    console.print(f"marked in {said(ledger)}; {rerun(question)}", soft_wrap=True)


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
    """Change the grade of an item, or correct it; its note keeps what it was, and why.

    What is left out stays as it is.
    """
    need_consent(yes, f"change {identifier}?")
    console = Console(stderr=as_json)
    cells = {name: value for name, value in given_cells(context).items() if name != "id"}
    item = tidings.edit(identifier, cells, why, question)
    effect = shown_effect(console, lambda: tidings.preview_edit(item, question, runs), question)
    show_item(console, item)
    confirm(console, yes, f"change {identifier}?")
    ledger = tidings.record_edit(item, question)
    if as_json:
        print_json(views.changed("edited", identifier, effect))
    console.print(f"changed in {said(ledger)}; {rerun(question)}", soft_wrap=True)


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
        find = partial(tidings.preview, (one,), None, question, runs, "needed")
        shown_effect(console, find, question, title)
    return merged if Confirm.ask(f"put it in story {merged.story}?", console=console) else item
