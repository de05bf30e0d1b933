"""Text of others made safe to print, and errors with the flags or commands that fix them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tidings._text import visible
from tidings.errors import Fault, InputError, Remedy, TidingsError

_REMEDIES: Mapping[Remedy, str] = {
    "forecast": "make one with: tidings forecast",
    "learn": "learn again: tidings priors learn",
    "leave one out": "or use --leave-one-out",
    "name a question": "name another with --question FILE",
    "name runs": "name a folder that can be written with --runs DIR",
    "put the earlier first": "name the earlier first: tidings diff OLD NEW",
    "render without Quarto": "render without Quarto: --renderer embedded",
}
_POSITIONAL = ("name", "value", "file")
"""Arguments that are not flags."""


def said(text: object) -> str:
    """Return text of others as it may stand in a terminal: no markup, and controls visible."""
    from rich.markup import escape

    return escape(visible(str(text)))


def told(error: TidingsError) -> str:
    """Return an expected error in the words of the command line: its flags and its commands."""
    if isinstance(error, InputError):
        return "\n".join([*_told_faults(error.faults[:_FIRST]), *_more(error.faults[_FIRST:])])
    name = error.argument
    flag = "" if name is None else f"{_flag(name)}: "
    return visible(_with_remedy(f"{flag}{error.says}", error.remedy))


def all_told(error: InputError) -> str:
    """Return every fault, one per line."""
    return "\n".join(_told_faults(error.faults))


def _told_faults(faults: Sequence[Fault]) -> list[str]:
    return [visible(_with_remedy(_flagged(fault), fault.remedy)) for fault in faults]


def _more(faults: Sequence[Fault]) -> list[str]:
    """Return how many faults are left, by what they are of."""
    if not faults:
        return []
    kinds = Counter(fault.field for fault in faults)
    told = ", ".join(f"{count} of {visible(kind)}" for kind, count in kinds.most_common(_KINDS))
    rest = len(kinds) - _KINDS
    others = f" and {rest} other kinds" if rest > 0 else ""
    return [f"and {len(faults):,} more faults: {told}{others}; all of them: tidings check --all"]


_FIRST, _KINDS = 20, 8


def _flag(argument: str) -> str:
    if argument in _POSITIONAL:
        return argument.upper()
    return "--" + argument.replace("_", "-")


def _flagged(fault: Fault) -> str:
    return str(replace(fault, field=_flag(fault.field)) if fault.field == "as_of" else fault)


def _with_remedy(says: str, remedy: Remedy | None) -> str:
    return says if remedy is None else f"{says}; {_REMEDIES[remedy]}"
