"""Options that several commands share, and how they print JSON."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tidings.errors import UsageError, nearest

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from tidings.forecasting.runs import Run


def read_day(value: str) -> date:
    """Read a day as YYYY-MM-DD."""
    try:
        return datetime.strptime(value, "%Y-%m-%d").date()
    except ValueError:
        raise typer.BadParameter(f"got {value!r}; expected a day that exists, YYYY-MM-DD") from None


QuestionFile = Annotated[Path, typer.Option("--question", help="The question file.")]
AskedQuestion = Annotated[
    Path | None,
    typer.Option("--question", help="The question file, where runs of several are kept."),
]
RunsFolder = Annotated[Path, typer.Option("--runs", help="Where runs are kept.")]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out", help="Where reports go [reports/rendered, or beside the runs of --runs]."
    ),
]
Renderer = Annotated[
    str, typer.Option(help="quarto, embedded, or auto: Quarto where it is installed and works.")
]
AsOf = Annotated[
    date | None,
    typer.Option(
        "--as-of", parser=read_day, metavar="DATE", help="When the forecast is made [today]."
    ),
]
Seed = Annotated[int | None, typer.Option(help="Root of all randomness [the config's].", min=0)]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print the whole table as CSV.")]
Yes = Annotated[bool, typer.Option("--yes", help="Ask nothing.")]
RunName = Annotated[str | None, typer.Argument(help="Its id or folder [the newest].")]


Horizon = Annotated[str, typer.Option(help="Like 12mo [the headline].")]


@contextmanager
def progress_lines(console: "Console") -> Iterator[Callable[[str], None]]:
    """Show what is being done in one line, where somebody looks on."""
    with console.status("") as status:
        yield status.update


def show(
    how: tuple[bool, bool],
    table: "Callable[[], pd.DataFrame]",
    view: Callable[[], Any],
    screen: Callable[[], None],
) -> None:
    """Print a result as it is asked for: as one JSON object, as a CSV table, or for a person."""
    as_json, as_csv = how
    if as_csv:
        print_csv(table())
    elif as_json:
        print_json(view())
    else:
        screen()


def print_json(value: Any) -> None:  # noqa: ANN401 - JSON is of any type
    """Print one JSON object."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def print_csv(table: "pd.DataFrame") -> None:
    """Print a table as CSV; no text in it can be taken for a formula by a spreadsheet."""
    words = table.select_dtypes(exclude="number").columns
    safe = table.assign(**{name: table[name].map(_as_text) for name in words})
    sys.stdout.write(safe.to_csv(index=False))


def _as_text(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in _FORMULA else cell


_FORMULA = tuple("=+-@\t\r")


def horizon_of(asked: str, run: "Run", known: tuple[str, ...]) -> str:
    """Return the horizon that is asked for, the headline if none is."""
    named = asked or run.manifest.headline
    if named not in known:
        raise UsageError(f"got {named!r}; expected {nearest(named, known)}", "horizon")
    return named
