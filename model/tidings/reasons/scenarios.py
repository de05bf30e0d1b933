"""Scenarios: all that a forecast rests on, as a value, and the changes that lead to another.

A `Change` takes a scenario to another: news left out, added, withdrawn or graded again, a prior
shifted or known, time that passes. Every "what if" of the package is a list of changes, and
`tidings.reasons.engine` says what each does to a forecast.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from pydantic import BaseModel

from tidings.errors import UsageError
from tidings.evidence.ledger import Item, Ledger
from tidings.evidence.pressure import Pulse
from tidings.evidence.resolved import ResolvedQuestion
from tidings.mechanism.situation import Situation, observe, with_priors
from tidings.question.loading import Question
from tidings.question.normal import LinkNormal, fixed_normal
from tidings.question.schema import QuestionConfig
from tidings.reasons.draws import Posterior

Kind = Literal["item", "retraction", "prior", "cases", "time", "model", "noise"]
SUPPOSED = "supposed"
"""The id, and the story, of news that nobody has reported."""


@dataclass(frozen=True)
class Moment:
    """The dates of a forecast, and the news from which the pace of news is learned.

    Attributes
    ----------
    status_known_to : date or None
        As the config has it.
    """

    as_of: date
    watched_to: date
    status_known_to: date | None
    news: tuple[Item, ...]


@dataclass(frozen=True)
class Scenario:
    """All that a forecast rests on.

    Attributes
    ----------
    items : mapping of str to Item
        Those that count. How news arrives is learned from those of the moment instead.
    settings : Question
        Everything else in the question file.
    time_tells : bool
        Whether the time without an event is evidence.
    pushes : tuple of Pulse
        Pushes without an item, of any size.
    observed : tuple of (Scenario, Situation) or None
        A scenario before changes with its model inputs: what has not changed is not made again.
    """

    items: Mapping[str, Item]
    priors: Mapping[str, LinkNormal]
    moment: Moment
    settings: Question
    resolved: tuple[ResolvedQuestion, ...]
    time_tells: bool = True
    pushes: tuple[Pulse, ...] = ()
    observed: "tuple[Scenario, Situation] | None" = field(default=None, compare=False)

    def situation(self) -> Situation:
        """Return the model inputs of the scenario."""
        if self.observed is not None and self._as_before(*_NEWS, *_PACE):
            return with_priors(self.observed[1], self.priors)
        known = self.observed is not None and self._as_before(*_PACE)
        arrivals = self.observed[1].arrivals if self.observed and known else None
        moment, settings = self.moment, self.settings
        config = settings.config.model_copy(update={"status_known_to": moment.status_known_to})
        question = replace(settings, config=config, priors=self.priors)
        ledger = Ledger(settings.path, tuple(self.items.values()))
        observed = observe(
            question, ledger, self.resolved, moment.as_of, moment.watched_to, moment.news, arrivals
        )
        pulses = (*observed.pulses, *self.pushes)
        return replace(observed, pulses=pulses, time_tells=self.time_tells)

    def _as_before(self, *names: str) -> bool:
        assert self.observed is not None
        return all(getattr(self, name) is getattr(self.observed[0], name) for name in names)


_PACE = ("moment", "settings", "resolved")
"""What decides how news arrives."""
_NEWS = ("items", "time_tells", "pushes")

Change = Callable[[Scenario], Scenario]
"""What leads from one scenario to another."""


@dataclass(frozen=True)
class NamedChange:
    """A change with what it is told as."""

    kind: Kind
    id: str
    change: Change


def scenario_of(posterior: Posterior) -> Scenario:
    """Return the scenario of a posterior; items that are withdrawn later stand in it."""
    situation = posterior.situation
    config = situation.question.config
    items = tuple(replace(item, retracted=None, retracted_why=None) for item in situation.items)
    moment = Moment(situation.as_of, situation.watched_to, config.status_known_to, items)
    scenario = Scenario(
        {item.id: item for item in items},
        situation.question.priors,
        moment,
        situation.question,
        posterior.inputs.resolved,
        situation.time_tells,
    )
    return replace(scenario, observed=(scenario, situation))


def evidence_of(posterior: Posterior) -> Scenario:
    """Return the scenario of a posterior that rests on news.

    Raises
    ------
    UsageError
        If it uses priors alone.
    """
    if not posterior.situation.time_tells:
        raise UsageError("a run of priors alone has no news and no time to take apart")
    return scenario_of(posterior)


def without(*names: str) -> Change:
    """Leave out items and stories: they neither push nor say anything; news comes as before."""

    def change(scenario: Scenario) -> Scenario:
        kept = {
            name: item
            for name, item in scenario.items.items()
            if name not in names and item.story not in names
        }
        return replace(scenario, items=kept)

    return change


def withdrawn(*ids: str) -> Change:
    """Leave out items by their ids alone."""
    return lambda scenario: replace(
        scenario, items={name: one for name, one in scenario.items.items() if name not in ids}
    )


def with_items(*items: Item) -> Change:
    """Add items, or put them in the place of those of their ids."""
    named = {item.id: item for item in items}
    return lambda scenario: replace(scenario, items={**scenario.items, **named})


def regraded(grades: Mapping[str, str]) -> Change:
    """Grade items otherwise, like ``C3``."""

    def change(scenario: Scenario) -> Scenario:
        items = [
            replace(scenario.items[name], source_reliability=grade[0], credibility=grade[1])
            for name, grade in grades.items()
            if name in scenario.items
        ]
        return with_items(*items)(scenario)

    return change


def each_item_alone(scenario: Scenario) -> Scenario:
    """Count every item by itself, as if none were of the same event."""
    alone = {name: replace(item, story=name) for name, item in scenario.items.items()}
    return replace(scenario, items=alone)


def silence_tells_nothing(scenario: Scenario) -> Scenario:
    """Take the time without an event for no evidence."""
    return replace(scenario, time_tells=False)


def with_pushes(outcomes: Sequence[str], size: float) -> Change:
    """Add a story today that pushes outcomes by a size, in steps after grading."""

    def change(scenario: Scenario) -> Scenario:
        day = float(scenario.moment.as_of.toordinal())
        more = [Pulse(SUPPOSED, SUPPOSED, outcome, size, day) for outcome in outcomes]
        return replace(scenario, pushes=(*scenario.pushes, *more))

    return change


def with_prior(name: str, prior: LinkNormal) -> Change:
    """Put another prior in the place of one."""
    return lambda scenario: replace(scenario, priors={**scenario.priors, name: prior})


def shifted(name: str, sds: float) -> Change:
    """Move a prior by so many sds of itself, on its link scale."""

    def change(scenario: Scenario) -> Scenario:
        prior = scenario.priors[name]
        return with_prior(name, replace(prior, mean=prior.mean + sds * prior.sd))(scenario)

    return change


def known_value(name: str, natural: float) -> Change:
    """Take a prior's value as certain, on its natural scale."""
    return lambda scenario: with_prior(name, fixed_normal(natural, scenario.priors[name].link))(
        scenario
    )


def at_moment(moment: Moment) -> Change:
    """Let time pass to another moment."""
    return lambda scenario: replace(scenario, moment=moment)


def all_of(changes: Sequence[Change]) -> Change:
    """Make changes one after the other."""

    def change(scenario: Scenario) -> Scenario:
        for one in changes:
            scenario = one(scenario)
        return scenario

    return change


def supposed_item(
    as_of: date,
    actor: str,
    outcome: str,
    face_value: str,
    voice: str = "observer",
    grade: tuple[str, str] = ("A", "1"),
) -> Item:
    """Return an item that nobody has reported: on a day, what one word says of an actor."""
    return Item(
        id=SUPPOSED,
        date=as_of,
        date_precision="day",
        published=as_of,
        source="",
        via=None,
        url="",
        speaker=None,
        voice=voice,
        actor=actor,
        outcomes=(outcome,),
        claim="",
        face_value=face_value,
        push=None,
        milestone=None,
        source_reliability=grade[0],
        credibility=grade[1],
        story=SUPPOSED,
        note=None,
        retracted=None,
        retracted_why=None,
    )


_INERT_COLUMNS = {"id", "source", "via", "url", "speaker", "claim", "milestone", "note"} | {
    "retracted", "retracted_why", "date_precision", "published",
}  # fmt: skip
"""What of an item no number follows from; its known date stands for how it was published."""
_INERT_SETTINGS = {"id", "title", "yardstick", "headline_months", "files", "resolved"} | {
    "outcomes", "cases", "fit", "priors", "status_known_to", "horizons_months", "horizon_dates",
}  # fmt: skip
"""What of a config no number follows from, or what is compared by itself: priors, dates, axes."""


def passage_of_time(old: Moment, new: Moment) -> Iterator[NamedChange]:
    """Yield the dates of another moment, and then what it has learned of news to come."""
    dated = replace(new, news=old.news)
    if dated != old:
        yield NamedChange("time", _name_of_time(old, new), at_moment(dated))
    if new != dated:
        yield NamedChange("time", "news to come, as learned by then", at_moment(new))


def _name_of_time(old: Moment, new: Moment) -> str:
    if old.as_of != new.as_of:
        return f"{old.as_of} to {new.as_of}"
    known = [moment.status_known_to or moment.watched_to for moment in (old, new)]
    return f"status quo known to {known[0]}, then {known[1]}"


def news_and_priors(old: Scenario, new: Scenario) -> list[NamedChange]:
    """Return items, retractions and priors that differ: by publication, priors last."""
    dated = []
    for name in {*old.items, *new.items}:
        before, after = old.items.get(name), new.items.get(name)
        if _acts(before) != _acts(after):
            known = max(item.known for item in (before, after) if item is not None)
            change = (
                NamedChange("retraction", name, withdrawn(name))
                if after is None
                else NamedChange("item", name, with_items(after))
            )
            dated.append((known, name, change))
    ordered = [change for _, _, change in sorted(dated, key=lambda one: one[:2])]
    for name, prior in new.priors.items():
        had = old.priors.get(name)
        if had is None or (had.mean, had.sd) != (prior.mean, prior.sd):
            ordered.append(NamedChange("prior", name, with_prior(name, prior)))
    return ordered


def _acts(item: Item | None) -> object:
    if item is None:
        return None
    return item.known, [one for name, one in vars(item).items() if name not in _INERT_COLUMNS]


def settings_and_cases(old: Scenario, new: Scenario) -> Iterator[NamedChange]:
    """Yield what else differs in the question file, and the resolved questions."""
    changed = changed_settings(old.settings.config, new.settings.config)
    if old.settings.yardsticks != new.settings.yardsticks:
        changed.append("yardsticks")
    if changed:
        yield NamedChange(
            "prior", ", ".join(changed), lambda scenario: replace(scenario, settings=new.settings)
        )
    if _what_arrived(old.resolved) != _what_arrived(new.resolved):
        yield NamedChange(
            "cases", "resolved questions", lambda scenario: replace(scenario, resolved=new.resolved)
        )


def changed_settings(old: QuestionConfig, new: QuestionConfig) -> list[str]:
    """Return the sections of a config whose differences affect the forecast."""
    names = [name for name in type(old).model_fields if name not in _INERT_SETTINGS]
    return [name for name in names if _telling(getattr(old, name)) != _telling(getattr(new, name))]


def _telling(value: object) -> object:
    """Return a setting without words for readers."""
    if isinstance(value, tuple):
        return tuple(map(_telling, value))
    words = {"title", "because"}
    return value.model_dump(exclude=words) if isinstance(value, BaseModel) else value


def _what_arrived(resolved: Sequence[ResolvedQuestion]) -> object:
    return {
        (one.id, one.ends, one.at_risk_from, one.ended, str([_acts(item) for item in one.items]))
        for one in resolved
    }
