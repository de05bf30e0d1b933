"""News into the ledger: drafts completed and compared, items added or withdrawn, one line each.

The new text is made from the old one under a lock and checked there, so that two people adding at
once lose nothing (see `tidings._writing`).
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import zip_longest
from pathlib import Path
from urllib.parse import urlsplit

from tidings._writing import rewrite
from tidings.errors import Fault, InputError, RunError, UsageError, nearest
from tidings.evidence.ledger import ITEM_COLUMNS, Item, Ledger, read_items, read_ledger
from tidings.names import ANY, DEAL, RETAINED
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

    Parameters
    ----------
    ledger : Ledger
        Where it stands.
    identifier : str
        The item.
    changed : mapping of str to str
        By column; its id stays.
    why : str
        The reason.
    judged : tuple of (QuestionConfig, Yardsticks)
        What items are checked against.

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
    return next(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def _line(cells: Sequence[str]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerow(cells)
    return stream.getvalue()


GRADE = "grade"
"""Stands for reliability and credibility together: ``B2``."""


def with_grade(cells: Mapping[str, str]) -> dict[str, str]:
    """Return cells in which a grade stands as reliability and credibility.

    Raises
    ------
    UsageError
        If it is no letter with a digit.
    """
    rest = {name: value for name, value in cells.items() if name != GRADE}
    grade = cells.get(GRADE, "").strip()
    if not grade:
        return rest
    if not re.fullmatch("[A-Fa-f][1-6]", grade):
        raise UsageError(f"got {grade!r}; expected a letter A to F and a digit 1 to 6", GRADE)
    return {**rest, "source_reliability": grade[0].upper(), "credibility": grade[1]}


HYPOTHETICAL: Mapping[str, str] = {
    "source": "hypothetical",
    "url": "https://example.org/hypothetical",
    "claim": "A hypothetical item.",
    "source_reliability": "B",
    "credibility": "2",
}
"""What a hypothetical item has unless something else is said."""

_NEAR_DAYS = 10
_SAME_DAYS, _ALIKE = 1, 55.0
"""Score of `rapidfuzz.fuzz.token_set_ratio` from which two claims may be of one event.

Of the shipped items within ten days of each other, 21 of the 178 pairs of one story are found by it
or by a common speaker within a day, and 1 of the 389 pairs of two. From 45 on it found 45 and 41:
as many questions asked in vain as answered.
"""
_WORDS_OF_ID = 5
_SMALL_WORDS = re.compile(
    r"a|an|and|as|at|be|by|for|from|had|has|have|he|her|his|in|into|is|it|its|of|on|or|said|she|"
    r"that|the|their|them|they|to|was|were|will|with|would"
)


def completed(
    cells: Mapping[str, str],
    ledger: Ledger,
    yardsticks: Yardsticks,
    today: date,
    taken: Collection[str] = (),
) -> dict[str, str]:
    """Return the cells of an item with what can be told from the ledger filled in.

    Parameters
    ----------
    cells : mapping of str to str
        By column; blank or absent ones are completed where that makes sense.
    ledger : Ledger
        Says how sources and speakers have been graded before.
    yardsticks : Yardsticks
        Its face values may be shortened: ``nearly`` for ``nearly_certain``.
    today : date
        The item's date if it has none.
    taken : collection of str
        Ids that it may not get, beside those of the ledger.

    Returns
    -------
    dict of str to str
        All columns of `ITEM_COLUMNS`; some required ones may still be blank.
    """
    full = {name: cells.get(name, "").strip() for name in ITEM_COLUMNS}

    def default(name: str, find: Callable[[], str]) -> None:
        full[name] = full[name] or find()

    default("date", lambda: str(today))
    default("date_precision", lambda: "day")
    default("source", lambda: _source_of(full["url"], ledger))
    default("voice", lambda: _voice_of(full["speaker"], full["actor"], ledger))
    default("source_reliability", lambda: _reliability_of(full["source"], ledger))
    default("id", lambda: _free_id(full, {*taken, *(item.id for item in ledger.items)}))
    default("story", lambda: full["id"])
    full["face_value"] = whole_word(full["face_value"], yardsticks.phrases(LEDGER))
    return full


def _source_of(url: str, ledger: Ledger) -> str:
    """Return what the ledger calls this site, else the site itself.

    Where it has only passed on what others reported, it is not one of them.
    """
    site = _site(url)
    here = [item for item in ledger.items if _site(item.url) == site]
    called = Counter(item.via or item.source for item in here)
    return called.most_common(1)[0][0] if called else site


def _site(url: str) -> str:
    return urlsplit(url).netloc.removeprefix("www.")


def _voice_of(speaker: str, actor: str, ledger: Ledger) -> str:
    """Return the voice in which a speaker spoke about an actor before; nobody is an observer."""
    if not speaker:
        return "observer"
    before = [item for item in ledger.items if item.speaker == speaker]
    about = Counter(item.voice for item in before if item.actor == actor)
    if about:
        return about.most_common(1)[0][0]
    if not any(item.voice == "own" for item in before):
        return ""
    return "party" if actor == DEAL else "counterpart"


def _reliability_of(source: str, ledger: Ledger) -> str:
    graded = Counter(item.source_reliability for item in ledger.items if item.source == source)
    return graded.most_common(1)[0][0] if graded else ""


def whole_word(cell: str, words: Sequence[str]) -> str:
    """Complete a word of the yardstick from its beginning, if only one begins so."""
    cell = re.sub(r"[\s\-]+", "_", cell.lower())
    begin = [word for word in words if word.startswith(cell)]
    return begin[0] if cell and len(begin) == 1 else cell


def _free_id(cells: Mapping[str, str], taken: Collection[str]) -> str:
    """Return the first words of the claim and the year, as an id that is not taken."""
    words = re.findall(r"[a-z0-9]+", cells["claim"].lower())
    short = [word for word in words if not _SMALL_WORDS.fullmatch(word)][:_WORDS_OF_ID]
    base = "-".join([*short, cells["date"][:4]]) if short else f"item-{cells['date']}"
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    return name


@dataclass(frozen=True)
class Likeness:
    """An item that a new one resembles.

    Attributes
    ----------
    item : Item
        The one in the ledger.
    same_link : bool
        Whether both were read at the same place.
    score : float
        Likeness of the claims, 0 to 100.
    """

    item: Item
    same_link: bool
    score: float


def likenesses(new: Item, ledger: Ledger) -> list[Likeness]:
    """Return the items of other stories that may be about the same event, the likest first.

    They have the same link, or are about a common outcome and either near in time, about the same
    actor and worded alike, or of the same speaker within a day.
    """
    from rapidfuzz import fuzz

    alike = []
    for item in ledger.items:
        if item.story == new.story or item.retracted is not None:
            continue
        same_link = item.url == new.url
        score = fuzz.token_set_ratio(item.claim, new.claim, processor=str.lower)
        days = abs((item.date - new.date).days)
        worded = days <= _NEAR_DAYS and item.actor == new.actor and score >= _ALIKE
        spoken = days <= _SAME_DAYS and item.speaker is not None and item.speaker == new.speaker
        if same_link or (_common(item, new) and (worded or spoken)):
            alike.append(Likeness(item, same_link, score))
    return sorted(alike, key=lambda one: (not one.same_link, -one.score))


def _common(one: Item, other: Item) -> bool:
    """Say whether two items are about a common outcome; ``any`` is about every one."""
    a, b = set(one.outcomes), set(other.outcomes)
    return bool(a & b or (a | b) & {ANY, RETAINED})
