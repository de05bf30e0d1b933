"""Command for other questions: new."""

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from tidings.errors import UsageError
from tidings.names import ANY, DEAL, OTHER, RETAINED, STATUS_QUO

__all__ = ["new"]

_RESERVED = (ANY, DEAL, OTHER, RETAINED, STATUS_QUO)
_PRIORS, _DATA = Path("priors"), Path("data")


def new(
    name: str,
    title: str | None = None,
    outcomes: Sequence[str] = ("happened",),
    actors: Sequence[str] = ("decider",),
    clock_start: date | None = None,
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
        If the words of probability cannot be read, or the files not be written.
    """
    for flag, names in (("NAME", [name]), ("--outcomes", outcomes), ("--actors", actors)):
        for one in names:
            if not re.fullmatch(r"[a-z0-9][a-z0-9_\-]*", one):
                expected = "small letters, digits, hyphens and underscores"
                raise UsageError(f"{flag}: got {one!r}; expected {expected}")
            if flag != "NAME" and one in _RESERVED:
                raise UsageError(f"{flag}: got {one!r}; it has a meaning of its own already")
        if not names or len(set(names)) < len(names):
            raise UsageError(f"{flag}: got {list(names)}; expected one name at least, each once")

    from tidings.starting import Start, start_question

    asked = title or f"What becomes of {name}?"
    start = Start(name, asked, outcomes, actors, clock_start or date.today())
    return start_question(start, _PRIORS, _DATA)
