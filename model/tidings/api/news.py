"""Commands for news: draft, add, retract, preview."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tidings._tables import read_loosely
from tidings.api.defaults import QUESTION, RUNS
from tidings.errors import UsageError
from tidings.evidence.inputs import read_inputs
from tidings.evidence.ledger import ITEM_COLUMNS, Item, Ledger, read_items
from tidings.evidence.recording import Likeness, add_items, completed, likenesses, retract_item
from tidings.forecasting.runs import find_run
from tidings.question.loading import Question, load_question

if TYPE_CHECKING:
    from tidings.reasons.pool import Refit
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
    """

    question: Question
    ledger: Ledger
    items: tuple[Item, ...]
    alike: tuple[list[Likeness], ...]


def draft(
    records: Sequence[Mapping[str, str]],
    question: Path = QUESTION,
    place: Path = Path("new item"),
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


def draft_file(path: Path, question: Path = QUESTION) -> Draft:
    """Complete and check the items of a CSV file that has some or all columns of the ledger.

    Raises
    ------
    InputError
        With every fault of the file, or of the ledger.
    """
    records = read_loosely(path, ITEM_COLUMNS)
    return draft([cells for _, cells in records], question, path, [line for line, _ in records])


def add(items: Sequence[Item], question: Path = QUESTION) -> Path:
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
    asked = load_question(question)
    path = _ledger_path(asked)
    add_items(path, items, asked.config, asked.yardsticks)
    return path


def retract(identifier: str, why: str, on: date | None = None, question: Path = QUESTION) -> Path:
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
    asked = load_question(question)
    path = _ledger_path(asked)
    retract_item(path, identifier, (on or date.today(), why), asked.config, asked.yardsticks)
    return path


def preview(
    items: Sequence[Item],
    name: str | None = None,
    question: Path = QUESTION,
    runs: Path = RUNS,
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
    from tidings.reasons.previewing import preview_items

    inputs = read_inputs(question)
    run = find_run(runs, name, inputs.question.config.id)
    return preview_items(run, items, inputs.ledger, refit)


def preview_retraction(
    identifier: str, on: date | None = None, question: Path = QUESTION, runs: Path = RUNS
) -> "Preview":
    """Say what the withdrawal of an item would do to the newest run, without a refit.

    Raises
    ------
    UsageError
        If there is no run.
    InputError, RunError
        If the run or the inputs cannot be read.
    """
    from tidings.reasons.previewing import preview_ledger

    inputs = read_inputs(question)
    run = find_run(runs, None, inputs.question.config.id)
    day, ledger = on or date.today(), inputs.ledger
    without = tuple(
        replace(item, retracted=day, retracted_why="preview") if item.id == identifier else item
        for item in ledger.items
    )
    after = replace(ledger, items=without)
    return preview_ledger(run, ledger, after, day)


def _ledger_path(question: Question) -> Path:
    path = question.file("evidence")
    if path is None:
        raise UsageError(f"{question.path}: names no file of evidence")
    return path
