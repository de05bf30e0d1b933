"""Fits of the hierarchical model of rates: with all resolved questions, or with one left out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from tidings.errors import FitError
from tidings.evidence.resolved import ResolvedQuestion
from tidings.forecasting.sampling import Diagnosis, compile_model
from tidings.past.histories import histories_of
from tidings.past.questions import Grading, Past
from tidings.past.rates import CHANGE_ODDS, COUNTED, HYPER, build_rates
from tidings.question.schema import QuestionConfig
from tidings.question.sources import Learned
from tidings.question.timeline import DAYS_PER_YEAR
from tidings.question.yardsticks import Yardsticks

Array = NDArray[np.float64]
Progress = Callable[[str], None]
"""What is called with the name of what is being done."""


def constant_rate(questions: Sequence[ResolvedQuestion]) -> float:
    """Return the ends a year of all questions together: the maximum-likelihood constant rate."""
    days = sum((question.ended - question.at_risk_from).days for question in questions)
    return sum(question.happened for question in questions) / (days / DAYS_PER_YEAR)


@dataclass(frozen=True)
class Lesson:
    """What was learned from some questions, as an examination of others uses it.

    Attributes
    ----------
    draws : mapping of str to ndarray, shape (draw,)
        The variables that a new question shares with those learned from.
    settings : mapping of str to float
        ``half_life_days``, ``counter_half_life_days`` and ``start_up_years``.
    """

    draws: Mapping[str, Array]
    settings: Mapping[str, float]
    questions: tuple[ResolvedQuestion, ...]

    @property
    def base_rate(self) -> float:
        """The constant rate of the questions learned from, in ends a year."""
        return constant_rate(self.questions)

    @property
    def half_lives(self) -> tuple[float, float]:
        """How fast pushes fade, towards an outcome and against it, in days."""
        return self.settings["half_life_days"], self.settings["counter_half_life_days"]


def pasts_of(
    questions: Sequence[ResolvedQuestion], config: QuestionConfig, yardsticks: Yardsticks
) -> tuple[Past, ...]:
    """Return past questions, read as the question at hand reads its own news; itself left out."""
    grading = Grading(config.grades, yardsticks, config.time, config.news)
    return tuple(
        Past(question, grading, config.fit.seed)
        for question in questions
        if question.id != config.id
    )


class Teacher:
    """The hierarchical model of some resolved questions, compiled once, fitted without some."""

    def __init__(self, pasts: Sequence[Past], seed: int) -> None:
        self.pasts, self.seed = tuple(pasts), seed
        self.histories = histories_of(self.pasts)
        self._compiled = compile_model(build_rates(self.histories))

    def posterior(
        self, without: str | None = None, change_odds: float = 1.0
    ) -> tuple[xr.Dataset, Diagnosis]:
        """Draw from the posterior, perhaps without one question.

        Parameters
        ----------
        without : str, optional
            The question to leave out.

        Raises
        ------
        FitError
            If the sampler stopped, or its draws cannot be trusted.
        """
        counted = np.array([float(past.question.id != without) for past in self.pasts])
        name = f"questions without {without}"
        data = {COUNTED: counted, CHANGE_ODDS: np.array(change_odds)}
        posterior, diagnosis = self._compiled.sample(self.seed, name, data)
        hold_trusted(diagnosis, name)
        return posterior, diagnosis

    def lesson(self, posterior: xr.Dataset, without: str | None = None) -> Lesson:
        """Return what was learned, as an examination uses it."""
        draws = {name: posterior[name].to_numpy().ravel() for name in HYPER}
        return Lesson(
            draws,
            settings_of(posterior),
            tuple(past.question for past in self.pasts if past.question.id != without),
        )


def hold_trusted(diagnosis: Diagnosis, name: str) -> None:
    """Raise FitError if the draws of a fit cannot be trusted.

    Raises
    ------
    FitError
        If they cannot.
    """
    if not diagnosis.trusted:
        raise FitError(
            f"{name}: the draws cannot be trusted (R-hat {diagnosis.r_hat:.3f}, ESS "
            f"{diagnosis.ess_bulk:.0f}, {diagnosis.divergences:.1%} divergent); try another seed"
        )


def settings_of(posterior: xr.Dataset) -> dict[str, float]:
    """Return the posterior medians that a forecast uses as fixed settings."""
    half_life = np.median(posterior["half_life"].to_numpy(), axis=(0, 1))
    return {
        "half_life_days": round(float(half_life[0])),
        "counter_half_life_days": round(float(half_life[1])),
        "start_up_years": round(float(np.median(posterior["start_up"].to_numpy())), 2),
    }


def lesson_of_stored(
    learned: Learned, draws: pd.DataFrame, questions: Sequence[ResolvedQuestion]
) -> Lesson:
    """Return what was learned and stored, as an examination uses it."""
    return Lesson(
        {name: draws[name].to_numpy() for name in HYPER},
        {str(name): value for name, value in learned.settings.items()},
        tuple(question for question in questions if question.id in learned.resolved),
    )
