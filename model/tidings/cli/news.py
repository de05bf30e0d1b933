"""Commands for news: add, retract, preview."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.prompt import Confirm

from tidings import commands, terminal
from tidings.cli.options import (
    AsJson,
    QuestionFile,
    RunName,
    RunsFolder,
    Yes,
    print_json,
    read_day,
)
from tidings.cli.prompting import ask_item, confirm, effect_of
from tidings.drafting import HYPOTHETICAL, Likeness
from tidings.errors import UsageError
from tidings.evidence import Item

if TYPE_CHECKING:
    pass

__all__ = ["COMMANDS"]


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
FromFile = Annotated[
    Path | None, typer.Option("--from", help="A CSV file with columns of the ledger.")
]


def _cells(
    *,
    actor: str = "",
    outcomes: str = "",
    claim: str = "",
    face_value: str = "",
    push: str = "",
    grade: str = "",
    **others: str,
) -> dict[str, str]:
    """Return the columns that flags gave, without the blank ones."""
    if grade and len(grade) != 2:
        raise UsageError(f"--grade: got {grade!r}; expected a letter A to F and a digit 1 to 6")
    cells = {
        **others, "actor": actor, "outcomes": outcomes, "claim": claim,
        "face_value": face_value, "push": push,
        "source_reliability": grade[:1].upper(), "credibility": grade[1:],
    }  # fmt: skip
    return {name: cell for name, cell in cells.items() if cell}


def add(
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
    milestone: Annotated[str, typer.Option(help="The stage it documents.")] = "",
    note: Annotated[str, typer.Option(help="Anything else.")] = "",
    identifier: Annotated[str, typer.Option("--id", help="Its name [from the claim].")] = "",
    file: FromFile = None,
    question: QuestionFile = commands.QUESTION,
    runs: RunsFolder = commands.RUNS,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Record an item, or many from a file, and show what it does before it is kept."""
    given = _cells(
        actor=actor, outcomes=outcomes, claim=claim, face_value=face_value, push=push,
        grade=grade, speaker=speaker, voice=voice, date=when, published=published,
        source=source, via=via, url=url, story=story, milestone=milestone, note=note,
        id=identifier,
    )  # fmt: skip
    console = Console(stderr=as_json)
    if file is None and not yes and sys.stdin.isatty():
        given = ask_item(console, commands.check(question), given)
    drafted = _drafted(given, file, question)
    items = tuple(
        _settled(console, item, alike, (question, runs, yes or not sys.stdin.isatty()))
        for item, alike in zip(drafted.items, drafted.alike, strict=True)
    )
    effect = effect_of(console, lambda: commands.preview(items, None, question, runs))
    if effect is not None:
        terminal.show_preview(console, effect)
    for item in items:
        terminal.show_item(console, item)
    confirm(console, yes, f"record {len(items)} item{'s' * (len(items) > 1)}?")
    ledger = commands.add(items, question)
    if as_json:
        kept = [{"id": item.id, "story": item.story} for item in items]
        print_json({"added": kept, "preview": effect.to_json() if effect else None})
    console.print(f"recorded in {ledger}; now rerun: tidings run")


def retract(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="The item.")],
    why: Annotated[str, typer.Option(help="The reason; it is kept in the ledger.")],
    when: Annotated[str, typer.Option("--on", help="From when on it is out [today].")] = "",
    question: QuestionFile = commands.QUESTION,
    runs: RunsFolder = commands.RUNS,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Withdraw an item without erasing it, and show what that does."""
    day = read_day(when) if when else date.today()
    console = Console(stderr=as_json)
    effect = effect_of(
        console, lambda: commands.preview_retraction(identifier, day, question, runs)
    )
    if effect is not None:
        terminal.show_preview(console, effect)
    confirm(console, yes, f"withdraw {identifier} from {day} on?")
    ledger = commands.retract(identifier, why, day, question)
    if as_json:
        print_json({"retracted": identifier, "preview": effect.to_json() if effect else None})
    console.print(f"marked in {ledger}; now rerun: tidings run")


def preview(
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
    file: FromFile = None,
    refit: Annotated[bool, typer.Option("--refit", help="Fit again, not reweight.")] = False,
    question: QuestionFile = commands.QUESTION,
    runs: RunsFolder = commands.RUNS,
    as_json: AsJson = False,
) -> None:
    """Show what hypothetical items would do to a run, without a refit."""
    given = _cells(
        actor=actor, outcomes=outcomes, claim=claim, face_value=face_value, push=push,
        grade=grade, speaker=speaker, voice=voice, date=when, story=story,
    )  # fmt: skip
    drafted = _drafted({**HYPOTHETICAL, **given}, file, question)
    effect = commands.preview(drafted.items, run, question, runs, refit=refit)
    if as_json:
        print_json(effect.to_json())
    else:
        terminal.show_preview(Console(), effect)


COMMANDS = (add, retract, preview)


def _drafted(given: Mapping[str, str], file: Path | None, question: Path) -> commands.Draft:
    return (
        commands.draft([given], question) if file is None else commands.draft_file(file, question)
    )


def _settled(
    console: Console, item: Item, alike: list[Likeness], where: tuple[Path, Path, bool]
) -> Item:
    """Ask whether an item belongs to the story of one that it resembles."""
    if not alike:
        return item
    question, runs, silent = where
    first = alike[0]
    merged = replace(item, story=first.item.story)
    terminal.show_likeness(console, item, first)
    if silent:
        kept = merged if first.same_link else item
        console.print(f"{item.id}: story {kept.story}; name another with --story")
        return kept
    for title, one in (("as news of its own", item), (f"in story {merged.story}", merged)):
        effect = effect_of(console, partial(commands.preview, (one,), None, question, runs))
        if effect is not None:
            terminal.show_preview(console, effect, title)
    return merged if Confirm.ask(f"put it in story {merged.story}?", console=console) else item
