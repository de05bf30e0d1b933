"""Editing a prior in its question file: comments and layout stay, and there is always a reason."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import ndiff
from functools import partial
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import Table

from tidings._writing import as_it_stands, rewrite
from tidings.errors import UsageError, nearest
from tidings.question.loading import Question, load_question, load_text
from tidings.question.schema import PriorRow

_VALUES = ("word", "yardstick", "quantiles", "learned", "fixed", "pool")
_LEARNED = "learned="
_MARK = "\ufeff"
"""The byte order mark that some editors put before a text."""


def value_of(text: str, yardstick: str) -> dict[str, Any]:
    """Read a prior's value as an analyst writes it.

    Raises
    ------
    UsageError
        If quantiles are not written as above.
    """
    if text.startswith(_LEARNED):
        return {"learned": text.removeprefix(_LEARNED).strip()}
    if "=" in text:
        try:
            return {"quantiles": tomllib.loads(f"quantiles = {{ {text} }}")["quantiles"]}
        except tomllib.TOMLDecodeError:
            expected = "quantiles like p05=0.03,p50=0.13,p95=0.57"
            raise UsageError(f"got {text!r}; expected {expected}", "value") from None
    try:
        return {"fixed": float(text)}
    except ValueError:
        return {"word": text.strip(), "yardstick": yardstick}


def edited_text(
    text: str,
    name: str,
    value: Mapping[str, Any],
    because: str,
    claims: Sequence[str] | None = None,
) -> str:
    """Return a question file's text with another value and reason of one prior.

    Parameters
    ----------
    claims : sequence of str, optional
        In place of those of the row.
    """
    mark = _MARK if text.startswith(_MARK) else ""
    document = tomlkit.parse(text.removeprefix(mark))
    row: Any = document["priors"]
    for part in name.split("."):
        row = row[part]
    _put(row, value, because)
    if claims is not None:
        row["claims"] = list(claims)
    return mark + tomlkit.dumps(document)


def _put(row: Table, value: Mapping[str, Any], because: str) -> None:
    """Write value and reason into a row: in place where the keys stay, else before the rest."""
    given = {key: _written(one) for key, one in value.items()}
    old = [key for key in row if key in _VALUES]
    if old == list(given):
        for key, one in given.items():
            row[key] = one
        row["because"] = because
        return
    kept = {key: row[key] for key in row if key not in (*_VALUES, "because")}
    remarks = [row[key].trivia.comment for key in old if row[key].trivia.comment]
    for key in list(row):
        row.remove(key)
    for key, one in {**given, "because": because, **kept}.items():
        row[key] = one
    if remarks:
        row[next(iter(given))].comment(" ".join(remark.lstrip("# ") for remark in remarks))


def _written(value: object) -> Any:  # noqa: ANN401 - an item of tomlkit
    """Return a value as it is written by hand: a table in one line with spaces inside."""
    if isinstance(value, Mapping):
        inside = ", ".join(f"{key} = {one}" for key, one in value.items())
        return tomlkit.parse(f"value = {{ {inside} }}")["value"]
    return tomlkit.item(value)


def put_number(text: str, name: str, value: float) -> str:
    """Return a question file's text with a number at its top level; comments and layout stay."""
    document = tomlkit.parse(text)
    document[name] = value
    return tomlkit.dumps(document)


@dataclass(frozen=True)
class Edit:
    """An edit of a prior, checked and not yet written.

    Attributes
    ----------
    made : callable
        Makes the text with the edit from one without it.
    """

    name: str
    path: Path
    before: str
    after: str
    question: Question
    row: PriorRow
    made: Callable[[str], str]

    def lines(self) -> list[str]:
        """Return the lines that go and come, with - and + before them."""
        compared = ndiff(self.before.splitlines(), self.after.splitlines())
        return [line for line in compared if line[:1] in "+-"]

    def write(self) -> None:
        """Write the edit; what somebody else has changed elsewhere in the meantime stays.

        Raises
        ------
        UsageError
            If somebody else has changed the same prior since the edit was checked.
        InputError
            If the question would have a fault by what the two have changed together.
        RunError
            If it cannot be written; it is as it was then.
        """

        def replaced(text: str) -> str:
            if text == self.before:
                return self.after
            if _rows_of(self.path, text)[self.name] != self.row:
                raise UsageError(
                    f"{self.path}: {self.name} has been changed by somebody else in the meantime; "
                    "nothing was written"
                )
            after = self.made(text)
            _rows_of(self.path, after)
            return after

        rewrite(self.path, replaced, f"set {self.name}")


def _rows_of(path: Path, text: str) -> dict[str, PriorRow]:
    return dict(load_text(path, text.removeprefix(_MARK)).rows)


def edit_prior(
    path: Path,
    name: str,
    value: str,
    because: str,
    yardstick: str | None = None,
    claims: Sequence[str] | None = None,
) -> Edit:
    """Make and check an edit of a prior.

    Parameters
    ----------
    yardstick : str, optional
        Whose word the value is; that of the row, or the report's, if not given.
    claims : sequence of str, optional
        The claims that it rests on from now on; those of the row if not given.

    Raises
    ------
    UsageError
        If there is no such prior, or no reason.
    InputError
        If the question has a fault, or would have one.
    """
    question = load_question(path)
    rows = dict(question.rows)
    if name not in rows:
        raise UsageError(f"no prior {name!r}; expected {nearest(name, rows)}")
    if not because.strip():
        raise UsageError("got nothing; expected the reason in some words", "because")
    given = value_of(value, yardstick or rows[name].yardstick or question.config.yardstick)
    made = partial(edited_text, name=name, value=given, because=because, claims=claims)
    text = as_it_stands(path)
    edited = made(text)
    after = load_text(path, edited.removeprefix(_MARK))
    return Edit(name, path, text, edited, after, rows[name], made)
