"""Check and doctor: whether inputs, stored runs and folders are in order."""

from tidings.api.project import QUESTION, RENDERED, RUNS, Project, Where
from tidings.evidence.inputs import Inputs, read_inputs
from tidings.forecasting.verifying import Diagnosis, clear, examine
from tidings.question.loading import beside, load_settings

__all__ = ["Diagnosis", "check", "clear", "doctor"]


def check(question: Where = QUESTION) -> Inputs:
    """Validate every input of a question, and return them as read.

    Raises
    ------
    InputError
        With every fault of every file.

    Examples
    --------
    >>> import tidings as td
    >>> td.check("priors/turkey-s400.toml")  # doctest: +SKIP
    """
    return read_inputs(Project.of(question).file)


def doctor(question: Where = QUESTION, runs: Where = RUNS) -> Diagnosis:
    """Verify stored runs by their digests, and look for what stopped commands left behind.

    Leftovers are looked for beside the question file and its ledger, among reports, and in the
    cache of compiled models.

    Raises
    ------
    InputError
        If the question file has a fault.

    Examples
    --------
    >>> import tidings as td
    >>> td.doctor(runs="data/runs")  # doctest: +SKIP
    """
    from tidings.forecasting.density import cache_folder

    at = Project.of(question, runs)
    ledger = beside(at.file, load_settings(at.file).files.evidence)
    return examine(at.runs, (at.file.parent, ledger.parent, RENDERED, cache_folder()))
