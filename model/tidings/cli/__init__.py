"""The command line: a thin face on the library functions of the same names.

A command's module is imported when the command is asked for, so that no command loads what only
others need; the help of all of them comes from one table.
"""

import os
import sys
import traceback
import warnings
from collections.abc import Mapping
from importlib import import_module
from io import TextIOWrapper
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from tidings._text import visible
from tidings.errors import TidingsError, UsageError

# Every model of pydantic would look for plugins among all that is installed.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

DEBUG: Final = "TIDINGS_DEBUG"

COMMANDS: Mapping[str, tuple[str, str]] = {
    "check": ("checking", "Validate every input and print every fault."),
    "forecast": ("forecasts", "Fit, check and store a run."),
    "report": ("forecasts", "Render a stored run."),
    "run": ("forecasts", "Check, forecast and report: the main job."),
    "history": ("history", "Show the runs and the probability of each outcome over time."),
    "add": ("news", "Record an item, or many from a file, and show what it does first."),
    "retract": ("news", "Withdraw an item without erasing it, and show what that does."),
    "edit": ("news", "Grade an item anew, or correct it, and show what that does."),
    "undo": ("news", "Take back the last change of the ledger or of a prior."),
    "preview": ("previewing", "Show what hypothetical items, or doubts, would do to a run."),
    "diff": ("diff", "Show the moves between two runs, item by item, adding up."),
    "explain": ("reasons", "Show what a run rests on, and which items conflict."),
    "watch": ("reasons", "Show which news would matter most next."),
    "sensitivity": ("reasons", "Show which priors a run depends on, and tipping points."),
    "doctor": ("verifying", "Verify stored runs, and find what was left behind."),
    "exam": ("learning", "Score the model on resolved questions that it has not learned from."),
    "new": ("learning", "Write a commented starting config for another question."),
    "priors": ("priors", "The priors: where each comes from, and what became of it."),
}
"""Every command with its module and its line in the help."""


class _Commands(TyperGroup):
    """The commands, each imported when it is asked for; contexts and formatters are Typer's."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command, its module imported; None if no such command exists."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"tidings.cli.{COMMANDS[cmd_name][0]}")
        if hasattr(module, "app"):
            return typer.main.get_group(module.app)
        single = typer.Typer(add_completion=False, rich_markup_mode=None)
        single.command(cmd_name)(getattr(module, cmd_name))
        return typer.main.get_command(single)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands from the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, says) for name, (_, says) in COMMANDS.items()])


app = typer.Typer(
    cls=_Commands,
    help="Bayesian forecasts that move with the news.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def _options(
    debug: Annotated[
        bool,
        typer.Option(
            "--debug", envvar=DEBUG, help="Show the traceback of an internal fault; anywhere."
        ),
    ] = False,
) -> None:
    """Accept the options of all commands: `main` has read them already."""


def _as_typed(argument: str) -> str:
    """Return an argument as UTF-8, whatever the locale.

    Raises
    ------
    UsageError
        If it is no UTF-8.
    """
    try:
        return os.fsencode(argument).decode("utf-8")
    except UnicodeError:
        raise UsageError(f"got {argument!r}; expected an argument in UTF-8") from None


def _cannot_go_on(error: OSError) -> None:
    """Report an I/O error in one line; a closed pipe is none."""
    if error.filename is None:
        # It is the output that cannot be written: nothing more may be at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if not isinstance(error, BrokenPipeError):
        place = visible(str(error.filename2 or error.filename or "the output"))
        sys.stderr.write(f"{place}: cannot be read or written ({error.strerror or error})\n")


def _asks_for_debugging() -> bool:
    """Remove ``--debug`` from the arguments and return whether it was there, or is set."""
    asked = "--debug" in sys.argv[1:] or os.environ.get(DEBUG, "") not in ("", "0")
    sys.argv[1:] = [argument for argument in sys.argv[1:] if argument != "--debug"]
    return asked


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    """Show a warning as one line on standard error."""
    sys.stderr.write(f"warning: {visible(str(message))}\n")


def main() -> None:
    """Run the command line; expected errors are lines on standard error, never a traceback."""
    debug, warnings.showwarning = _asks_for_debugging(), _show_warning
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        sys.argv[1:] = map(_as_typed, sys.argv[1:])
        app()
    except TidingsError as error:
        from tidings.cli.telling import told

        sys.stderr.write(f"{told(error)}\n")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        _cannot_go_on(error)
        sys.exit(1)
    except Exception as error:
        if debug:
            traceback.print_exc()
        hint = "" if debug else "; show where with --debug"
        sys.stderr.write(f"tidings: internal fault: {type(error).__name__}: {error}{hint}\n")
        sys.exit(3)
