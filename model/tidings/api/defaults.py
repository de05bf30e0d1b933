"""Where the shipped question, its runs and its reports are, seen from the project's folder."""

from datetime import date
from pathlib import Path

from tidings.errors import UsageError

QUESTION = Path("priors/turkey-s400.toml")
RUNS = Path("data/runs")
RENDERED = Path("reports/rendered")

Where = str | Path
"""A file or folder, as a user gives it."""
When = str | date
"""A day, as a user gives it: ``2026-03-31`` or a date."""


def day_of(day: When) -> date:
    """Return a day.

    Raises
    ------
    UsageError
        If a text is no day.
    """
    if isinstance(day, date):
        return day
    try:
        return date.fromisoformat(day)
    except ValueError:
        raise UsageError(f"got {day!r}; expected a day that exists, YYYY-MM-DD") from None
