"""What a report has to say of a run, worked out once: figures and sentences only show it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tidings.evidence.ledger import Item
from tidings.forecasting.runs import Run, list_runs
from tidings.mechanism.situation import Situation
from tidings.names import RETAINED
from tidings.question.loading import Question
from tidings.reasons.attribution import Move, Moves
from tidings.reasons.draws import stored_posterior
from tidings.reasons.engine import Engine, engine_of
from tidings.reasons.explaining import Part, leading_stories
from tidings.reasons.previewing import doubting_engine
from tidings.reasons.sensitivity import prior_shifts
from tidings.reasons.surprises import Surprise, surprises
from tidings.reasons.tipping import PriorTip, past_bounds
from tidings.reasons.watching import Watch, Watched, watch_run
from tidings.reporting.over_the_years import events_of, willing_of
from tidings.reporting.sentences import prior_words
from tidings.reporting.series import Bar, Event, Swing, Willing
from tidings.reporting.wording import chance, day_words, inside_noise

WEIGHED = 12
"""Stories that are left out one by one: those whose pushes are felt most."""
_EACH_WAY, _SWINGS, _WATCHED, _MOVES, _CONFLICTS = 5, 10, 3, 8, 5
_FEW = 500
"""Draws that tell which items conflict."""
_SEEN = 0.05
"""Moves below this share of the largest are told together."""


@dataclass(frozen=True)
class Story:
    """The reports of one event, and what they do to the likeliest outcome.

    Attributes
    ----------
    items : tuple of Item
        The newest first.
    effect : Bar or None
        On the likeliest outcome; None where it is next to nothing.
    """

    name: str
    items: tuple[Item, ...]
    effect: Bar | None = None

    @property
    def one_voice(self) -> bool:
        """Whether a single source tells it."""
        return len({item.source for item in self.items}) == 1


@dataclass(frozen=True)
class Findings:
    """All that a report shows.

    Attributes
    ----------
    stories : tuple of Story
        The newest first.
    events : tuple of Event
        What moved the forecast over the years.
    before : Run or None
        The run before: that of the moves, or the last of an earlier date.
    moves : Moves or None
        Since the run before.
    conflicts : tuple of Surprise
        Items that the others would not have expected, the least probable first.
    tips : tuple of PriorTip
        Which priors would take it past them, the nearest first.
    """

    run: Run
    question: Question
    situation: Situation
    leading: str
    rival: str
    against: tuple[Bar, ...]
    towards: tuple[Bar, ...]
    watch: Watch
    watched: tuple[Watched, ...]
    stories: tuple[Story, ...]
    swings: tuple[Swing, ...]
    willing: tuple[Willing, ...]
    events: tuple[Event, ...]
    published: tuple[tuple[date, float], ...]
    before: Run | None
    moves: Moves | None
    earlier: tuple[Item, ...]
    doubting: Engine
    conflicts: tuple[Surprise, ...]
    bounds: tuple[float, ...]
    tips: tuple[PriorTip, ...]

    def title(self, outcome: str) -> str:
        """Return an outcome's title."""
        return next(one.title for one in self.run.manifest.outcomes if one.id == outcome)

    @property
    def place(self) -> tuple[int, int]:
        """Where the likeliest outcome and the headline horizon stand in the arrays."""
        return _place(self.run, self.leading)

    @property
    def securing(self) -> Watched | None:
        """What news against an end would most raise the likeliest outcome, the status quo."""
        most = max(self.watch.news, key=lambda one: one.adverse.then[self.place])
        now, then = self.watch.now[self.place], most.adverse.then[self.place]
        seen = chance(now) != chance(then) and not inside_noise(
            *most.adverse.effect.at(*self.place)
        )
        return most if seen and self.leading == RETAINED else None

    @property
    def since(self) -> tuple[Story, ...]:
        """Stories told since the run before: what is felt most first."""
        day = None if self.before is None else self.before.manifest.as_of
        told = [one for one in self.stories if day is not None and one.items[0].known > day]
        told.sort(key=lambda one: 0.0 if one.effect is None else -abs(one.effect.change))
        return tuple(told)

    @property
    def before_news(self) -> float:
        """Chance of any change at the headline horizon before its own news and quiet years."""
        rows = [row for row in self.run.rows if row.basis == "prior" and row.outcome == RETAINED]
        headline = self.run.manifest.headline
        return 1.0 - next(row.mean for row in rows if row.horizon == headline)

    @property
    def unshown(self) -> float | None:
        """What is left of the way from there to the forecast beside what is told one by one.

        None where the status quo is not the likeliest, or nothing is told.
        """
        bars = (*self.against, *self.towards)
        if self.leading != RETAINED or not bars:
            return None
        now = self.run.at(self.run.manifest.headline)[RETAINED].mean
        return now - (1.0 - self.before_news) - sum(bar.change for bar in bars)

    def telling(self, outcome: str) -> list[Move]:
        """Return the moves of an outcome outside Monte Carlo error, the largest first.

        Those too small to be seen beside the largest are left out.
        """
        assert self.moves is not None
        row = self.moves.outcomes.index(outcome)
        at = self.moves.horizons.index(self.run.manifest.headline)
        named = [move for move in self.moves.moves if move.kind != "noise"]
        told = [move for move in named if not inside_noise(*move.effect.at(row, at))]
        told.sort(key=lambda move: -abs(move.effect.at(row, at)[0]))
        seen = _SEEN * abs(told[0].effect.at(row, at)[0]) if told else 0.0
        return [move for move in told if abs(move.effect.at(row, at)[0]) >= seen][:_MOVES]


def find(run: Run, moves: Moves | None = None) -> Findings:
    """Work out what a report of a run has to say.

    Raises
    ------
    InputError, RunError
        If the run cannot be read.
    """
    engine = engine_of(run)
    doubting = doubting_engine(engine.posterior)
    situation = engine.posterior.situation
    question = situation.question
    ranked = sorted(run.at(run.manifest.headline).values(), key=lambda row: -row.mean)
    leading, rival, now = ranked[0].outcome, ranked[1].outcome, ranked[0].mean
    parts = leading_stories(doubting, leading, WEIGHED)
    conflicts, _ = surprises(doubting.posterior.thinned(_FEW), most=_CONFLICTS)
    watch = watch_run(run, engine)
    place = _place(run, leading)
    bars = {part.id: _bar(part, situation, now, place) for part in parts if _telling(part, place)}
    swings = _swings(engine, run, rival)
    bounds = _edges(question, run, now)
    others = _known_runs(run)
    return Findings(
        run,
        question,
        situation,
        leading,
        rival,
        tuple(bar for bar in bars.values() if bar.change < 0)[:_EACH_WAY],
        tuple(bar for bar in bars.values() if bar.change > 0)[:_EACH_WAY],
        watch,
        _different(watch.news),
        _stories(situation, bars),
        swings,
        willing_of(engine.posterior, rival),
        events_of(situation),
        tuple((one.manifest.as_of, _any_change(one)) for one in others),
        _run_before(others, run) if moves is None else moves.old,
        moves,
        () if moves is None else stored_posterior(moves.old).situation.items,
        doubting,
        tuple(conflicts),
        bounds,
        tuple(
            past_bounds(run, engine.posterior, leading, bounds, [swing.prior for swing in swings])
        ),
    )


def _priors(swings: Sequence[Swing]) -> list[str]:
    return [swing.prior for swing in swings]


def _known_runs(run: Run) -> list[Run]:
    """Return the runs of the same question, with news, up to the date of one."""
    return [
        one
        for one in list_runs(run.path.parent)
        if one.manifest.question == run.manifest.question
        and one.manifest.as_of <= run.manifest.as_of
        and not one.manifest.prior_only
    ]


def _edges(question: Question, run: Run, now: float) -> tuple[float, ...]:
    """Return the probabilities between which the word for a forecast stays the same."""
    bands = question.yardsticks.bands[run.manifest.yardstick].values()
    edges = {edge for band in bands for edge in band if 0.0 < edge < 1.0}
    below = [edge for edge in edges if edge <= now]
    above = [edge for edge in edges if edge > now]
    return (*([max(below)] if below else []), *([min(above)] if above else []))


def _different(news: Sequence[Watched]) -> tuple[Watched, ...]:
    """Return the most telling news, one an outcome."""
    firsts = {one.outcome: one for one in reversed(news)}
    return tuple(one for one in news if firsts[one.outcome] is one)[:_WATCHED]


def _run_before(runs: Sequence[Run], run: Run) -> Run | None:
    """Return the last run of an earlier date that knew as much: none for starting assumptions."""
    earlier = [
        one
        for one in runs
        if one.manifest.as_of < run.manifest.as_of and not run.manifest.prior_only
    ]
    return max(earlier, key=lambda one: (one.manifest.as_of, one.manifest.created), default=None)


def _place(run: Run, outcome: str) -> tuple[int, int]:
    """Return where an outcome and the headline horizon stand in the arrays."""
    manifest = run.manifest
    row = [one.id for one in manifest.outcomes].index(outcome)
    return row, list(manifest.horizons).index(manifest.headline)


def _any_change(run: Run) -> float:
    return 1.0 - run.at(run.manifest.headline)[RETAINED].mean


def _telling(part: Part, place: tuple[int, int]) -> bool:
    return not inside_noise(*part.effect.at(*place))


def _bar(part: Part, situation: Situation, now: float, place: tuple[int, int]) -> Bar:
    """Return what a part adds to a forecast, as a bar that leads to it."""
    change, _ = part.effect.at(*place)
    if part.basis == "time":
        years = (situation.status_known_to - situation.question.config.clock_start).days / 365.25
        label = f"{years:.1f} years without an end"
        return Bar(label, now - change, now, doubtful=not part.effect.trusted)
    items = [item for item in situation.items if item.id in part.items]
    quo = situation.question.config.outcome_ids[place[0]] == RETAINED
    item = telling_item(items, -change if quo else change)
    doubtful = not part.effect.trusted
    return Bar(story_label([item]), now - change, now, doubtful=doubtful, says=item.claim)


def telling_item(items: Sequence[Item], way: float) -> Item:
    """Return the item of a story that pushes most one way, towards an end or against it."""
    sign = 1 if way > 0 else -1
    return max(items, key=lambda item: (sign * (item.push or 0), item.known))


def story_label(items: Sequence[Item]) -> str:
    """Return a story in few words: who spoke, and when the strongest of its items was known."""
    first = max(items, key=lambda item: (abs(item.push or 0), item.known))
    who = first.speaker or first.source
    return f"{who[:1].upper()}{who[1:]}, {day_words(first.known)}"


def _stories(situation: Situation, bars: dict[str, Bar]) -> tuple[Story, ...]:
    grouped: dict[str, list[Item]] = {}
    for item in reversed(situation.items):
        grouped.setdefault(item.story, []).append(item)
    return tuple(Story(name, tuple(items), bars.get(name)) for name, items in grouped.items())


def _swings(engine: Engine, run: Run, outcome: str) -> tuple[Swing, ...]:
    """Return what moves an outcome where a prior is moved by one sd, the largest first."""
    shifts, place = prior_shifts(engine), _place(run, outcome)
    now = run.at(run.manifest.headline)[outcome].mean
    question = engine.posterior.situation.question
    swings = []
    for down, up in zip(shifts[::2], shifts[1::2], strict=True):
        if all(inside_noise(*one.effect.at(*place)) for one in (down, up)):
            continue
        lower, higher = (now + one.effect.at(*place)[0] for one in (down, up))
        doubtful = not (down.effect.trusted and up.effect.trusted)
        words = prior_words(down.prior, question)
        swings.append(Swing(words, lower, higher, doubtful=doubtful, prior=down.prior))
    swings.sort(key=lambda one: -max(abs(one.down - now), abs(one.up - now)))
    return tuple(swings[:_SWINGS])
