"""A ledger of a hundred thousand items is checked, and takes another, within a gigabyte.

How long that takes beside reading it with pandas is in the benchmarks.
"""

import csv
import os
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
        with subprocess.Popen(
            [sys.executable, "-m", "tidings", *arguments], cwd=project, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ) as started:  # fmt: skip
            _, status, used = os.wait4(started.pid, 0)
            started.returncode = os.waitstatus_to_exitcode(status)
        print(f"{arguments[0]}: {used.ru_maxrss / 1e6:.2f} GB, {used.ru_utime:.1f} s")
        assert started.returncode == 0
        assert used.ru_maxrss < MOST_KB
    with ledger.open(encoding="utf-8", newline="") as stream:
        assert sum(1 for _ in csv.reader(stream)) == ITEMS + 2
