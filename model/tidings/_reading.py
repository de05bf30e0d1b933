"""Reading files that people hand in: regular, of a bearable size, UTF-8, without surprises."""

from pathlib import Path

from tidings.errors import Fault, InputError, Remedy

MOST_BYTES = 200_000_000
"""No ledger that a person keeps is larger; a device or a pipe never ends."""
MOST_CONFIG_BYTES = 5_000_000
"""Of a question, of what was learned, of a resolved question."""
MOST_DEPTH = 40
"""Brackets or braces open at once: deeper than any config, and far from where parsers give up."""


def read_file(path: Path, kind: str, most: int = MOST_BYTES, remedy: Remedy | None = None) -> str:
    """Read a whole text file.

    Parameters
    ----------
    remedy : str, optional
        What helps where there is none.

    Returns
    -------
    str
        Its text, line ends as they are, without a byte order mark.

    Raises
    ------
    InputError
        If it is missing, no regular file, too large, unreadable, or no text.
    """

    def refuse(got: str, expected: str, line: int | None = None) -> InputError:
        return InputError([Fault(path, line, "file", got, expected, remedy)])

    try:
        if not path.exists():
            raise refuse("nothing", f"{kind} here")
        if not path.is_file():
            got = "a folder" if path.is_dir() else "a pipe or a device"
            raise refuse(got, f"{kind}, a regular file")
        size = path.stat().st_size
        if size > most:
            raise refuse(f"{size:,} bytes", f"{kind} of at most {most:,} bytes")
        content = path.read_bytes()
    except OSError as error:
        raise refuse(error.strerror or "an error", f"{kind} that can be read") from None
    except ValueError:
        raise refuse("a name with a NUL in it", f"{kind} here") from None
    if b"\0" in content:
        line = content[: content.index(b"\0")].count(b"\n") + 1
        raise refuse("a NUL byte", "text", line)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        got = f"a byte that is not UTF-8 (0x{content[error.start]:02x})"
        raise refuse(got, "UTF-8 text", line) from None


def check_depth(path: Path, text: str) -> None:
    """Refuse brackets and braces that are nested deeper than parsers can follow.

    Raises
    ------
    InputError
        If they are.
    """
    depth = deepest = 0
    for letter in text:
        if letter in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif letter in "]}":
            depth = max(0, depth - 1)
    if deepest > MOST_DEPTH:
        expected = f"at most {MOST_DEPTH}"
        got = f"brackets nested {deepest} deep"
        raise InputError([Fault(path, None, "file", got, expected)])
