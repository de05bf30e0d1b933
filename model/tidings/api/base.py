"""Which run to build on: named, or the newest date of the question that is meant."""

from pathlib import Path

from tidings.api.defaults import QUESTION
from tidings.errors import UsageError
from tidings.forecasting.runs import Run, find_run, list_runs
from tidings.question.loading import load_question, load_settings


def base_run(runs: Path, name: str | Run | None = None, question: Path | None = None) -> Run:
    """Return the run that is named, or the newest of a question.

    The newest is that of the latest as-of date, and of several the one made last. Where neither a
    run nor a question is named, the question is the shipped one if it has runs here, else the only
    one that has.

    Parameters
    ----------
    runs : Path
        Where runs are kept.
    name : str or Run, optional
        The run, its id, the beginning of it, or its folder.
    question : Path, optional
        The question file.

    Raises
    ------
    UsageError
        If there is none, or runs of several questions and none is named.
    InputError
        If the question file has a fault.
    RunError
        If the run cannot be read.
    """
    if isinstance(name, Run):
        return name
    if name is not None:
        return find_run(runs, name)
    return find_run(runs, None, asked_question(runs, question))


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


def asked_question(runs: Path, question: Path | None = None) -> str | None:
    """Return the id of the question that is meant; None where there are no runs to tell."""
    if question is not None:
        return load_settings(question).id
    ids = sorted({run.manifest.question for run in list_runs(runs)})
    if len(ids) < 2:
        return ids[0] if ids else None
    shipped = load_settings(QUESTION).id if QUESTION.is_file() else None
    if shipped in ids:
        return shipped
    told = ", ".join(ids)
    raise UsageError(f"{runs}: runs of {told}; expected a run, or which question", "question")
