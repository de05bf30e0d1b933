"""Asking in the terminal: for an item, with the allowed words on screen, and for consent."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from math import exp, tanh
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.prompt import Confirm, Prompt
from rich.table import Table

from tidings.cli.telling import said, told
from tidings.errors import UsageError
from tidings.evidence.drafting import completed, whole_word
from tidings.evidence.inputs import Inputs
from tidings.evidence.ledger import Item, cell_fault
from tidings.names import ANY, DEAL, RETAINED
from tidings.question.loading import Question
from tidings.question.yardsticks import LEDGER

if TYPE_CHECKING:
    from tidings.reasons.previewing import Preview

_RECENT_DAYS = 60
_SHOWN = 8
"""So many items known before are shown at most: the scale must stay on the screen."""
_SCALE = {
    "-3": "cuts the odds to below a quarter",
    "-2": "to about a half or less",
    "-1": "lowers them",
    "0": "expected, or said before",
    "+1": "raises them",
    "+2": "doubles them or more",
    "+3": "raises them fourfold or more",
}
_VOICES = {
    "own": "the actor that the item is about",
    "counterpart": "another actor of the question, about it",
    "party": "an actor, about the matter as a whole",
    "observer": "anybody else",
}
_FROM_BEFORE = {
    "source": "who reported it",
    "voice": "who speaks",
    "source_reliability": "grade of the source",
}
"""Cells that earlier items of the same site, speaker or source answer."""
_RELIABILITY = "A reliable, B usually, C fairly, D not usually, E unreliable, F unknown"
_CREDIBILITY = "1 confirmed by others, 2 probable, 3 possible, 4 doubtful, 5 improbable, 6 unknown"


def effect_of(console: Console, find: Callable[[], "Preview"]) -> "Preview | None":
    """Return a preview, or say why there is none: much can be written before the first run."""
    try:
        return find()
    except UsageError as error:
        console.print(f"[yellow]note[/] its effect cannot be shown: {said(told(error))}")
        return None


def need_consent(yes: bool, what: str) -> None:
    """Stop before doing any work if nobody can be asked for confirmation.

    Raises
    ------
    UsageError
        If what is asked for could not be agreed to in the end.
    """
    if not yes and not sys.stdin.isatty():
        raise UsageError(f"{what} there is no terminal to ask in; say it with --yes")


def confirm(console: Console, yes: bool, what: str) -> None:
    """Ask before something is written; stop if the answer is no, or there is no terminal."""
    if yes:
        return
    need_consent(yes, what)
    if not Confirm.ask(what, console=console):
        console.print("nothing was written")
        raise typer.Exit(0)


class _Asker:
    """Asks for the cells of one item: each answer is checked as it is given, and kept.

    An item that was left half asked can be taken up again.
    """

    def __init__(self, console: Console, inputs: Inputs, given: Mapping[str, str]) -> None:
        self.console, self.inputs = console, inputs
        path = inputs.ledger.path
        self.kept = path.with_name(f".{path.name}.draft")
        self.cells = {**self._taken_up(), **given}

    def _taken_up(self) -> dict[str, str]:
        """Return the answers of an item that was left, if they are wanted."""
        try:
            before = json.loads(self.kept.read_text(encoding="utf-8"))
            told = said(before.get("claim") or before.get("url"))
            wanted = Confirm.ask(f"take up the item that was left ({told})?", console=self.console)
        except (OSError, ValueError, AttributeError):
            return {}
        if not wanted:
            return {}
        kept = {str(name): str(cell) for name, cell in before.items()}
        for name, cell in kept.items():
            self.console.print(f"  {said(name)}: {said(cell)}", highlight=False)
        self.console.print("  [dim]to answer one of these anew, give it as an option[/]")
        return kept

    def ask(
        self,
        name: str,
        text: str,
        allowed: Sequence[str] | Mapping[str, str] = (),
        default: str = "",
    ) -> None:
        """Ask for one cell, again and again until it can be in a ledger.

        What may be answered is shown first, on one line, or with what each means on a line each.
        """
        if name in self.cells:
            return
        if isinstance(allowed, Mapping):
            for word, means in allowed.items():
                self.console.print(f"  {word}  [dim]{said(means)}[/]", highlight=False)
        elif allowed:
            self.console.print(f"[dim]{', '.join(allowed)}[/]", highlight=False)
        config, words = self.inputs.question.config, self.inputs.question.yardsticks
        while True:
            answer = Prompt.ask(
                said(text), console=self.console, default=default, show_default=bool(default)
            ).strip()
            if name == "face_value":
                answer = whole_word(answer, words.phrases(LEDGER))
            expected = cell_fault(name, answer, config, words)
            if expected is None:
                break
            self.console.print(
                f"[red]{said(name)}: got {said(repr(answer))}; expected {said(expected)}[/]"
            )
        self.cells[name] = answer
        with suppress(OSError):
            self.kept.write_text(json.dumps(self.cells), encoding="utf-8")


def forget_draft(ledger: Path) -> None:
    """Drop the answers of an item that has been recorded."""
    ledger.with_name(f".{ledger.name}.draft").unlink(missing_ok=True)


def ask_item(console: Console, inputs: Inputs, given: Mapping[str, str]) -> dict[str, str]:
    """Ask for what flags did not give.

    Returns
    -------
    dict of str to str
        Columns of the ledger; what may be left blank may be.
    """
    asker = _Asker(console, inputs, given)
    ask, cells, config = asker.ask, asker.cells, inputs.question.config
    ask("url", "link")
    ask("claim", "what it says, in your own words")
    ask("date", "day", default=str(date.today()))
    ask("speaker", "who said or did it (blank: nobody named)")
    actors = {actor.id: actor.title for actor in config.actors}
    ask("actor", "whose willingness it is about", {**actors, DEAL: "no single one: the matter"})
    outcomes = {one.id: f"{one.title}. {one.resolution}" for one in config.outcomes}
    ask("outcomes", "which outcomes, with ; between them", {**outcomes, ANY: "any change"})
    if cells["actor"] != DEAL:
        words = inputs.question.yardsticks.phrases(LEDGER)
        ask("face_value", "taken alone, how likely does it make their agreement?", words)
    _show_recent(console, inputs, cells)
    ask("push", _push_question(inputs, cells["outcomes"]))
    full = completed(cells, inputs.ledger, inputs.question.yardsticks, date.today())
    known = {
        name: full[name] for name in _FROM_BEFORE if full[name] and not cells.get(name, "").strip()
    }
    cells.update(known)
    for name, cell in known.items():
        console.print(
            f"  [dim]{_FROM_BEFORE[name]}: {said(cell)}, as in earlier items[/]", highlight=False
        )
    ask(
        "expected_by",
        "the day by which what it announces is due, a vote or a delivery (blank: none)",
    )
    ask("source", "who reported it")
    ask("voice", "who speaks", _VOICES)
    ask("source_reliability", f"the source: {_RELIABILITY}", list("ABCDEF"))
    ask("credibility", f"the item: {_CREDIBILITY}", list("123456"))
    return dict(cells)


def ask_or_keep(console: Console, inputs: Inputs, given: Mapping[str, str]) -> dict[str, str]:
    """Ask for an item as `ask_item` does; who stops in between is told that the answers are kept.

    Raises
    ------
    KeyboardInterrupt
        If the asking is stopped.
    """
    try:
        return ask_item(console, inputs, given)
    except (KeyboardInterrupt, EOFError):
        console.print("\nthe answers so far are kept: tidings add takes them up again")
        raise KeyboardInterrupt from None


def _push_question(inputs: Inputs, outcomes: str) -> str:
    """Return the question for the push in plain words."""
    titles = {outcome.id: outcome.title for outcome in inputs.question.config.outcomes}
    named = [part.strip() for part in outcomes.split(";")]
    if {ANY, RETAINED} & set(named):
        what = "any change of the status quo"
    else:
        what = " or ".join(f"“{titles.get(name, name)}”" for name in named)
    return (
        f"compared with yesterday, does this make {what} within a year more or less likely, "
        "and how much? (blank: not graded)"
    )


def _worth(question: Question) -> str:
    """Return what steps of push were learned to come to within a year, beside the words for them.

    A push fades, so that its factor is the mean over the year's days of what is felt on each.
    """
    told = ", ".join(
        f"{push:+d} \u00d7{factor:.2g}" for push, factor in yearly_factors(question).items()
    )
    return f"what such steps have come to within a year, as learned: {told}; grade by the words"


def yearly_factors(question: Question) -> dict[int, float]:
    """Return by what a fresh push of an A1 item multiplies its outcome's rate within a year."""
    from tidings.evidence.pressure import MOST

    news = question.config.news
    slopes = [question.priors[name].quantile(0.5) for name in ("push_slope", "counter_slope")]
    lives = (news.half_life_days, news.counter_half_life_days)
    factors = {}
    for push in (-3, -2, -1, 1, 2, 3):
        way = 0 if push > 0 else 1
        felt = MOST * tanh(push / MOST) * slopes[way]
        days = [exp(felt * 2 ** (-day / lives[way])) for day in range(_YEAR)]
        factors[push] = sum(days) / len(days)
    return factors


_YEAR = 365


def _show_recent(console: Console, inputs: Inputs, cells: Mapping[str, str]) -> None:
    """Show what was known before, two graded items as examples, the scale, and what it is worth."""
    recent, earlier = _recent(inputs.ledger.items, cells)
    if recent:
        more = f" (and {earlier} more within {_RECENT_DAYS} days)" if earlier else ""
        table = Table(title=f"known before{more}", box=None, pad_edge=False, header_style="dim")
        for column in ("date", "actor", "outcomes", "push", "claim"):
            table.add_column(column)
        for item in recent:
            push = "" if item.push is None else f"{item.push:+d}"
            table.add_row(
                str(item.date), item.actor, ";".join(item.outcomes), push, said(item.claim)
            )
        console.print(table)
    graded = [item for item in inputs.ledger.items if item.push is not None]
    strong = [item for item in graded if abs(item.push or 0) >= 2]
    expected = [item for item in graded if item.push == 0]
    for item in (*strong[-1:], *expected[-1:]):
        console.print(
            f"  example: {item.push:+d}  {item.date}  {said(item.claim)}", highlight=False
        )
    for step, says in _SCALE.items():
        console.print(f"  {step:>2}  {says}", highlight=False)
    console.print(f"  [dim]{_worth(inputs.question)}[/]", highlight=False)


def _recent(items: Sequence[Item], cells: Mapping[str, str]) -> tuple[list[Item], int]:
    """Return the newest items of the weeks before, of the same actor or outcomes first.

    Where there are none, the three newest before; and how many of the weeks are not among them.
    """
    try:
        day = date.fromisoformat(cells["date"])
    except ValueError:
        return [], 0
    about = {part.strip() for part in cells["outcomes"].split(";")}
    before = sorted((item for item in items if item.date <= day), key=lambda item: item.date)
    near = [item for item in before if item.date >= day - timedelta(days=_RECENT_DAYS)]

    def related(item: Item) -> bool:
        return item.actor == cells["actor"] or bool(about & set(item.outcomes))

    ranked = sorted(near, key=lambda item: (related(item), item.date))[-_SHOWN:]
    shown = sorted(ranked, key=lambda item: item.date)
    return shown or before[-3:], len(near) - len(shown)
