"""The ledger of evidence: dated, graded, sourced items; which items were known on a date."""

import datetime as dt
import re
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import get_args
from urllib.parse import urlsplit

from tidings._reading import MOST_BYTES
from tidings._tables import (
    Column,
    Row,
    choice,
    choices,
    day,
    number,
    read_columns,
    read_table,
    text,
)
from tidings.errors import Fault, raise_if_any
from tidings.names import ANY, DEAL, RETAINED, Milestone, Precision, Voice
from tidings.question.schema import QuestionConfig
from tidings.question.yardsticks import LEDGER, Yardsticks

_NAME = re.compile(r"[a-z0-9][a-z0-9_\-]*")


def _identifier(cell: str) -> str:
    if not _NAME.fullmatch(cell):
        raise ValueError("small letters, digits and hyphens")
    return cell


def _link(cell: str) -> str:
    if not re.fullmatch(r"https?://[^\s\x00-\x1f\x7f-\x9f<>\"`{}|^]+", cell) or not _host(cell):
        raise ValueError(
            "a link that begins with http:// or https:// and names a site, without blanks or "
            'any of < > " ` { } | ^ (as a browser copies it: %3C and so on)'
        )
    return cell


def _host(link: str) -> str | None:
    try:
        return urlsplit(link).hostname
    except ValueError:
        return None


ITEM_COLUMNS: Mapping[str, Column] = {
    "id": Column(_identifier),
    "date": Column(day),
    "date_precision": Column(choice(*get_args(Precision))),
    "published": Column(day, required=False),
    "source": Column(text),
    "via": Column(text, required=False),
    "url": Column(_link),
    "speaker": Column(text, required=False),
    "voice": Column(choice(*get_args(Voice))),
    "actor": Column(text),
    "outcomes": Column(text),
    "claim": Column(text),
    "face_value": Column(text, required=False),
    "push": Column(number(-3, 3, whole=True), required=False),
    "milestone": Column(choice(*get_args(Milestone)), required=False),
    "source_reliability": Column(choice(*"ABCDEF")),
    "credibility": Column(choice(*"123456")),
    "story": Column(_identifier),
    "note": Column(text, required=False),
    "retracted": Column(day, required=False, optional_column=True),
    "retracted_why": Column(text, required=False, optional_column=True),
    "expected_by": Column(day, required=False, optional_column=True),
}
"""Columns of a ledger; the files of resolved questions have the same."""


def item_columns(
    actors: Sequence[str], outcomes: Sequence[str], words: Sequence[str]
) -> dict[str, Column]:
    """Return the columns of one question's items.

    Parameters
    ----------
    actors, outcomes : sequence of str
        Of the question, without ``deal`` and ``any``.
    """
    return {
        **ITEM_COLUMNS,
        "actor": Column(choice(*actors, DEAL)),
        "outcomes": Column(choices(*outcomes, ANY)),
        "face_value": Column(choice(*words), required=False),
    }


def _columns_of(config: QuestionConfig, yardsticks: Yardsticks) -> dict[str, Column]:
    actors = [actor.id for actor in config.actors]
    return item_columns(actors, config.outcome_ids, yardsticks.phrases(LEDGER))


def cell_fault(name: str, cell: str, config: QuestionConfig, yardsticks: Yardsticks) -> str | None:
    """Return what was expected of one cell of an item, or None where it is in order."""
    column = _columns_of(config, yardsticks)[name]
    if not cell:
        return "something" if column.required else None
    try:
        column.read(cell)
    except ValueError as error:
        return str(error)
    return None


@dataclass(frozen=True)
class Item:
    """One piece of dated, sourced evidence; the fields are the columns of the ledger.

    ``push`` is None where it was not graded, ``face_value`` where the item implies none.
    ``expected_by`` is the day by which what the item announces is due (a vote, a delivery): until
    then its push does not fade.
    """

    id: str
    date: dt.date
    date_precision: str
    published: dt.date | None
    source: str
    via: str | None
    url: str
    speaker: str | None
    voice: str
    actor: str
    outcomes: tuple[str, ...]
    claim: str
    face_value: str | None
    push: int | None
    milestone: str | None
    source_reliability: str
    credibility: str
    story: str
    note: str | None
    retracted: dt.date | None
    retracted_why: str | None
    expected_by: dt.date | None = None

    @property
    def known(self) -> dt.date:
        """When the item could be used: published, else its date or the end of its month."""
        if self.published is not None:
            return self.published
        if self.date_precision == "month":
            return self.date.replace(day=monthrange(self.date.year, self.date.month)[1])
        return self.date

    def counts(self, as_of: dt.date) -> bool:
        """Return whether the item is known by a date and not withdrawn by then."""
        return self.known <= as_of and (self.retracted is None or self.retracted > as_of)


@dataclass(frozen=True)
class Ledger:
    """All items of a question.

    Attributes
    ----------
    items : tuple of Item
        In the order of the file.
    """

    path: Path
    items: tuple[Item, ...]

    def known(self, as_of: dt.date) -> tuple[Item, ...]:
        """Return the items that a forecast of that date may use, by known date and id."""
        usable = (item for item in self.items if item.counts(as_of))
        return tuple(sorted(usable, key=lambda item: (item.known, item.id)))

    def later(self, as_of: dt.date) -> int:
        """Count the items that become known only after a date."""
        return sum(item.known > as_of for item in self.items)

    def retracted(self, as_of: dt.date) -> int:
        """Count the items known by a date and withdrawn by then."""
        return sum(item.known <= as_of and not item.counts(as_of) for item in self.items)

    def newest(self, as_of: dt.date) -> dt.date | None:
        """Return the newest known date of the usable items, or None without any."""
        return max((item.known for item in self.known(as_of)), default=None)


def read_ledger(path: Path, config: QuestionConfig, yardsticks: Yardsticks) -> Ledger:
    """Read and check a question's ledger.

    Returns
    -------
    Ledger
        The items.

    Raises
    ------
    InputError
        With every fault found, each with its line.
    """
    actors = tuple(actor.id for actor in config.actors)
    named = (actors, config.outcome_ids, yardsticks.phrases(LEDGER))
    return _ledger(path, _digest(path), *named)


def _digest(path: Path) -> str:
    """Return what tells one content of a file from another; blank where it is none to be read."""
    try:
        readable = path.is_file() and path.stat().st_size <= MOST_BYTES
        return sha256(path.read_bytes()).hexdigest() if readable else ""
    except (OSError, ValueError):
        return ""


@lru_cache(maxsize=1)
def _ledger(
    path: Path, digest: str, actors: Sequence[str], outcomes: Sequence[str], words: Sequence[str]
) -> Ledger:
    """Read a ledger; a command that asks for the same one again is given the one it has."""
    read = read_table(path, item_columns(actors, outcomes, words))
    return Ledger(path, _checked(path, read, {}))


def read_items(
    place: Path,
    records: Sequence[tuple[int | None, Mapping[str, str]]],
    ledger: Ledger,
    config: QuestionConfig,
    yardsticks: Yardsticks,
) -> tuple[Item, ...]:
    """Read and check items that are not in the ledger yet.

    Parameters
    ----------
    records : sequence of (int or None, mapping of str to str)
        Line and cells of each.

    Raises
    ------
    InputError
        With every fault found.
    """
    columns = _columns_of(config, yardsticks)
    cells = {name: [given.get(name, "") for _, given in records] for name in columns}
    read = read_columns(place, [line for line, _ in records], cells, columns)
    taken = {item.id: f"in {ledger.path}" for item in ledger.items}
    return _checked(place, read, taken)


def _checked(
    place: Path, read: tuple[Sequence[Row], Sequence[Fault]], taken: Mapping[str, str]
) -> tuple[Item, ...]:
    """Return the items of rows, or raise every fault of reading and of sense."""
    rows, faults = read[0], list(read[1])
    seen: dict[str, str | int | None] = dict(taken)
    items: list[Item] = []
    for row in rows:
        item = item_of(row)
        problems = _sense_problems(item)
        if item.id in seen:
            where = seen[item.id]
            told = f"on line {where}" if isinstance(where, int) else where or "before it"
            expected = f"an id not used before (it stands {told})"
            problems = [*problems, ("id", repr(item.id), expected)]
        seen.setdefault(item.id, row.line)
        faults += [Fault(place, row.line, *problem) for problem in problems]
        items.append(item)
    raise_if_any(sorted(faults, key=lambda fault: fault.line or 0))
    return tuple(items)


def item_of(row: Row) -> Item:
    """Make an item of a row whose cells have been read by `item_columns`."""
    # As a copy is made: a frozen class sets its fields one by one, and ledgers may be long.
    item = object.__new__(Item)
    vars(item).update(row.values)
    return item


def _sense_problems(item: Item) -> list[tuple[str, str, str]]:
    problems = []
    if len(item.outcomes) > 1:
        told = repr(";".join(item.outcomes))
        if len(set(item.outcomes)) < len(item.outcomes):
            problems.append(("outcomes", told, "each outcome once"))
        if alone := {ANY, RETAINED} & set(item.outcomes):
            expected = f"{alone.pop()!r} alone, or the outcomes by name"
            problems.append(("outcomes", told, expected))
    if item.published is not None and item.published < item.date:
        expected = f"a day not before the item's date ({item.date})"
        problems.append(("published", str(item.published), expected))
    if item.expected_by is not None and item.expected_by < item.known:
        expected = f"a day not before the item was known ({item.known})"
        problems.append(("expected_by", str(item.expected_by), expected))
    if item.retracted is not None and item.retracted < item.known:
        expected = f"a day not before the item was known ({item.known})"
        problems.append(("retracted", str(item.retracted), expected))
    if (item.retracted is None) != (item.retracted_why is None):
        problems.append(
            ("retracted_why", repr(item.retracted_why), "a reason with a date, or neither")
        )
    return problems
