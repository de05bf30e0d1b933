"""NUTS (nutpie), in coordinates in which the posterior is close to a standard normal.

The coordinates come from the posterior itself: its mode, and the inverse square root of its
curvature there (a Laplace approximation; MacKay 2003, ch. 27). Seen from them the sampler needs few
steps a draw and little tuning; the draws are those of the posterior whatever the coordinates are.
The models of past questions and cases are compiled once and drawn from many times.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from tidings._cores import cores
from tidings.errors import FitError
from tidings.forecasting.checks import convergence
from tidings.forecasting.density import BoundDensity, LogDensity, log_density
from tidings.mechanism.unknowns import GraphData
from tidings.names import Dim
from tidings.question.schema import FitConfig
from tidings.question.structure import Structure
from tidings.randomness import stream_seed

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr
    from nutpie.compile_pymc import CompiledPyMCModel

_HALF_STEP = 1e-4
_LEAST_CURVATURE = 0.1
_SPREAD_OF_STARTS = 0.5


@dataclass(frozen=True)
class ChainState:
    """How far a chain has come, for a progress bar."""

    finished: int
    total: int
    divergences: int
    tuning: bool


Progress = Callable[[Sequence[ChainState]], None]
"""What is called a few times a second with the state of every chain."""


@dataclass(frozen=True)
class Sampled:
    """Draws of the free variables, and sampler diagnostics."""

    draws: "xr.Dataset"
    stats: "xr.Dataset"


@dataclass(frozen=True)
class Coordinates:
    """``x = location + scale v``.

    Attributes
    ----------
    location : ndarray, shape (unknown,)
    scale : ndarray, shape (unknown, unknown)
        Symmetric.
    """

    location: NDArray[np.float64]
    scale: NDArray[np.float64]


def laplace_coordinates(density: BoundDensity) -> Coordinates:
    """Return the mode of a density, and the inverse square root of its curvature there.

    Raises
    ------
    FitError
        If the density is not finite at the middle of the priors.
    """

    def loss(x: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        value, gradient = density(x)
        # A line search steps back from where the density is not finite.
        return (-value, -gradient) if np.isfinite(value) else (np.inf, np.zeros_like(x))

    from scipy.optimize import minimize

    start = np.zeros(density.size)
    if not np.isfinite(density(start)[0]):
        raise FitError(
            "the sampler cannot start: the density is not finite at the middle of the priors; "
            "look for a prior that puts a value out of reach"
        )
    mode = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500}).x
    values, vectors = np.linalg.eigh(_curvature(density, mode))
    return Coordinates(mode, (vectors / np.sqrt(np.maximum(values, _LEAST_CURVATURE))) @ vectors.T)


def _curvature(density: BoundDensity, mode: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return minus the Hessian by central differences of the gradient, made symmetric."""
    rows = [
        (density(mode - shift)[1] - density(mode + shift)[1]) / (2 * _HALF_STEP)
        for shift in _HALF_STEP * np.eye(density.size)
    ]
    curvature = np.array(rows)
    return np.nan_to_num((curvature + curvature.T) / 2)


def sample(
    structure: Structure, data: GraphData, fit: FitConfig, progress: Progress | None = None
) -> Sampled:
    """Draw from the posterior.

    Raises
    ------
    FitError
        If no chain could start, or the sampler broke off.
    """
    return draw(in_laplace_coordinates(log_density(structure, data), data), fit, progress)


def in_laplace_coordinates(density: LogDensity, data: GraphData) -> BoundDensity:
    """Return the density of some data in the coordinates of its Laplace approximation.

    Raises
    ------
    FitError
        If the density is not finite at the middle of the priors.
    """
    with threadpool_limits(1, user_api="blas"):
        chosen = laplace_coordinates(density.bind(data))
    return density.bind(data, chosen.location, chosen.scale)


def draw(bound: BoundDensity, fit: FitConfig, progress: Progress | None = None) -> Sampled:
    """Draw from a density by NUTS.

    Raises
    ------
    FitError
        If no chain could start, or the sampler broke off.
    """
    # Chains are the threads. BLAS threads beneath them would split sums as the load allows, and
    # the same seed would give numbers that differ in the last digit, and then in all.
    with threadpool_limits(1, user_api="blas"):
        try:
            trace = _run_chains(_model_of(bound), fit, progress)
        except (RuntimeError, ValueError) as error:
            first = str(error).splitlines()[0]
            raise FitError(
                f"the sampler stopped: {first}; look for a prior that puts a value out of reach, "
                "or try another seed"
            ) from error
    return Sampled(trace["posterior"].to_dataset(), _stats(trace["sample_stats"].to_dataset()))


def _nutpie() -> Any:  # noqa: ANN401 - a module without types
    """Import nutpie, and with it no more of ArviZ than it uses.

    nutpie asks ``arviz`` for two functions, both of ``arviz_base``. The umbrella package brings
    Matplotlib and SciPy's statistics too, for a second or two; so ``arviz_base`` stands in its
    place while nutpie is imported. Whoever imports ``arviz`` later gets all of it.
    """
    if "nutpie" not in sys.modules and "arviz" not in sys.modules:
        import arviz_base

        sys.modules["arviz"] = arviz_base
        try:
            import nutpie
        finally:
            del sys.modules["arviz"]
    import nutpie

    return nutpie


def _model_of(bound: BoundDensity) -> "CompiledPyMCModel":
    CompiledPyMCModel = _nutpie().compile_pymc.CompiledPyMCModel
    names, shapes = list(bound.shapes), list(bound.shapes.values())
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    slices = [slice(end - int(np.prod(s)), end) for end, s in zip(ends, shapes, strict=True)]
    return CompiledPyMCModel(
        dims={},
        compiled_logp_func=bound.of.density,
        compiled_expand_func=bound.of.expand,
        initial_point_func=partial(_start, bound.size),
        shared_data={},
        shared_var_keys={},
        user_data=bound.buffer,
        n_expanded=bound.size,
        shape_info=(names, slices, shapes),
        logp_func=None,
        expand_func=None,
        _n_dim=bound.size,
        _shapes=dict(bound.shapes),
        _coords={},
    )


def _run_chains(
    model: "CompiledPyMCModel",
    fit: FitConfig,
    progress: Callable[[Sequence[ChainState]], None] | None,
) -> "xr.DataTree":
    import nutpie

    trace: xr.DataTree = nutpie.sample(
        model,
        draws=fit.draws,
        tune=fit.tune,
        chains=fit.chains,
        cores=fit.chains,
        seed=stream_seed(fit.seed, "nuts"),
        save_warmup=False,
        progress_bar=False,
        target_accept=fit.target_accept,
        progress_callback=None if progress is None else partial(_report, progress),
        progress_rate=200,
    )
    return trace


def _start(size: int, seed: object) -> NDArray[np.float64]:
    """Start near the mode, where every density is finite."""
    entropy = int.from_bytes(seed, "little") if isinstance(seed, bytes) else seed
    generator = np.random.default_rng(entropy)  # type: ignore[arg-type]
    return generator.normal(scale=_SPREAD_OF_STARTS, size=size)


def _report(progress: Progress, chains: Sequence[Any]) -> None:
    progress(
        [
            ChainState(chain.finished_draws, chain.total_draws, chain.divergences, chain.tuning)
            for chain in chains
        ]
    )


def _stats(stats: "xr.Dataset") -> "xr.Dataset":
    kept = stats[["diverging", "energy", "n_steps"]]
    return kept.transpose(Dim.CHAIN, Dim.DRAW)


_CHAINS, _TUNE, _DRAWS = 4, 500, 1000


@dataclass(frozen=True)
class Diagnosis:
    """How a fit fared: worst R-hat, smallest bulk ESS, share of draws that diverged."""

    r_hat: float
    ess_bulk: float
    divergences: float

    @property
    def usable(self) -> bool:
        """Whether its means may be used, each of many that are averaged."""
        return self.r_hat <= 1.05 and self.ess_bulk >= 100 and self.divergences <= 0.02

    @property
    def trusted(self) -> bool:
        """Whether its numbers may be used."""
        return self.r_hat <= 1.01 and self.ess_bulk >= 400 and self.divergences <= 0.005


@dataclass(frozen=True)
class Compiled:
    """A compiled model."""

    draw: Callable[[int, int, Mapping[str, NDArray[np.float64]]], "xr.DataTree"]

    def sample(
        self, seed: int, name: str, data: Mapping[str, NDArray[np.float64]], draws: int = _DRAWS
    ) -> tuple["xr.Dataset", Diagnosis]:
        """Draw from the posterior.

        Parameters
        ----------
        data : mapping of str to ndarray
            What stands in place of the data that the model was compiled with.
        draws : int
            Draws of each of four chains.

        Raises
        ------
        FitError
            If the sampler stopped.
        """
        with threadpool_limits(1, user_api="blas"):
            try:
                trace = self.draw(stream_seed(seed, name), draws, data)
            except (RuntimeError, ValueError) as error:
                raise FitError(f"{name}: the sampler stopped: {error}") from error
        posterior = trace["posterior"].to_dataset()
        return posterior, diagnosis_of(posterior, trace["sample_stats"].to_dataset())


def compile_model(model: "pm.Model") -> Compiled:
    """Compile a model for nutpie."""
    nutpie = _nutpie()
    compiled = nutpie.compile_pymc_model(model, backend="numba")

    def draw(seed: int, draws: int, data: Mapping[str, NDArray[np.float64]]) -> "xr.DataTree":
        bound = compiled.with_data(**data)
        trace: xr.DataTree = nutpie.sample(
            bound,
            draws=draws,
            tune=_TUNE,
            chains=_CHAINS,
            cores=min(_CHAINS, cores()),
            seed=seed,
            save_warmup=False,
            progress_bar=False,
            target_accept=0.9,
        )
        return trace

    return Compiled(draw)


def diagnosis_of(posterior: "xr.Dataset", stats: "xr.Dataset") -> Diagnosis:
    """Diagnose every free and derived number of a posterior."""
    columns = [
        values.transpose("chain", "draw", ...).values.reshape(*values.shape[:2], -1)
        for values in posterior.data_vars.values()
    ]
    flat = np.concatenate(columns, axis=2)
    each = [convergence(flat[:, :, place]) for place in range(flat.shape[2])]
    return Diagnosis(
        max(r_hat for r_hat, _ in each),
        min(ess_bulk for _, ess_bulk in each),
        float(stats["diverging"].mean()),
    )
