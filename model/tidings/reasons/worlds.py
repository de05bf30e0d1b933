"""Worlds: all that a forecast rests on, and the changes that lead from one to another."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from pydantic import BaseModel

from tidings.errors import UsageError
from tidings.evidence.ledger import Item, Ledger
from tidings.evidence.resolved import ResolvedQuestion
from tidings.mechanism.situation import Situation, observe
from tidings.question.loading import Question
from tidings.question.normal import LinkNormal
from tidings.question.schema import QuestionConfig
from tidings.reasons.reweighting import Posterior

Kind = Literal["item", "retraction", "prior", "cases", "time", "model", "noise"]
_INERT_COLUMNS = {"id", "source", "via", "url", "speaker", "claim", "milestone", "note"} | {
    "retracted", "retracted_why", "date_precision", "published",
}  # fmt: skip
"""What of an item no number follows from; its known date stands for how it was published."""
_INERT_SETTINGS = {"id", "title", "yardstick", "headline_months", "files", "resolved"} | {
    "outcomes", "cases", "fit", "priors", "status_known_to", "horizons_months", "horizon_dates",
}  # fmt: skip
"""What of a config no number follows from, or what is compared by itself: priors, dates, axes."""


@dataclass(frozen=True)
class Moment:
    """The dates of a forecast, and the news from which the pace of news is learned.

    Attributes
    ----------
    as_of, watched_to : date
        As a situation has them.
    status_known_to : date or None
        As the config has it.
    news : tuple of Item
        Known by then.
    """

    as_of: date
    watched_to: date
    status_known_to: date | None
    news: tuple[Item, ...]


@dataclass(frozen=True)
class World:
    """All that a forecast rests on.

    Attributes
    ----------
    items : mapping of str to Item
        Those that count.
    priors : mapping of str to LinkNormal
        By dotted name.
    moment : Moment
        When the forecast is made.
    settings : Question
        Everything else in the question file.
    resolved : tuple of ResolvedQuestion
        Past questions.
    """

    items: Mapping[str, Item]
    priors: Mapping[str, LinkNormal]
    moment: Moment
    settings: Question
    resolved: tuple[ResolvedQuestion, ...]

    def situation(self) -> Situation:
        """Return the world as a situation."""
        moment, settings = self.moment, self.settings
        config = settings.config.model_copy(update={"status_known_to": moment.status_known_to})
        question = replace(settings, config=config, priors=self.priors)
        ledger = Ledger(settings.path, tuple(self.items.values()))
        return observe(
            question, ledger, self.resolved, moment.as_of, moment.watched_to, moment.news
        )


@dataclass(frozen=True)
class Change:
    """One change of a world.

    Attributes
    ----------
    kind, id : str
        What is changed: the item or prior, dates or versions.
    made : callable
        Returns the world after it.
    """

    kind: Kind
    id: str
    made: Callable[[World], World]


def world_of(posterior: Posterior) -> World:
    """Return the world that a posterior rests on; who withdraws an item later is left out of it.

    Raises
    ------
    UsageError
        If it rests on priors alone.
    """
    situation = posterior.situation
    if not situation.time_tells:
        raise UsageError("a run of priors alone has no news and no time to take apart")
    config = situation.question.config
    items = tuple(replace(item, retracted=None, retracted_why=None) for item in situation.items)
    moment = Moment(situation.as_of, situation.watched_to, config.status_known_to, items)
    return World(
        {item.id: item for item in items},
        situation.question.priors,
        moment,
        situation.question,
        posterior.inputs.resolved,
    )


def moments_between(old: Moment, new: Moment) -> Iterator[tuple[str, Moment]]:
    """Yield the moments on the way to another, each with what to call the passage to it."""
    dated = replace(new, news=old.news)
    if dated != old:
        yield _name_of_time(old, new), dated
    if new != dated:
        yield "news to come, as learned by then", new


def _name_of_time(old: Moment, new: Moment) -> str:
    if old.as_of != new.as_of:
        return f"{old.as_of} to {new.as_of}"
    known = [moment.status_known_to or moment.watched_to for moment in (old, new)]
    return f"status quo known to {known[0]}, then {known[1]}"


def changes_between(old: World, new: World) -> list[Change]:
    """Return items, retractions and priors: by publication, priors last."""
    dated = []
    for name in {*old.items, *new.items}:
        before, after = old.items.get(name), new.items.get(name)
        if _acts(before) != _acts(after):
            known = max(item.known for item in (before, after) if item is not None)
            kind: Kind = "retraction" if after is None else "item"
            dated.append((known, name, Change(kind, name, _setting_item(name, after))))
    ordered = [change for _, _, change in sorted(dated, key=lambda one: one[:2])]
    for name, prior in new.priors.items():
        had = old.priors.get(name)
        if had is None or (had.mean, had.sd) != (prior.mean, prior.sd):
            ordered.append(Change("prior", name, _setting_prior(name, prior)))
    return ordered


def _acts(item: Item | None) -> object:
    if item is None:
        return None
    return item.known, [one for name, one in vars(item).items() if name not in _INERT_COLUMNS]


def changed_settings(old: QuestionConfig, new: QuestionConfig) -> list[str]:
    """Return the sections of a config that differ in something that a number follows from."""
    names = [name for name in type(old).model_fields if name not in _INERT_SETTINGS]
    return [name for name in names if _telling(getattr(old, name)) != _telling(getattr(new, name))]


def _telling(value: object) -> object:
    """Return a setting without words for readers."""
    if isinstance(value, tuple):
        return tuple(map(_telling, value))
    words = {"title", "because"}
    return value.model_dump(exclude=words) if isinstance(value, BaseModel) else value


def _setting_item(name: str, item: Item | None) -> Callable[[World], World]:
    def made(world: World) -> World:
        """Return the world with the item set, or without it."""
        others = {one: kept for one, kept in world.items.items() if one != name}
        return replace(world, items=others if item is None else {**others, name: item})

    return made


def _setting_prior(name: str, prior: LinkNormal) -> Callable[[World], World]:
    return lambda world: replace(world, priors={**world.priors, name: prior})


def last_changes(old: World, new: World) -> Iterator[Change]:
    """Yield settings of the question file, and cases."""
    changed = changed_settings(old.settings.config, new.settings.config)
    if old.settings.yardsticks != new.settings.yardsticks:
        changed.append("yardsticks")
    if changed:
        yield Change(
            "prior", ", ".join(changed), lambda world: replace(world, settings=new.settings)
        )
    if _what_arrived(old.resolved) != _what_arrived(new.resolved):
        yield Change(
            "cases", "resolved questions", lambda world: replace(world, resolved=new.resolved)
        )


def _what_arrived(resolved: Sequence[ResolvedQuestion]) -> object:
    return {
        (
            question.id,
            question.ends,
            question.at_risk_from,
            question.ended,
            str([_acts(item) for item in question.items]),
        )
        for question in resolved
    }
