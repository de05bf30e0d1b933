"""Rewriting a file that people keep: under a lock, whole or not at all, and back again once.

The new text is written beside the old one, flushed to the disk and put in its place: two people
writing at once, or a crash, lose nothing. What the file was before stands in a hidden file beside
it until the next change.
"""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

from filelock import FileLock, Timeout

from tidings.errors import RunError

LOCK_SECONDS = 60.0
"""How long to wait while somebody else writes the file."""


def rewrite(path: Path, change: Callable[[str], str], what: str = "") -> None:
    """Replace a file's text.

    Parameters
    ----------
    change : callable
        Makes the new text from the old one; if it raises, nothing is written.
    what : str
        The change in words, if it may be undone.

    Raises
    ------
    RunError
        If the file cannot be written; it is as it was then.
    """
    with _alone(path):
        before = as_it_stands(path)
        after = change(before)
        if what:
            now = datetime.now(UTC).isoformat(timespec="seconds")
            record = {"what": what, "when": now, "before": before, "after": _digest(after)}
            _replace(_record_of(path), json.dumps(record, ensure_ascii=False), like=path)
        _replace(path, after)


@dataclass(frozen=True)
class LastChange:
    """The last change of a file: what and when it was, and what the file was before."""

    path: Path
    what: str
    when: datetime
    before: str
    after: str


def last_change(paths: Sequence[Path]) -> LastChange | None:
    """Return the newest change among some files that may be undone."""
    found = [one for path in paths if (one := _read_record(path)) is not None]
    return max(found, key=lambda one: one.when, default=None)


def undo(change: LastChange) -> None:
    """Restore a file as it was before its last change.

    Raises
    ------
    RunError
        If the file is no longer what that change made of it, or cannot be written.
    """
    with _alone(change.path):
        if _digest(as_it_stands(change.path)) != change.after:
            raise RunError(
                f"{change.path}: has been changed by hand since ({change.what}); it is as it was"
            )
        _replace(change.path, change.before)
        _record_of(change.path).unlink(missing_ok=True)


def _record_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.undo")


def _read_record(path: Path) -> LastChange | None:
    try:
        told = json.loads(as_it_stands(_record_of(path)))
        when = datetime.fromisoformat(told["when"])
        return LastChange(path, told["what"], when, told["before"], told["after"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def as_it_stands(path: Path) -> str:
    """Return a file's text with its own line ends and byte order mark."""
    with path.open(encoding="utf-8", newline="") as stream:
        return stream.read()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Lock a file; raise RunError if it cannot be written."""
    try:
        with FileLock(path.with_name(f".{path.name}.lock"), timeout=LOCK_SECONDS):
            yield
    except Timeout:
        raise RunError(
            f"{path}: somebody else has been writing it for {LOCK_SECONDS:.0f} seconds; nothing "
            f"was written, try again (or delete .{path.name}.lock if nobody is)"
        ) from None
    except OSError as error:
        raise RunError(
            f"{path}: cannot be written ({error.strerror or error}); it is as it was"
        ) from error


def _replace(path: Path, text: str, like: Path | None = None) -> None:
    with NamedTemporaryFile(
        "w", dir=path.parent, prefix=f".{path.name}-", delete=False, encoding="utf-8", newline=""
    ) as written:
        try:
            written.write(text)
            written.flush()
            os.fsync(written.fileno())
            written.close()
            Path(written.name).chmod((like or path).stat().st_mode)
            Path(written.name).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(written.name).unlink()
            raise
