"""The situation on a date: what is known then, ready for the graph and the forecast."""

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
from tidings.evidence.pressure import WAYS, Pulse, mean_pressure, pulses
from tidings.evidence.readings import Reading, read_items
from tidings.evidence.resolved import ResolvedQuestion
from tidings.mechanism.incidence import Outlook
from tidings.mechanism.paths import INFORMED, PathBasis, path_basis, prior_basis
from tidings.mechanism.rows import ReadingRows, rows_of, whitened_rows
from tidings.mechanism.unknowns import Exposure, GraphData, data_of
from tidings.names import DEAL
from tidings.question.loading import Question
from tidings.question.normal import LinkNormal, from_link
from tidings.question.schema import QuestionConfig
from tidings.question.structure import Structure, make_structure
from tidings.question.timeline import (
    DAYS_PER_YEAR,
    Timeline,
    make_calendar,
    make_timeline,
    mean_start_up,
)


@dataclass(frozen=True)
class Situation:
    """What a forecast of one date may use.

    Attributes
    ----------
    question : Question
        With its priors.
    structure : Structure
        Its coordinates.
    as_of : date
        When the forecast is made.
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
    timeline : Timeline
        From the clock's start to the as-of date.
    pulses : tuple of Pulse
        What counts of the items' pushes.
    readings : tuple of Reading
        What they say about actors.
    arrivals : Arrivals
        How news arrives.
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
    newest = ledger.newest(as_of)
    watched = watched_to or newest or as_of
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
        newest=newest,
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
    """Return a date on which neither news nor the quiet so far tells anything.

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


def graph_data(situation: Situation) -> GraphData:
    """Return the data of the graph."""
    question = situation.question
    return data_of(
        situation.structure,
        question.priors,
        paths_of(situation),
        reading_rows(situation),
        exposure_of(situation),
        question.config.consent_reference,
    )


def reading_rows(situation: Situation) -> ReadingRows:
    """Return the readings as rows over the states of the timeline."""
    states, share = situation.timeline.states, precedent_share(situation.question)
    return rows_of(situation.readings, situation.structure, states, share)


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


def whitened_of(situation: Situation) -> ReadingRows:
    """Return one row a reading, without what stories share; see `tidings.mechanism.rows`."""
    states, share = situation.timeline.states, precedent_share(situation.question)
    return whitened_rows(situation.readings, situation.structure, states, share)


def exposure_of(situation: Situation) -> Exposure:
    """Return the time that passed without an event, and the pressure over it.

    Where only silence says so, it counts as far as an end would have been noticed.
    """
    timeline, ends = situation.timeline, situation.structure.ends
    config, edges = situation.question.config, timeline.exposed_edges()
    pressure = mean_pressure(situation.pulses, edges, half_lives_of(config), ends)
    shape = (timeline.states, timeline.steps_in_state)
    known = np.diff(np.minimum(edges, float(situation.status_known_to.toordinal())))
    silent = np.diff(edges) - known
    days = known + config.silence.noticed * silent
    days *= mean_start_up(edges, config.clock_start, config.time.start_up_years)
    years = days.reshape(shape) / DAYS_PER_YEAR * situation.time_tells
    return Exposure(years, pressure.reshape(*pressure.shape[:2], *shape))


def half_lives_of(config: QuestionConfig) -> tuple[float, float]:
    """Return how fast pushes towards an outcome and against it fade, in days."""
    return config.news.half_life_days, config.news.counter_half_life_days


def prior_data(situation: Situation) -> GraphData:
    """Return the data of the graph without evidence and time: the factors at one moment."""
    question, structure = situation.question, situation.structure
    still = Exposure(np.zeros((1, 1)), np.zeros((len(WAYS), len(structure.ends), 1, 1)))
    rows = rows_of((), structure, 1, {})
    return data_of(
        structure,
        question.priors,
        prior_basis(len(structure.dynamic)),
        rows,
        still,
        question.config.consent_reference,
    )


def paths_of(situation: Situation, informed: float = INFORMED) -> PathBasis:
    """Return the directions of the factors' paths that readings and exposure can inform.

    Their precision is taken at its highest: large factors (95 % quantile of their sds), little
    noise (5 %), every reading a story of its own, and an exposure that tells as much as the end
    of one question (its information is below the expected number of ends).
    """
    structure, timeline = situation.structure, situation.timeline
    priors = situation.question.priors
    precision = np.zeros((len(structure.dynamic), timeline.states))
    for reading in situation.readings:
        if reading.actor in structure.dynamic:
            place = structure.dynamic.index(reading.actor), reading.state
            precision[place] += reading.sd_logit**-2
    precision /= priors["noise_scale"].quantile(0.05) ** 2
    precision += timeline.exposure_years().sum(axis=1) / max(timeline.exposed_years, 1.0)
    sds = np.array([priors[f"factor_sd.{actor}"].quantile(0.95) for actor in structure.dynamic])
    return path_basis(timeline.factor_cholesky(), sds[:, None] ** 2 * precision, informed)


def precedent_share(question: Question) -> dict[str, float]:
    """Return the prior medians of precedent, made to sum to 1."""
    medians = {
        outcome: from_link(question.priors[f"precedent.{outcome}"].mean, "log")
        for outcome in question.config.named_ids
    }
    total = sum(medians.values())
    return {outcome: median / total for outcome, median in medians.items()}


def outlook_of(situation: Situation) -> Outlook:
    """Return what the forecast starts from."""
    config = situation.question.config
    calendar = make_calendar(
        situation.status_known_to, situation.as_of, config.horizons_months, config.horizon_dates
    )
    return Outlook(
        structure=situation.structure,
        timeline=situation.timeline,
        calendar=calendar,
        clock_start=config.clock_start,
        start_up_years=config.time.start_up_years,
        pulses=situation.pulses,
        half_lives=half_lives_of(config),
        arrivals=situation.arrivals,
        news_from=situation.watched_to,
        unnoticed=1 - config.silence.noticed,
        consent_reference=config.consent_reference,
        futures=config.fit.futures,
    )


def prior_outlook(situation: Situation) -> Outlook:
    """Return what a forecast of the same date starts from without evidence and time."""
    config, as_of = situation.question.config, situation.as_of
    calendar = make_calendar(as_of, as_of, config.horizons_months, config.horizon_dates)
    return Outlook(
        structure=situation.structure,
        timeline=make_timeline(config.time, as_of, as_of, as_of),
        calendar=calendar,
        clock_start=config.clock_start,
        start_up_years=config.time.start_up_years,
        pulses=(),
        half_lives=half_lives_of(config),
        arrivals=situation.arrivals,
        news_from=as_of,
        unnoticed=0.0,
        consent_reference=config.consent_reference,
        futures=config.fit.futures,
    )
