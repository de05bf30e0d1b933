"""The ground: tables, lines of TOML, writing, text of others, errors, randomness, templates."""

from pathlib import Path

import numpy as np
import pytest

from tidings import _tables, _templates, _text, _toml, _writing
from tidings.errors import Fault, InputError, RunError, UsageError, nearest
from tidings.randomness import stream


def test_a_table_gives_rows_and_every_fault_with_its_line(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("name,size\none,1\ntwo,many\nthree,9\n")
    columns = {"name": _tables.Column(_tables.text), "size": _tables.Column(_tables.number(0, 5))}
    rows, faults = _tables.read_table(path, columns)
    assert [row.values["size"] for row in rows] == [1.0]
    assert [(fault.line, fault.field) for fault in faults] == [(3, "size"), (4, "size")]


@pytest.mark.parametrize("cell", ["2025-02-30", "2025-13-03", "tomorrow"])
def test_a_day_that_does_not_exist_is_refused(cell):
    with pytest.raises(ValueError, match="a day that exists"):
        _tables.day(cell)


def test_the_line_of_a_key_is_the_deepest_that_stands_there():
    text = "a = 1\n[b]\nc = 2\n[[d]]\ne = 3\n[[d]]\ne = 4\n"
    assert _toml.line_of(text, ("b", "c")) == 3
    assert _toml.line_of(text, ("d", 1, "e")) == 7
    assert _toml.line_of(text, ("b", "missing")) == 2
    assert _toml.line_of(text, ("nowhere",)) is None


def test_a_change_that_raises_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "kept.txt"
    path.write_text("before")

    def breaks(text: str) -> str:
        raise RunError(text)

    with pytest.raises(RunError):
        _writing.rewrite(path, breaks)
    assert path.read_text() == "before"
    _writing.rewrite(path, str.upper)
    assert path.read_text() == "BEFORE"
    assert not list(tmp_path.glob(".kept.txt-*"))


def test_text_of_others_is_data():
    assert _text.visible("a\x1b[1mb") == "a⟨U+001B⟩[1mb"
    assert _text.markdown("*x*") == r"\*x\*"
    assert _text.link_target("https://a.b/<x>") == "https://a.b/%3Cx%3E"


def test_errors_name_the_nearest_and_keep_their_remedy():
    assert "did you mean 'moscow'" in nearest("moskow", ["moscow", "ankara"])
    error = UsageError("got nothing", "as_of", "forecast")
    assert str(error) == "as_of: got nothing"
    assert (error.argument, error.remedy, error.exit_code) == ("as_of", "forecast", 2)
    fault = Fault(Path("a.csv"), 3, "push", "'4'", "less")
    assert str(InputError([fault])) == "a.csv:3: push: got '4'; expected less"


def test_a_stream_depends_on_its_name_and_part_alone():
    first, same, other = (stream(1, name).random(4) for name in ("a", "a", "b"))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)
    assert not np.array_equal(first, stream(1, "a", 1).random(4))


def test_templates_refuse_what_they_are_not_given():
    from jinja2 import UndefinedError

    with pytest.raises(UndefinedError):
        _templates.template("starting.toml.j2", {"quoted": repr}).render()
