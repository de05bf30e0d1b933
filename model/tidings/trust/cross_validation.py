"""Examination: forecasts of past questions that were not learned from, and their scores.

A question is forecast on each of its dates knowing of its own news only what was published by then;
what was learned comes from other questions, whatever their dates. Draws of what was learned get an
effect of the question's own and its actors' willingness, are weighted by how well they survive the
time that has passed, and are then simulated forward as every forecast is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tidings.errors import FitError
from tidings.evidence.arrivals import Arrivals, Source, fit_arrivals, records_of, source_of
from tidings.evidence.resolved import ResolvedQuestion
from tidings.mechanism.incidence import Outlook, cumulative_incidence
from tidings.mechanism.likelihood import NeutralRates
from tidings.mechanism.parameters import RateParts
from tidings.names import Var
from tidings.past.histories import Histories
from tidings.past.questions import Past
from tidings.past.rate_fits import Lesson, Progress, Teacher
from tidings.past.rates import HYPER
from tidings.question.sources import LevelRow, ScoreRow
from tidings.question.timeline import make_calendar
from tidings.randomness import stream
from tidings.trust.monthly_scores import (
    PLAIN,
    Level,
    OpenWindows,
    even_weights,
    levels,
    monthly,
    two_parameter_settings,
    two_parameters,
)
from tidings.trust.scoring import MEASURES, Pair, base_forecast, mean_scores, pairs_of, score

MONTHS = (1, 3, 6, 12)
"""Horizons of an examination, in calendar months."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Effort:
    """How many draws are weighted, how many of them simulated forward, and futures of each."""

    weighted: int
    carried: int
    futures: int


FULL, LIGHT, PLAIN_EFFORT = Effort(3000, 600, 50), Effort(600, 150, 20), Effort(1, 200, 50)
"""For the dates given; for those of every month, whose mean is what counts; and without spread."""
_LEAST_EFFECTIVE, _MOST_WEIGHTED = 100.0, 50_000
"""Effective draws below which more are drawn, and how many at most."""


@dataclass(frozen=True)
class Examination:
    """Scores of forecasts of questions that were not learned from.

    Attributes
    ----------
    rows : tuple of mapping
        One a pair: question, date, months, the six measures, the log score of a hazard of two
        parameters, and the Brier score of the status quo.
    systematic : tuple of mapping
        One a pair of every month: question, months, ``chance``, ``changed`` and ``weight``.
    """

    rows: tuple[Mapping[str, object], ...]
    systematic: tuple[Mapping[str, object], ...] = ()

    def table(self) -> pd.DataFrame:
        """Return the mean scores by months, with counts and the standard error of the gain."""
        return mean_scores(self.rows)

    def by_question(self) -> pd.DataFrame:
        """Return the mean scores over dates, by question and months."""
        return pd.DataFrame(self.rows).groupby(["question", "months"])[list(MEASURES)].mean()

    def gains(self) -> pd.DataFrame:
        """Return by how much the event's log score beats the base rate's: question by months."""
        rows = self.by_question().reset_index()
        rows["gain"] = rows["log_base"] - rows["log_event"]
        return rows.pivot_table("gain", "question", "months")

    def given_levels(self) -> tuple[Level, ...]:
        """Return expected against seen on the dates given, every question weighing the same."""
        return levels(tuple(even_weights(self.rows)))

    def systematic_levels(self) -> tuple[Level, ...]:
        """Return expected against seen on a date every month, open windows weighted."""
        return levels(self.systematic)

    def score_rows(self) -> tuple[ScoreRow, ...]:
        """Return the mean scores as they are kept, one row a horizon."""
        table = self.table().reset_index()
        return tuple(ScoreRow.model_validate(_kept(row)) for row in table.to_dict("records"))

    def level_rows(self) -> tuple[LevelRow, ...]:
        """Return both tables of levels as they are kept."""
        both = (("given", self.given_levels()), ("every month", self.systematic_levels()))
        return tuple(
            LevelRow.model_validate({"dates": dates, **_rounded(vars(one))})
            for dates, found in both
            for one in found
        )


_COUNTS = ("months", "n", "questions")


def _kept(row: Mapping[Any, Any]) -> dict[str, float | int | None]:
    whole = {name: int(row[name]) for name in _COUNTS}
    rest = {name: _or_none(float(value)) for name, value in row.items() if name not in _COUNTS}
    return whole | {name: None if one is None else round(one, 4) for name, one in rest.items()}


def _rounded(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()}


def _or_none(value: float) -> float | None:
    """Return a number, or None where one question alone has no standard error."""
    return None if np.isnan(value) else float(value)


def examine(past: Past, lesson: Lesson, plain: Lesson) -> Iterator[dict[str, object]]:
    """Forecast a question on its dates, and score what is known by now.

    Parameters
    ----------
    past : Past
        Not among those that the lessons were learned from.

    Yields
    ------
    dict
        One of the rows of an `Examination`, with ``forecast``, the probability of each outcome, the
        status quo first.
    """
    full, simple = _Forecasts(past, lesson, FULL), _Forecasts(past, plain, PLAIN_EFFORT)
    for pair in pairs_of(past.question, MONTHS):
        status_quo = simple.of(pair)[0]
        chance = 1 - status_quo if pair.happened else status_quo
        yield {**_scored(pair, full.of(pair), lesson), PLAIN: -float(np.log(chance))}


def examine_monthly(
    past: Past, lesson: Lesson, windows: OpenWindows
) -> Iterator[dict[str, object]]:
    """Forecast a question on a date every month.

    Parameters
    ----------
    windows : OpenWindows
        Weights for horizons that were cut off.

    Yields
    ------
    dict
        One of the systematic rows of an `Examination`.
    """
    forecasts = _Forecasts(past, lesson, LIGHT)
    for pair in pairs_of(past.question, MONTHS, monthly(past.question)):
        yield {
            "question": pair.question,
            "made": pair.made,
            "months": pair.months,
            "chance": 1 - float(forecasts.of(pair)[0]),
            "changed": int(pair.happened > 0),
            "weight": windows.weight(pair),
        }


def leave_one_out(teacher: Teacher, progress: Progress) -> Examination:
    """Examine each question of a teacher by what is learned from all others."""
    windows = OpenWindows([past.question for past in teacher.pasts])
    rows: list[Mapping[str, object]] = []
    systematic: list[Mapping[str, object]] = []
    for place, past in enumerate(teacher.pasts):
        name = past.question.id
        progress(f"without {name}")
        posterior, _ = teacher.posterior(name)
        lesson = teacher.lesson(posterior, name)
        plain = plain_lesson(teacher.histories, lesson.questions, place)
        rows += examine(past, lesson, plain)
        systematic += examine_monthly(past, lesson, windows)
    return Examination(tuple(rows), tuple(systematic))


def plain_lesson(
    histories: Histories, questions: tuple[ResolvedQuestion, ...], without: int | None = None
) -> Lesson:
    """Return what a hazard of two parameters learns: base rate, and slope of net pressure.

    Parameters
    ----------
    without : int, optional
        The place of the question left out.
    """
    counted = np.ones(len(histories.names))
    if without is not None:
        counted[without] = 0.0
    base, slope = two_parameters(histories, counted)
    draws = dict.fromkeys(HYPER, np.zeros(1)) | {
        "log_base_rate": np.array([base]),
        "push_slope": np.array([slope]),
        "counter_slope": np.array([slope]),
    }
    return Lesson(draws, two_parameter_settings(), questions)


def _scored(pair: Pair, forecast: Array, lesson: Lesson) -> dict[str, object]:
    row = score(pair, forecast, base_forecast(lesson.base_rate, pair))
    event = {"chance": float(1 - forecast[0]), "changed": int(pair.happened > 0)}
    return {
        **row, **event, "happened": pair.happened, "forecast": [float(one) for one in forecast]
    }  # fmt: skip


class _Forecasts:
    """Forecasts of one question by one lesson, each date once."""

    def __init__(self, past: Past, lesson: Lesson, effort: Effort) -> None:
        self._past, self._lesson, self._effort = past, lesson, effort
        self._made: dict[date, Array] = {}

    def of(self, pair: Pair) -> Array:
        """Return the probability of each outcome by a pair's horizon, the status quo first."""
        if pair.made not in self._made:
            self._made[pair.made] = _forecast(self._past, self._lesson, pair.made, self._effort)
        return np.asarray(self._made[pair.made][MONTHS.index(pair.months)])


def _forecast(past: Past, lesson: Lesson, made: date, effort: Effort) -> Array:
    """Return the probability of each outcome by each horizon, shape (horizon, 1 + end)."""
    structure, timeline = past.structure, past.timeline(made)
    known = past.pulses(made)
    calendar = make_calendar(made, made, MONTHS, ())
    outlook = Outlook(
        structure,
        timeline,
        calendar,
        timeline.start,
        lesson.settings["start_up_years"],
        known,
        lesson.half_lives,
        _arrivals(past, lesson, made),
        made,
        0.0,
        past.reference,
        effort.futures,
    )
    survivors = _survivors(past, lesson, made, effort)
    name = f"exam {past.question.id} {made}"
    carried = cumulative_incidence(survivors, outlook, past.seed, name).mean(axis=0)
    marks = [calendar.dates.index(day) for day in calendar.horizons.values()]
    # The last is "another end", which no past question has.
    return np.asarray(carried[marks, :-1])


def _arrivals(past: Past, lesson: Lesson, made: date) -> Arrivals:
    start, ends = past.question.at_risk_from, past.structure.ends
    own = Source(records_of(past.pulses(made), start), start, made, ends)
    theirs = [source_of(question, past.grading.grades) for question in lesson.questions]
    return fit_arrivals(own, theirs, past.grading.news.borrowed_items, np.ones(len(theirs)))


def _survivors(past: Past, lesson: Lesson, made: date, effort: Effort) -> RateParts:
    """Draw what was learned, the question's effect and willingness, given no end so far.

    Draws are weighted by their survival and resampled; where too few of them stay effective, more
    are drawn.

    Raises
    ------
    FitError
        If even the most leave too few: what was learned cannot explain that nothing has happened.
    """
    generator = stream(past.seed, f"survivors {past.question.id} {made}")
    # A single draw of all that was learned has nothing to be resampled from.
    needed = 1.0 if len(lesson.draws["log_base_rate"]) == 1 else _LEAST_EFFECTIVE
    count = effort.weighted
    while True:
        parameters, log_survival = _proposed(past, lesson, made, count, generator)
        weights = np.exp(log_survival - log_survival.max())
        weights /= weights.sum()
        effective = 1 / float(np.sum(weights**2))
        if effective >= needed:
            return _of_places(parameters, _systematic(weights, effort.carried, generator))
        if count >= _MOST_WEIGHTED:
            raise FitError(
                f"{past.question.id} on {made}: {effective:.0f} of {count} draws survive so long a "
                f"time without an end; at least {needed:.0f} are needed"
            )
        count *= 4


def _of_places(parts: RateParts, places: NDArray[np.intp]) -> RateParts:
    return parts.each(lambda array: array[..., places])


def _proposed(
    past: Past, lesson: Lesson, made: date, count: int, generator: np.random.Generator
) -> tuple[RateParts, Array]:
    """Draw what was learned with an effect of the question, and the log survival of each draw."""
    stored = len(lesson.draws["log_base_rate"])
    places = generator.integers(stored, size=count)
    drawn = {name: values[places] for name, values in lesson.draws.items()}
    effect = drawn["spread"] * generator.standard_normal(count)
    rate = {
        Var.BASE_RATE.value: np.exp(drawn["log_base_rate"] + effect),
        Var.PUSH_SLOPE.value: drawn["push_slope"],
        Var.COUNTER_SLOPE.value: drawn["counter_slope"],
        Var.CONSENT_SLOPE.value: drawn["consent_slope"],
        Var.SHARE_OTHER.value: np.zeros(count),
    }
    states = past.timeline(made).states
    willing = past.willing(made, past.prior_willing(count, states))
    parameters = past.parameters(willing, rate)
    exposure = past.exposure(made, lesson.half_lives, lesson.settings["start_up_years"])
    survival = NeutralRates(parameters, past.structure, past.reference).log_survival(exposure)
    return parameters, survival


def _systematic(weights: Array, count: int, generator: np.random.Generator) -> NDArray[np.intp]:
    """Return places drawn by weight, evenly spread (Kitagawa 1996)."""
    marks = (generator.random() + np.arange(count)) / count
    return np.minimum(np.searchsorted(np.cumsum(weights), marks), len(weights) - 1)
