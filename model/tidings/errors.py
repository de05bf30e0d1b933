"""Expected errors: each says where, what was got, what was expected and what to do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = [
    "Fault",
    "FitError",
    "InputError",
    "RenderError",
    "RenderWarning",
    "RunError",
    "TidingsError",
    "UsageError",
    "nearest",
    "raise_if_any",
]


_LISTED = 40


Remedy = Literal[
    "forecast",
    "learn",
    "leave one out",
    "name a question",
    "name runs",
    "put the earlier first",
    "render without Quarto",
    "wait",
]
"""What helps; who shows the error says by which command, flag or function."""


class TidingsError(Exception):
    """Base of all errors that Tidings expects; its text is one line or one line a fault."""

    exit_code = 1

    def __init__(
        self, says: str, argument: str | None = None, remedy: Remedy | None = None
    ) -> None:
        self.says, self.argument, self.remedy = says, argument, remedy
        super().__init__(says if argument is None else f"{argument}: {says}")


@dataclass(frozen=True)
class Fault:
    """One thing wrong with an input.

    Attributes
    ----------
    line : int or None
        Line in that file, counted from 1; None where the whole file is meant.
    remedy : str or None
        One of `Remedy`.
    """

    file: Path
    line: int | None
    field: str
    got: str
    expected: str
    remedy: Remedy | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        return f"{place}: {self.field}: got {self.got}; expected {self.expected}"


class InputError(TidingsError):
    """Faults in the inputs, all of them at once."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class UsageError(TidingsError):
    """The call itself makes no sense (a run that does not exist, an unknown format)."""

    exit_code = 2


class RunError(TidingsError):
    """A stored run cannot be read or written."""


class FitError(TidingsError):
    """The sampler could not start or finish."""


class RenderError(TidingsError):
    """A report could not be rendered."""


class RenderWarning(UserWarning):
    """Quarto failed, and another renderer made the report."""


def nearest(got: str, valid: Iterable[str]) -> str:
    """Return the valid names in words, with the one nearest to ``got``.

    Parameters
    ----------
    got : str
        The name that is not valid.

    Returns
    -------
    str
        ``one of a, b, c``, and which of them was perhaps meant; many names are counted only.
    """
    from rapidfuzz import process

    names = list(valid)
    near = process.extractOne(got, names, score_cutoff=60) if got else None
    if len(names) > _LISTED:
        listed = f"one of {len(names)} names"
    else:
        listed = f"one of {', '.join(names)}" if names else "no name here"
    return f"{listed} (did you mean {near[0]!r}?)" if near else listed


def raise_if_any(faults: Sequence[Fault]) -> None:
    """Raise all faults at once.

    Raises
    ------
    InputError
        If there is at least one fault.
    """
    if faults:
        raise InputError(faults)
