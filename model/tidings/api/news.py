"""Commands for news: draft, add, retract, preview."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tidings._tables import read_loosely
from tidings._writing import LastChange, last_change
from tidings._writing import undo as put_back
from tidings.api.defaults import QUESTION, RUNS, When, Where, day_of
from tidings.errors import UsageError
from tidings.evidence.drafting import (
    GRADE,
    Likeness,
    completed,
    likenesses,
    plain_day,
    whole_word,
    with_grade,
)
from tidings.evidence.inputs import read_inputs
from tidings.evidence.ledger import ITEM_COLUMNS, Item, Ledger, read_items
from tidings.evidence.recording import (
    add_items,
    cells_of,
    edit_item,
    edited,
    retract_item,
    standing,
)
from tidings.forecasting.runs import find_run
from tidings.question.loading import Question, beside, load_question, load_settings
from tidings.question.yardsticks import LEDGER

if TYPE_CHECKING:
    from tidings.reasons.engine import Refit
    from tidings.reasons.previewing import Preview


@dataclass(frozen=True)
class Draft:
    """Items that are not in the ledger yet.

    Attributes
    ----------
    question : Question
        The question they are about.
    ledger : Ledger
        As it stands.
    items : tuple of Item
        Valid, completed.
    alike : tuple of list of Likeness
        For each of them, items of other stories that may be about the same event.
    skipped : tuple of str
        Ids of records that stand in the ledger already, unchanged.
    """

    question: Question
    ledger: Ledger
    items: tuple[Item, ...]
    alike: tuple[list[Likeness], ...]
    skipped: tuple[str, ...] = ()


def draft(
    records: Sequence[Mapping[str, str]],
    question: Where = QUESTION,
    place: Where = Path("new item"),
    lines: Sequence[int] | None = None,
) -> Draft:
    """Complete and check items that are to be recorded or tried out.

    Parameters
    ----------
    records : sequence of mapping of str to str
        The columns of the ledger that are given.
    question : Path
        The question file.
    place : Path
        What faults call the place where the records stand.
    lines : sequence of int, optional
        Their lines there.

    Raises
    ------
    InputError
        With every fault of every item, or of the ledger.
    """
    question, place = Path(question), Path(place)
    inputs = read_inputs(question)
    ledger, words = inputs.ledger, inputs.question.yardsticks
    full: list[tuple[int | None, dict[str, str]]] = []
    for number, cells in enumerate(records):
        taken = [one["id"] for _, one in full]
        line = None if lines is None else lines[number]
        full.append((line, completed(cells, ledger, words, date.today(), taken)))
    items = read_items(place, full, ledger, inputs.question.config, words)
    alike = tuple(likenesses(item, ledger) for item in items)
    return Draft(inputs.question, ledger, items, alike)


def draft_file(path: Where, question: Where = QUESTION) -> Draft:
    """Complete and check the items of a CSV file that has some or all columns of the ledger.

    Rows that stand in the ledger already, with nothing else in them, are skipped. A column
    ``grade`` may stand for reliability and credibility: ``B2``.

    Raises
    ------
    InputError
        With every fault of the file, or of the ledger.
    """
    path, question = Path(path), Path(question)
    records = [
        (line, with_grade(cells)) for line, cells in read_loosely(path, (*ITEM_COLUMNS, GRADE))
    ]
    inputs = read_inputs(question)
    words = inputs.question.yardsticks.phrases(LEDGER)
    there_already = {item.id: cells_of(item) for item in inputs.ledger.items}
    told = {_report_of(cells): cells for cells in there_already.values()}
    new, known = [], []
    for line, cells in records:
        there = there_already.get(cells.get("id", "").strip()) or told.get(_report_of(cells))
        if there is not None and _says_the_same(there, cells, words):
            known.append(there["id"])
        else:
            new.append((line, cells))
    if records and not new:
        return Draft(inputs.question, inputs.ledger, (), (), tuple(known))
    made = draft([cells for _, cells in new], question, path, [line for line, _ in new])
    return replace(made, skipped=tuple(known))


def _report_of(cells: Mapping[str, str]) -> tuple[str, str] | None:
    """Return what makes two rows without ids one report: link and claim; None without a link."""
    url, claim = (cells.get(name, "").strip() for name in ("url", "claim"))
    return (url, claim) if url else None


def _says_the_same(
    there: Mapping[str, str], cells: Mapping[str, str], words: Sequence[str]
) -> bool:
    """Say whether a row has nothing else than an item that is there, cell by cell by value."""
    return all(
        _value(name, there[name], words) == _value(name, cell.strip(), words)
        for name, cell in cells.items()
        if cell.strip()
    )


def _value(name: str, cell: str, words: Sequence[str]) -> object:
    """Return what a cell means: ``+1`` is 1, days are days, outcomes have no order."""
    if name == "outcomes":
        return frozenset(part.strip().lower() for part in cell.split(";"))
    if name in _DAYS:
        return plain_day(cell)
    if name == "face_value":
        return whole_word(cell, words)
    try:
        value = ITEM_COLUMNS[name].read(cell)
    except ValueError:
        return cell.lower()
    return value.lower() if isinstance(value, str) else value


_DAYS = ("date", "published", "expected_by", "retracted")


def edit(identifier: str, changed: Mapping[str, str], why: str, question: Where = QUESTION) -> Item:
    """Make and check an edit of an item: graded anew, or corrected; `record_edit` writes it.

    Parameters
    ----------
    identifier : str
        The item.
    changed : mapping of str to str
        By column of the ledger.
    why : str
        The reason; it is kept in the note with the values that were.
    question : Path
        The question file.

    Raises
    ------
    UsageError
        If there is no such item, it is withdrawn, nothing is changed, or there is no reason.
    InputError
        If the item would have a fault, or the ledger has one.
    """
    question = Path(question)
    inputs = read_inputs(question)
    judged = inputs.question.config, inputs.question.yardsticks
    return edited(inputs.ledger, identifier, changed, why, judged)


def record_edit(item: Item, question: Where = QUESTION) -> Path:
    """Put an edited item in its place in the ledger; returns the ledger.

    Raises
    ------
    UsageError
        If there is no such item, or it is withdrawn.
    InputError
        If the ledger is not valid.
    RunError
        If it cannot be written.
    """
    question = Path(question)
    asked = load_question(question)
    path = _ledger_path(asked)
    edit_item(path, item, asked.config, asked.yardsticks)
    return path


def undo(question: Where = QUESTION) -> LastChange:
    """Take back the last change of the ledger or of a prior; returns it.

    Raises
    ------
    UsageError
        If there is none to take back.
    RunError
        If the file has been changed by hand since, or cannot be written.
    """
    question = Path(question)
    change = last(question)
    if change is None:
        what = "of its priors or its ledger (the last of each is kept)"
        raise UsageError(f"{question}: no change to take back, {what}")
    put_back(change)
    return change


def last(question: Where = QUESTION) -> LastChange | None:
    """Return the last change of the ledger or of a prior that may be taken back.

    Raises
    ------
    InputError
        If the question file has a fault.
    """
    question = Path(question)
    ledger = load_settings(question).files.evidence
    return last_change((question, beside(question, ledger)))


def add(items: Sequence[Item], question: Where = QUESTION) -> Path:
    """Record items at the end of the ledger, all or none; returns the ledger.

    Parameters
    ----------
    items : sequence of Item
        As `draft` makes them.
    question : Path
        The question file.

    Raises
    ------
    InputError
        If an id has been taken in the meantime, or the ledger is not valid.
    RunError
        If the ledger cannot be written.
    """
    question = Path(question)
    asked = load_question(question)
    path = _ledger_path(asked)
    add_items(path, items, asked.config, asked.yardsticks)
    return path


def retract(identifier: str, why: str, on: When | None = None, question: Where = QUESTION) -> Path:
    """Mark an item as withdrawn, from today or another day on; returns the ledger.

    Raises
    ------
    UsageError
        If there is no such item, it is withdrawn already, or there is no reason.
    InputError
        If the day lies before the item was known, or the ledger is not valid.
    RunError
        If the ledger cannot be written.
    """
    question = Path(question)
    on = None if on is None else day_of(on)
    asked = load_question(question)
    path = _ledger_path(asked)
    retract_item(path, identifier, (on or date.today(), why), asked.config, asked.yardsticks)
    return path


def preview(
    items: Sequence[Item],
    name: str | None = None,
    question: Where = QUESTION,
    runs: Where = RUNS,
    refit: "Refit" = "never",
) -> "Preview":
    """Say what items would do to a stored run.

    Parameters
    ----------
    items : sequence of Item
        As `draft` makes them, of the same ledger.
    name : str, optional
        The run; the newest of the question if not given.
    question : Path
        The question file; its ledger as it stands now is what the items are added to.
    runs : Path
        Where runs are kept.
    refit : {"never", "needed", "always"}
        Whether to draw a posterior anew: where weights cannot be trusted, or always.

    Raises
    ------
    UsageError
        If there is no such run.
    InputError, RunError
        If the run or the inputs cannot be read.
    FitError
        If a refit stopped.
    """
    question, runs = Path(question), Path(runs)
    inputs = read_inputs(question)
    run = find_run(runs, name, inputs.question.config.id)
    from tidings.reasons.previewing import preview_items

    return preview_items(run, items, inputs.ledger, refit)


def preview_retraction(
    identifier: str,
    on: When | None = None,
    question: Where = QUESTION,
    runs: Where = RUNS,
    refit: "Refit" = "needed",
) -> "Preview":
    """Say what the withdrawal of an item would do to the newest run.

    Raises
    ------
    UsageError
        If there is no run.
    InputError, RunError
        If the run or the inputs cannot be read.
    """
    question, runs = Path(question), Path(runs)
    on = None if on is None else day_of(on)
    from tidings.reasons.previewing import preview_ledger

    inputs = read_inputs(question)
    day, ledger = on or date.today(), inputs.ledger
    standing(ledger, identifier)
    run = find_run(runs, None, inputs.question.config.id)
    without = tuple(
        replace(item, retracted=day, retracted_why="preview") if item.id == identifier else item
        for item in ledger.items
    )
    after = replace(ledger, items=without)
    return preview_ledger(run, ledger, after, day, refit)


def preview_edit(
    item: Item, question: Where = QUESTION, runs: Where = RUNS, refit: "Refit" = "needed"
) -> "Preview":
    """Say what an edited item would do to the newest run of the question.

    Raises
    ------
    UsageError
        If there is no run.
    InputError, RunError
        If the run or the inputs cannot be read.
    FitError
        If a refit stopped.
    """
    question, runs = Path(question), Path(runs)
    from tidings.reasons.previewing import preview_ledger

    inputs = read_inputs(question)
    run, ledger = find_run(runs, None, inputs.question.config.id), inputs.ledger
    items = tuple(item if one.id == item.id else one for one in ledger.items)
    after = replace(ledger, items=items)
    return preview_ledger(run, ledger, after, max(run.manifest.as_of, item.known), refit)


def _ledger_path(question: Question) -> Path:
    path = question.file("evidence")
    if path is None:
        raise UsageError(f"{question.path}: names no file of evidence")
    return path
