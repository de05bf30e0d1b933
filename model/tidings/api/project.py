"""A project: a question and where its runs are kept, and which run is meant.

Every function of the package takes these arguments, and means the same by them:

- ``question``: the question file. Where a run is named it is not needed; where none is, the
  question is the shipped one if it has runs, else the only one that has.
- ``runs``: the folder in which runs are kept.
- ``name``: a run, its id, the beginning of it, or its folder; if not given, the newest as-of date
  of the question, and of several runs of that date the one made last.
- ``refit``: when to run the sampler again: ``"never"``, where weights cannot be trusted
  (``"needed"``), or ``"always"``.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tidings.errors import UsageError
from tidings.evidence.inputs import Inputs, read_inputs
from tidings.forecasting.runs import Run, find_run, list_runs, runs_before
from tidings.question.loading import Question, load_question, load_settings

QUESTION = Path("priors/turkey-s400.toml")
RUNS = Path("data/runs")
RENDERED = Path("reports/rendered")

Where = str | Path
"""A file or folder, as a user gives it."""
When = str | date
"""A day, as a user gives it: ``2026-03-31`` or a date."""


def day_of(day: When | None) -> date:
    """Return a day; today if none is given.

    Raises
    ------
    UsageError
        If a text is no day.
    """
    if day is None:
        return date.today()
    if isinstance(day, date):
        return day
    try:
        return date.fromisoformat(day)
    except ValueError:
        raise UsageError(f"got {day!r}; expected a day that exists, YYYY-MM-DD") from None


@dataclass(frozen=True)
class Project:
    """A question file, if one is named, and the folder of its runs."""

    question: Path | None
    runs: Path

    @classmethod
    def of(cls, question: Where | None = None, runs: Where = RUNS) -> "Project":
        """Return a project from what a user gives."""
        return cls(None if question is None else Path(question), Path(runs))

    @property
    def file(self) -> Path:
        """The question file: the shipped one if none is named."""
        return self.question or QUESTION

    @property
    def rendered(self) -> Path:
        """Where reports go: beside the runs, if these are not in their usual place."""
        return RENDERED if self.runs == RUNS else self.runs

    def inputs(self) -> Inputs:
        """Read all inputs of the question; raises InputError with every fault of every file."""
        return read_inputs(self.file)

    def asked(self) -> Question:
        """Read the question file without its evidence; raises InputError if it has a fault."""
        return load_question(self.file)

    def newest(self, question: str) -> Run:
        """Return the newest run of a question, by its id; raises UsageError if there is none."""
        return find_run(self.runs, None, question)

    def run(self, name: str | Run | None = None) -> Run:
        """Return the run that is named, or the newest of the question that is meant.

        Raises
        ------
        UsageError
            If there is none, or runs of several questions and none is named.
        InputError, RunError
            If the question file or the run cannot be read.
        """
        if isinstance(name, Run):
            return name
        return find_run(self.runs, name, None if name is not None else self._meant())

    def pair(self, old: str | Run | None, new: str | Run | None) -> tuple[Run, Run]:
        """Return two runs: the newer of the question that is meant, the older the one before it.

        Raises
        ------
        UsageError
            If there are no two such runs.
        InputError, RunError
            If the question file or a run cannot be read.
        """
        first = find_run(self.runs, old) if isinstance(old, str) else old
        last = self.newest(first.manifest.question) if first and new is None else self.run(new)
        if first is None:
            before = runs_before(last, self.runs)
            if not before:
                asks = repr(last.manifest.question)
                raise UsageError(f"{self.runs}: no run of {asks} before {last.manifest.run}")
            first = before[-1]
        return first, last

    def _meant(self) -> str | None:
        """Return the id of the question that is meant; None where there are no runs to tell."""
        if self.question is not None:
            return load_settings(self.question).id
        ids = sorted({run.manifest.question for run in list_runs(self.runs)})
        if len(ids) < 2:
            return ids[0] if ids else None
        shipped = load_settings(QUESTION).id if QUESTION.is_file() else None
        if shipped in ids:
            return shipped
        says = f"{self.runs}: runs of {', '.join(ids)}; expected a run, or which question"
        raise UsageError(says, "question")


def changed_since(run: Run, question: Path) -> tuple[str, ...]:
    """Return the priors that stand otherwise in a question file than a run had them.

    Other settings are told as ``settings``.

    Raises
    ------
    InputError, RunError
        If the question or the run cannot be read.
    """
    then, now = load_question(run.question_file), load_question(question)
    told = [name for name, prior in now.priors.items() if prior != then.priors.get(name)]
    said = {"priors", "files", "title", "outcomes", "actors"}
    before, after = (one.config.model_dump(exclude=said) for one in (then, now))
    return (*told, *(["settings"] if before != after else []))
