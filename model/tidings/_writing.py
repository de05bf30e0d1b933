"""Rewriting a file that people keep: under a lock, whole or not at all.

The new text is written beside the old one, flushed to the disk and put in its place: two people
writing at once, or a crash, lose nothing.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from filelock import FileLock, Timeout

from tidings.errors import RunError

LOCK_SECONDS = 10.0
"""How long to wait while somebody else writes the file."""


def rewrite(path: Path, change: Callable[[str], str]) -> None:
    """Replace a file's text.

    Parameters
    ----------
    path : Path
        A UTF-8 file.
    change : callable
        Makes the new text from the old one; if it raises, nothing is written.

    Raises
    ------
    RunError
        If the file cannot be written; it is as it was then.
    """
    try:
        with FileLock(path.with_name(f".{path.name}.lock"), timeout=LOCK_SECONDS):
            with path.open(encoding="utf-8", newline="") as stream:
                text = stream.read()
            _replace(path, change(text))
    except Timeout:
        raise RunError(
            f"{path}: somebody else has been writing it for {LOCK_SECONDS:.0f} seconds; nothing "
            f"was written, try again (or delete .{path.name}.lock if nobody is)"
        ) from None
    except OSError as error:
        raise RunError(
            f"{path}: cannot be written ({error.strerror or error}); it is as it was"
        ) from error


def _replace(path: Path, text: str) -> None:
    with NamedTemporaryFile(
        "w", dir=path.parent, prefix=f".{path.name}-", delete=False, encoding="utf-8", newline=""
    ) as written:
        try:
            written.write(text)
            written.flush()
            os.fsync(written.fileno())
            written.close()
            Path(written.name).chmod(path.stat().st_mode)
            Path(written.name).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(written.name).unlink()
            raise
