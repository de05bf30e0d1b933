"""What the reference class says of cases: chances, cumulative incidence, and simulated cases."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.special import expit

from tidings.learning.past_cases import DISPOSED, EDGES, REFUSED, PastCases
from tidings.randomness import stream

__all__ = ["Profile", "incidence_of", "logit_of", "profile_of", "simulated"]

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
    seed : int
        The root of the random stream that new owners' effects come from.
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
        cases.predictors[places], cases.kind[places], cases.consented[places],
        cases.refused[places], cases.owner[places],
    )  # fmt: skip


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

    Parameters
    ----------
    posterior : Dataset
        Of the reference class.
    part : {"consent", "ahead"}
        Which question.
    profile : Profile
        The cases.

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
    found = _stacked(posterior, f"{part}_level")[:, None] + along + owner
    if part == "ahead":
        found = found + _stacked(posterior, "refusal_effect")[:, None] * profile.refused
    return np.asarray(found)


def incidence_of(posterior: xr.Dataset, profile: Profile, months: Sequence[float]) -> Array:
    """Return the cumulative incidence of each end, shape (draw, case, end, month).

    Parameters
    ----------
    posterior : Dataset
        Of the reference class.
    profile : Profile
        The cases.
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
    found = np.zeros((len(first), len(profile.kind), 2, len(months)))
    for place, month in enumerate(months):
        passed = total * np.clip(month - starts, 0.0, stops - starts)
        until = np.cumsum(passed, axis=-1) - passed
        within = np.exp(-until) * -np.expm1(-passed) / total
        found[..., place] = np.sum(hazard * within[:, None], axis=-1).transpose(0, 2, 1)
    return found


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
    return replace(cases, granted=granted.astype(int), went_ahead=ahead.astype(int), end=end,
                   months=months)  # fmt: skip


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
