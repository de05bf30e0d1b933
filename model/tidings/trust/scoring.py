"""Scores of forecasts of resolved questions, beside a constant base rate.

A pair is a forecast date and a horizon whose answer is known. Its forecast is scored over all
outcomes, and for the one event that any change has happened by then; the base rate is scored for
that event. Log scores are negative log probabilities of what happened, Brier scores sum the squared
errors over all outcomes, or over both sides of the event; 0 is perfect for both. A mean is one over
questions of means over dates, so that a question with many dates weighs no more than another.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tidings.evidence.resolved import ResolvedQuestion
from tidings.question.timeline import DAYS_PER_YEAR, add_months

MEASURES = ("brier", "log", "brier_event", "log_event", "brier_base", "log_base")
STATUS_QUO_BRIER = "brier_status_quo"
"""The Brier score of "nothing will happen"; its log score is infinite as soon as something does."""


@dataclass(frozen=True)
class Pair:
    """A forecast date and a horizon of a resolved question, whose answer is known.

    Attributes
    ----------
    made, by : date
        When the forecast is made, and the last day that counts.
    months : int
        From one to the other, in calendar months.
    happened : int
        Which outcome had come by then: 0 the status quo, 1 the first end, and so on.
    """

    question: str
    made: date
    by: date
    months: int
    happened: int


def pairs_of(
    question: ResolvedQuestion, months: Sequence[int], dates: Sequence[date] | None = None
) -> Iterator[Pair]:
    """Yield the pairs of a question, on its own dates if no others are given.

    Left out are dates on which it had ended, and horizons that reach past the date to which the
    status quo is known to have held.
    """
    for made in question.forecast_dates if dates is None else dates:
        for count in months:
            by = add_months(made, count)
            known = question.happened or by <= question.ended
            if known and made < question.ended:
                came = question.happened and question.ended <= by
                happened = 1 + question.ends.index(question.outcome) if came else 0
                yield Pair(question.id, made, by, count, happened)


def base_forecast(rate: float, pair: Pair) -> float:
    """Return the probability of an event by the horizon at a constant rate a year."""
    return float(-np.expm1(-rate * (pair.by - pair.made).days / DAYS_PER_YEAR))


def score(
    pair: Pair, forecast: NDArray[np.float64], base: float
) -> dict[str, str | int | float | date]:
    """Score one forecast.

    Parameters
    ----------
    forecast : ndarray, shape (1 + end,)
        Probability of each outcome by the horizon, the status quo first; sums to 1.
    base : float
        The base rate's probability of an event.

    Returns
    -------
    dict
        One row: the pair's question, date and months, the six `MEASURES`, and the Brier score of
        the status quo.
    """
    happened = int(pair.happened > 0)
    event = np.array([forecast[0], 1.0 - forecast[0]])
    constant = np.array([1.0 - base, base])
    scored = {
        "brier": _brier(forecast, pair.happened),
        "log": _log(forecast, pair.happened),
        "brier_event": _brier(event, happened),
        "log_event": _log(event, happened),
        "brier_base": _brier(constant, happened),
        "log_base": _log(constant, happened),
        STATUS_QUO_BRIER: 2.0 * happened,
    }
    return {"question": pair.question, "made": pair.made, "months": pair.months, **scored}


def _brier(probabilities: NDArray[np.float64], happened: int) -> float:
    came = np.zeros(len(probabilities))
    came[happened] = 1.0
    return float(np.sum((probabilities - came) ** 2))


def _log(probabilities: NDArray[np.float64], happened: int) -> float:
    return float(-np.log(probabilities[happened]))


def mean_scores(rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Return the mean scores by horizon.

    Returns
    -------
    DataFrame, indexed by months
        The `MEASURES`; the Brier score of the status quo; ``n`` pairs; ``questions``; and
        ``log_gain`` with ``log_gain_se``: by how much the log score of the event is better than
        that of the base rate, and the standard error of that mean over questions.
    """
    table = pd.DataFrame(rows)
    by_question = table.groupby(["months", "question"])[[*MEASURES, STATUS_QUO_BRIER]].mean()
    by_question["log_gain"] = by_question["log_base"] - by_question["log_event"]
    months = by_question.groupby(level="months")
    means = months.mean()
    means["log_gain_se"] = months["log_gain"].sem()
    means["n"] = table.groupby("months").size()
    means["questions"] = months.size()
    return means
