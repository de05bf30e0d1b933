"""Examination: forecasts of past questions that were not learned from, and their scores.

A question is forecast on each of its dates knowing of its own news only what was published by then;
what was learned comes from other questions, whatever their dates. Draws of what was learned get an
effect of the question's own and its actors' willingness, are weighted by how well they survive the
time that has passed, and are then carried forward as every forecast is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tidings.evidence.arrivals import Arrivals, Source, fit_arrivals, records_of, source_of
from tidings.mechanism.incidence import Outlook, cumulative_incidence
from tidings.mechanism.likelihood import NeutralRates
from tidings.mechanism.parameters import RateParts
from tidings.names import Var
from tidings.past.questions import Past
from tidings.past.teacher import Lesson, Progress, Teacher
from tidings.question.schema import NewsConfig
from tidings.question.sources import ScoreRow
from tidings.question.timeline import make_calendar
from tidings.randomness import stream
from tidings.trust.scoring import MEASURES, Pair, base_forecast, mean_scores, pairs_of, score

MONTHS = (1, 3, 6, 12)
"""Horizons of an examination, in calendar months."""
_WEIGHTED, _CARRIED, _FUTURES = 3000, 600, 50

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Examination:
    """Scores of forecasts of questions that were not learned from.

    Attributes
    ----------
    rows : tuple of mapping
        One a pair: question, date, months, the six measures and the log score of the status quo.
    """

    rows: tuple[Mapping[str, object], ...]

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

    def score_rows(self) -> tuple[ScoreRow, ...]:
        """Return the mean scores as they are kept, one row a horizon."""
        table = self.table().reset_index()
        return tuple(ScoreRow.model_validate(_kept(row)) for row in table.to_dict("records"))


_COUNTS = ("months", "n", "questions")


def _kept(row: Mapping[Any, Any]) -> dict[str, float | int | None]:
    whole = {name: int(row[name]) for name in _COUNTS}
    rest = {name: _or_none(float(value)) for name, value in row.items() if name not in _COUNTS}
    return whole | {name: None if one is None else round(one, 4) for name, one in rest.items()}


def _or_none(value: float) -> float | None:
    """Return a number, or None where one question alone has no standard error."""
    return None if np.isnan(value) else float(value)


def examine(past: Past, lesson: Lesson) -> Iterator[dict[str, object]]:
    """Forecast a question on its dates, and score what is known by now.

    Parameters
    ----------
    past : Past
        Not among those that the lesson was learned from.
    lesson : Lesson
        What was learned.

    Yields
    ------
    dict
        One row a pair of date and horizon, as `tidings.trust.scoring.score` makes it, with
        ``forecast``, the probability of each outcome, the status quo first.
    """
    forecasts: dict[date, Array] = {}
    for pair in pairs_of(past.question, MONTHS):
        if pair.made not in forecasts:
            forecasts[pair.made] = _forecast(past, lesson, pair.made)
        yield _scored(pair, forecasts[pair.made][MONTHS.index(pair.months)], lesson)


def leave_one_out(teacher: Teacher, progress: Progress) -> Examination:
    """Examine each question of a teacher by what is learned from all others."""
    rows: list[Mapping[str, object]] = []
    for past in teacher.pasts:
        name = past.question.id
        progress(f"without {name}")
        posterior, _ = teacher.posterior(name)
        rows += examine(past, teacher.lesson(posterior, name))
    return Examination(tuple(rows))


def _scored(pair: Pair, forecast: Array, lesson: Lesson) -> dict[str, object]:
    row = score(pair, forecast, base_forecast(lesson.base_rate, pair))
    return {**row, "happened": pair.happened, "forecast": [float(one) for one in forecast]}


def _forecast(past: Past, lesson: Lesson, made: date) -> Array:
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
        _FUTURES,
    )
    carried = cumulative_incidence(
        _survivors(past, lesson, made), outlook, past.seed, f"exam {past.question.id} {made}"
    ).mean(axis=0)
    marks = [calendar.dates.index(day) for day in calendar.horizons.values()]
    # The last is "another end", which no past question has.
    return np.asarray(carried[marks, :-1])


def _arrivals(past: Past, lesson: Lesson, made: date) -> Arrivals:
    start, ends = past.question.at_risk_from, past.structure.ends
    own = Source(records_of(past.pulses(made), start), start, made, ends)
    theirs = [source_of(question, past.grading.grades) for question in lesson.questions]
    return fit_arrivals(own, theirs, NewsConfig().borrowed_items, np.ones(len(theirs)))


def _survivors(past: Past, lesson: Lesson, made: date) -> RateParts:
    """Draw what was learned, the question's effect and willingness, given no end so far."""
    generator = stream(past.seed, f"survivors {past.question.id} {made}")
    stored = len(lesson.draws["log_base_rate"])
    places = generator.integers(stored, size=_WEIGHTED)
    drawn = {name: values[places] for name, values in lesson.draws.items()}
    effect = drawn["spread"] * generator.standard_normal(_WEIGHTED)
    rate = {
        Var.BASE_RATE.value: np.exp(drawn["log_base_rate"] + effect),
        Var.PUSH_SLOPE.value: drawn["push_slope"],
        Var.COUNTER_SLOPE.value: drawn["counter_slope"],
        Var.CONSENT_SLOPE.value: drawn["consent_slope"],
        Var.SHARE_OTHER.value: np.zeros(_WEIGHTED),
    }
    states = past.timeline(made).states
    willing = past.willing(made, past.prior_willing(_WEIGHTED, states))
    parameters = past.parameters(willing, rate)
    exposure = past.exposure(made, lesson.half_lives, lesson.settings["start_up_years"])
    survival = NeutralRates(parameters, past.structure, past.reference).log_survival(exposure)
    weights = np.exp(survival - survival.max())
    kept = _systematic(weights / weights.sum(), _CARRIED, generator)
    return parameters.each(lambda array: array[..., kept])


def _systematic(weights: Array, count: int, generator: np.random.Generator) -> NDArray[np.intp]:
    """Return places drawn by weight, evenly spread (Kitagawa 1996)."""
    marks = (generator.random() + np.arange(count)) / count
    return np.minimum(np.searchsorted(np.cumsum(weights), marks), len(weights) - 1)
