"""Check, apart from the other functions: it needs the inputs alone."""

from pathlib import Path

from tidings.api.defaults import QUESTION, Where
from tidings.evidence.inputs import Inputs, read_inputs


def check(question: Where = QUESTION) -> Inputs:
    """Validate every input of a question.

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
    question = Path(question)
    return read_inputs(question)
