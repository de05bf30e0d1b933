"""The command doctor: what is wrong with stored runs, and what was left behind."""

from pathlib import Path

from tidings.api.defaults import QUESTION, RENDERED, RUNS, Where
from tidings.forecasting.density import cache_folder
from tidings.forecasting.doctoring import Diagnosis, clear, examine
from tidings.question.loading import beside, load_settings

__all__ = ["Diagnosis", "clear", "doctor"]


def doctor(question: Where = QUESTION, runs: Where = RUNS) -> Diagnosis:
    """Verify stored runs by their digests, and look for what was left behind.

    Parameters
    ----------
    question : str or Path
        The question file; leftovers beside it and beside its ledger are found.
    runs : str or Path
        Where runs are kept.

    Raises
    ------
    InputError
        If the question file has a fault.
    """
    question, runs = Path(question), Path(runs)
    ledger = beside(question, load_settings(question).files.evidence)
    return examine(runs, (question.parent, ledger.parent, RENDERED, cache_folder()))
