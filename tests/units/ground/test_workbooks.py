"""Tables as spreadsheets hand them in: other separators, capital letters, dates, workbooks."""

from datetime import date, datetime

import openpyxl
import pytest

from tidings._tables import choice, choices, day, read_loosely
from tidings.errors import InputError

COLUMNS = ("id", "date", "push", "claim")


@pytest.mark.parametrize(
    "cell",
    [
        "2025-11-30", "2025/11/30", "30 November 2025", "30 Nov 2025", "Nov 30, 2025",
        "November 30, 2025", "30/11/2025", "11/30/2025", "30.11.2025", "30-Nov-2025",
        "2025-11-30 00:00:00", "2025-11-30T00:00:00",
    ],
)  # fmt: skip
def test_a_date_that_can_mean_one_day_is_read(cell):
    assert day(cell) == date(2025, 11, 30)


def test_an_ambiguous_date_is_refused_with_both_readings():
    with pytest.raises(ValueError, match=r"2025-03-04 or 2025-04-03"):
        day("03/04/2025")
    assert day("04/04/2025") == date(2025, 4, 4)
    for cell in ("31/31/2025", "2025-02-30", "30112025", "soon"):
        with pytest.raises(ValueError, match="YYYY-MM-DD"):
            day(cell)


def test_capital_letters_do_not_matter_in_words():
    assert choice("very_likely", "A")("Very_Likely") == "very_likely"
    assert choice("very_likely", "A")("a") == "A"
    assert choices("any", "ukraine")("Ukraine; ANY") == ("ukraine", "any")


@pytest.mark.parametrize("comma", [",", ";", "\t"])
def test_what_stands_between_cells_is_found_out(tmp_path, comma):
    path = tmp_path / "news.csv"
    rows = [COLUMNS, ("a", "2025-11-30", "1", f'"one{comma} two"')]
    path.write_text("\ufeff" + "\r\n".join(comma.join(row) for row in rows), encoding="utf-8")
    [(line, cells)] = read_loosely(path, COLUMNS)
    assert line == 2 and cells["claim"] == f"one{comma} two"


def test_a_workbook_is_read_as_text(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(COLUMNS)
    book.active.append(["a", datetime(2025, 11, 30), 2, "=1+1 is a claim"])
    book.active.append([None, None, None, None])
    book.active.append(["b", "30 Nov 2025", 2.0, None])
    book.active["D2"].data_type = "s"
    book.save(tmp_path / "news.xlsx")
    found = read_loosely(tmp_path / "news.xlsx", COLUMNS)
    assert found == [
        (2, {"id": "a", "date": "2025-11-30", "push": "2", "claim": "=1+1 is a claim"}),
        (4, {"id": "b", "date": "30 Nov 2025", "push": "2", "claim": ""}),
    ]


def test_what_is_no_workbook_is_refused_in_a_sentence(tmp_path):
    path = tmp_path / "news.xlsx"
    with pytest.raises(InputError, match="nothing"):
        read_loosely(path, COLUMNS)
    path.write_bytes(b"PK\x03\x04 broken")
    with pytest.raises(InputError, match="an Excel workbook"):
        read_loosely(path, COLUMNS)
