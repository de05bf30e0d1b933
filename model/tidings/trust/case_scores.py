"""Scores of the reference class beside the pooled base rate, and its fit by group.

Leaving one owner out at a time, its cases are predicted from all others; the pooled base rate is
the share among those others, with half a case added to each side.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.special import expit

from tidings.errors import FitError
from tidings.forecasting.sampling import Compiled
from tidings.past.cases import DISPOSED, PastCases
from tidings.past.reference_class import incidence_of, logit_of, observed, profile_of
from tidings.randomness import stream

_MONTHS = 12.0
_DRAWS = 500


@dataclass(frozen=True)
class ClassScore:
    """Mean log scores of cases predicted from other owners' cases.

    Attributes
    ----------
    model, pooled : float
        Mean negative log probability of what happened; 0 is perfect.
    gain_se : float
        Standard error of the mean gain, over owners.
    n, owners : int
        How many cases, of how many owners.
    """

    part: str
    model: float
    pooled: float
    gain_se: float
    n: int
    owners: int


def leave_owners_out(
    compiled: Compiled, cases: PastCases, seed: int, trust: float = 1.0
) -> tuple[ClassScore, ...]:
    """Score the cases of each owner as predicted from those of all others.

    Raises
    ------
    FitError
        If the sampler stopped.
    """
    rows: list[tuple[str, int, float, float]] = []
    for owner, name in enumerate(cases.owner_names):
        out = cases.owner == owner
        data = observed(cases, trust)
        data["counted"] = data["counted"] * ~out
        posterior, diagnosis = compiled.sample(seed, f"without {name}", data, _DRAWS)
        if not diagnosis.usable:
            raise FitError(f"cases without those of {name}: the chains do not agree ({diagnosis})")
        rows += _scores_without(posterior, cases, out, owner)
    return tuple(_score(part, [row for row in rows if row[0] == part]) for part in _PARTS)


_PARTS = ("consent if asked", "going ahead without it", "end within a year")


def _scores_without(
    posterior: xr.Dataset, cases: PastCases, out: NDArray[np.bool_], owner: int
) -> list[tuple[str, int, float, float]]:
    """Return part, owner, and the log scores of model and base rate for each case left out."""
    scores = []
    parts = (("consent", cases.asked, cases.granted), ("ahead", cases.alone, cases.went_ahead))
    for title, (part, places, yes) in zip(_PARTS[:2], parts, strict=True):
        mine = out[places]
        chance = expit(logit_of(posterior, part, profile_of(cases, places[mine]))).mean(axis=0)
        pooled = (yes[~mine].sum() + 0.5) / ((~mine).sum() + 1.0)
        for p, y in zip(chance, yes[mine], strict=True):
            scores.append(
                (title, owner, -np.log(p if y else 1 - p), -np.log(pooled if y else 1 - pooled))
            )
    scores += _end_scores(posterior, cases, out, owner)
    return scores


def _end_scores(
    posterior: xr.Dataset, cases: PastCases, out: NDArray[np.bool_], owner: int
) -> list[tuple[str, int, float, float]]:
    """Score how a case ended within a year, for cases whose duration is known."""
    dated = np.isfinite(cases.months)
    places, months, end = cases.ended[dated], cases.months[dated], cases.end[dated]
    came = np.where(months <= _MONTHS, end, 2)
    mine = out[places]
    if not mine.any():
        return []
    chance = incidence_of(posterior, profile_of(cases, places[mine]), [_MONTHS]).mean(axis=0)[
        ..., 0
    ]
    whole = np.column_stack([chance, 1 - chance.sum(axis=1)])
    pooled = np.bincount(came[~mine], minlength=3) + 0.5
    pooled = pooled / pooled.sum()
    return [
        (_PARTS[2], owner, -float(np.log(row[what])), -float(np.log(pooled[what])))
        for row, what in zip(whole, came[mine], strict=True)
    ]


def _score(part: str, rows: Sequence[tuple[str, int, float, float]]) -> ClassScore:
    model, pooled = (np.array([row[place] for row in rows]) for place in (2, 3))
    owners = np.array([row[1] for row in rows])
    gain = np.array([np.sum((pooled - model)[owners == one]) for one in np.unique(owners)])
    # The mean over cases is a ratio: its error is that of the owners' sums.
    se = float(np.std(gain, ddof=1) * np.sqrt(len(gain)) / len(rows))
    return ClassScore(part, float(model.mean()), float(pooled.mean()), se, len(rows), len(gain))


@dataclass(frozen=True)
class Group:
    """A group's raw share, and what the model would expect of as many cases like them.

    Attributes
    ----------
    yes, n : int
        How many of how many.
    q05, q50, q95 : float
        Of the share in replicated data.
    """

    part: str
    group: str
    yes: int
    n: int
    q05: float
    q50: float
    q95: float

    @property
    def share(self) -> float:
        """The raw share."""
        return self.yes / self.n

    @property
    def covered(self) -> bool:
        """Whether the raw share lies in the middle 90 % of the replicated ones."""
        return self.q05 <= self.share <= self.q95


def _members(cases: PastCases) -> dict[str, NDArray[np.bool_]]:
    """Return which cases are of each group: all, and with each predictor and without it."""
    groups = {"all": np.ones(len(cases.names), bool)}
    for place, predictor in enumerate(cases.predicted_by.values()):
        groups[predictor.yes] = cases.predictors[:, place] > 0
        groups[predictor.no] = cases.predictors[:, place] < 0
    return groups


def groups_of(posterior: xr.Dataset, cases: PastCases, seed: int) -> tuple[Group, ...]:
    """Compare the raw share of each group with replicated data (posterior predictive check)."""
    generator = stream(seed, "replicated cases")
    groups, members = [], _members(cases)
    for part, places, yes, chance in _chances(posterior, cases):
        replicated = generator.random(chance.shape) < chance
        for group, member in members.items():
            inside = member[places]
            if inside.any():
                shares = replicated[:, inside].mean(axis=1)
                spread = map(float, np.quantile(shares, (0.05, 0.5, 0.95)))
                groups.append(
                    Group(part, group, int(yes[inside].sum()), int(inside.sum()), *spread)
                )
    return tuple(groups)


def _chances(
    posterior: xr.Dataset, cases: PastCases
) -> Iterator[tuple[str, NDArray[np.int64], NDArray[np.bool_], NDArray[np.float64]]]:
    """Yield each part with its cases, what came of them, and the chance of it (draw, case)."""
    dated = np.isfinite(cases.months)
    ends = cases.ended[dated]
    year = (cases.months[dated] <= _MONTHS) & (cases.end[dated] == DISPOSED)
    consent, ahead = (
        expit(logit_of(posterior, part, profile_of(cases, places)))
        for part, places in (("consent", cases.asked), ("ahead", cases.alone))
    )
    incidence = incidence_of(posterior, profile_of(cases, ends), [_MONTHS])[:, :, DISPOSED, 0]
    yield _PARTS[0], cases.asked, cases.granted == 1, consent
    yield _PARTS[1], cases.alone, cases.went_ahead == 1, ahead
    yield "disposed of within a year", ends, year, incidence
