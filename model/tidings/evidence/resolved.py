"""Resolved questions: past questions of this kind, with their dated news and their end."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, get_args

import yaml
from pydantic import AliasChoices, Field

from tidings._closed import IDENTIFIER, Closed, validated
from tidings._reading import MOST_CONFIG_BYTES, check_depth, read_file
from tidings._tables import Column, choice, read_table, text
from tidings.errors import Fault, InputError, nearest, raise_if_any
from tidings.evidence.ledger import Item, item_columns, item_of
from tidings.names import ANY, OTHER, RETAINED, STATUS_QUO, Milestone
from tidings.question.yardsticks import LEDGER, Yardsticks

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The safe loader of libyaml where the wheel has it: ten times as fast."""


class _Outcome(Closed):
    id: str
    title: str
    requires: tuple[str, ...]
    resolution: str


class _Actor(Closed):
    """Actors are described as a title or, in other files, as a line with a role."""

    id: str
    title: Annotated[str, Field(validation_alias=AliasChoices("title", "line"))]
    role: str | None = None


class _Resolved(Closed):
    outcome: str
    date: date
    source_url: str


class _File(Closed):
    id: Annotated[str, Field(pattern=IDENTIFIER)]
    title: str
    at_risk_from: date
    outcomes: Annotated[tuple[_Outcome, ...], Field(min_length=2)]
    actors: tuple[_Actor, ...]
    resolved: _Resolved
    forecast_dates: tuple[date, ...]
    notes: str = ""


@dataclass(frozen=True)
class ResolvedQuestion:
    """A past question of this kind.

    Attributes
    ----------
    outcome : str
        How it ended; ``status_quo`` where nothing happened while it was watched.
    second : mapping of str to int
        The pushes of a second grader, who saw neither the first grades nor the end, by item.
    """

    id: str
    title: str
    ends: tuple[str, ...]
    requires: Mapping[str, tuple[str, ...]]
    at_risk_from: date
    ended: date
    outcome: str
    items: tuple[Item, ...]
    forecast_dates: tuple[date, ...]
    second: Mapping[str, int] = MappingProxyType({})

    @property
    def happened(self) -> bool:
        """Whether any of its outcomes came before it was no longer watched."""
        return self.outcome != STATUS_QUO


def read_resolved(
    folder: Path, yardsticks: Yardsticks, second_grades: Path | None = None
) -> tuple[ResolvedQuestion, ...]:
    """Read every resolved question of a folder: one YAML and one CSV of the same name each.

    Raises
    ------
    InputError
        With every fault found.
    """
    if not folder.is_dir():
        raise InputError([Fault(folder, None, "resolved", "nothing", "a folder of questions")])
    questions: list[ResolvedQuestion] = []
    faults: list[Fault] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            questions.append(_question(path, yardsticks))
        except InputError as error:
            faults += error.faults
    raise_if_any(faults)
    if second_grades is None:
        return tuple(questions)
    second = _second_grades(second_grades, questions)
    return tuple(replace(one, second=second.get(one.id, {})) for one in questions)


_SECOND_COLUMNS = {
    "question": Column(text),
    "id": Column(text),
    "push": Column(choice(*map(str, range(-3, 4)))),
    "milestone": Column(choice(*get_args(Milestone)), required=False),
}


def _second_grades(path: Path, questions: Sequence[ResolvedQuestion]) -> dict[str, dict[str, int]]:
    """Read a second grader's pushes, by question and item; each item must be there."""
    rows, faults = read_table(path, _SECOND_COLUMNS)
    items = {(one.id, item.id) for one in questions for item in one.items}
    second: dict[str, dict[str, int]] = {}
    for row in rows:
        question, item = str(row.values["question"]), str(row.values["id"])
        if (question, item) not in items:
            expected = "an item of a resolved question"
            faults.append(Fault(path, row.line, "id", f"{question}: {item}", expected))
        second.setdefault(question, {})[item] = int(str(row.values["push"]))
    raise_if_any(faults)
    return second


def _question(path: Path, yardsticks: Yardsticks) -> ResolvedQuestion:
    file = _parse(path)
    outcomes = [outcome.id for outcome in file.outcomes]
    raise_if_any(list(_faults(path, file, outcomes)))
    return ResolvedQuestion(
        file.id,
        file.title,
        tuple(_own_name(outcome) for outcome in outcomes if outcome != STATUS_QUO),
        {
            _own_name(outcome.id): outcome.requires
            for outcome in file.outcomes
            if outcome.id != STATUS_QUO
        },
        file.at_risk_from,
        file.resolved.date,
        _own_name(file.resolved.outcome),
        _items(path.with_suffix(".csv"), file, yardsticks),
        tuple(sorted(file.forecast_dates)),
    )


def _own_name(outcome: str) -> str:
    """Return an outcome's name here: the forecast keeps ``other`` for what no outcome covers."""
    return f"{OTHER}_listed" if outcome == OTHER else outcome


def _faults(path: Path, file: _File, outcomes: Sequence[str]) -> Iterator[Fault]:
    """Yield what one key says that another does not know."""
    resolved, actors = file.resolved, [actor.id for actor in file.actors]
    if resolved.outcome not in outcomes:
        got = repr(resolved.outcome)
        yield Fault(path, None, "resolved.outcome", got, nearest(resolved.outcome, outcomes))
    if resolved.date <= file.at_risk_from:
        expected = f"a day after at_risk_from, {file.at_risk_from}"
        yield Fault(path, None, "resolved.date", str(resolved.date), expected)
    if STATUS_QUO not in outcomes:
        expected = f"{STATUS_QUO!r} among the outcomes"
        yield Fault(path, None, "outcomes", ", ".join(outcomes), expected)
    for field, ids in (("outcomes", outcomes), ("actors", actors)):
        for one in ids:
            if ids.count(one) > 1 or one in (ANY, RETAINED):
                yield Fault(path, None, field, repr(one), "an id used once, and not reserved")
    for day in file.forecast_dates:
        if not file.at_risk_from <= day < resolved.date:
            expected = f"days from {file.at_risk_from} on and before {resolved.date}, its end"
            yield Fault(path, None, "forecast_dates", str(day), expected)
    for outcome in file.outcomes:
        if len(set(outcome.requires)) < len(outcome.requires):
            got = ", ".join(outcome.requires)
            yield Fault(path, None, f"outcomes.{outcome.id}.requires", got, "each actor once")
        for actor in outcome.requires:
            if actor not in actors:
                field = f"outcomes.{outcome.id}.requires"
                yield Fault(path, None, field, repr(actor), nearest(actor, actors))


def _parse(path: Path) -> _File:
    expected = "a YAML file"
    text = read_file(path, expected, MOST_CONFIG_BYTES)
    check_depth(path, text)
    if _DEEP.search(text):
        raise InputError([Fault(path, None, "file", "lists nested too deep", expected)])
    try:
        tokens = yaml.scan(text, _LOADER) if _MAY_ALIAS.search(text) else ()
        if any(isinstance(token, yaml.AliasToken) for token in tokens):
            got, wanted = "an alias (*name)", "every value written out"
            raise InputError([Fault(path, None, "file", got, wanted)])
        loader = _LOADER(text)
        node = loader.get_single_node()
        twice = _twice(node)
        tree = None if node is None else loader.construct_document(node)
    except (ValueError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        got = getattr(error, "problem", None) or str(error).splitlines()[0]
        line = None if mark is None else mark.line + 1
        raise InputError([Fault(path, line, "syntax", got, "valid YAML")]) from None
    if twice is not None:
        raise InputError([Fault(path, None, twice, "this key twice", "each key once")])
    if not isinstance(tree, dict):
        raise InputError([Fault(path, None, "file", "no keys", "keys and values")])
    return validated(_File, path, "", tree)


def _twice(node: "yaml.Node | None") -> str | None:
    """Return a key that stands twice in one table, of which the parser would drop the first."""
    inside: list[yaml.Node] = []
    if isinstance(node, yaml.MappingNode):
        names = [str(key.value) for key, _ in node.value]
        if twice := next((name for name in names if names.count(name) > 1), None):
            return twice
        inside = [value for _, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        inside = node.value
    return next((found for one in inside if (found := _twice(one))), None)


_MAY_ALIAS = re.compile(r"(?:^|[\s\[{,])\*\w", re.MULTILINE)
"""Without this there is no alias; what has it is looked at token by token."""
_DEEP = re.compile(r"(?:[-?:][ \t]+){40}|^[ \t]{400}", re.MULTILINE)
"""So many lists begun in one line, or so far to the right, are no question."""


def _items(path: Path, file: _File, yardsticks: Yardsticks) -> tuple[Item, ...]:
    actors = [actor.id for actor in file.actors]
    outcomes = [*(outcome.id for outcome in file.outcomes), RETAINED]
    rows, faults = read_table(path, item_columns(actors, outcomes, yardsticks.phrases(LEDGER)))
    raise_if_any(faults)
    items = (item_of(row) for row in rows)
    return tuple(replace(item, outcomes=tuple(map(_own_name, item.outcomes))) for item in items)
