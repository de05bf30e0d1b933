"""The reference class: a hierarchical PyMC model of past cases, and what it says of others.

Three questions are asked of the cases, each with the same predictors (``x``, coded 0.5 yes, -0.5
no, 0 not known) and with effects of owners, most of whom have one case:

- **consent if asked**: ``logit p = consent_level + consent_effect·x + consent_owner_sd * owner``;
- **going ahead without it**: ``logit p = ahead_level + ahead_effect·x + refusal_effect * refused +
  owner_sd * owner``, since a supplier that refused is more than one that was not asked;
- **time to an end**, disposal or refusal: competing hazards a month, constant between the edges
  of `past_cases.EDGES`, ``log h[end, piece] = hazard[end, piece] + end_effect[end]·x +
  consent_on_end[end] * consented + kind_effect[end, kind]``, the owner's effect added for disposal.
  An end between ``low`` and ``high`` has the probability of its own hazard's part of that span.

==================  ============================================  ==============================
variable            what it is                                    prior
==================  ============================================  ==============================
consent_level       logit, the middle of all predictors           normal(0, 1.5)
consent_effect      logit, hostile recipient and air defence      normal(0, 0.75)
consent_owner_sd    logit                                         half-normal(0.3)
ahead_level         logit                                         normal(0, 1.5)
ahead_effect        logit, by predictor                           normal(0, 0.35)
refusal_effect      logit, where the supplier is known to refuse  normal(0, 1.5)
owner_sd            logit, and log hazard of disposal             half-normal(0.5)
hazard_level        log a month, by end                           normal(log 0.08, 1)
hazard_step         log, from piece to piece, by end              normal(0, 0.7)
end_effect          log hazard, by end and predictor              normal(0, 0.35)
consent_on_end      log hazard, by end                            normal(0, 0.7)
kind_effect         log hazard, by end and kind of disposal       normal(0, 0.3)
==================  ============================================  ==============================

The effects are small on purpose, and consent has two predictors only: with wider priors, or with
all of them, the cases of an owner were predicted worse from those of the others.

``counted`` raises each case's likelihood to a power: 0 leaves it out, and the share by which the
cases are trusted (a power prior: Ibrahim & Chen 2000, doi:10.1214/ss/1009212673) discounts it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr
from numpy.typing import NDArray
from scipy.special import expit

from tidings.past.cases import DISPOSED, EDGES, KINDS, REFUSED, PastCases, spans_of
from tidings.randomness import stream

Tensors = Mapping[str, pt.TensorVariable]
_ENDS = ("disposed", "refused")


def observed(cases: PastCases, trust: float = 1.0) -> dict[str, NDArray[np.float64]]:
    """Return the data of the model: what was seen of the cases, and how far each counts."""
    spans = spans_of(cases.months)
    return {
        "granted": cases.granted.astype(float),
        "went_ahead": cases.went_ahead.astype(float),
        "which_end": cases.end.astype(float),
        "before": spans.before,
        "within": spans.within,
        "counted": np.full(len(cases.names), trust),
    }


def build_reference_class(cases: PastCases) -> pm.Model:
    """Build the hierarchical model."""
    coords = {
        "case": cases.names,
        "owner": cases.owner_names,
        "predictor": tuple(cases.predicted_by),
        "consent_predictor": cases.consent_predictors,
        "end": _ENDS,
        "kind": KINDS,
        "piece": [f"from {edge:g} months" for edge in EDGES[:-1]],
        "later_piece": [f"from {edge:g} months" for edge in EDGES[1:-1]],
    }
    with pm.Model(coords=coords) as model:
        given = {name: pm.Data(name, value) for name, value in observed(cases).items()}
        owner = pm.HalfNormal("owner_sd", 0.5) * pm.Normal("owner_effect", dims="owner")
        _consent(cases, given)
        _going_ahead(cases, given, owner)
        _ends(cases, given, owner)
    return model


def _bernoulli(
    name: str, logit: pt.TensorVariable, yes: pt.TensorVariable, counted: pt.TensorVariable
) -> None:
    density = yes * logit - pt.softplus(logit)
    pm.Potential(name, pt.sum(density * counted))


def _consent(cases: PastCases, given: Tensors) -> None:
    """Add whether suppliers agreed when they were asked."""
    level = pm.Normal("consent_level", 0.0, 1.5)
    effect = pm.Normal("consent_effect", 0.0, 0.75, dims="consent_predictor")
    sd = pm.HalfNormal("consent_owner_sd", 0.3)
    owner = sd * pm.Normal("consent_owner_effect", dims="owner")
    x = cases.predictors[cases.asked][:, : len(cases.consent_predictors)]
    logit = level + pt.sum(x * effect, axis=1) + owner[cases.owner[cases.asked]]
    _bernoulli("consent", logit, given["granted"], given["counted"][cases.asked])


def _going_ahead(cases: PastCases, given: Tensors, owner: pt.TensorVariable) -> None:
    """Add whether owners went ahead without consent."""
    level = pm.Normal("ahead_level", 0.0, 1.5)
    effect = pm.Normal("ahead_effect", 0.0, 0.35, dims="predictor")
    x = cases.predictors[cases.alone]
    refusal = pm.Normal("refusal_effect", 0.0, 1.5) * cases.refused[cases.alone]
    logit = level + pt.sum(x * effect, axis=1) + refusal + owner[cases.owner[cases.alone]]
    _bernoulli("going_ahead", logit, given["went_ahead"], given["counted"][cases.alone])


def _ends(cases: PastCases, given: Tensors, owner: pt.TensorVariable) -> None:
    """Add when each case ended, and how."""
    first = pm.Normal("hazard_level", np.log(0.08), 1.0, dims="end")
    steps = pm.Normal("hazard_step", 0.0, 0.7, dims=("end", "later_piece"))
    later = first[:, None] + pt.cumsum(steps, axis=1)
    pieces = pt.concatenate([first[:, None], later], axis=1)
    effect = pm.Normal("end_effect", 0.0, 0.35, dims=("end", "predictor"))
    consent = pm.Normal("consent_on_end", 0.0, 0.7, dims="end")
    kind = pm.Normal("kind_effect", 0.0, 0.3, dims=("end", "kind"))
    x = cases.predictors[cases.ended]
    of_case = (
        pt.sum(effect[:, None, :] * x[None, :, :], axis=2)
        + consent[:, None] * cases.consented[cases.ended]
        + kind[:, cases.kind[cases.ended]]
    )
    disposal = np.array([[1.0], [0.0]]) if DISPOSED == 0 else np.array([[0.0], [1.0]])
    of_case = of_case + disposal * owner[cases.owner[cases.ended]]
    hazard = pt.exp(pieces[:, None, :] + of_case[:, :, None])
    total = pt.sum(hazard, axis=0)
    came = given["which_end"][:, None]
    own = hazard[0] * (1 - came) + hazard[1] * came
    passed = total * given["within"]
    until = pt.cumsum(passed, axis=1) - passed
    within = pt.sum(own / total * pt.exp(-until) * -pt.expm1(-passed), axis=1)
    density = pt.log(within) - pt.sum(total * given["before"], axis=1)
    pm.Potential("ends", pt.sum(density * given["counted"][cases.ended]))


Array = NDArray[np.float64]


@dataclass(frozen=True)
class Profile:
    """Cases to predict: predictors, kinds, whether the supplier consented, and owners.

    Attributes
    ----------
    predictors : ndarray, shape (case, predictor)
    kind : ndarray, shape (case,)
    consented, refused : ndarray, shape (case,)
        Whether the supplier agreed, and whether it is known to have refused.
    owner : ndarray, shape (case,)
        Place among the owners; negative for new ones, each its own number.
    """

    predictors: Array
    kind: NDArray[np.int64]
    consented: Array
    refused: Array
    owner: NDArray[np.int64]
    seed: int = 0


def profile_of(cases: PastCases, places: NDArray[np.int64]) -> Profile:
    """Return some of the cases as they are."""
    return Profile(
        cases.predictors[places],
        cases.kind[places],
        cases.consented[places],
        cases.refused[places],
        cases.owner[places],
    )


def _stacked(posterior: xr.Dataset, name: str) -> Array:
    """Return draws along the first axis."""
    values = posterior[name].transpose("chain", "draw", ...).values
    return np.asarray(values.reshape(-1, *values.shape[2:]))


def _owner_effect(posterior: xr.Dataset, sd: str, effect: str, profile: Profile) -> Array:
    """Return the owners' effects, shape (draw, case); those of new owners are drawn."""
    scale, known = _stacked(posterior, sd), _stacked(posterior, effect)
    owner = profile.owner
    newcomers = int(np.max(-owner, initial=0))
    generator = stream(profile.seed, f"new owners: {effect}")
    fresh = generator.standard_normal((len(scale), max(newcomers, 1)))
    new = fresh[:, np.maximum(-owner - 1, 0)]
    return np.asarray(scale[:, None] * np.where(owner >= 0, known[:, np.maximum(owner, 0)], new))


def logit_of(posterior: xr.Dataset, part: str, profile: Profile) -> Array:
    """Return the logit of consent if asked (``consent``) or of going ahead (``ahead``).

    Returns
    -------
    ndarray, shape (draw, case)
    """
    sd, effect = {
        "consent": ("consent_owner_sd", "consent_owner_effect"),
        "ahead": ("owner_sd", "owner_effect"),
    }[part]
    effects = _stacked(posterior, f"{part}_effect")
    along = effects @ profile.predictors[:, : effects.shape[1]].T
    owner = _owner_effect(posterior, sd, effect, profile)
    logit = _stacked(posterior, f"{part}_level")[:, None] + along + owner
    if part == "ahead":
        logit = logit + _stacked(posterior, "refusal_effect")[:, None] * profile.refused
    return np.asarray(logit)


def incidence_of(posterior: xr.Dataset, profile: Profile, months: Sequence[float]) -> Array:
    """Return the cumulative incidence of each end, shape (draw, case, end, month).

    Parameters
    ----------
    months : sequence of float
        After the proposal.
    """
    first, steps = _stacked(posterior, "hazard_level"), _stacked(posterior, "hazard_step")
    later = first[:, :, None] + np.cumsum(steps, axis=2)
    pieces = np.concatenate([first[:, :, None], later], axis=2)
    of_case = (
        np.einsum("dep,cp->dec", _stacked(posterior, "end_effect"), profile.predictors)
        + _stacked(posterior, "consent_on_end")[:, :, None] * profile.consented
        + _stacked(posterior, "kind_effect")[:, :, profile.kind]
    )
    of_case[:, DISPOSED] += _owner_effect(posterior, "owner_sd", "owner_effect", profile)
    hazard = np.exp(pieces[:, :, None, :] + of_case[..., None])
    total = hazard.sum(axis=1)
    starts, stops = np.array(EDGES[:-1]), np.array(EDGES[1:])
    incidence = np.zeros((len(first), len(profile.kind), 2, len(months)))
    for place, month in enumerate(months):
        passed = total * np.clip(month - starts, 0.0, stops - starts)
        until = np.cumsum(passed, axis=-1) - passed
        within = np.exp(-until) * -np.expm1(-passed) / total
        incidence[..., place] = np.sum(hazard * within[:, None], axis=-1).transpose(0, 2, 1)
    return incidence


def simulated(posterior: xr.Dataset, cases: PastCases, place: int, seed: int) -> PastCases:
    """Return the cases with ends simulated from one draw: the same design, other outcomes."""
    generator = stream(seed, "simulated cases", place)
    one = posterior.isel(chain=[0], draw=[place])
    granted = generator.random(len(cases.asked)) < expit(
        logit_of(one, "consent", profile_of(cases, cases.asked))[0]
    )
    ahead = generator.random(len(cases.alone)) < expit(
        logit_of(one, "ahead", profile_of(cases, cases.alone))[0]
    )
    end, months = _simulated_ends(one, cases, generator)
    months = np.where(np.isfinite(cases.months), months, np.nan)
    return replace(
        cases, granted=granted.astype(int), went_ahead=ahead.astype(int), end=end, months=months
    )


def _simulated_ends(
    one: xr.Dataset, cases: PastCases, generator: np.random.Generator
) -> tuple[NDArray[np.int64], Array]:
    """Draw each case's end and time on a fine grid of months, then round as calendars do."""
    grid = np.concatenate([np.linspace(0, 24, 481), np.linspace(25, EDGES[-1], 1151)])
    incidence = incidence_of(one, profile_of(cases, cases.ended), list(grid))[0]
    whole = incidence.sum(axis=1)
    u = generator.random(len(whole)) * whole[:, -1]
    step = np.array([np.searchsorted(row, mark) for row, mark in zip(whole, u, strict=True)])
    step = np.clip(step, 1, len(grid) - 1)
    low = step - 1
    rows = np.arange(len(step))
    gained = incidence[rows, :, step] - incidence[rows, :, low]
    disposed = gained[:, DISPOSED] / gained.sum(axis=1)
    end = np.where(generator.random(len(step)) < disposed, DISPOSED, REFUSED)
    time = grid[low] + generator.random(len(step)) * (grid[step] - grid[low])
    return end, np.floor(time) + (generator.random(len(step)) < 0.5)
