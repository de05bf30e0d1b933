"""The command line: a thin face on the library functions of the same names."""

import sys

import typer

from tidings.cli import forecasts, lessons, news, priors, reasons
from tidings.errors import TidingsError

__all__ = ["app", "main"]

app = typer.Typer(
    help="Bayesian forecasts that move with the news.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (*forecasts.COMMANDS, *news.COMMANDS, *reasons.COMMANDS, *lessons.COMMANDS):
    app.command()(command)
app.add_typer(priors.app, name="priors")


def main() -> None:
    """Run the command line; expected errors are lines on standard error, never a traceback."""
    try:
        app()
    except TidingsError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        sys.stderr.write(f"tidings: internal fault: {type(error).__name__}: {error}\n")
        sys.exit(3)
