"""Checks of a run, the age of its news among them: status, value, limit, and a sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from tidings.forecasting.tables import Check, Status
from tidings.mechanism.likelihood import standardised_residuals
from tidings.mechanism.parameters import Parameters
from tidings.mechanism.unknowns import GraphData
from tidings.names import Var
from tidings.question.loading import Question
from tidings.question.schema import TO_BE_REPLACED

if TYPE_CHECKING:
    import xarray as xr

LIMITS = {
    "r_hat": 1.01,
    "ess_bulk": 400.0,
    "ess_tail": 400.0,
    "mcse": 0.05,
    "divergences": 0.005,
    "e_bfmi": 0.3,
    "posterior_predictive": 0.01,
    "prior_data_conflict": 2.0,
    "fresh": 45.0,
    "filled_in": 0.0,
}
"""R-hat and ESS by Vehtari et al. 2021 (doi:10.1214/20-BA1221); E-BFMI by Betancourt 2016."""

STALE_DAYS = 1826.0
"""Five years: a forecast whose newest item is older is no forecast of today."""


@dataclass(frozen=True)
class Diagnostics:
    """Diagnostics of one published probability over chains."""

    r_hat: float
    ess_bulk: float
    ess_tail: float
    mcse: float


def convergence(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return R-hat and bulk effective sample size of one quantity, shape (chain, draw).

    A constant has converged, and has as many effective draws as draws.
    """
    if np.ptp(values) == 0.0:
        return 1.0, float(values.size)
    return _stat("rhat", values, "rank"), _stat("ess", values, "bulk")


def diagnose(values: NDArray[np.float64]) -> Diagnostics:
    """Return the diagnostics of one quantity, shape (chain, draw); a constant has no error."""
    if np.ptp(values) == 0.0:
        return Diagnostics(1.0, float(values.size), float(values.size), 0.0)
    tail = _stat("ess", values, "tail", prob=(0.05, 0.95))
    return Diagnostics(*convergence(values), tail, _stat("mcse", values, "mean"))


def _stat(name: str, values: NDArray[np.float64], method: str, **options: object) -> float:
    from arviz_stats.base import array_stats

    found = getattr(array_stats, name)
    return float(found(values, chain_axis=0, draw_axis=1, method=method, **options))


def independent(values: NDArray[np.float64]) -> Diagnostics:
    """Return the diagnostics of independent draws, shape (chain, draw)."""
    size = float(values.size)
    return Diagnostics(1.0, size, size, float(values.std() / np.sqrt(size)))


def check_run(
    published: Sequence[tuple[Diagnostics, float]], stats: "xr.Dataset", evidence: Sequence[Check]
) -> tuple[Check, ...]:
    """Check the sampler on what is published, and add the checks of the evidence.

    Parameters
    ----------
    published : sequence of (Diagnostics, float)
        Of every probability of the report's table, with its sd.
    """
    from arviz_stats.base import array_stats

    diagnosed = [diagnostics for diagnostics, _ in published]
    relative = max(one.mcse / sd if sd > 0 else 0.0 for one, sd in published)
    diverging = float(stats["diverging"].mean())
    e_bfmi = float(np.min(array_stats.bfmi(stats["energy"].values)))
    return (
        _at_most("r_hat", max(f.r_hat for f in diagnosed), "chains agree on every probability"),
        _at_least(
            "ess_bulk", min(f.ess_bulk for f in diagnosed), "effective draws of each probability"
        ),
        _at_least(
            "ess_tail", min(f.ess_tail for f in diagnosed), "effective draws of each interval"
        ),
        _at_most(
            "mcse", relative, "error of the calculation as a share of how unsure a probability is"
        ),
        _at_most("divergences", diverging, "share of draws where the sampler lost its way"),
        _at_least("e_bfmi", e_bfmi, "the sampler moves freely between energies"),
        *evidence,
    )


def publishable(checks: tuple[Check, ...]) -> bool:
    """Return whether no required check failed or was left out; warnings do not count."""
    return all(check.passed for check in checks if check.required)


def _at_most(name: str, value: float, says: str) -> Check:
    status: Status = "pass" if value <= LIMITS[name] else "fail"
    return Check(name, status, value, LIMITS[name], True, says)


def _at_least(name: str, value: float, says: str) -> Check:
    status: Status = "pass" if value >= LIMITS[name] else "fail"
    return Check(name, status, value, LIMITS[name], True, says)


def predictive_check(parameters: Parameters, data: GraphData) -> Check:
    """Compare the largest standardised residual of the readings with what the model expects.

    The noise scale is learned, so a sum of squares would always fit; the largest residual tells
    whether single readings lie where the model cannot put them. The value is the posterior
    predictive probability of a larger one.
    """
    name, says = "posterior_predictive", "chance of a reading further off than the furthest one"
    rows = data.rows
    count = int(rows.count.sum())
    if count == 0:
        return Check(name, "not_run", None, LIMITS[name], False, "no readings to compare with")
    residuals, _ = standardised_residuals(parameters, rows)
    largest = np.max(np.abs(residuals), axis=0)
    inside = 1 - 2 * ndtr(-largest)
    value = float(np.mean(1 - inside**count))
    status: Status = "pass" if value >= LIMITS[name] else "warn"
    return Check(name, status, value, LIMITS[name], False, says)


def conflict_check(draws: "xr.Dataset", names: Sequence[str]) -> Check:
    """Check the prior that the evidence moved furthest, in units of its own sd.

    Parameters
    ----------
    draws : xarray.Dataset
        Has ``prior_z``: under the prior each has mean 0 and sd 1.
    names : sequence of str
        The priors in its order.
    """
    moved = np.abs(draws[Var.PRIOR.z].values.mean(axis=(0, 1)))
    furthest = float(moved.max())
    status: Status = "pass" if furthest <= LIMITS["prior_data_conflict"] else "warn"
    which = names[int(moved.argmax())]
    says = f"how many of its own sds the evidence moved the furthest prior ({which})"
    return Check(
        "prior_data_conflict", status, furthest, LIMITS["prior_data_conflict"], False, says
    )


def fresh_check(as_of: date, newest: Mapping[str, date | None]) -> Check:
    """Check how old the newest item is: no recent items does not mean that nothing happened.

    Parameters
    ----------
    newest : mapping of str to date or None
        The newest known date by actor, None where there is none.
    """
    name = "fresh"
    ages = {actor: (as_of - day).days for actor, day in newest.items() if day is not None}
    if not ages:
        return Check(name, "not_run", None, LIMITS[name], False, "no item of evidence is known")
    age = min(ages.values())
    each = ", ".join(
        f"{actor} {ages[actor]}" if actor in ages else f"{actor} never" for actor in newest
    )
    says = f"days since the newest item ({each})"
    if age <= LIMITS[name]:
        return Check(name, "pass", float(age), LIMITS[name], False, says)
    says += "; no recent items does not mean that nothing happened"
    if age > STALE_DAYS:
        return Check(name, "fail", float(age), STALE_DAYS, True, says)
    return Check(name, "warn", float(age), LIMITS[name], False, says)


def filled_check(question: Question) -> Check:
    """Check whether any text of a new question was never filled in.

    Without what counts as an outcome nobody knows what is forecast; a missing reason is a warning.
    """
    name, left = "filled_in", len(question.undefined) + len(question.unreasoned)
    says = f"texts of the question that still say “{TO_BE_REPLACED}”"
    status: Status = "warn" if left else "pass"
    if question.undefined:
        status, says = "fail", f"{says}; what counts as {', '.join(question.undefined)} is not said"
    return Check(name, status, float(left), LIMITS[name], True, says)
