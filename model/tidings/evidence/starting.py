"""A commented starting config for another question, and its empty ledger."""

import csv
import io
import json
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import partial
from os.path import relpath
from pathlib import Path

from tidings._templates import source, template
from tidings.errors import RunError
from tidings.evidence.ledger import ITEM_COLUMNS
from tidings.question.yardsticks import SURVEY, read_yardsticks

_YARDSTICKS, _SURVEY = Path("data/yardsticks.csv"), Path("data/phrase_survey.csv")


@dataclass(frozen=True)
class Start:
    """What a new question begins with.

    Attributes
    ----------
    clock_start : date
        When an end first became possible.
    """

    name: str
    title: str
    outcomes: Sequence[str]
    actors: Sequence[str]
    clock_start: date


def write_start(question: Path, ledger: Path, text: str) -> None:
    """Write a question file and its empty ledger; neither may exist.

    Raises
    ------
    RunError
        If they cannot be written: neither is there then.
    """
    made: list[Path] = []
    path = ledger
    try:
        for path, content in ((ledger, _header()), (question, text)):
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as stream:
                made.append(path)
                stream.write(content)
    except OSError as error:
        for one in made:
            one.unlink(missing_ok=True)
        raise RunError(f"{path}: cannot be written ({error.strerror})") from error


def lay_words() -> None:
    """Copy the words of probability to where a new question looks for them.

    Raises
    ------
    RunError
        If they cannot be written.
    """
    for path in (_YARDSTICKS, _SURVEY):
        if path.exists():
            continue
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source(path.name), path)
        except OSError as error:
            with suppress(OSError):
                path.unlink(missing_ok=True)
            raise RunError(f"{path}: cannot be written ({error.strerror})") from error


def starting_text(start: Start, question: Path, ledger: Path) -> str:
    """Return the text of a question file that has its A0 still to be computed.

    Raises
    ------
    InputError
        If the words of probability cannot be read.
    """
    words = read_yardsticks(_YARDSTICKS, _SURVEY)
    # A basic string of TOML is written as one of JSON.
    filters = {"quoted": partial(json.dumps, ensure_ascii=False)}
    return template("starting.toml.j2", filters).render(
        name=start.name,
        title=" ".join(start.title.split()),
        path=question.as_posix(),
        yardsticks=", ".join(name for name in words.names if name != SURVEY) + f", or {SURVEY}",
        clock_start=start.clock_start,
        consent_reference=0.0,
        evidence=relpath(ledger, question.parent),
        words=relpath(_YARDSTICKS, question.parent),
        survey=relpath(_SURVEY, question.parent),
        outcomes=start.outcomes,
        actors=start.actors,
        share=1 / len(start.outcomes),
    )


def _header() -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerow(ITEM_COLUMNS)
    return stream.getvalue()
