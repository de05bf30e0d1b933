"""Loading a question file: its schema, its priors, its words and claims, checked as a whole."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tidings._closed import FILE_NAME, IDENTIFIER, validated
from tidings._reading import MOST_CONFIG_BYTES, check_depth, read_file
from tidings._toml import line_of, parse_toml
from tidings.errors import Fault, InputError, nearest, raise_if_any
from tidings.names import OTHER, RETAINED
from tidings.question.normal import LinkNormal
from tidings.question.priors import named_rows, resolve_priors
from tidings.question.schema import LEARNED, TO_BE_REPLACED, PairRows, PriorRow, QuestionConfig
from tidings.question.sources import Claim, Learned, read_claims, read_learned
from tidings.question.yardsticks import Yardsticks, read_yardsticks


@dataclass(frozen=True)
class Question:
    """A question with everything its file names.

    Attributes
    ----------
    yardsticks : Yardsticks
        The words of probability.
    priors : mapping of str to LinkNormal
        Every prior by dotted name (``willingness.moscow.ukraine``), on its link scale.
    learned : Learned or None
        What was learned from past questions and cases, where the file names it.
    """

    path: Path
    config: QuestionConfig
    yardsticks: Yardsticks
    claims: Mapping[str, Claim]
    priors: Mapping[str, LinkNormal]
    learned: Learned | None = None

    @property
    def rows(self) -> tuple[tuple[str, PriorRow], ...]:
        """Every prior row with its dotted name."""
        return tuple(named_rows(self.config.priors))

    @property
    def undefined(self) -> tuple[str, ...]:
        """Outcomes of which a new question has not yet been told what counts as them."""
        ends = self.config.outcomes
        return tuple(one.id for one in ends if one.resolution.startswith(TO_BE_REPLACED))

    @property
    def unreasoned(self) -> tuple[str, ...]:
        """Priors of which a new question has not yet been told why they are what they are."""
        return tuple(name for name, row in self.rows if row.because.startswith(TO_BE_REPLACED))

    def file(self, name: str) -> Path | None:
        """Return the path of one of the files the question names, or None if it names none."""
        relative = getattr(self.config.files, name)
        return None if relative is None else beside(self.path, relative)


def load_question(path: Path) -> Question:
    """Load a question file and everything it names but the evidence.

    Returns
    -------
    Question
        Valid as a whole.

    Raises
    ------
    InputError
        With every fault found, each with file and line.
    """
    return load_text(path, _read_text(path))


def load_text(path: Path, text: str, learned: Learned | None = None) -> Question:
    """Load a question as if a text stood in its file; see `load_question`.

    ``learned`` stands in place of what its file of what was learned says, where it is given.
    """
    tree = parse_toml(path, text)
    learned = learned or _learned(path, tree)
    config = validated(QuestionConfig, path, text, _with_learned(path, text, tree, learned))
    faults = list(_cross_faults(path, text, config))
    yardsticks = claims = None
    try:
        yardsticks = read_yardsticks(
            beside(path, config.files.yardsticks), beside(path, config.files.survey)
        )
    except InputError as error:
        faults += error.faults
    try:
        if config.files.claims is not None:
            claims = dict(read_claims(beside(path, config.files.claims)))
        else:
            claims = {}
    except InputError as error:
        faults += error.faults
    if yardsticks is None:
        raise InputError(faults)
    known = learned.normals if learned else {}
    priors, more = resolve_priors(config.priors, yardsticks, claims, known, (path, text))
    faults += more
    if config.yardstick not in yardsticks.bands:
        expected = nearest(config.yardstick, yardsticks.bands)
        faults.append(
            Fault(path, line_of(text, ("yardstick",)), "yardstick", config.yardstick, expected)
        )
    raise_if_any(faults)
    return Question(path, config, yardsticks, claims or {}, priors, learned)


def beside(path: Path, relative: str) -> Path:
    """Return the path of a file named in a question file, as seen from where the user is."""
    return (path.parent / relative).resolve().relative_to(Path.cwd(), walk_up=True)


def _read_text(path: Path) -> str:
    text = read_file(path, "a question file", MOST_CONFIG_BYTES, "name a question")
    check_depth(path, text)
    return text


def load_settings(path: Path) -> QuestionConfig:
    """Load what stands in a question file, before anything was learned for it.

    Settings that are taken from what was learned have their defaults, and priors are not resolved.

    Raises
    ------
    InputError
        With every fault found.
    """
    text = _read_text(path)
    tree = parse_toml(path, text)
    for table, key in _LEARNED_SETTINGS:
        inside = tree.get(table)
        if isinstance(inside, dict) and inside.get(key) == LEARNED:
            del inside[key]
    config = validated(QuestionConfig, path, text, tree)
    raise_if_any(list(_cross_faults(path, text, config)))
    return config


_LEARNED_SETTINGS = (
    ("news", "half_life_days"),
    ("news", "counter_half_life_days"),
    ("time", "start_up_years"),
)


def _learned(path: Path, tree: Mapping[str, Any]) -> Learned | None:
    files = tree.get("files")
    name = files.get("learned") if isinstance(files, dict) else None
    if not isinstance(name, str) or not re.match(FILE_NAME, name):
        return None
    learned, asked = read_learned(beside(path, name)), tree.get("id")
    named = isinstance(asked, str) and re.match(IDENTIFIER, asked)
    if named and learned.question != asked:
        got, expected = f"what was learned for {learned.question!r}", f"for {asked!r}"
        raise InputError([Fault(beside(path, name), None, "question", got, expected, "learn")])
    return learned


def _with_learned(
    path: Path, text: str, tree: dict[str, Any], learned: Learned | None
) -> dict[str, Any]:
    """Return the tree with numbers where it says ``"learned"``."""
    filled = dict(tree)
    for table, key in _LEARNED_SETTINGS:
        inside = filled.get(table)
        if not isinstance(inside, dict) or inside.get(key) != LEARNED:
            continue
        if learned is None:
            line = line_of(text, (table, key))
            expected = "a number, or files.learned naming what was learned"
            raise InputError([Fault(path, line, f"{table}.{key}", repr(LEARNED), expected)])
        filled[table] = {**inside, key: learned.settings[key]}  # type: ignore[index]
    return filled


def _cross_faults(path: Path, text: str, config: QuestionConfig) -> Iterator[Fault]:
    """Yield inconsistencies between tables, such as an id that is used and not defined."""

    def fault(keys: Sequence[str | int], got: str, expected: str) -> Fault:
        return Fault(path, line_of(text, keys), ".".join(map(str, keys)), got, expected)

    outcomes = [outcome.id for outcome in config.outcomes]
    actors = [actor.id for actor in config.actors]
    for kind, ids in (("outcomes", outcomes), ("actors", actors)):
        for index, one in enumerate(ids):
            if one in ids[:index]:
                yield fault((kind, index, "id"), repr(one), "an id not used before")
    if RETAINED not in outcomes:
        yield fault(("outcomes",), f"no {RETAINED!r}", "the status quo among the outcomes")
    if (OTHER in outcomes) != (config.priors.share_other is not None):
        expected = f"priors.share_other where, and only where, {OTHER!r} is an outcome"
        yield fault(("priors", "share_other"), f"outcomes {outcomes}", expected)
    if config.resolved is not None and config.resolved.outcome not in outcomes:
        got = repr(config.resolved.outcome)
        yield fault(("resolved", "outcome"), got, nearest(config.resolved.outcome, outcomes))
    for index, actor in enumerate(config.actors):
        if actor.recipient_of is not None and actor.recipient_of not in config.named_ids:
            keys = ("actors", index, "recipient_of")
            yield fault(
                keys, repr(actor.recipient_of), nearest(actor.recipient_of, config.named_ids)
            )
        heard = [a for a in config.dynamic_ids if a != actor.id] + list(config.recipients)
        if actor.speaks_for is not None and actor.speaks_for not in heard:
            keys = ("actors", index, "speaks_for")
            yield fault(keys, repr(actor.speaks_for), nearest(actor.speaks_for, heard))
    yield from _number_faults(fault, config)
    yield from _prior_faults(path, text, config)


def _number_faults(
    fault: Callable[[Sequence[str | int], str, str], Fault], config: QuestionConfig
) -> Iterator[Fault]:
    """Yield dates, horizons and draws that do not go together."""
    if config.headline_months not in config.horizons_months:
        yield fault(
            ("headline_months",),
            str(config.headline_months),
            f"one of horizons_months {list(config.horizons_months)}",
        )
    months, dates = config.horizons_months, config.horizon_dates
    for name, rising, given in (
        ("horizons_months", list(months) == sorted(set(months)), months),
        ("horizon_dates", list(dates) == sorted(set(dates)), dates),
    ):
        if not rising:
            told = f"[{', '.join(map(str, given))}]"
            yield fault((name,), told, "each once, in rising order")
    if dates and dates[0] <= config.clock_start:
        expected = f"days after {config.clock_start}, when the clock started"
        yield fault(("horizon_dates", 0), str(dates[0]), expected)
    drawn = config.fit.chains * config.fit.draws
    for name in config.cases.like:
        # Runs from before predictors stood in the config name those that were built in.
        if config.cases.predictors and name not in config.cases.predictors:
            expected = nearest(name, config.cases.predictors)
            yield fault(("cases", "like", name), repr(name), expected)
    if config.fit.forecast_draws > drawn:
        expected = f"at most chains times draws, {drawn}"
        yield fault(("fit", "forecast_draws"), str(config.fit.forecast_draws), expected)
    known_to = config.status_known_to
    if known_to is not None and known_to < config.clock_start:
        expected = f"a day from {config.clock_start} on, when the clock started"
        yield fault(("status_known_to",), str(known_to), expected)


def _prior_faults(path: Path, text: str, config: QuestionConfig) -> Iterator[Fault]:
    """Yield priors for actors and outcomes that do not exist, and those that are missing."""

    def compare(family: str, got: Sequence[str], expected: Sequence[str]) -> Iterator[Fault]:
        for name in got:
            if name not in expected:
                field = f"priors.{family}.{name}"
                line = line_of(text, field.split("."))
                yield Fault(path, line, field, f"unknown name {name!r}", nearest(name, expected))
        for name in expected:
            if name not in got:
                line = line_of(text, ("priors", *family.split(".")))
                field = f"priors.{family}.{name}"
                yield Fault(path, line, field, "nothing", "a prior (word, quantiles or fixed)")

    priors = config.priors
    yield from compare("factor_sd", list(priors.factor_sd), config.dynamic_ids)
    yield from compare("precedent", list(priors.precedent), config.named_ids)
    speaking = [*config.dynamic_ids, *config.recipients]
    families: tuple[tuple[str, PairRows], ...] = (
        ("willingness", priors.willingness),
        ("binding", priors.binding),
    )
    for family, rows in families:
        yield from compare(family, list(rows), speaking)
        for actor in (a for a in speaking if a in rows):
            own = config.recipients.get(actor)
            expected = config.named_ids if own is None else (own,)
            yield from compare(f"{family}.{actor}", list(rows[actor]), expected)
