"""The api: lazy, complete, documented."""

import inspect
import subprocess
import sys

import tidings
from tidings.api.project import QUESTION, RENDERED, RUNS


def test_everything_that_is_promised_is_there():
    for name in tidings.__all__:
        assert getattr(tidings, name).__doc__
    assert set(tidings.__all__) == set(dir(tidings))


def test_importing_it_imports_nothing_heavy():
    code = "import sys, tidings; print(sorted({'numpy', 'pydantic', 'typer'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_defaults_are_where_the_readme_says():
    assert [str(path) for path in (QUESTION, RUNS, RENDERED)] == [
        "priors/turkey-s400.toml", "data/runs", "reports/rendered",
    ]  # fmt: skip


def test_functions_name_what_they_raise():
    for name in tidings.__all__:
        value = getattr(tidings, name)
        if inspect.isfunction(value) and name not in ("history", "unreadable"):
            assert "Raises" in value.__doc__, name
