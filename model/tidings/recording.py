"""Writing the ledger: items are added or withdrawn whole or not at all, one line each.

The new text is made from the old one under a lock and checked there, so that two people adding at
once lose nothing (see `tidings.rewriting`).
"""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import zip_longest
from pathlib import Path

from tidings.config import QuestionConfig
from tidings.errors import Fault, InputError, RunError, UsageError, nearest
from tidings.evidence import ITEM_COLUMNS, Item, read_items, read_ledger
from tidings.rewriting import rewrite
from tidings.yardsticks import Yardsticks

__all__ = ["add_items", "cells_of", "retract_item"]

_RETRACTED = ("retracted", "retracted_why")


def cells_of(item: Item) -> dict[str, str]:
    """Return an item as the cells of its row, by column."""
    values = {**vars(item), "outcomes": ";".join(item.outcomes)}
    return {name: "" if values[name] is None else str(values[name]) for name in ITEM_COLUMNS}


def add_items(
    path: Path, items: Sequence[Item], config: QuestionConfig, yardsticks: Yardsticks
) -> None:
    """Add items at the end of a ledger.

    Parameters
    ----------
    path : Path
        The ledger.
    items : sequence of Item
        Their ids must not be in it yet.
    config, yardsticks
        What the ledger is checked against.

    Raises
    ------
    InputError
        If an id has been taken in the meantime, or the ledger is not valid.
    RunError
        If it cannot be written; it is as it was then.
    """

    def added(text: str) -> str:
        ledger = read_ledger(path, config, yardsticks)
        records = [(None, cells_of(item)) for item in items]
        read_items(Path("new item"), records, ledger, config, yardsticks)
        header = _header(text)
        lines = [_line([cells[name] for name in header]) for _, cells in records]
        return text + ("" if text.endswith("\n") else "\n") + "".join(lines)

    rewrite(path, added)


def retract_item(
    path: Path,
    identifier: str,
    withdrawn: tuple[date, str],
    config: QuestionConfig,
    yardsticks: Yardsticks,
) -> None:
    """Mark an item as withdrawn; it stays in the ledger.

    Parameters
    ----------
    path : Path
        The ledger.
    identifier : str
        The item.
    withdrawn : tuple of (date, str)
        From when on it is out of forecasts, and why.
    config, yardsticks
        What the ledger is checked against.

    Raises
    ------
    UsageError
        If there is no such item, it is withdrawn already, or there is no reason.
    InputError
        If the ledger is not valid, or the date lies before the item was known.
    RunError
        If it cannot be written; it is as it was then.
    """
    on, why = withdrawn
    if not why.strip():
        raise UsageError("--why: got nothing; expected the reason in some words")

    def marked(text: str) -> str:
        items = {item.id: item for item in read_ledger(path, config, yardsticks).items}
        if identifier not in items:
            expected = nearest(identifier, items)
            raise UsageError(f"no item {identifier!r} in {path}; expected {expected}")
        item = items[identifier]
        if item.retracted is not None:
            raise UsageError(
                f"{identifier} was withdrawn on {item.retracted}: {item.retracted_why}"
            )
        if on < item.known:
            expected = f"a day not before the item was known ({item.known})"
            raise InputError([Fault(path, None, "retracted", str(on), expected)])
        changed = dict(zip(_RETRACTED, (str(on), why), strict=True))
        after = _with_cells(text, identifier, changed)
        _check_others(text, after, identifier)
        return after

    rewrite(path, marked)


def _check_others(before: str, after: str, identifier: str) -> None:
    """Hold that a change of one row leaves every other one as it was.

    Raises
    ------
    RunError
        If it does not; nothing is written then.
    """

    def others(text: str) -> list[dict[str, str]]:
        rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
        return [row for row in rows if row["id"] != identifier]

    for old, new in zip_longest(others(before), others(after)):
        if old is None or new is None or {**new, **old} != new:
            name = (old or new or {}).get("id")
            raise RunError(f"the change would have altered {name!r} too; nothing was written")


def _with_cells(text: str, identifier: str, changed: Mapping[str, str]) -> str:
    """Return the text with cells of one row changed, every other line as it was."""
    # The lines that `csv` counts: `str.splitlines` breaks at more characters than these.
    lines = list(io.StringIO(text, newline=""))
    header = _header(text)
    missing = [name for name in changed if name not in header]
    reader = csv.reader(io.StringIO(text, newline=""))
    done: list[str] = []
    start = 0
    for cells in reader:
        raw = "".join(lines[start : reader.line_num])
        start = reader.line_num
        named = dict(zip(header, cells, strict=True)) if cells else {}
        if named.get("id") == identifier:
            named |= changed
            raw = _line([named[name] for name in (*header, *missing)])
        elif missing and cells:
            raw = raw.rstrip("\r\n") + "," * len(missing) + "\n"
            if not done:
                raw = _line([*header, *missing])
        done.append(raw)
    return "".join(done)


def _header(text: str) -> list[str]:
    return next(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def _line(cells: Sequence[str]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerow(cells)
    return stream.getvalue()
