"""Level and skill apart: forecasts on systematic dates, and comparators that know the level.

Dates that somebody chose cluster before an end, and a horizon is known only where an end came or
the watching went on. So each question is also forecast every month, and a pair whose answer is
known stands for those whose horizon was cut off: it is weighted by the inverse of the probability
of being watched that long (Kaplan-Meier; Robins & Finkelstein 2000,
doi:10.1111/j.0006-341X.2000.00779.x). Against the best constant in hindsight only skill counts.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logit

from tidings.evidence.resolved import ResolvedQuestion
from tidings.past.histories import HALF_LIVES, Histories
from tidings.question.timeline import add_months
from tidings.trust.scoring import Pair

Array = NDArray[np.float64]
_HALF_LIFE_DAYS = 45.0
PLAIN = "log_two_parameters"
"""The column with the log score of a hazard of two parameters."""


def monthly(question: ResolvedQuestion) -> tuple[date, ...]:
    """Return a date every month from a month after the clock's start until before the end."""
    dates, months = [], 1
    while (day := add_months(question.at_risk_from, months)) < question.ended:
        dates.append(day)
        months += 1
    return tuple(dates)


class OpenWindows:
    """How likely questions are still watched at an age, by how long those without an end were."""

    def __init__(self, questions: Sequence[ResolvedQuestion]) -> None:
        days = np.array([(one.ended - one.at_risk_from).days for one in questions], float)
        quiet = np.array([not one.happened for one in questions])
        order = np.argsort(days, kind="stable")
        left = len(days) - np.arange(len(days))
        self._days = days[order]
        self._watched = np.concatenate([[1.0], np.cumprod(1 - quiet[order] / left)])
        self._starts = {one.id: one.at_risk_from for one in questions}
        self._ends = {one.id: one.ended for one in questions}

    def weight(self, pair: Pair) -> float:
        """Return the inverse probability that the answer of a pair is known."""
        start = self._starts[pair.question]
        last = self._ends[pair.question] if pair.happened else pair.by
        # Watching stops just after what is known: the one cut off on that day still counts.
        made, known = (self._at((day - start).days) for day in (pair.made, last))
        return made / known

    def _at(self, days: float) -> float:
        return float(self._watched[np.searchsorted(self._days, days, side="left")])


@dataclass(frozen=True)
class Level:
    """What forecasts of one horizon expected, what was seen, and how they sort.

    Attributes
    ----------
    months : int
    expected, seen : float
        Mean probability of a change, and share that changed.
    log_event, log_constant : float
        Log score, and that of the best constant in hindsight.
    log_two_parameters : float or None
        That of a hazard of two parameters, where it has forecast too.
    gain_se : float or None
        Standard error over questions of the difference; None for one question.
    calibration_slope : float or None
        Of what happened on the logit of the forecast: below 1 where forecasts are spread too far.
    auc : float or None
        Chance that a pair with a change had the higher forecast. Both are None where all went
        one way.
    """

    months: int
    expected: float
    seen: float
    log_event: float
    log_constant: float
    log_two_parameters: float | None
    gain_se: float | None
    calibration_slope: float | None
    auc: float | None
    n: int
    questions: int


def levels(rows: Sequence[Mapping[str, object]]) -> tuple[Level, ...]:
    """Return the levels by horizon.

    Parameters
    ----------
    rows : sequence of mapping
        ``question``, ``months``, ``chance`` of a change, ``changed`` and ``weight``.
    """
    if not rows:
        return ()
    table = pd.DataFrame(rows)
    horizons = sorted({int(months) for months in table["months"]})
    return tuple(_level(months, table[table["months"] == months]) for months in horizons)


def even_weights(rows: Sequence[Mapping[str, object]]) -> Iterator[dict[str, object]]:
    """Yield rows weighted so that every question weighs the same at each horizon."""
    pairs = Counter((row["question"], row["months"]) for row in rows)
    for row in rows:
        yield {**row, "weight": 1.0 / pairs[row["question"], row["months"]]}


def _level(months: int, part: pd.DataFrame) -> Level:
    chance, weight = part["chance"].to_numpy(float), part["weight"].to_numpy(float)
    changed = part["changed"].to_numpy(float)
    whole = weight.sum()
    seen = float(weight @ changed / whole)
    score = -np.log(np.where(changed == 1, chance, 1 - chance))
    constant = -np.log(np.where(changed == 1, seen, 1 - seen)) if 0 < seen < 1 else 0 * score
    gain = float(weight @ (constant - score) / whole)
    sums = pd.Series(weight * (constant - score - gain)).groupby(part["question"].to_numpy()).sum()
    count = len(sums)
    spread = float(np.sqrt((sums**2).sum() * count / (count - 1)) / whole) if count > 1 else None
    mixed = 0 < changed.mean() < 1
    return Level(
        months,
        float(weight @ chance / whole),
        seen,
        float(weight @ score / whole),
        float(weight @ constant / whole),
        float(weight @ part[PLAIN] / whole) if PLAIN in part else None,
        spread,
        _calibration_slope(chance, changed, weight) if mixed else None,
        _auc(chance, changed, weight) if mixed else None,
        len(part),
        count,
    )


def _calibration_slope(chance: Array, changed: Array, weight: Array) -> float:
    """Return the slope of a weighted logistic regression, kept finite by a prior of sd 10."""
    told = logit(np.clip(chance, 1e-9, 1 - 1e-9))

    def loss(line: Array) -> float:
        fitted = line[0] + line[1] * told
        terms = np.logaddexp(0, fitted) - changed * fitted
        return float(weight @ terms / weight.sum() * len(told) + line @ line / 200)

    return float(minimize(loss, np.array([0.0, 1.0])).x[1])


def _auc(chance: Array, changed: Array, weight: Array) -> float:
    came, not_come = changed == 1, changed == 0
    above = chance[came][:, None] - chance[not_come]
    pairs = weight[came][:, None] * weight[not_come]
    return float((pairs * ((above > 0) + 0.5 * (above == 0))).sum() / pairs.sum())


def two_parameters(histories: Histories, counted: Array) -> tuple[float, float]:
    """Fit a hazard of two parameters by maximum likelihood: base rate and slope of net pressure.

    Parameters
    ----------
    counted : ndarray, shape (question,)
        1 for those to learn from, 0 for the others.

    Returns
    -------
    tuple of (float, float)
        Log of the base rate a year, and log rate a step of push; half-life 45 days.
    """
    place = int(np.argmin(np.abs(np.log(HALF_LIVES) - np.log(_HALF_LIFE_DAYS))))
    cell, end = (
        pressure[0, place] - pressure[1, place]
        for pressure in (histories.cell_pressure, histories.end_pressure)
    )
    years = histories.cell_years * counted[histories.cell_question]
    shares = np.exp(histories.cell_log_share)
    came = counted * histories.happened

    def loss(line: Array) -> float:
        expected = np.exp(line[0] + line[1] * cell) @ (years * shares)
        return float(expected - came @ (line[0] + line[1] * end))

    found = minimize(loss, np.array([np.log(0.2), 0.5])).x
    return float(found[0]), float(found[1])


def two_parameter_settings() -> dict[str, float]:
    """Return the settings of that hazard: one half-life, and no start-up."""
    days = float(min(HALF_LIVES, key=lambda one: abs(np.log(one / _HALF_LIFE_DAYS))))
    return {"half_life_days": days, "counter_half_life_days": days, "start_up_years": 0.0}
