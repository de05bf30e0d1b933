"""All inputs of a question: read together, every fault of every file at once."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from tidings.cases import read_cases
from tidings.errors import Fault, InputError, raise_if_any
from tidings.evidence import Ledger, read_ledger
from tidings.question import Question, load_question
from tidings.resolved import ResolvedQuestion, read_resolved

__all__ = ["Inputs", "read_inputs"]


@dataclass(frozen=True)
class Inputs:
    """Every input of a question, valid.

    Attributes
    ----------
    question : Question
        With its priors, words and claims.
    ledger : Ledger
        Its evidence.
    resolved : tuple of ResolvedQuestion
        Past questions.
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
        named = ("evidence", "yardsticks", "survey", "claims", "cases")
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

    Parameters
    ----------
    question : Path
        The question file.

    Returns
    -------
    Inputs
        Everything it names, read.

    Raises
    ------
    InputError
        With every fault of every file.
    """
    loaded = load_question(question)
    faults: list[Fault] = []

    def read[T](reader: Callable[[], T], fallback: T) -> T:
        try:
            return reader()
        except InputError as error:
            faults.extend(error.faults)
            return fallback

    evidence, cases, past = (loaded.file(name) for name in ("evidence", "cases", "resolved"))
    ledger = Ledger(Path(), ())
    resolved: tuple[ResolvedQuestion, ...] = ()
    counted = 0
    if evidence is not None:
        ledger = read(lambda: read_ledger(evidence, loaded.config, loaded.yardsticks), ledger)
    if cases is not None:
        counted = read(lambda: len(read_cases(cases)), counted)
    if past is not None:
        resolved = read(lambda: read_resolved(past, loaded.yardsticks), resolved)
    raise_if_any(faults)
    return Inputs(loaded, ledger, resolved, counted)
