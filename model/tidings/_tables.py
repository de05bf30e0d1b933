"""Reading CSV files against a schema of columns: every fault at once, with its line."""

import csv
import io
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from tidings._reading import read_file
from tidings._workbooks import is_workbook, sheet_records
from tidings.errors import Fault, InputError, nearest, raise_if_any


@dataclass(frozen=True)
class Column:
    """A column of a CSV file: how a cell is read, and whether it may be blank or missing."""

    read: Callable[[str], object]
    required: bool = True
    optional_column: bool = False


class Row(NamedTuple):
    """One record of a table with the line it starts on, if it stands in a file."""

    line: int | None
    values: Mapping[str, object]


def text(cell: str) -> str:
    """Read any text."""
    return cell


def choice(*allowed: str) -> Callable[[str], str]:
    """Read one of the allowed words; a spreadsheet's capital letters do not matter."""

    small = {word.lower(): word for word in allowed}

    def read(cell: str) -> str:
        if cell.lower() not in small:
            raise ValueError(nearest(cell, allowed))
        return small[cell.lower()]

    return read


def choices(*allowed: str) -> Callable[[str], tuple[str, ...]]:
    """Read one or more of the allowed words, with ; between them."""

    small = {word.lower(): word for word in allowed}

    def read(cell: str) -> tuple[str, ...]:
        parts = [part.strip() for part in cell.split(";")]
        wrong = [part for part in parts if part.lower() not in small]
        if wrong and len(parts) == 1:
            raise ValueError(nearest(wrong[0], allowed))
        if wrong:
            raise ValueError("; ".join(f"for {one!r} {nearest(one, allowed)}" for one in wrong))
        return tuple(small[part.lower()] for part in parts)

    return read


def number(low: float, high: float, *, whole: bool = False) -> Callable[[str], int | float]:
    """Read a number between two limits, both included."""
    kind = "a whole number" if whole else "a number"

    def read(cell: str) -> int | float:
        expected = f"{kind} from {low:g} to {high:g}"
        try:
            value = float(cell)
        except ValueError:
            raise ValueError(expected) from None
        if not low <= value <= high or (whole and value != int(value)):
            raise ValueError(expected)
        return int(value) if whole else value

    return read


def day(cell: str) -> date:
    """Read a calendar day: ``YYYY-MM-DD``, or another form that can mean one day only."""
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", cell):
        try:
            return date.fromisoformat(cell)
        except ValueError:
            raise ValueError(_DAY) from None
    numbers = re.fullmatch(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})", cell)
    if numbers:
        return _of_numbers(*(int(numbers[place]) for place in (1, 3, 4)))
    for form in _DAY_FORMS:
        try:
            return datetime.strptime(cell, form).date()
        except ValueError:
            continue
    raise ValueError(_DAY)


_DAY = "a day that exists, as YYYY-MM-DD"
_DAY_FORMS = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%d %B %Y",
    "%d %b %Y",
    "%B %d, %Y",
    "%b %d, %Y",
    "%d-%b-%Y",
)


def _of_numbers(first: int, second: int, year: int) -> date:
    """Return the day of ``31/12/2025`` or ``12/31/2025``, where only one of them is a day."""
    readings = set()
    for day_of_month, month_of_year in ((first, second), (second, first)):
        try:
            readings.add(date(year, month_of_year, day_of_month))
        except ValueError:
            continue
    if len(readings) == 1:
        return readings.pop()
    if readings:
        told = " or ".join(sorted(f"{one}" for one in readings))
        raise ValueError(f"YYYY-MM-DD, since this may mean {told}")
    raise ValueError(_DAY)


def month(cell: str) -> date:
    """Read a calendar month, ``YYYY-MM``, as its first day."""
    try:
        if not re.fullmatch(r"\d{4}-\d{2}", cell):
            raise ValueError
        return day(f"{cell}-01")
    except ValueError:
        raise ValueError("a month, as YYYY-MM") from None


def read_table(path: Path, columns: Mapping[str, Column]) -> tuple[list[Row], list[Fault]]:
    """Read a CSV file against its columns.

    Returns
    -------
    tuple of (list of Row, list of Fault)
        The rows without a fault (blank cells are None), and the faults.

    Raises
    ------
    InputError
        If the file is missing, unreadable, or its header is not that of the schema.
    """
    records, header = _records(path)
    _check_header(path, header, columns)
    faults = [
        _length_fault(path, line, cells, header)
        for line, cells in records
        if len(cells) != len(header)
    ]
    fitting = [(line, cells) for line, cells in records if len(cells) == len(header)]
    cells = dict(zip(header, zip(*(cells for _, cells in fitting), strict=True), strict=False))
    rows, more = read_columns(path, [line for line, _ in fitting], cells, columns)
    return rows, sorted([*faults, *more], key=lambda fault: fault.line or 0)


def read_loosely(path: Path, columns: Iterable[str]) -> list[tuple[int, dict[str, str]]]:
    """Read a table that may lack some columns, as text: cells by column, with their lines.

    It is a CSV file, with commas, semicolons or tabs between its cells, or an Excel workbook, whose
    first sheet is read.

    Raises
    ------
    InputError
        If the file is missing, unreadable, has other columns, or rows of another length.
    """
    records, header = sheet_records(path) if is_workbook(path) else _records(path, _BETWEEN)
    _check_header(path, header, {name: Column(text, optional_column=True) for name in columns})
    raise_if_any(
        [
            _length_fault(path, line, cells, header)
            for line, cells in records
            if len(cells) != len(header)
        ]
    )
    return [(line, dict(zip(header, cells, strict=True))) for line, cells in records]


def _length_fault(path: Path, line: int, cells: Sequence[str], header: Sequence[str]) -> Fault:
    expected = f"{len(header)} cells as in the header; quote cells that hold commas"
    return Fault(path, line, "row", f"{len(cells)} cells", expected)


_BETWEEN = {",": "commas", ";": "semicolons", "\t": "tabs"}


def _records(
    path: Path, between: Iterable[str] = (",",)
) -> tuple[list[tuple[int, list[str]]], list[str]]:
    """Return the records of a CSV file with their lines, and its header.

    Raises
    ------
    InputError
        If it is no CSV file, or something else stands between its cells.
    """
    text = read_file(path, "a CSV file")
    records, start = [], 0
    first = text.partition("\n")[0]
    found = max(_BETWEEN, key=first.count)
    if found not in between and first.count(",") == 0 < first.count(found):
        got = f"{_BETWEEN[found]} between the cells"
        raise InputError([Fault(path, 1, "header", got, "commas between them")])
    comma = found if found in between and first.count(found) else ","
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=comma, strict=True)
        for cells in reader:
            if cells:
                records.append((start + 1, cells))
            start = reader.line_num
    except csv.Error as error:
        got, expected = _CSV_FAULTS.get(str(error), (str(error), "valid CSV"))
        raise InputError([Fault(path, start + 1, "row", got, expected)]) from None
    if not records:
        raise InputError([Fault(path, None, "header", "an empty file", "a header line")])
    return records[1:], records[0][1]


_CSV_FAULTS = {
    "',' expected after '\"'": (
        "a quotation mark inside a quoted cell",
        'two of them ("") for each that is meant',
    ),
    "unexpected end of data": (
        "a quotation mark that is never closed",
        "another one at the end of the cell",
    ),
}
"""What the words of `csv` mean."""


def _check_header(path: Path, header: Sequence[str], columns: Mapping[str, Column]) -> None:
    faults = [
        Fault(path, 1, "header", f"unknown column {name!r}", nearest(name, columns))
        for name in header
        if name not in columns
    ]
    faults += [
        Fault(path, 1, "header", f"column {name!r} twice", "each column once")
        for name in {name for name in header if header.count(name) > 1}
    ]
    faults += [
        Fault(path, 1, "header", f"no column {name!r}", f"the columns {', '.join(columns)}")
        for name, column in columns.items()
        if name not in header and not column.optional_column
    ]
    if faults:
        raise InputError(faults)


def read_columns(
    place: Path,
    lines: Sequence[int | None],
    cells: Mapping[str, Sequence[str]],
    columns: Mapping[str, Column],
) -> tuple[list[Row], list[Fault]]:
    """Read records column by column; what stands in many cells of a column is read once.

    Parameters
    ----------
    lines : sequence of int or None
        The line of each record there.
    cells : mapping of str to sequence of str
        The cells of each column; a column that is absent counts as blank.

    Returns
    -------
    tuple of (list of Row, list of Fault)
        The rows without a fault (blank cells are None), and the faults by record.
    """
    values: list[list[object]] = []
    faults: list[tuple[int, Fault]] = []
    for name, column in columns.items():
        stripped = list(map(str.strip, cells.get(name, ("",) * len(lines))))
        read, wrong = _read_each(set(stripped), column)
        values.append(list(map(read.get, stripped)))
        if not wrong:
            continue
        faults += [
            (index, Fault(place, lines[index], name, *wrong[cell]))
            for index, cell in enumerate(stripped)
            if cell in wrong
        ]
    bad = {index for index, _ in faults}
    rows = [
        Row(line, dict(zip(columns, row, strict=True)))
        for index, (line, row) in enumerate(zip(lines, zip(*values, strict=True), strict=True))
        if index not in bad
    ]
    return rows, [fault for _, fault in sorted(faults, key=lambda one: one[0])]


def _read_each(
    cells: Collection[str], column: Column
) -> tuple[dict[str, object], dict[str, tuple[str, str]]]:
    """Return what each different cell of a column says, or what it is and what was expected."""
    read: dict[str, object] = {}
    wrong: dict[str, tuple[str, str]] = {}
    if column.read is text:
        # Nothing to read: claims and notes are mostly different from each other.
        read = {cell: cell for cell in cells if cell}
        cells = () if len(read) == len(cells) else ("",)
    for cell in cells:
        if not cell:
            if column.required:
                wrong[cell] = ("a blank cell", _wanted(column))
            continue
        try:
            read[cell] = column.read(cell)
        except ValueError as error:
            wrong[cell] = (repr(cell), str(error))
    return read, wrong


def _wanted(column: Column) -> str:
    """Return what a blank cell should hold."""
    try:
        column.read("")
    except ValueError as error:
        return str(error)
    return "a value"
