"""News before it is recorded: what can be told from the ledger filled in, and what it resembles."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from tidings._tables import day
from tidings.errors import UsageError
from tidings.evidence.ledger import ITEM_COLUMNS, Item, Ledger
from tidings.names import ANY, DEAL, RETAINED
from tidings.question.yardsticks import LEDGER, Yardsticks

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
    for name in ("date", "published", "expected_by"):
        full[name] = plain_day(full[name])
    for name in ("actor", "voice", "source_reliability"):
        full[name] = _as_listed(full[name], {str(getattr(item, name)) for item in ledger.items})

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


def plain_day(cell: str) -> str:
    """Return a day as ``YYYY-MM-DD``; what is none stays as it is, to be refused with its place."""
    try:
        return str(day(cell))
    except ValueError:
        return cell


def _as_listed(cell: str, known: Collection[str]) -> str:
    """Return a word as the ledger writes it, where only capital letters differ."""
    return next((word for word in known if word.lower() == cell.lower()), cell)


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
    same_link : bool
        Whether both were read at the same place.
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
        days = abs((item.date - new.date).days)
        near = days <= _NEAR_DAYS and item.actor == new.actor
        spoken = days <= _SAME_DAYS and item.speaker is not None and item.speaker == new.speaker
        # Wording takes longest to compare: only where the rest would do.
        if not same_link and not ((near or spoken) and _common(item, new)):
            continue
        score = fuzz.token_set_ratio(item.claim, new.claim, processor=str.lower)
        if same_link or spoken or score >= _ALIKE:
            alike.append(Likeness(item, same_link, score))
    return sorted(alike, key=lambda one: (not one.same_link, -one.score))


def _common(one: Item, other: Item) -> bool:
    """Return whether two items are about a common outcome; ``any`` is about every one."""
    a, b = set(one.outcomes), set(other.outcomes)
    return bool(a & b or (a | b) & {ANY, RETAINED})
