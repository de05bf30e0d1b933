"""Learn from past questions and cases, examine what was learned, begin another question."""

import re
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tidings.api.project import QUESTION, When, Where, day_of
from tidings.errors import UsageError
from tidings.evidence.cases import read_cases
from tidings.evidence.inputs import check_learned
from tidings.evidence.ledger import read_ledger
from tidings.evidence.resolved import ResolvedQuestion, read_resolved
from tidings.names import ANY, DEAL, OTHER, RETAINED, STATUS_QUO
from tidings.question.loading import beside, load_question, load_settings, load_text
from tidings.question.yardsticks import Yardsticks, read_yardsticks

if TYPE_CHECKING:
    from tidings.evidence.ledger import Ledger
    from tidings.question.schema import QuestionConfig
    from tidings.trust.cross_validation import Examination
    from tidings.trust.learning_priors import Lessons

Progress = Callable[[str], None]
_FEWEST, _FEWEST_ENDED = 3, 2
_HINDCAST_DAYS = 365
"""A question younger than this is not forecast on past dates."""


def _silent(_: str) -> None:
    """Report no progress."""


def learn(
    question: Where = QUESTION, progress: Progress = _silent
) -> "tuple[Lessons, tuple[Path, ...]]":
    """Learn priors again from the resolved questions and the cases; takes ten minutes.

    Parameters
    ----------
    question : Path
        The question file; what was learned goes where its ``files.learned`` says.
    progress : callable
        Called with what is being done.

    Returns
    -------
    tuple of (Lessons, tuple of Path)
        What was learned, and the files written.

    Raises
    ------
    InputError
        If the question, its resolved questions or its cases have a fault.
    UsageError
        If the question names no resolved questions, or no place for what is learned.
    FitError
        If a sampler stopped, or its draws cannot be trusted; nothing is written then.
    RunError
        If the files cannot be written.
    """
    question = Path(question)
    config = load_settings(question)
    files = config.files
    if files.learned is None or files.resolved is None:
        missing = "files.learned" if files.learned is None else "files.resolved"
        raise UsageError(f"{question}: {missing}: got nothing; expected a path to learn {missing}")
    yardsticks = _words(question, config)
    folder = beside(question, files.resolved)
    resolved = _enough(folder, yardsticks, config.id, _second_grades(question, config, folder))
    ledger = read_ledger(beside(question, files.evidence), config, yardsticks)
    rows = None if files.cases is None else read_cases(beside(question, files.cases))

    from tidings._writing import rewrite
    from tidings.past.cases import past_cases
    from tidings.question.editing import put_number
    from tidings.reporting.learned_page import write_lessons
    from tidings.trust.learning_priors import learn as learn_from

    cases = None if rows is None else past_cases(rows, config.cases.predictors)
    if cases is not None and min(len(cases.asked), len(cases.alone), len(cases.ended)) == 0:
        expected = "cases that were asked about, went without consent, and ended; or no files.cases"
        raise UsageError(f"{files.cases}: got too few cases; expected {expected}")
    lessons = learn_from(question, config, yardsticks, (resolved, cases), progress)
    # Everything that could be wrong with the question is found before anything is written.
    reference = _reference(question, lessons)
    lessons = _with_hindcasts(question, lessons, (ledger, resolved, reference), progress)
    written = write_lessons(lessons, beside(question, files.learned))
    rewrite(question, partial(put_number, name="consent_reference", value=reference))
    return lessons, (*written, question)


def _reference(question: Path, lessons: "Lessons") -> float:
    """Return A0, the log of the prior mean of consent, once the priors have moved."""
    from tidings.evidence.ledger import Ledger
    from tidings.forecasting.fitting import consent_reference
    from tidings.mechanism.situation import observe

    text = question.read_text(encoding="utf-8")
    loaded = load_text(question, text, lessons.learned)
    start = observe(loaded, Ledger(question, ()), (), loaded.config.clock_start)
    return round(consent_reference(start), 2)


def _with_hindcasts(
    question: Path,
    lessons: "Lessons",
    given: "tuple[Ledger, tuple[ResolvedQuestion, ...], float]",
    progress: Progress,
) -> "Lessons":
    """Return the lessons with the question itself forecast on past dates, as they would have it."""
    from dataclasses import replace

    from tidings.evidence.inputs import Inputs
    from tidings.question.editing import put_number
    from tidings.trust.hindcast import hindcasts, other_models

    ledger, resolved, reference = given
    text = put_number(question.read_text(encoding="utf-8"), "consent_reference", reference)
    loaded = load_text(question, text, lessons.learned)
    newest = ledger.newest(date.max)
    if newest is None or (newest - loaded.config.clock_start).days < _HINDCAST_DAYS:
        return lessons
    inputs = Inputs(loaded, ledger, resolved, 0)
    rows = {
        "hindcasts": [vars(one) for one in hindcasts(inputs, newest, progress)],
        "other_models": [vars(one) for one in other_models(inputs, newest, progress)],
    }
    learned = type(lessons.learned).model_validate({**lessons.learned.model_dump(), **rows})
    return replace(lessons, learned=learned)


def exam(
    folder: Where,
    question: Where = QUESTION,
    *,
    leave_one_out: bool = False,
    progress: Progress = _silent,
) -> "Examination":
    """Score forecasts of resolved questions that were not learned from.

    Parameters
    ----------
    folder : Path
        Has a YAML and a CSV of each, as ``data/resolved/`` has.
    question : Path
        The question file: whose learned priors are examined, and how items are read.
    leave_one_out : bool
        Learn from the folder itself instead, leaving out each question in turn.
    progress : callable
        Called with what is being done.

    Raises
    ------
    InputError
        If a file has a fault.
    UsageError
        If a question was learned from, or there are too few to leave one out.
    FitError
        If a sampler stopped, or its draws cannot be trusted.
    """
    folder, question = Path(folder), Path(question)
    if leave_one_out:
        return _leave_one_out(folder, question, progress)
    loaded = load_question(question)
    check_learned(loaded)
    path, own = loaded.file("learned"), loaded.file("resolved")
    if loaded.learned is None or path is None or own is None:
        raise UsageError(f"{question}: files.learned: got nothing", remedy="learn")
    examined = read_resolved(folder, loaded.yardsticks)
    if not examined:
        raise UsageError(f"{folder}: no questions; expected a YAML and a CSV of each")
    taught = [
        one for one in read_resolved(own, loaded.yardsticks) if one.id in loaded.learned.resolved
    ]
    _refuse_learned(folder, examined, taught)

    from tidings.past.histories import histories_of
    from tidings.past.rate_fits import lesson_of_stored, pasts_of
    from tidings.trust.cross_validation import Examination, examine, examine_monthly, plain_lesson
    from tidings.trust.learning_priors import read_draws
    from tidings.trust.monthly_scores import OpenWindows

    draws = read_draws(path.with_suffix(".csv"), loaded.learned)
    lesson = lesson_of_stored(loaded.learned, draws, taught)
    before = histories_of(pasts_of(taught, loaded.config, loaded.yardsticks))
    plain, windows = plain_lesson(before, lesson.questions), OpenWindows(examined)
    rows: list[dict[str, object]] = []
    monthly: list[dict[str, object]] = []
    for past in pasts_of(examined, loaded.config, loaded.yardsticks):
        progress(past.question.id)
        rows += examine(past, lesson, plain)
        monthly += examine_monthly(past, lesson, windows)
    return _scored(folder, Examination(tuple(rows), tuple(monthly)))


def _leave_one_out(folder: Path, question: Path, progress: Progress) -> "Examination":
    config = load_settings(question)
    yardsticks = _words(question, config)
    second = _second_grades(question, config, folder)
    resolved = _enough(folder, yardsticks, config.id, second)

    from tidings.past.rate_fits import Teacher, pasts_of
    from tidings.trust.cross_validation import leave_one_out

    progress("compiling")
    teacher = Teacher(pasts_of(resolved, config, yardsticks), config.fit.seed)
    return _scored(folder, leave_one_out(teacher, progress))


def _scored(folder: Path, examination: "Examination") -> "Examination":
    if not examination.rows:
        raise UsageError(
            f"{folder}: nothing to score; expected forecast_dates before the end of a question, "
            "and horizons whose answer is known"
        )
    return examination


def _words(question: Path, config: "QuestionConfig") -> Yardsticks:
    files = config.files
    return read_yardsticks(beside(question, files.yardsticks), beside(question, files.survey))


def _second_grades(question: Path, config: "QuestionConfig", folder: Path) -> Path | None:
    """Return the second grades of a folder, which are there for the question's own alone."""
    files = config.files
    if files.second_grades is None or files.resolved is None:
        return None
    own = beside(question, files.resolved)
    return beside(question, files.second_grades) if folder.resolve() == own.resolve() else None


def _enough(
    folder: Path, yardsticks: Yardsticks, own: str, second: Path | None
) -> tuple[ResolvedQuestion, ...]:
    """Read the questions to learn from; with one left out there must be an end among the rest."""
    read = read_resolved(folder, yardsticks, second)
    questions = tuple(one for one in read if one.id != own)
    ended = sum(one.happened for one in questions)
    if len(questions) < _FEWEST or ended < _FEWEST_ENDED:
        raise UsageError(
            f"{folder}: got {len(questions)} questions, {ended} of which ended with a change; "
            f"expected at least {_FEWEST} and {_FEWEST_ENDED}"
        )
    return questions


def _refuse_learned(
    folder: Path, examined: Sequence[ResolvedQuestion], taught: Sequence[ResolvedQuestion]
) -> None:
    """Refuse questions learned from, under their own name or another."""
    items = {item.id for one in taught for item in one.items}
    names = {question.id for question in taught}
    known = [
        question.id
        for question in examined
        if question.id in names or any(item.id in items for item in question.items)
    ]
    if known:
        raise UsageError(
            f"{folder}: the model has learned from {', '.join(known)}; expected questions that it "
            "has not learned from",
            remedy="leave one out",
        )


_RESERVED = (ANY, DEAL, OTHER, RETAINED, STATUS_QUO)
_PRIORS, _DATA = Path("priors"), Path("data")


def new(
    name: str,
    title: str | None = None,
    outcomes: Sequence[str] = ("happened",),
    actors: Sequence[str] = ("decider",),
    clock_start: When | None = None,
) -> tuple[Path, Path]:
    """Write a commented starting config for another question, and its empty ledger.

    Parameters
    ----------
    name : str
        Its id; the files are ``priors/NAME.toml`` and ``data/NAME.csv``.
    title : str, optional
        The question in words.
    outcomes : sequence of str
        Ids of its ends other than the status quo.
    actors : sequence of str
        Ids of those who must agree.
    clock_start : date, optional
        When an end first became possible; today if not given.

    Returns
    -------
    tuple of (Path, Path)
        Question file and ledger.

    Raises
    ------
    UsageError
        If a name cannot be used or a file is there already.
    InputError, RunError
        If the words of probability cannot be read, or a file not be written.
    """
    start_day = day_of(clock_start)
    for flag, names in (("name", [name]), ("outcomes", outcomes), ("actors", actors)):
        for one in names:
            if not re.fullmatch(r"[a-z0-9][a-z0-9_\-]*", one):
                expected = "small letters, digits, hyphens and underscores"
                raise UsageError(f"got {one!r}; expected {expected}", flag)
            if flag != "name" and one in _RESERVED:
                raise UsageError(f"got {one!r}; it has a meaning of its own already", flag)
        if not names or len(set(names)) < len(names):
            raise UsageError(f"got {list(names)}; expected one name at least, each once", flag)

    from tidings.evidence.ledger import Ledger
    from tidings.evidence.starting import Start, lay_words, starting_text, write_start
    from tidings.forecasting.fitting import consent_reference
    from tidings.mechanism.situation import observe
    from tidings.question.editing import put_number

    question, ledger = _PRIORS / f"{name}.toml", _DATA / f"{name}.csv"
    for path in (question, ledger):
        if path.exists():
            raise UsageError(f"{path}: is there already; expected a name that is not taken")
    asked = title or f"What becomes of {name}?"
    start = Start(name, asked, outcomes, actors, start_day)
    lay_words()
    text = starting_text(start, question, ledger)
    loaded = load_text(question, text)
    still = observe(loaded, Ledger(ledger, ()), (), loaded.config.clock_start)
    reference = round(consent_reference(still), 2)
    write_start(question, ledger, put_number(text, "consent_reference", reference))
    return question, ledger
