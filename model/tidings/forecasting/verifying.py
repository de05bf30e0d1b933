"""What is wrong with stored runs, and what was left behind by commands that were stopped."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree
from typing import Literal

from tidings.errors import RunError
from tidings.forecasting.runs import list_runs, unreadable_runs

Ailment = Literal["leftover", "unreadable run", "changed run"]
_LEFTOVERS = (".writing-*", ".*.lock", ".*.csv-*", ".*.toml-*", ".*.undo-*")
_SETTLED_SECONDS = 60.0
"""What is younger may still be being written."""


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be.

    Attributes
    ----------
    path : Path
        Where.
    clearable : bool
        Whether it may be deleted without loss.
    """

    kind: Ailment
    path: Path
    says: str
    clearable: bool


@dataclass(frozen=True)
class Diagnosis:
    """What was looked at, and what was found."""

    runs: int
    findings: tuple[Finding, ...]


def examine(runs: Path, folders: Iterable[Path]) -> Diagnosis:
    """Verify stored runs by their digests, and look for what was left behind.

    Parameters
    ----------
    folders : iterable of Path
        Where else leftovers may lie.
    """
    readable = list_runs(runs)
    findings = [
        Finding("unreadable run", Path(str(fault).partition(":")[0]), str(fault), clearable=False)
        for fault in unreadable_runs(runs)
    ]
    for run in readable:
        try:
            run.verify()
        except RunError as error:
            findings.append(Finding("changed run", run.path, str(error), clearable=False))
    for folder in dict.fromkeys((*folders, runs)):
        findings += _leftovers(folder)
    return Diagnosis(len(readable), tuple(findings))


def _leftovers(folder: Path) -> Iterator[Finding]:
    now = datetime.now(UTC).timestamp()
    for pattern in _LEFTOVERS:
        for path in sorted(folder.glob(pattern)):
            if now - path.stat().st_mtime < _SETTLED_SECONDS or _held(path):
                continue
            says = "left by a command that was stopped; nothing of it is used"
            if path.suffix == ".lock":
                says = "a lock that no command holds any more; it stops nobody"
            yield Finding("leftover", path, says, clearable=True)


def _held(path: Path) -> bool:
    """Return whether somebody holds a lock."""
    if path.suffix != ".lock":
        return False
    from filelock import FileLock, Timeout

    touched = path.stat()
    try:
        with FileLock(path, timeout=0):
            return False
    except (Timeout, OSError):
        return True
    finally:
        # To have looked does not make it younger.
        with suppress(OSError):
            os.utime(path, (touched.st_atime, touched.st_mtime))


def clear(diagnosis: Diagnosis) -> tuple[Path, ...]:
    """Delete what may be deleted without loss; returns what was.

    Raises
    ------
    RunError
        If something cannot be deleted.
    """
    done = []
    for finding in diagnosis.findings:
        if not finding.clearable:
            continue
        try:
            if finding.path.is_dir():
                rmtree(finding.path)
            else:
                finding.path.unlink(missing_ok=True)
        except OSError as error:
            raise RunError(f"{finding.path}: cannot be deleted ({error.strerror})") from error
        done.append(finding.path)
    return tuple(done)
