"""The posterior's sensitivity: what moving a prior, or trusting priors less, does to the forecast.

A prior is moved by one sd of itself, as ``preview --shift`` does. Power-scaling raises
priors or likelihood to a power near 1 and asks how far a posterior moves (Kallioinen et al. 2024,
doi:10.1007/s11222-023-10366-5), as ArviZ does it. A quantity that depends on both its prior and the
likelihood is where the two meet; they are in conflict where the evidence moved it, besides, by more
than one sd of its prior.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from tidings._notebook import Shown
from tidings.forecasting.runs import Run, axes_of
from tidings.mechanism.likelihood import NeutralRates, log_readings
from tidings.mechanism.model_data import exposure_of, reading_rows
from tidings.reasons.draws import Posterior, at_horizons
from tidings.reasons.engine import Engine
from tidings.reasons.estimates import Effect
from tidings.reasons.scenarios import shifted
from tidings.reasons.weights import smoothed_weights

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
_ALPHAS = (0.99, 1.01)
_SENSITIVE = 0.05
"""CJS distance a doubling of the power from which ArviZ calls a quantity sensitive."""

_MOVED_SD = 1.0

Verdict = Literal["conflict", "shared", "prior", "fine"]


@dataclass(frozen=True)
class Shift:
    """What one prior, moved by one sd of itself, does.

    Attributes
    ----------
    sign : int
        1 up, -1 down, on the link scale.
    """

    prior: str
    sign: int
    effect: Effect


@dataclass(frozen=True)
class Scaled:
    """How far a quantity's posterior depends on its prior and on the likelihood.

    Attributes
    ----------
    k : float
        The larger Pareto k of the weights.
    verdict : {"conflict", "shared", "prior", "fine"}
        Prior and evidence pull apart; both tell; the prior alone tells; the prior matters little.
    moved_sd : float or None
        By how many sds of the prior the evidence moved its mean; None for an outcome.
    """

    name: str
    prior: float
    likelihood: float
    k: float
    verdict: Verdict
    moved_sd: float | None


@dataclass(frozen=True, repr=False)
class Sensitivity(Shown):
    """The sensitivity of a run.

    Attributes
    ----------
    shifts : tuple of Shift
        Two for each prior that is not fixed.
    priors, outcomes : tuple of Scaled
        By prior, and by outcome at the headline horizon.
    """

    run: Run
    shifts: tuple[Shift, ...]
    priors: tuple[Scaled, ...]
    outcomes: tuple[Scaled, ...]

    def tornado(self, outcome: str, horizon: str) -> list[tuple[Shift, Shift]]:
        """Return each prior moved down and up, the most telling for an outcome first."""
        row, column = self.place(outcome, horizon)
        pairs = list(zip(self.shifts[::2], self.shifts[1::2], strict=True))
        return sorted(
            pairs, key=lambda pair: -max(abs(float(one.effect.change[row, column])) for one in pair)
        )

    def place(self, outcome: str, horizon: str) -> tuple[int, int]:
        """Return where an outcome and a horizon stand in the arrays."""
        manifest = self.run.manifest
        outcomes = [one.id for one in manifest.outcomes]
        return outcomes.index(outcome), list(manifest.horizons).index(horizon)

    def table(self) -> "pd.DataFrame":
        """Return what each prior moved by one sd does, one row an outcome and horizon."""
        import pandas as pd

        return pd.DataFrame(
            {"prior": one.prior, "moved": one.sign, **row}
            for one in self.shifts
            for row in one.effect.rows(*axes_of(self.run))
        )

    def _says(self) -> str:
        return f"{len(self.priors)} priors of run {self.run.manifest.run}"


def sensitivity_of(run: Run, engine: Engine) -> Sensitivity:
    """Return what the first posterior of an engine depends on.

    Raises
    ------
    FitError
        If a refit could not be.
    """
    posterior = engine.posterior
    values = at_horizons(posterior.incidence, posterior.situation)
    scaled, outcomes = _power_scaled(posterior, values, posterior.standardised(), run)
    return Sensitivity(run, prior_shifts(engine), scaled, outcomes)


def prior_shifts(engine: Engine) -> tuple[Shift, ...]:
    """Return what each prior that is not fixed does, moved down and up by one sd of itself."""
    return tuple(
        Shift(name, sign, engine.effect(shifted(name, sign)))
        for name in engine.posterior.standardised()
        for sign in (-1, 1)
    )


def _power_scaled(
    posterior: Posterior, values: Array, standard: Mapping[str, Array], run: Run
) -> tuple[tuple[Scaled, ...], tuple[Scaled, ...]]:
    """Power-scale each prior and the likelihood."""
    log_priors = {name: -0.5 * z**2 for name, z in standard.items()}
    log_likelihood = _log_likelihood(posterior)
    outcomes = [outcome.id for outcome in run.manifest.outcomes]
    at = list(run.manifest.horizons).index(run.manifest.headline)
    of_outcome = {name: values[:, row, at] for row, name in enumerate(outcomes)}
    quantities = {**standard, **of_outcome}
    with_likelihood = _sensitivities(quantities, log_likelihood)
    k = _largest_k(log_likelihood)
    priors = []
    for name, z in standard.items():
        own = _sensitivities({name: z}, log_priors[name])[name]
        priors.append(
            _scaled(
                name,
                own,
                with_likelihood[name],
                max(k, _largest_k(log_priors[name])),
                float(z.mean()),
            )
        )
    every = np.sum(list(log_priors.values()), axis=0)
    with_priors, k_all = _sensitivities(of_outcome, every), _largest_k(every)
    scaled = [
        _scaled(name, with_priors[name], with_likelihood[name], max(k, k_all), None)
        for name in outcomes
    ]
    return tuple(priors), tuple(scaled)


def _scaled(name: str, prior: float, likelihood: float, k: float, moved_sd: float | None) -> Scaled:
    verdict: Verdict = "fine"
    if prior >= _SENSITIVE:
        verdict = "shared" if likelihood >= _SENSITIVE else "prior"
    if verdict == "shared" and abs(moved_sd or 0.0) >= _MOVED_SD:
        verdict = "conflict"
    return Scaled(name, prior, likelihood, k, verdict, moved_sd)


def _log_likelihood(posterior: Posterior) -> Array:
    situation, parameters = posterior.situation, posterior.parameters
    reference = situation.question.config.consent_reference
    survival = NeutralRates(parameters, situation.structure, reference)
    readings = log_readings(parameters, reading_rows(situation))
    return np.asarray(readings + survival.log_survival(exposure_of(situation)))


def _sensitivities(quantities: Mapping[str, Array], log_density: Array) -> dict[str, float]:
    """Return ArviZ's power-scaling sensitivity of each quantity to one log density."""
    import arviz_stats
    import xarray as xr

    def dataset(named: Mapping[str, Array]) -> xr.Dataset:
        return xr.Dataset({n: (("chain", "draw"), value[None]) for n, value in named.items()})

    places = {f"q{place}": name for place, name in enumerate(quantities)}
    tree = xr.DataTree.from_dict(
        {
            "posterior": dataset({place: quantities[name] for place, name in places.items()}),
            "log_prior": dataset({"scaled": log_density}),
        }
    )
    sensitivity = arviz_stats.psense(tree, group="prior", alphas=_ALPHAS)
    return {name: float(sensitivity[place]) for place, name in places.items()}


def _largest_k(log_density: Array) -> float:
    return max(smoothed_weights((alpha - 1) * log_density)[1] for alpha in _ALPHAS)
