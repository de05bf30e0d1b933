"""A commented starting config for another question, and its empty ledger."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from os.path import relpath
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from tidings.errors import RunError, UsageError
from tidings.evidence import ITEM_COLUMNS, Ledger
from tidings.fitting import consent_reference
from tidings.question import load_text
from tidings.situation import observe
from tidings.yardsticks import SURVEY, read_yardsticks

__all__ = ["Start", "start_question"]

_YARDSTICKS, _SURVEY = Path("data/yardsticks.csv"), Path("data/phrase_survey.csv")


@dataclass(frozen=True)
class Start:
    """What a new question begins with.

    Attributes
    ----------
    name : str
        Its id: small letters, digits, hyphens.
    title : str
        The question, as readers see it.
    outcomes : sequence of str
        Ids of the ends other than the status quo.
    actors : sequence of str
        Ids of those who must agree.
    clock_start : date
        When an end first became possible.
    """

    name: str
    title: str
    outcomes: Sequence[str]
    actors: Sequence[str]
    clock_start: date


def start_question(start: Start, priors: Path, data: Path) -> tuple[Path, Path]:
    """Write a question file and its ledger; neither may exist.

    Parameters
    ----------
    start : Start
        What it begins with.
    priors, data : Path
        Folders of question files and of ledgers.

    Returns
    -------
    tuple of (Path, Path)
        Question file and ledger.

    Raises
    ------
    UsageError
        If one of them exists, or a name cannot be used.
    InputError
        If the words of probability cannot be read.
    RunError
        If they cannot be written.
    """
    question, ledger = priors / f"{start.name}.toml", data / f"{start.name}.csv"
    for path in (question, ledger):
        if path.exists():
            raise UsageError(f"{path}: is there already; expected a name that is not taken")
    text = _filled(start, question, ledger)
    loaded = load_text(question, text)
    still = observe(loaded, Ledger(ledger, ()), (), loaded.config.clock_start)
    reference = round(consent_reference(still), 2)
    text = text.replace("consent_reference = 0.0", f"consent_reference = {reference}")
    try:
        for path in (question, ledger):
            path.parent.mkdir(parents=True, exist_ok=True)
        with ledger.open("x", encoding="utf-8") as stream:
            stream.write(_header())
        with question.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise RunError(f"{error.filename}: cannot be written ({error.strerror})") from error
    return question, ledger


def _filled(start: Start, question: Path, ledger: Path) -> str:
    words = read_yardsticks(_YARDSTICKS, _SURVEY)
    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False,
        keep_trailing_newline=True,
    )  # fmt: skip
    # A basic string of TOML is written as one of JSON.
    environment.filters["quoted"] = partial(json.dumps, ensure_ascii=False)
    template = environment.from_string(_template().read_text(encoding="utf-8"))
    return template.render(
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


def _template() -> Path:
    """Return where the template stands: in the package, or in the project when run from it."""
    packaged = Path(__file__).parent / "sources" / "starting.toml.j2"
    return packaged if packaged.is_file() else Path(__file__).parents[2] / "priors" / packaged.name


def _header() -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerow(ITEM_COLUMNS)
    return stream.getvalue()
