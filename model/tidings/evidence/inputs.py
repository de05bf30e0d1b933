"""All inputs of a question: read together, every fault of every file at once."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from tidings.errors import Fault, InputError, raise_if_any
from tidings.evidence.cases import read_cases
from tidings.evidence.ledger import Ledger, read_ledger
from tidings.evidence.resolved import ResolvedQuestion, read_resolved
from tidings.question.loading import Question, beside, load_question, load_settings
from tidings.question.schema import QuestionConfig
from tidings.question.sources import digest_of_files, digest_of_settings
from tidings.question.yardsticks import read_yardsticks


@dataclass(frozen=True)
class Inputs:
    """Every input of a question, valid.

    Attributes
    ----------
    cases : int
        How many past cases there are.
    """

    question: Question
    ledger: Ledger
    resolved: tuple[ResolvedQuestion, ...]
    cases: int

    def files(self) -> list[Path]:
        """Return every file that the question names."""
        question = self.question
        named = ("evidence", "yardsticks", "survey", "claims", "cases", "second_grades", "learned")
        paths = [path for path in map(question.file, named) if path is not None]
        folder = question.file("resolved")
        if folder is not None:
            paths += [*sorted(folder.glob("*.yaml")), *sorted(folder.glob("*.csv"))]
        return paths

    def seeded(self, seed: int) -> "Inputs":
        """Return the inputs with another root of randomness."""
        config = self.question.config
        fit = config.fit.model_copy(update={"seed": seed})
        config = config.model_copy(update={"fit": fit})
        return replace(self, question=replace(self.question, config=config))


def read_inputs(question: Path) -> Inputs:
    """Read and check every input of a question.

    Returns
    -------
    Inputs
        Everything it names, read.

    Raises
    ------
    InputError
        With every fault of every file.
    """
    faults: list[Fault] = []
    try:
        loaded = load_question(question)
    except InputError as error:
        # What can be read without its priors is checked all the same: all faults are told at once.
        faults += error.faults
        faults += _faults_without(question)
        raise InputError(faults) from None
    inputs = _with_files(loaded, faults)
    raise_if_any(faults)
    check_learned(loaded)
    return inputs


def _faults_without(question: Path) -> list[Fault]:
    """Return the faults of the files that a question names, where its own settings can be read."""
    faults: list[Fault] = []
    try:
        config = load_settings(question)
        words = config.files.yardsticks, config.files.survey
        yardsticks = read_yardsticks(*(beside(question, name) for name in words))
    except InputError:
        return faults
    _with_files(Question(question, config, yardsticks, {}, {}), faults)
    return faults


def _with_files(question: Question, faults: list[Fault]) -> Inputs:
    """Read the evidence, cases and past questions; what is wrong with them goes to the faults."""

    def read[T](reader: Callable[[], T], fallback: T) -> T:
        try:
            return reader()
        except InputError as error:
            faults.extend(error.faults)
            return fallback

    evidence, cases, past = (question.file(name) for name in ("evidence", "cases", "resolved"))
    second = question.file("second_grades")
    ledger = Ledger(Path(), ())
    resolved: tuple[ResolvedQuestion, ...] = ()
    counted = 0
    if evidence is not None:
        ledger = read(lambda: read_ledger(evidence, question.config, question.yardsticks), ledger)
    if cases is not None:
        counted = read(lambda: len(read_cases(cases)), counted)
    if past is not None:
        resolved = read(lambda: read_resolved(past, question.yardsticks, second), resolved)
    return Inputs(question, ledger, resolved, counted)


def learned_from(question: Path, config: QuestionConfig) -> dict[str, str]:
    """Return the digests of all that priors are learned from."""
    files, digests = config.files, {}
    if files.resolved is not None:
        folder = beside(question, files.resolved)
        second = [] if files.second_grades is None else [beside(question, files.second_grades)]
        read = [*folder.glob("*.yaml"), *folder.glob("*.csv"), *second]
        digests["resolved"] = digest_of_files(read)
    if files.cases is not None:
        digests["cases"] = digest_of_files([beside(question, files.cases)])
    settings = config.model_dump(mode="json", include={"id", "grades"})
    settings["selection"] = config.selection.change_odds
    settings["cases"] = config.cases.model_dump(mode="json", exclude={"because"})
    steps = config.time.model_dump(mode="json", exclude={"start_up_years"})
    words = digest_of_files([beside(question, files.yardsticks)])
    digests["settings"] = digest_of_settings({**settings, "time": steps, "yardsticks": words})
    return digests


_LEARNED_FROM = {
    "resolved": "the resolved questions",
    "cases": "the cases",
    "settings": "id, grades, cases, selection, time and yardsticks of the question",
}


def check_learned(question: Question) -> None:
    """Check that what was learned still matches what it was learned from.

    Raises
    ------
    InputError
        With a fault for each thing that has changed.
    """
    path, learned = question.file("learned"), question.learned
    if path is None or learned is None:
        return
    now = learned_from(question.path, question.config)
    expected = "the same as when it was learned"
    faults = [
        Fault(
            path,
            None,
            f"digests.{what}",
            f"changed data ({_LEARNED_FROM[what]})",
            expected,
            "learn",
        )
        for what in sorted({*now, *learned.digests})
        if now.get(what) != learned.digests.get(what)  # type: ignore[call-overload]
    ]
    raise_if_any(faults)
