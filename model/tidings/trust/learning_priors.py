"""Lessons: the models fitted to past questions and cases, examined, and what of them is kept."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from tidings.errors import Fault, InputError
from tidings.evidence.inputs import learned_from
from tidings.evidence.resolved import ResolvedQuestion
from tidings.forecasting.sampling import Compiled, Diagnosis, compile_model
from tidings.past.cases import PastCases
from tidings.past.quantities import class_quantities, resolved_quantities
from tidings.past.rate_fits import Progress, Teacher, hold_trusted, pasts_of, settings_of
from tidings.past.rates import HYPER
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
from tidings.trust.cross_validation import Examination, leave_one_out

Array = NDArray[np.float64]
_STORED = 500
_DRAWS = 4000
"""Draws of a chain for the cases, whose many owners with one case each mix slowly."""


@dataclass(frozen=True)
class Lessons:
    """What was learned, and what shows how far to trust it.

    Attributes
    ----------
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
    past : tuple of (sequence of ResolvedQuestion, PastCases or None)
        What to learn from.

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
    asked, _ = teacher.posterior(change_odds=config.selection.change_odds)
    examination = leave_one_out(teacher, progress)
    quantities = resolved_quantities(asked, seed)
    quantities |= resolved_quantities(posterior, seed, "resolved.collected")
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
        settings=settings_of(posterior),
        quantities=quantities,
        scores=examination.score_rows(),
        levels=examination.level_rows(),
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
        r_hat=round(diagnosis.r_hat, 4),
        ess_bulk=round(diagnosis.ess_bulk),
        divergences=diagnosis.divergences,
    )


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
        return tuple(ClassScoreRow(**vars(score)) for score in self.scores)


def _learn_cases(cases: PastCases, config: QuestionConfig, progress: Progress) -> _Reference:
    seed, trust = config.fit.seed, config.cases.trust
    progress("the cases: compiling")
    compiled: Compiled = compile_model(build_reference_class(cases))
    progress("the cases: drawing")
    trusted, diagnosis = compiled.sample(
        seed, "cases as far as trusted", observed(cases, trust), _DRAWS
    )
    hold_trusted(diagnosis, "cases")
    whole, of_whole = compiled.sample(seed, "cases at face value", observed(cases), _DRAWS)
    hold_trusted(of_whole, "cases at face value")
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
