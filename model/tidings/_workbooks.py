"""Reading the first sheet of an Excel workbook as a table of text."""

import zipfile
import zlib
from datetime import date, datetime
from pathlib import Path

from tidings.errors import Fault, InputError

_MOST_ROWS, _MOST_BYTES, _MOST_UNPACKED = 100_000, 20_000_000, 200_000_000
_BROKEN = (
    OSError, ValueError, LookupError, TypeError, AttributeError, SyntaxError, EOFError,
    RuntimeError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What a broken workbook makes the library, its parser and its unpacker raise."""
Records = tuple[list[tuple[int, list[str]]], list[str]]


def is_workbook(path: Path) -> bool:
    """Return whether a file is an Excel workbook, by its name."""
    return path.suffix.lower() in (".xlsx", ".xlsm")


def sheet_records(path: Path) -> Records:
    """Return the rows of a workbook's first sheet with their numbers, and its header.

    Dates become ``YYYY-MM-DD``, whole numbers have no point; of a formula its last value counts.

    Raises
    ------
    InputError
        If it is missing, too large, or no workbook.
    """
    import openpyxl

    _check_size(path)
    most = _MOST_ROWS + 1
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        sheet = book.worksheets[0]
        rows = [
            (number, [_text(cell) for cell in row])
            for number, row in enumerate(sheet.iter_rows(max_row=most, values_only=True), 1)
        ]
        book.close()
    except _BROKEN as error:
        raise _refused(path, f"{type(error).__name__}: {error}") from None
    if len(rows) > _MOST_ROWS:
        got = f"more than {_MOST_ROWS:,} rows"
        raise InputError([Fault(path, None, "file", got, f"at most {_MOST_ROWS:,} rows")])
    filled = [(number, row) for number, row in rows if any(row)]
    if not filled:
        raise InputError([Fault(path, None, "header", "an empty sheet", "a header line")])
    width = max(place for place, cell in enumerate(filled[0][1], 1) if cell)
    header = filled[0][1][:width]
    records = [(number, (row + [""] * width)[: max(width, _used(row))]) for number, row in filled]
    return records[1:], header


def _check_size(path: Path) -> None:
    try:
        if not path.is_file():
            got = "nothing" if not path.exists() else "no regular file"
            raise InputError([Fault(path, None, "file", got, "an Excel workbook here")])
        size = path.stat().st_size
        with zipfile.ZipFile(path) as packed:
            unpacked = sum(one.file_size for one in packed.infolist())
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise _refused(path, str(error)) from None
    if size > _MOST_BYTES or unpacked > _MOST_UNPACKED:
        got = f"{size:,} bytes, {unpacked:,} unpacked"
        raise InputError([Fault(path, None, "file", got, f"at most {_MOST_BYTES:,} bytes")])


def _refused(path: Path, why: str) -> InputError:
    return InputError([Fault(path, None, "file", why, "an Excel workbook")])


def _used(row: list[str]) -> int:
    return max((place for place, cell in enumerate(row, 1) if cell), default=0)


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return str(cell.date())
    if isinstance(cell, date):
        return str(cell)
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
