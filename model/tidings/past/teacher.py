"""The teacher: the hierarchical model of some resolved questions, fitted with or without some."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from tidings.errors import FitError
from tidings.evidence.resolved import ResolvedQuestion
from tidings.forecasting.sampling import Diagnosis, compile_model
from tidings.past.histories import HALF_LIVES, histories_of
from tidings.past.questions import Grading, Past
from tidings.past.rates import COUNTED, HYPER, build_rates
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
    half_life_days : float
        How fast a push fades.
    age_exponent : float
        Rates grow with the age in years to this power.
    weight_items : tuple of (float, float)
        Own items that weigh as much as all learned from: for pace, and for sizes.
    questions : tuple of ResolvedQuestion
        Those learned from, whose news tells what news to expect.
    """

    draws: Mapping[str, Array]
    half_life_days: float
    age_exponent: float
    weight_items: tuple[float, float]
    questions: tuple[ResolvedQuestion, ...]

    @property
    def base_rate(self) -> float:
        """The constant rate of the questions learned from, in ends a year."""
        return constant_rate(self.questions)


def pasts_of(
    questions: Sequence[ResolvedQuestion], config: QuestionConfig, yardsticks: Yardsticks
) -> tuple[Past, ...]:
    """Return past questions, read as the question at hand reads its own news; itself left out."""
    grading = Grading(config.grades, yardsticks, config.time)
    return tuple(
        Past(question, grading, config.fit.seed)
        for question in questions
        if question.id != config.id
    )


class Teacher:
    """The hierarchical model of some resolved questions, compiled once, fitted without some.

    Parameters
    ----------
    pasts : sequence of Past
        The questions.
    seed : int
        The root of its random streams.
    """

    def __init__(self, pasts: Sequence[Past], seed: int) -> None:
        self.pasts, self.seed = tuple(pasts), seed
        self._compiled = compile_model(build_rates(histories_of(self.pasts)))

    def posterior(self, without: str | None = None) -> tuple[xr.Dataset, Diagnosis]:
        """Draw from the posterior, perhaps without one question.

        Raises
        ------
        FitError
            If the sampler stopped, or its draws cannot be trusted.
        """
        counted = np.array([float(past.question.id != without) for past in self.pasts])
        name = f"questions without {without}"
        posterior, diagnosis = self._compiled.sample(self.seed, name, {COUNTED: counted})
        hold_trusted(diagnosis, name)
        return posterior, diagnosis

    def lesson(self, posterior: xr.Dataset, without: str | None = None) -> Lesson:
        """Return what was learned, as an examination uses it."""
        draws = {name: posterior[name].to_numpy().ravel() for name in HYPER}
        settings = settings_of(posterior)
        return Lesson(
            draws,
            settings["half_life_days"],
            settings["age_exponent"],
            (settings["pace_weight_items"], settings["size_weight_items"]),
            tuple(past.question for past in self.pasts if past.question.id != without),
        )


def hold_trusted(diagnosis: Diagnosis, name: str) -> None:
    """Hold that the draws of a fit can be trusted.

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
    """Return the settings of a forecast: means and medians of what is then held fixed."""
    weight = np.exp(posterior["half_life_weight"].to_numpy()).mean(axis=(0, 1))
    of_pace = posterior["pace_shape"].to_numpy()
    of_size = (posterior["size_sd"].to_numpy() / posterior["size_spread"].to_numpy()) ** 2
    return {
        "half_life_days": round(float(np.exp(weight @ np.log(HALF_LIVES)))),
        "age_exponent": round(float(posterior["age_exponent"].mean()), 2),
        "pace_weight_items": round(float(np.median(of_pace)), 1),
        "size_weight_items": round(float(np.median(of_size))),
    }


def lesson_of_stored(
    learned: Learned, draws: pd.DataFrame, questions: Sequence[ResolvedQuestion]
) -> Lesson:
    """Return what was learned and stored, as an examination uses it."""
    settings = learned.settings
    return Lesson(
        {name: draws[name].to_numpy() for name in HYPER},
        settings["half_life_days"],
        settings["age_exponent"],
        (settings["pace_weight_items"], settings["size_weight_items"]),
        tuple(question for question in questions if question.id in learned.resolved),
    )
