"""Lessons: the models fitted to past questions and cases, examined, and what of them is kept."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from tidings.errors import Fault, FitError, InputError
from tidings.evidence.inputs import learned_from
from tidings.evidence.resolved import ResolvedQuestion
from tidings.forecasting.sampling import Compiled, Diagnosis, compile_model
from tidings.past.cases import PastCases
from tidings.past.histories import HALF_LIVES, histories_of
from tidings.past.quantities import class_quantities, resolved_quantities
from tidings.past.questions import Grading, Past
from tidings.past.rates import COUNTED, HYPER, build_rates
from tidings.past.reference_class import (
    Profile,
    build_reference_class,
    incidence_of,
    observed,
    profile_of,
)
from tidings.question.schema import QuestionConfig
from tidings.question.sources import ClassScoreRow, FitRow, Learned, Quantity, digest_of_text
from tidings.question.yardsticks import Yardsticks
from tidings.trust.case_scores import ClassScore, Group, groups_of, leave_owners_out
from tidings.trust.examining import Examination, Lesson, examine

Array = NDArray[np.float64]
Progress = Callable[[str], None]
_STORED = 500
_DRAWS = 4000
"""Draws of a chain for the cases, whose many owners with one case each mix slowly."""


@dataclass(frozen=True)
class Lessons:
    """What was learned, and what shows how far to trust it.

    Attributes
    ----------
    learned : Learned
        What the question file takes its priors from.
    draws : DataFrame
        Draws of what a new question shares with those learned from, one column a variable.
    examination : Examination
        Of the resolved questions, each left out of what it was forecast from.
    groups : tuple of Group
        The reference class against the raw shares of groups of cases.
    cases : PastCases or None
        What the reference class was learned from.
    curves : ndarray or None, shape (draw, case, end, month)
        Cumulative incidence of each end of each case, by `CURVE_MONTHS`.
    because : str
        Why the cases are trusted no further.
    """

    learned: Learned
    draws: pd.DataFrame
    examination: Examination
    groups: tuple[Group, ...]
    cases: PastCases | None
    curves: Array | None
    because: str


CURVE_MONTHS = tuple(float(month) for month in range(61))
"""Months at which the cumulative incidence of past cases is drawn."""


def pasts_of(
    questions: Sequence[ResolvedQuestion], config: QuestionConfig, yardsticks: Yardsticks
) -> tuple[Past, ...]:
    """Return past questions, read as the question at hand reads its own news; itself left out."""
    grading = Grading(config.grades, yardsticks, config.time)
    return tuple(Past(one, grading, config.fit.seed) for one in questions if one.id != config.id)


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
        _trust(diagnosis, name)
        return posterior, diagnosis

    def lesson(self, posterior: xr.Dataset, without: str | None = None) -> Lesson:
        """Return what was learned, as an examination uses it."""
        draws = {name: posterior[name].to_numpy().ravel() for name in HYPER}
        settings = _settings(posterior)
        return Lesson(
            draws, settings["half_life_days"], settings["age_exponent"],
            (settings["pace_weight_items"], settings["size_weight_items"]),
            tuple(past.question for past in self.pasts if past.question.id != without),
        )  # fmt: skip

    def leave_one_out(self, progress: Progress | None = None) -> Examination:
        """Examine each question by what is learned from all others."""
        rows: list[Mapping[str, object]] = []
        for past in self.pasts:
            name = past.question.id
            if progress is not None:
                progress(f"without {name}")
            posterior, _ = self.posterior(name)
            rows += examine(past, self.lesson(posterior, name))
        return Examination(tuple(rows))


def _trust(diagnosis: Diagnosis, name: str) -> None:
    if not diagnosis.trusted:
        raise FitError(
            f"{name}: the draws cannot be trusted (R-hat {diagnosis.r_hat:.3f}, ESS "
            f"{diagnosis.ess_bulk:.0f}, {diagnosis.divergences:.1%} divergent); try another seed"
        )


def _settings(posterior: xr.Dataset) -> dict[str, float]:
    """Return the settings of a forecast: means and medians of what is then held fixed."""
    weight = np.exp(posterior["half_life_weight"].to_numpy()).mean(axis=(0, 1))
    of_pace = posterior["pace_shape"].to_numpy()
    of_size = (posterior["size_sd"].to_numpy() / posterior["size_spread"].to_numpy()) ** 2
    return {
        "half_life_days": round(float(np.exp(weight @ np.log(HALF_LIVES)))),
        "age_exponent": round(float(posterior["age_exponent"].mean()), 2),
        "pace_weight_items": round(float(np.median(of_pace)), 1),
        "size_weight_items": round(float(np.median(of_size))),
    }  # fmt: skip


def learn(
    question: Path,
    config: QuestionConfig,
    yardsticks: Yardsticks,
    past: tuple[Sequence[ResolvedQuestion], PastCases | None],
    progress: Progress,
) -> Lessons:
    """Learn from resolved questions and cases, and examine what was learned.

    Parameters
    ----------
    question : Path
        The question file.
    config : QuestionConfig
        What stands in it; its own question is never among those learned from.
    yardsticks : Yardsticks
        The words of face values.
    past : tuple of (sequence of ResolvedQuestion, PastCases or None)
        What to learn from.
    progress : callable
        Called with what is being done.

    Raises
    ------
    FitError
        If a sampler stopped, or its draws cannot be trusted.
    """
    seed, digests = config.fit.seed, learned_from(question, config)
    progress("the resolved questions: compiling")
    teacher = Teacher(pasts_of(past[0], config, yardsticks), seed)
    progress("the resolved questions: drawing")
    posterior, diagnosis = teacher.posterior()
    examination = teacher.leave_one_out(progress)
    quantities = resolved_quantities(posterior, seed)
    fits = {"resolved": _fit_row(diagnosis)}
    reference = _learn_cases(past[1], config, progress) if past[1] is not None else None
    if reference is not None:
        quantities |= reference.quantities
        fits["cases"] = _fit_row(reference.diagnosis)
    draws = _stored_draws(posterior)
    learned = Learned(
        question=config.id,
        resolved=tuple(one.question.id for one in teacher.pasts),
        cases=len(past[1].names) if past[1] is not None else 0,
        trust=config.cases.trust,
        slope_correlation=_slope_correlation(posterior),
        digests=digests,
        settings=_settings(posterior),
        quantities=quantities,
        scores=examination.score_rows(),
        class_scores=reference.score_rows() if reference else (),
        fits=fits,
        draws=digest_of_text(draws_text(draws)),
    )
    groups, curves = (reference.groups, reference.curves) if reference else ((), None)
    return Lessons(learned, draws, examination, groups, past[1], curves, config.cases.because)


def _slope_correlation(posterior: xr.Dataset) -> float:
    slopes = [posterior[name].to_numpy().ravel() for name in ("push_slope", "consent_slope")]
    return round(float(np.corrcoef(slopes)[0, 1]), 3)


def _fit_row(diagnosis: Diagnosis) -> FitRow:
    return FitRow(
        r_hat=round(diagnosis.r_hat, 4), ess_bulk=round(diagnosis.ess_bulk),
        divergences=diagnosis.divergences,
    )  # fmt: skip


def _stored_draws(posterior: xr.Dataset) -> pd.DataFrame:
    whole = {name: posterior[name].to_numpy().ravel() for name in HYPER}
    every = len(whole[HYPER[0]]) // _STORED
    return pd.DataFrame({name: values[::every] for name, values in whole.items()}).round(5)


@dataclass(frozen=True)
class _Reference:
    """What the reference class says, and how it was examined."""

    quantities: dict[str, Quantity]
    diagnosis: Diagnosis
    scores: tuple[ClassScore, ...]
    groups: tuple[Group, ...]
    curves: Array

    def score_rows(self) -> tuple[ClassScoreRow, ...]:
        """Return the scores as they are kept."""
        return tuple(ClassScoreRow(**vars(one)) for one in self.scores)


def _learn_cases(cases: PastCases, config: QuestionConfig, progress: Progress) -> _Reference:
    seed, trust = config.fit.seed, config.cases.trust
    progress("the cases: compiling")
    compiled: Compiled = compile_model(build_reference_class(cases))
    progress("the cases: drawing")
    trusted, diagnosis = compiled.sample(
        seed, "cases as far as trusted", observed(cases, trust), _DRAWS
    )
    _trust(diagnosis, "cases")
    whole, of_whole = compiled.sample(seed, "cases at face value", observed(cases), _DRAWS)
    _trust(of_whole, "cases at face value")
    progress("the cases: leaving one owner out at a time")
    return _Reference(
        class_quantities(trusted, config),
        diagnosis,
        leave_owners_out(compiled, cases, seed),
        groups_of(whole, cases, seed),
        incidence_of(whole, _all_ends(cases), CURVE_MONTHS)[::32],
    )


def _all_ends(cases: PastCases) -> Profile:
    return profile_of(cases, cases.ended[np.isfinite(cases.months)])


def draws_text(draws: pd.DataFrame) -> str:
    """Return draws as they are stored, one column a variable."""
    return draws.to_csv(index=False, lineterminator="\n")


def read_draws(path: Path, learned: Learned) -> pd.DataFrame:
    """Read the draws that were stored with what was learned.

    Raises
    ------
    InputError
        If they are missing, or not those that go with it.
    """
    expected = "the draws that go with what was learned"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise InputError(
            [Fault(path, None, "file", "nothing readable", expected, "learn")]
        ) from None
    if digest_of_text(text) != learned.draws:
        raise InputError([Fault(path, None, "digest", "other draws", expected, "learn")])
    return pd.read_csv(io.StringIO(text))


def lesson_of_stored(
    learned: Learned, draws: pd.DataFrame, questions: Sequence[ResolvedQuestion]
) -> Lesson:
    """Return what was learned and stored, as an examination uses it."""
    settings = learned.settings
    return Lesson(
        {name: draws[name].to_numpy() for name in HYPER},
        settings["half_life_days"], settings["age_exponent"],
        (settings["pace_weight_items"], settings["size_weight_items"]),
        tuple(one for one in questions if one.id in learned.resolved),
    )  # fmt: skip
