"""Files that are no files, never end, or are made to break parsers: one clear line, in seconds."""

import os
import subprocess
import sys
import time

import pytest

import tidings
from tidings.forecasting.verifying import Diagnosis

SECONDS = 20
"""More than a command takes on a slow machine; a hang takes for ever."""


def command(folder, *arguments, **how):
    return subprocess.run(
        [sys.executable, "-m", "tidings", *arguments], cwd=folder, capture_output=True, text=True,
        check=False, timeout=SECONDS * 3, **how,
    )  # fmt: skip


def a_pipe(path):
    path.unlink()
    os.mkfifo(path)


def a_device(path):
    path.unlink()
    path.symlink_to("/dev/zero")


def a_folder(path):
    path.unlink()
    path.mkdir()


def with_bytes(content):
    return lambda path: path.write_bytes(content)


LEDGER, QUESTION, PAST = (
    "data/evidence.csv", "priors/turkey-s400.toml", "data/resolved/uae-f35.yaml",
)  # fmt: skip
BROKEN = [
    (LEDGER, a_pipe, "got a pipe or a device"),
    (LEDGER, a_device, "got a pipe or a device"),
    (LEDGER, a_folder, "got a folder"),
    (
        LEDGER,
        with_bytes(b"id,date\n\xff,x\n"),
        "evidence.csv:2: file: got a byte that is not UTF-8",
    ),
    (LEDGER, with_bytes(b"id,date\na\0b,x\n"), "evidence.csv:2: file: got a NUL byte"),
    (LEDGER, with_bytes(b""), "got an empty file"),
    (QUESTION, a_pipe, "got a pipe or a device"),
    (QUESTION, with_bytes(b"x = " + b"[" * 100_000), "brackets nested 100000 deep"),
    (QUESTION, with_bytes(b"x = " + b"[" * 3 + b"]" * 3), "unknown"),
    (PAST, a_device, "got a pipe or a device"),
    (PAST, with_bytes(b"a: " + b"[" * 5000 + b"]" * 5000), "brackets nested 5000 deep"),
    (PAST, with_bytes(b"- " * 5000), "lists nested too deep"),
    (PAST, with_bytes(b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"), "got an alias"),
    (PAST, with_bytes(b"just words"), "got no keys"),
]


@pytest.mark.parametrize(("name", "break_it", "says"), BROKEN)
def test_what_is_no_file_of_its_kind_is_one_clear_line(project, name, break_it, says):
    break_it(project / name)
    start = time.monotonic()
    done = command(project, "check")
    assert time.monotonic() - start < SECONDS
    assert done.returncode == 1, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr and "internal fault" not in done.stderr


def test_a_byte_order_mark_and_windows_line_ends_are_read(project):
    ledger = project / LEDGER
    text = ledger.read_text(encoding="utf-8")
    ledger.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert len(tidings.check(project / QUESTION).ledger.items) > 100


def test_many_faults_are_counted_by_kind(project):
    ledger = project / LEDGER
    header, *rows = ledger.read_text(encoding="utf-8").splitlines(keepends=True)
    ledger.write_text(header + "".join(row.replace(",own,", ",owner,") for row in rows))
    done = command(project, "check")
    lines = done.stderr.splitlines()
    assert done.returncode == 1 and len(lines) == 21
    assert "more faults:" in lines[-1] and "of voice" in lines[-1]
    every = command(project, "check", "--all").stderr.splitlines()
    assert len(every) > 40 and every[:20] == lines[:20]


def test_doctor_finds_what_was_left_and_clears_it_only(project, monkeypatch):
    runs = project / "data" / "runs"
    left = runs / ".writing-abc" / "run"
    left.mkdir(parents=True)
    lock = project / "data" / ".evidence.csv.lock"
    lock.touch()
    young = project / "data" / ".evidence.csv-young"
    young.touch()
    old = [project / "data" / name for name in (".evidence.csv-old", "..evidence.csv.undo-old")]
    old.append(project / "cache" / ".writing-code")
    old[-1].parent.mkdir()
    for path in (*old, record := project / "data" / ".evidence.csv.undo"):
        path.touch()
    monkeypatch.setenv("TIDINGS_CACHE", str(project / "cache"))
    for path in (runs / ".writing-abc", lock, record, *old):
        os.utime(path, (1, 1))
    broken = runs / "2025-01-01_20250101T000000Z_abcdef"
    broken.mkdir()
    (broken / "manifest.json").write_text("{}")
    done = command(project, "doctor")
    assert done.returncode == 1 and done.stdout.count("leftover") >= 2
    assert "unreadable run" in done.stdout
    assert command(project, "doctor", "--clear", "--yes").returncode == 1
    assert not left.exists() and not lock.exists()
    assert not any(path.exists() for path in old)
    assert record.exists() and young.exists() and broken.exists()
    found = tidings.doctor(project / QUESTION, runs)
    assert isinstance(found, Diagnosis)
    assert [one.kind for one in found.findings] == ["unreadable run"]
