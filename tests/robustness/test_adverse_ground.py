"""A full disk, no home, an ASCII locale: the old state or the new one, and a line.

A disk that is full is stood for by a limit on the size of files; what a small file system really
filled, one that is read-only and a clock set back do was tried by hand for every writing command.
"""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from tests.helpers import INPUTS

LEDGER, QUESTION = "data/evidence.csv", "priors/turkey-s400.toml"
ITEM = [
    "--actor", "moscow", "--outcomes", "ukraine", "--push", "1", "--grade", "B2",
    "--claim", "Peskov said “no” — again.", "--speaker", "Dmitry Peskov", "--date", "2026-03-30",
    "--source", "TASS", "--url", "https://tass.com/x",
]  # fmt: skip
WRITING = {
    "add": ["add", *ITEM, "--yes"],
    "edit": ["edit", "erdogan-deposit-paid-2017", "--push", "0", "--why", "read again", "--yes"],
    "retract": ["retract", "erdogan-deposit-paid-2017", "--why", "withdrawn", "--yes"],
    "priors set": ["priors", "set", "base_rate", "0.2", "--because", "A reason.", "--yes"],
    "new": ["new", "other", "--outcomes", "sold", "--actors", "owner"],
}


def state(project):
    """What stands in a project, but for locks and the records of undo."""
    return {
        str(path.relative_to(project)): path.read_bytes()
        for path in sorted(project.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def command(project, arguments, **how):
    return subprocess.run(
        [sys.executable, "-m", "tidings", *arguments], cwd=project, capture_output=True,
        text=True, check=False, stdin=subprocess.DEVNULL, **how,
    )  # fmt: skip


def small_files():
    """Let no file grow beyond a few bytes, as on a disk that is full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))


@pytest.mark.parametrize("name", WRITING)
def test_what_cannot_be_written_leaves_everything_as_it_was(project, name):
    before = state(project)
    done = command(project, WRITING[name], preexec_fn=small_files)
    assert done.returncode == 1, done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert "cannot be written" in last and "None" not in last
    assert state(project) == before


def test_an_output_on_a_full_disk_is_one_line(project):
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "tidings", "check"], cwd=project, stdout=full,
            stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == "the output: cannot be read or written (No space left on device)\n"


def test_a_full_temporary_folder_is_one_line_and_writes_no_report(shipped_run, tmp_path):
    out = tmp_path / "out"
    run = ["report", str(shipped_run.path), "--runs", str(shipped_run.path.parent)]
    done = command(INPUTS, [*run, "--out", str(out)], preexec_fn=small_files)
    assert done.returncode == 1
    assert done.stderr.count("\n") <= 2 and "cannot be written" in done.stderr
    assert not out.exists() or not list(out.iterdir())


@pytest.mark.parametrize("name", WRITING)
def test_neither_a_home_nor_a_locale_is_needed(project, name):
    before = state(project)
    bare = {
        key: value
        for key, value in os.environ.items()
        if key not in {"HOME", "TIDINGS_CACHE", "XDG_CACHE_HOME"}
    }
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = command(project, WRITING[name], env={**bare, **ascii_only, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0, done.stderr
    after = state(project)
    assert after != before
    if name == "add":
        assert "Peskov said “no” — again." in after[LEDGER].decode("utf-8")


def test_bytes_that_are_no_text_are_refused(project):
    done = subprocess.run(
        [sys.executable.encode(), b"-m", b"tidings", b"preview", b"--without", b"\xff\xfe"],
        cwd=project, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert b"expected an argument in UTF-8" in done.stderr
