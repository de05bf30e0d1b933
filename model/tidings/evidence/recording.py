"""News into the ledger: items added, edited or withdrawn, one line each.

The new text is made from the old one under a lock and checked there, so that two people adding at
once lose nothing (see `tidings._writing`).
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import zip_longest
from pathlib import Path

from tidings._writing import rewrite
from tidings.errors import Fault, InputError, RunError, UsageError, nearest
from tidings.evidence.drafting import whole_word
from tidings.evidence.ledger import ITEM_COLUMNS, Item, Ledger, read_items, read_ledger
from tidings.question.schema import QuestionConfig
from tidings.question.yardsticks import LEDGER, Yardsticks

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
    items : sequence of Item
        Their ids must not be in it yet.

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
        used = [name for name in ITEM_COLUMNS if any(cells[name] for _, cells in records)]
        text = _with_columns(text, used)
        lines = [_line([cells[name] for name in _header(text)]) for _, cells in records]
        return text + ("" if text.endswith("\n") else "\n") + "".join(lines)

    count = f"{len(items)} items" if len(items) > 1 else items[0].id
    rewrite(path, added, f"added {count}")


def retract_item(
    path: Path,
    identifier: str,
    withdrawn: tuple[date, str],
    config: QuestionConfig,
    yardsticks: Yardsticks,
) -> None:
    """Mark an item as withdrawn; it stays in the ledger.

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
    _check_reason(why)

    def marked(text: str) -> str:
        item = standing(read_ledger(path, config, yardsticks), identifier)
        if on < item.known:
            expected = f"a day not before the item was known ({item.known})"
            raise InputError([Fault(path, None, "retracted", str(on), expected)])
        changed = dict(zip(_RETRACTED, (str(on), why), strict=True))
        after = _with_cells(text, identifier, changed)
        _check_others(text, after, identifier)
        return after

    rewrite(path, marked, f"withdrew {identifier}")


def _check_reason(why: str) -> None:
    if not why.strip():
        raise UsageError("got nothing; expected the reason in some words", "why")


def standing(ledger: Ledger, identifier: str) -> Item:
    """Return an item that is not withdrawn.

    Raises
    ------
    UsageError
        If there is none of that id, or it is withdrawn already.
    """
    items = {item.id: item for item in ledger.items}
    if identifier not in items:
        expected = nearest(identifier, items)
        raise UsageError(f"no item {identifier!r} in {ledger.path}; expected {expected}")
    item = items[identifier]
    if item.retracted is not None:
        raise UsageError(f"{identifier} was withdrawn on {item.retracted}: {item.retracted_why}")
    return item


def edited(
    ledger: Ledger,
    identifier: str,
    changed: Mapping[str, str],
    why: str,
    judged: tuple[QuestionConfig, Yardsticks],
) -> Item:
    """Return an item with some of its cells changed; its note keeps what they were, and why.

    Raises
    ------
    UsageError
        If there is no such item, no reason, or nothing is changed.
    InputError
        If the item would have a fault.
    """
    _check_reason(why)
    cells = cells_of(standing(ledger, identifier))
    words = judged[1].phrases(LEDGER)
    wanted = {
        name: whole_word(value, words) if name == "face_value" else value.strip()
        for name, value in changed.items()
    }
    new = {name: value for name, value in wanted.items() if cells[name] != value}
    if not new:
        raise UsageError(f"{identifier}: nothing is changed; expected another value of some column")
    was = ", ".join(f"{name} {cells[name] or 'blank'}" for name in new)
    kept = f"Until {date.today()}: {was}; {why.strip()}"
    note = f"{cells['note']} {kept}" if cells["note"] else kept
    others = replace(ledger, items=tuple(one for one in ledger.items if one.id != identifier))
    full = {**cells, **new, "note": note}
    return read_items(Path(identifier), [(None, full)], others, *judged)[0]


def edit_item(path: Path, item: Item, config: QuestionConfig, yardsticks: Yardsticks) -> None:
    """Put an edited item in the place of the one of its id; every other row stays as it is.

    Raises
    ------
    UsageError
        If there is no such item, or it is withdrawn.
    RunError
        If the ledger cannot be written; it is as it was then.
    """

    def put(text: str) -> str:
        old = cells_of(standing(read_ledger(path, config, yardsticks), item.id))
        changed = {name: value for name, value in cells_of(item).items() if old[name] != value}
        after = _with_cells(text, item.id, changed)
        _check_others(text, after, item.id)
        return after

    rewrite(path, put, f"edited {item.id}")


def _check_others(before: str, after: str, identifier: str) -> None:
    """Raise RunError if a change of one row has altered another.

    Raises
    ------
    RunError
        If it has; nothing is written then.
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
    wide = _with_columns(text, list(changed))
    header, done = _header(wide), list[str]()
    for raw, cells in _raw_records(wide):
        named = dict(zip(header, cells, strict=True)) if cells else {}
        mine = named.get("id") == identifier
        done.append(_line([{**named, **changed}[name] for name in header]) if mine else raw)
    return "".join(done)


def _with_columns(text: str, names: Sequence[str]) -> str:
    """Return the text with the columns that it lacks, blank, at the end of every record."""
    header, done = _header(text), list[str]()
    missing = [name for name in names if name not in header]
    if not missing:
        return text
    for raw, cells in _raw_records(text):
        more = "" if not cells else "," + ",".join(missing if not done else [""] * len(missing))
        done.append(raw.rstrip("\r\n") + more + "\n")
    return "".join(done)


def _raw_records(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each record as it stands and its cells.

    Lines are those that `csv` counts: `str.splitlines` breaks at more characters.
    """
    lines, start = list(io.StringIO(text, newline="")), 0
    reader = csv.reader(io.StringIO(text, newline=""))
    for cells in reader:
        yield "".join(lines[start : reader.line_num]), cells
        start = reader.line_num


def _header(text: str) -> list[str]:
    return next(csv.reader([text.removeprefix("\ufeff").partition("\n")[0]]))


def _line(cells: Sequence[str]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerow(cells)
    return stream.getvalue()
