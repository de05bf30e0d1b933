"""A ledger of a hundred thousand items is checked, and takes another, within a gigabyte."""

import csv
import subprocess
import sys
from datetime import date, timedelta

import pytest

pytestmark = pytest.mark.slow

ITEMS, MOST_KB = 100_000, 1_000_000
ITEM = [
    "--actor", "moscow", "--outcomes", "ukraine", "--push", "1", "--grade", "B2",
    "--claim", "Moscow would look at it.", "--speaker", "Dmitry Peskov", "--date", "2026-03-30",
    "--source", "TASS", "--url", "https://tass.com/x", "--yes",
]  # fmt: skip


MEASURED = """
import re, sys
from pathlib import Path
from tidings.__main__ import main
try:
    main()
finally:
    [peak] = re.findall(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())
    sys.stderr.write(f"peak {peak}\\n")
"""
"""A command that says what it needed at most, in kB: what `getrusage` tells of a child is that of
the process that it was forked from, where that is more."""


def lengthened(ledger, count):
    """Fill a ledger up with its own items, each in a story and on a day of its own."""
    with ledger.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    first = date(2019, 7, 12)
    with ledger.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        for number in range(count - len(rows)):
            row, day = rows[number % len(rows)], str(first + timedelta(days=number % 2400))
            copied = {"id": f"{row['id']}-{number}", "story": f"{row['story']}-{number}",
                      "date": day, "published": day, "date_precision": "day", "retracted": "",
                      "retracted_why": "", "expected_by": "",
                      "claim": f"{row['claim']} ({number})"}  # fmt: skip
            writer.writerow({**row, **{k: v for k, v in copied.items() if k in row}})


def test_a_long_ledger_is_checked_and_added_to_within_a_gigabyte(project):
    ledger = project / "data" / "evidence.csv"
    lengthened(ledger, ITEMS)
    for arguments in (["check"], ["add", *ITEM]):
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, *arguments], cwd=project, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        peak = int(done.stderr.split()[-1])
        print(f"{arguments[0]}: {peak / 1e6:.2f} GB")
        assert peak < MOST_KB
    with ledger.open(encoding="utf-8", newline="") as stream:
        assert sum(1 for _ in csv.reader(stream)) == ITEMS + 2
