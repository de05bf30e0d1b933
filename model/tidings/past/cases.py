"""Past proposals as arrays: who asked whom, who went ahead, and when each ended how.

Left out are the cases of the question itself (tag ``question_system``). A supplier that asked for
the transfer itself (``supplier_requested``) did not consent to anything. An end is a disposal or
a refusal; months are whole calendar months, so ``m`` of them passed when the truth lies between
``m - 1`` and ``m + 1``; where they are not known, any time fits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from tidings._tables import Row
from tidings.evidence.cases import tags_of
from tidings.question.schema import PredictorConfig

HOSTILE = "hostile_recipient"
_HOSTILE = PredictorConfig(
    column="recipient_hostile_to_supplier",
    yes="hostile recipient",
    no="friendly recipient",
    consent=True,
)
KINDS = (
    "transfer_to_belligerent",
    "transfer_to_third",
    "return_to_supplier",
    "scrap_or_swap",
    "foreign_control",
)
DISPOSED, REFUSED = 0, 1
EDGES = (0.0, 1.0, 6.0, 24.0, 600.0)
"""Months between which the hazards are constant; the last is beyond every case."""
_DISPOSALS = {"disposed_with_consent", "disposed_without_consent", "returned"}
_REFUSALS = {"refused_by_owner", "blocked_by_supplier", "withdrawn"}

Array = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True)
class Spans:
    """Months of each hazard's piece: before the end may have come, and while it may have come.

    Attributes
    ----------
    before, within : ndarray, shape (end, piece)
    """

    before: Array
    within: Array


@dataclass(frozen=True)
class PastCases:
    """What the reference class learns from; places are those of the cases in ``names``.

    Attributes
    ----------
    names, owners : tuple of str
        Of each case.
    predicted_by : mapping of str to PredictorConfig
        The predictors in their order: those of consent first.
    predictors : ndarray, shape (case, predictor)
        0.5 yes, -0.5 no, 0 not known.
    kind : ndarray, shape (case,)
        Place in `KINDS`.
    consented : ndarray, shape (case,)
        1 where the supplier agreed or asked for it itself.
    refused : ndarray, shape (case,)
        1 where the supplier is known to have refused.
    asked : ndarray, shape (question,)
        Cases in which the supplier was asked.
    granted : ndarray, shape (question,)
        1 where it agreed.
    alone : ndarray, shape (refusal,)
        Cases that ended without the supplier's consent.
    went_ahead : ndarray, shape (refusal,)
        1 where the owner disposed of them all the same.
    ended : ndarray, shape (end,)
        Cases whose end is known.
    end : ndarray, shape (end,)
        `DISPOSED` or `REFUSED`.
    months : ndarray, shape (end,)
        From proposal to end; nan where not known.
    """

    names: tuple[str, ...]
    owners: tuple[str, ...]
    predicted_by: Mapping[str, PredictorConfig]
    predictors: Array
    kind: Index
    consented: Array
    refused: Array
    asked: Index
    granted: Index
    alone: Index
    went_ahead: Index
    ended: Index
    end: Index
    months: Array

    @property
    def consent_predictors(self) -> tuple[str, ...]:
        """Return the predictors of consent, which come first."""
        return tuple(name for name, one in self.predicted_by.items() if one.consent)

    @property
    def owner_names(self) -> tuple[str, ...]:
        """Return the owners, each once."""
        return tuple(dict.fromkeys(self.owners))

    @property
    def owner(self) -> Index:
        """Return each case's place among the owners."""
        places = {name: place for place, name in enumerate(self.owner_names)}
        return np.array([places[name] for name in self.owners])


def predicted_by(predictors: Mapping[str, PredictorConfig]) -> dict[str, PredictorConfig]:
    """Return a question's predictors with the recipient's hostility, those of consent first."""
    every = {HOSTILE: _HOSTILE, **predictors}
    return dict(sorted(every.items(), key=lambda one: not one[1].consent))


def past_cases(rows: Sequence[Row], predictors: Mapping[str, PredictorConfig]) -> PastCases:
    """Gather the reference class."""
    kept = [row.values for row in rows if "question_system" not in tags_of(row.values)]
    by = predicted_by(predictors)
    requested = ["supplier_requested" in tags_of(one) for one in kept]
    consent = [str(one["supplier_consent"]) for one in kept]
    ends = [_end(one) for one in kept]
    asked = [
        place
        for place, said in enumerate(consent)
        if said in ("granted", "refused") and not requested[place]
    ]
    alone = [
        place
        for place, said in enumerate(consent)
        if said != "granted" and ends[place] is not None and kept[place]["outcome"] is not None
    ]
    ended = [place for place, end in enumerate(ends) if end is not None]
    months = [kept[place]["months_to_resolution"] for place in ended]
    return PastCases(
        tuple(str(one["id"]) for one in kept),
        tuple(str(one["owner"]) for one in kept),
        by,
        np.array([[_coded(one, predictor) for predictor in by.values()] for one in kept]),
        np.array([KINDS.index(str(one["proposed_disposal"])) for one in kept]),
        np.array([float(said == "granted") for said in consent]),
        np.array([float(said == "refused") for said in consent]),
        np.array(asked, dtype=int),
        np.array([int(consent[place] == "granted") for place in asked]),
        np.array(alone, dtype=int),
        np.array([int(ends[place] == DISPOSED) for place in alone]),
        np.array(ended, dtype=int),
        np.array([ends[place] for place in ended]),
        np.array([np.nan if one is None else float(str(one)) for one in months]),
    )


def _end(case: Mapping[str, object]) -> int | None:
    if case["outcome"] in _DISPOSALS or "disposed_consent_unknown" in tags_of(case):
        return DISPOSED
    return REFUSED if case["outcome"] in _REFUSALS else None


def _coded(case: Mapping[str, object], predictor: PredictorConfig) -> float:
    """Return 0.5 for yes, -0.5 for no, and 0 where a column of 0 and 1 is blank."""
    cell, proposed = case[predictor.column], case["first_proposed"]
    if predictor.among or predictor.containing is not None:
        said = str(cell) in predictor.among or (predictor.containing or "\0") in str(cell)
    elif cell is None:
        return 0.0
    else:
        said = str(cell) == "1"
    if predictor.since is not None:
        said = said and isinstance(proposed, date) and proposed >= predictor.since
    return 0.5 if said else -0.5


def spans_of(months: Array) -> Spans:
    """Return the months of each piece before and while an end may have come.

    Parameters
    ----------
    months : ndarray, shape (end,)
        Whole calendar months; nan where any time fits.
    """
    known = np.isfinite(months)
    low = np.where(known, np.maximum(months - 1, 0.0), 0.0)
    high = np.where(known, months + 1, EDGES[-1])
    return Spans(_overlap(np.zeros_like(low), low), _overlap(low, high))


def _overlap(low: Array, high: Array) -> Array:
    starts, stops = np.array(EDGES[:-1]), np.array(EDGES[1:])
    inside = np.minimum(high[:, None], stops) - np.maximum(low[:, None], starts)
    return np.asarray(np.maximum(inside, 0.0))


@dataclass(frozen=True)
class RawIncidence:
    """Cumulative incidence without a model, with its confidence; arrays are (end, time)."""

    estimate: Array
    low: Array
    high: Array


def aalen_johansen(
    end: Index, time: Array, at: Sequence[float], ci_prob: float = 0.95
) -> RawIncidence:
    """Return the Aalen-Johansen estimate of cumulative incidence.

    At each time of an end ``I[k] += S d[k] / n`` and ``S *= 1 - d / n``, with ``n`` still watched
    (Aalen & Johansen 1978, Scandinavian Journal of Statistics 5). Its variance is Aalen's (Pintilie
    2006, doi:10.1002/9780470870709, eq. 4.5), its interval symmetric on the scale of
    ``log(-log I)``.

    Parameters
    ----------
    end : ndarray of int, shape (case,)
        Which end, counted from 0; -1 where the case was still open.
    time : ndarray, shape (case,)
        When it came, or until when the case was watched.
    """
    times = np.unique(time)
    ends = np.arange(end.max() + 1)[:, None]
    n = np.array([np.sum(time >= one) for one in times], float)
    came = np.array([[np.sum((time == one) & (end == k)) for one in times] for k in ends[:, 0]])
    of_all = came.sum(axis=0)
    before = np.concatenate([[1.0], np.cumprod(1 - of_all / n)[:-1]])
    incidence = np.cumsum(before * came / n, axis=1)
    place = np.searchsorted(times, at, side="right") - 1
    values = [_aalen_variance(incidence, (before, came, n), last) for last in place]
    estimate = np.where(place >= 0, incidence[:, np.maximum(place, 0)], 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = ndtri(0.5 + ci_prob / 2) * np.sqrt(np.array(values).T)
        spread = np.exp(scale / (estimate * np.log(estimate)))
        low, high = (np.where(estimate > 0, estimate**power, 0.0) for power in (1 / spread, spread))
    return RawIncidence(estimate, low, high)


def _aalen_variance(incidence: Array, counts: tuple[Array, Array, Array], last: int) -> Array:
    """Return the variance of each end's incidence at the time of one place, shape (end,)."""
    until = slice(0, last + 1)
    before, came, n = (part[..., until] for part in counts)
    of_all, left = came.sum(axis=0), incidence[:, last, None] - incidence[:, until]
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = (
            left**2 * of_all / ((n - 1) * (n - of_all))
            + before**2 * came * (n - came) / (n**2 * (n - 1))
            - 2 * left * before * came * (n - came) / (n * (n - of_all) * (n - 1))
        )
    # Where nobody is left there is nothing left to vary.
    return np.asarray(np.nan_to_num(terms, posinf=0.0, neginf=0.0).sum(axis=1))
