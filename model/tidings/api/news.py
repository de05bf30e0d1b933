"""News: draft, add, retract, edit, undo, and previews of them.

See `tidings.api.project` for the arguments that all of them share.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tidings._tables import read_loosely
from tidings._writing import LastChange, last_change
from tidings._writing import undo as put_back
from tidings.api.project import QUESTION, RUNS, Project, When, Where, day_of
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
from tidings.evidence.ledger import ITEM_COLUMNS, Item, Ledger, read_items
from tidings.evidence.recording import (
    add_items,
    cells_of,
    edit_item,
    edited,
    retract_item,
    standing,
)
from tidings.question.loading import Question, beside, load_settings
from tidings.question.yardsticks import LEDGER

if TYPE_CHECKING:
    from tidings.reasons.engine import Refit
    from tidings.reasons.previewing import Preview


@dataclass(frozen=True)
class Draft:
    """Items that are not in the ledger yet.

    ``alike`` has for each of them the items of other stories that may be about the same event;
    ``skipped`` the ids of records that stand in the ledger already, unchanged.
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

    Examples
    --------
    >>> import tidings as td
    >>> td.draft([{"url": "https://tass.com/1", "actor": "moscow"}])  # doctest: +SKIP
    """
    place, inputs = Path(place), Project.of(question).inputs()
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

    Examples
    --------
    >>> import tidings as td
    >>> td.draft_file("news.csv").items  # doctest: +SKIP
    """
    path = Path(path)
    records = [
        (line, with_grade(cells)) for line, cells in read_loosely(path, (*ITEM_COLUMNS, GRADE))
    ]
    inputs = Project.of(question).inputs()
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
    """Return whether a row says the same as an item that is there, cell by cell by value."""
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
    """Make and check an edit of an item: graded again, or corrected; `record_edit` writes it.

    ``changed`` is by column of the ledger; the note keeps the reason and the values that were.

    Raises
    ------
    UsageError
        If there is no such item, it is withdrawn, nothing is changed, or there is no reason.
    InputError
        If the item would have a fault, or the ledger has one.

    Examples
    --------
    >>> import tidings as td
    >>> td.edit("some-item", {"push": "2"}, "Confirmed since.")  # doctest: +SKIP
    """
    inputs = Project.of(question).inputs()
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

    Examples
    --------
    >>> import tidings as td
    >>> td.record_edit(td.edit("some-item", {"push": "2"}, "Confirmed."))  # doctest: +SKIP
    """
    path, asked = _ledger_of(question)
    edit_item(path, item, asked.config, asked.yardsticks)
    return path


def undo(question: Where = QUESTION) -> LastChange:
    """Take back the last change of the ledger or of a prior; returns it.

    Raises
    ------
    UsageError
        If there is none to take back.
    InputError, RunError
        If the file has been changed by hand since, or cannot be read or written.

    Examples
    --------
    >>> import tidings as td
    >>> td.undo()  # doctest: +SKIP
    """
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

    Examples
    --------
    >>> import tidings as td
    >>> td.last()  # doctest: +SKIP
    """
    file = Project.of(question).file
    return last_change((file, beside(file, load_settings(file).files.evidence)))


def add(items: Sequence[Item], question: Where = QUESTION) -> Path:
    """Record items, as `draft` makes them, at the end of the ledger, all or none; returns it.

    Raises
    ------
    InputError
        If an id has been taken in the meantime, or the ledger is not valid.
    RunError
        If the ledger cannot be written.

    Examples
    --------
    >>> import tidings as td
    >>> td.add(td.draft_file("news.csv").items)  # doctest: +SKIP
    """
    path, asked = _ledger_of(question)
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

    Examples
    --------
    >>> import tidings as td
    >>> td.retract("some-item", "The agency withdrew it.")  # doctest: +SKIP
    """
    path, asked = _ledger_of(question)
    retract_item(path, identifier, (day_of(on), why), asked.config, asked.yardsticks)
    return path


def preview(
    items: Sequence[Item],
    name: str | None = None,
    question: Where = QUESTION,
    runs: Where = RUNS,
    refit: "Refit" = "never",
) -> "Preview":
    """Preview what items, as `draft` makes them, would do to a run with today's ledger.

    Raises
    ------
    UsageError
        If there is no such run.
    InputError, RunError
        If the run or the inputs cannot be read.
    FitError
        If a refit stopped.

    Examples
    --------
    >>> import tidings as td
    >>> td.preview(td.draft_file("news.csv").items).table()  # doctest: +SKIP
    """
    from tidings.reasons.previewing import preview_items

    at = Project.of(question, runs)
    inputs = at.inputs()
    run = at.newest(inputs.question.config.id) if name is None else at.run(name)
    return preview_items(run, items, inputs.ledger, refit)


def preview_retraction(
    identifier: str,
    on: When | None = None,
    question: Where = QUESTION,
    runs: Where = RUNS,
    refit: "Refit" = "needed",
) -> "Preview":
    """Preview the withdrawal of an item on the newest run.

    Raises
    ------
    UsageError
        If there is no run, or no such item.
    InputError, RunError, FitError
        If the run or the inputs cannot be read, or a refit stopped.

    Examples
    --------
    >>> import tidings as td
    >>> td.preview_retraction("some-item").table()  # doctest: +SKIP
    """
    ledger, day = Project.of(question).inputs().ledger, day_of(on)
    item = replace(standing(ledger, identifier), retracted=day, retracted_why="preview")
    return _preview_changed(item, day, question, runs, refit)


def preview_edit(
    item: Item, question: Where = QUESTION, runs: Where = RUNS, refit: "Refit" = "needed"
) -> "Preview":
    """Preview an edited item on the newest run of the question.

    Raises
    ------
    UsageError
        If there is no run.
    InputError, RunError, FitError
        If the run or the inputs cannot be read, or a refit stopped.

    Examples
    --------
    >>> import tidings as td
    >>> td.preview_edit(td.edit("some-item", {"push": "2"}, "Confirmed."))  # doctest: +SKIP
    """
    return _preview_changed(item, item.known, question, runs, refit)


def _preview_changed(
    item: Item, day: date, question: Where, runs: Where, refit: "Refit"
) -> "Preview":
    """Preview an item in place of the one with its id, on a day or the run's own."""
    from tidings.reasons.previewing import preview_ledger

    at = Project.of(question, runs)
    inputs = at.inputs()
    run, ledger = at.newest(inputs.question.config.id), inputs.ledger
    items = tuple(item if one.id == item.id else one for one in ledger.items)
    return preview_ledger(run, ledger, replace(ledger, items=items), day, refit)


def _ledger_of(question: Where) -> tuple[Path, Question]:
    asked = Project.of(question).asked()
    path = asked.file("evidence")
    if path is None:
        raise UsageError(f"{asked.path}: names no file of evidence")
    return path, asked
