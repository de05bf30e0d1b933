"""The command line: every command in the table, errors in its own words."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tidings.cli import COMMANDS, main
from tidings.cli.options import read_day
from tidings.cli.telling import told
from tidings.errors import Fault, InputError, UsageError


def test_every_command_of_the_table_is_a_function_that_says_what_it_does():
    for name, (module, says) in COMMANDS.items():
        inside = import_module(f"tidings.cli.{module}")
        group = getattr(inside, "app", None)
        commands = group.registered_commands if group else [getattr(inside, name)]
        assert commands
        for command in commands:
            assert (command.callback if group else command).__doc__
        assert says.endswith(".")


def test_an_error_is_told_with_the_flag_and_the_command_that_helps():
    assert told(UsageError("got 1; expected 2", "as_of")) == "--as-of: got 1; expected 2"
    assert told(UsageError("no runs yet", remedy="forecast")).endswith("tidings forecast")
    fault = Fault(Path("q.toml"), None, "as_of", "'x'", "a day", "learn")
    assert told(InputError([fault])) == (
        "q.toml: --as-of: got 'x'; expected a day; learn again: tidings priors learn"
    )


def test_help_keeps_what_stands_in_square_brackets():
    done = subprocess.run([sys.executable, "-m", "tidings", "retract", "--help"],
                          capture_output=True, text=True, check=True)  # fmt: skip
    assert "[today]" in done.stdout


def test_a_day_that_does_not_exist_is_wrong_use():
    import typer

    with pytest.raises(typer.BadParameter, match="a day that exists"):
        read_day("2025-02-30")


def test_an_interrupt_while_it_starts_is_quiet():
    """The first import of the command line is interrupted, as by Ctrl-C."""
    code = (
        "import sys\n"
        "class Interrupted:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'typer': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupted())\n"
        "from tidings.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (130, b"")


def fails(*_, **__):
    raise ZeroDivisionError("no such luck")


@pytest.mark.parametrize(
    ("arguments", "variable"), [(["--debug", "check"], ""), (["check", "--debug"], ""),
                                (["check"], "1")],
)  # fmt: skip
def test_an_internal_fault_shows_its_traceback_when_asked(arguments, variable, monkeypatch, capsys):
    monkeypatch.setenv("TIDINGS_DEBUG", variable)
    monkeypatch.setattr(sys, "argv", ["tidings", *arguments])
    monkeypatch.setattr("tidings.api.checking.read_inputs", fails)
    with pytest.raises(SystemExit, match="3"):
        main()
    told = capsys.readouterr().err
    assert "Traceback" in told and "in fails" in told
    assert told.splitlines()[-1] == "tidings: internal fault: ZeroDivisionError: no such luck"


def test_an_internal_fault_is_one_line_that_says_how_to_see_more(monkeypatch, capsys):
    monkeypatch.delenv("TIDINGS_DEBUG", raising=False)
    monkeypatch.setattr(sys, "argv", ["tidings", "check"])
    monkeypatch.setattr("tidings.api.checking.read_inputs", fails)
    with pytest.raises(SystemExit, match="3"):
        main()
    [line] = capsys.readouterr().err.splitlines()
    assert line.endswith("no such luck; show where with --debug")
