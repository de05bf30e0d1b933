"""The situation on a date: what is known then, gathered from question, ledger and past."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from tidings.errors import Fault, InputError
from tidings.evidence.arrivals import (
    Arrivals,
    Source,
    fit_arrivals,
    no_arrivals,
    records_of,
    source_of,
)
from tidings.evidence.ledger import Item, Ledger
from tidings.evidence.pressure import Pulse, pulses
from tidings.evidence.readings import Reading, read_items
from tidings.evidence.resolved import ResolvedQuestion
from tidings.names import DEAL
from tidings.question.loading import Question
from tidings.question.normal import LinkNormal, from_link
from tidings.question.schema import QuestionConfig
from tidings.question.structure import Structure, make_structure
from tidings.question.timeline import Timeline, make_timeline


@dataclass(frozen=True)
class Situation:
    """What a forecast of one date may use.

    Attributes
    ----------
    items : tuple of Item
        Known by then and not withdrawn.
    newest : date or None
        The newest known date among them.
    watched_to : date
        Until when the ledger is taken to be complete: after it, news may have come that it lacks.
    later, retracted, ungraded : int
        Items left out because they became known later or were withdrawn; items without a push.
    status_known_to : date
        Until when the status quo is known to have held; from there on silence tells of it.
    resolved_later : tuple of str
        Resolved questions that ended only after the as-of date: their news is not used, but the
        config's priors knew how they ended.
    time_tells : bool
        Whether the time without an event is evidence; False only to see what it does.
    """

    question: Question
    structure: Structure
    as_of: date
    items: tuple[Item, ...]
    newest: date | None
    watched_to: date
    later: int
    retracted: int
    ungraded: int
    status_known_to: date
    timeline: Timeline
    pulses: tuple[Pulse, ...]
    readings: tuple[Reading, ...]
    arrivals: Arrivals
    resolved_later: tuple[str, ...]
    time_tells: bool = True

    def without_reading(self, item: str) -> "Situation":
        """Return the situation without what one item says at face value."""
        return replace(
            self, readings=tuple(reading for reading in self.readings if reading.item != item)
        )

    def without_story(self, story: str) -> "Situation":
        """Return the situation without what a story's items push and say; news comes as before."""
        return replace(
            self,
            pulses=tuple(pulse for pulse in self.pulses if pulse.story != story),
            readings=tuple(reading for reading in self.readings if reading.story != story),
        )

    @property
    def newest_by_actor(self) -> dict[str, date | None]:
        """The newest known date by actor with dynamics, and of the deal, or None without any.

        What is about a spokesman is about whom it speaks for.
        """
        config = self.question.config
        newest: dict[str, date | None] = dict.fromkeys([*self.structure.dynamic, DEAL])
        for item in self.items:  # in the order in which they became known
            actor = DEAL if item.actor == DEAL else config.actor(item.actor)
            name = actor if isinstance(actor, str) else actor.speaks_for or actor.id
            if name in newest:
                newest[name] = item.known
        return newest


_LAST_DAY = date(2200, 1, 1)
"""No forecast is made from here on."""


def observe(
    question: Question,
    ledger: Ledger,
    resolved: Sequence[ResolvedQuestion],
    as_of: date,
    watched_to: date | None = None,
    news: Sequence[Item] | None = None,
    arrivals: Arrivals | None = None,
) -> Situation:
    """Gather what is known on a date.

    Parameters
    ----------
    watched_to : date, optional
        Until when the ledger is taken to be complete; the newest known date if not given.
    news : sequence of Item, optional
        What the arrival of news is learned from; the known items if not given.

    Raises
    ------
    InputError
        If the as-of date lies before the clock's start, or the question has ended by then.
    """
    config = question.config
    _check_date(question, as_of)
    structure = make_structure(config)
    items = ledger.known(as_of)
    watched = watched_to or ledger.newest(as_of) or as_of
    known_to = min(config.status_known_to or watched, as_of)
    timeline = make_timeline(config.time, config.clock_start, as_of, watched)
    counted = pulses(items, config.grades, structure.ends)
    if arrivals is None:
        ended = [one for one in resolved if one.ended <= as_of]
        arriving = counted if news is None else pulses(news, config.grades, structure.ends)
        arrivals = _arrivals(config, (arriving, watched), ended, structure)
    return Situation(
        question=question,
        structure=structure,
        as_of=as_of,
        items=items,
        newest=ledger.newest(as_of),
        watched_to=watched,
        later=ledger.later(as_of),
        retracted=ledger.retracted(as_of),
        ungraded=sum(item.push is None for item in items),
        status_known_to=max(known_to, config.clock_start),
        timeline=timeline,
        pulses=counted,
        readings=read_items(
            items, config, precedent_share(question), question.yardsticks, timeline
        ),
        arrivals=arrivals,
        resolved_later=tuple(one.id for one in resolved if one.ended > as_of),
    )


def priors_alone(
    question: Question, resolved: Sequence[ResolvedQuestion], as_of: date
) -> Situation:
    """Return a date on which neither news nor the time without an event so far tells anything.

    Raises
    ------
    InputError
        As `observe`.
    """
    empty = Ledger(question.path, ())
    return replace(observe(question, empty, resolved, as_of), time_tells=False)


def _check_date(question: Question, as_of: date) -> None:
    config = question.config
    if as_of < config.clock_start:
        expected = f"a date from {config.clock_start} on, when the clock started"
        raise InputError([Fault(question.path, None, "as_of", str(as_of), expected)])
    if as_of >= _LAST_DAY:
        expected = f"a date before {_LAST_DAY}"
        raise InputError([Fault(question.path, None, "as_of", str(as_of), expected)])
    if config.resolved is not None and config.resolved.date <= as_of:
        expected = (
            f"a date before {config.resolved.date}, when the question ended as "
            f"{config.resolved.outcome!r}; there is nothing left to forecast"
        )
        raise InputError([Fault(question.path, None, "as_of", str(as_of), expected)])


def _arrivals(
    config: QuestionConfig,
    own: tuple[Sequence[Pulse], date],
    ended: Sequence[ResolvedQuestion],
    structure: Structure,
) -> Arrivals:
    if not config.news.simulate:
        return no_arrivals()
    start = config.clock_start
    mine = Source(records_of(own[0], start), start, max(own[1], start), structure.ends)
    theirs = [source_of(question, config.grades) for question in ended]
    quiet = config.selection.change_odds
    likelier = np.array([1.0 if question.happened else quiet for question in ended])
    return fit_arrivals(mine, theirs, config.news.borrowed_items, likelier)


def with_priors(situation: Situation, priors: Mapping[str, LinkNormal]) -> Situation:
    """Return a situation with other priors; precedents divide what its items say."""
    if priors is situation.question.priors:
        return situation
    question = replace(situation.question, priors=priors)
    share, had = precedent_share(question), precedent_share(situation.question)
    situation = replace(situation, question=question)
    if share == had:
        return situation
    read = read_items(
        situation.items, question.config, share, question.yardsticks, situation.timeline
    )
    return replace(situation, readings=read)


def half_lives_of(config: QuestionConfig) -> tuple[float, float]:
    """Return how fast pushes towards an outcome and against it fade, in days."""
    return config.news.half_life_days, config.news.counter_half_life_days


def precedent_share(question: Question) -> dict[str, float]:
    """Return the prior medians of precedent, made to sum to 1."""
    medians = {
        outcome: from_link(question.priors[f"precedent.{outcome}"].mean, "log")
        for outcome in question.config.named_ids
    }
    total = sum(medians.values())
    return {outcome: median / total for outcome, median in medians.items()}
