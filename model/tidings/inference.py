"""Inference: NUTS (nutpie) on the function that PyMC compiles, several chains at once.

PyMC's own log density and gradient, compiled by PyTensor through numba, go to nutpie as a plain
function. It comes from PyTensor's cache on disk in seconds, where letting nutpie compile the model
takes minutes; and because evidence, priors and exposure are data of the graph, one compiled
function serves every fit of the same shapes in a process.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import nutpie
import pytensor
import xarray as xr
from numpy.typing import NDArray
from nutpie.compiled_pyfunc import from_pyfunc
from nutpie.sample import CompiledModel
from pytensor.compile.mode import NUMBA, Mode
from pytensor.link.numba.cache import CACHED_SRC_FUNCTIONS
from pytensor.link.numba.dispatch.basic import numba_njit
from pytensor.link.numba.linker import NumbaLinker
from threadpoolctl import threadpool_limits

from tidings.config import FitConfig
from tidings.errors import FitError
from tidings.graph import GraphData, build
from tidings.names import Dim
from tidings.randomness import stream_seed
from tidings.structure import Structure

__all__ = ["ChainState", "LogDensity", "Sampled", "compile_density", "sample"]


class _ThreadedLinker(NumbaLinker):  # type: ignore[misc] # PyTensor is not typed
    """PyTensor's numba linker, with the lock released while the function runs.

    So the chains run on several cores as threads of one process.
    """

    def jit_compile(self, fn_and_cache: tuple[Any, str | None]) -> Any:  # noqa: ANN401 - PyTensor's
        function, cache_key = fn_and_cache
        if cache_key is not None:
            # Numba's cache does not tell flags apart: a key of its own keeps the lock released.
            CACHED_SRC_FUNCTIONS[function.py_func] = f"{cache_key}_strict_nogil"
        return numba_njit(
            function.py_func, final_function=True, nogil=True, cache=cache_key is not None
        )


class _NotFiniteError(ArithmeticError):
    """Tells nutpie that a trajectory left the region where the density is finite."""

    is_recoverable = True


@dataclass(frozen=True)
class LogDensity:
    """A compiled log density of a question's graph, for any data of the same shapes.

    Attributes
    ----------
    function : callable
        ``(x, *data) -> (log density, gradient)``.
    data_names : tuple of str
        Order of the data.
    variables : tuple of (str, tuple of int)
        Names and shapes of the free variables in the order in which ``x`` holds them.
    dims : mapping of str to tuple of str
        Their dims.
    coords : mapping of str to sequence
        Coordinates of those dims.
    """

    function: Callable[..., tuple[NDArray[np.float64], NDArray[np.float64]]]
    data_names: tuple[str, ...]
    variables: tuple[tuple[str, tuple[int, ...]], ...]
    dims: Mapping[str, tuple[str, ...]]
    coords: Mapping[str, Sequence[Any]]

    @property
    def size(self) -> int:
        """Length of ``x``."""
        return sum(int(np.prod(shape)) for _, shape in self.variables)

    def split(self, x: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return the variables held in ``x``, by name."""
        parts, start = {}, 0
        for name, shape in self.variables:
            stop = start + int(np.prod(shape))
            parts[name] = x[start:stop].reshape(shape)
            start = stop
        return parts

    def bound(
        self, data: GraphData
    ) -> Callable[[NDArray[np.float64]], tuple[float, NDArray[np.float64]]]:
        """Return the log density and gradient for one set of data."""
        values = [np.asarray(data.values[name], dtype=float) for name in self.data_names]

        def log_density(x: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            value, gradient = self.function(x, *values)
            if not np.isfinite(value) or not np.all(np.isfinite(gradient)):
                raise _NotFiniteError("the log density is not finite here")
            return float(value), gradient

        return log_density


@dataclass(frozen=True)
class ChainState:
    """How far a chain has come, for a progress bar."""

    finished: int
    total: int
    divergences: int
    tuning: bool


@dataclass(frozen=True)
class Sampled:
    """Draws of the free variables, and how the sampler fared.

    Attributes
    ----------
    draws : xarray.Dataset
        Standard normals by name, dims chain and draw and those of the graph's data.
    stats : xarray.Dataset
        ``diverging``, ``energy``, ``n_steps`` by chain and draw.
    """

    draws: xr.Dataset
    stats: xr.Dataset


_COMPILED: dict[tuple[Structure, tuple[tuple[str, tuple[int, ...]], ...]], LogDensity] = {}


def compile_density(structure: Structure, data: GraphData) -> LogDensity:
    """Compile the graph's log density, or return the one compiled before for these shapes.

    Parameters
    ----------
    structure : Structure
        The question's coordinates; its constants are part of the graph.
    data : GraphData
        Only its shapes matter.
    """
    shapes = tuple((name, np.shape(value)) for name, value in sorted(data.values.items()))
    key = (structure, shapes)
    if key not in _COMPILED:
        _COMPILED[key] = _compile(structure, data)
    return _COMPILED[key]


def _compile(structure: Structure, data: GraphData) -> LogDensity:
    """Compile with strict floating point.

    PyTensor allows numba to reorder sums. Then a function that was just compiled and the same one
    from the cache on disk differ in their last digits, and chains with the same seed in all of
    them. Numba compiles at the first call, so that is made here too.
    """
    with pytensor.config.change_flags(numba__fastmath=False):
        model = build(structure, data)
        mode = Mode(_ThreadedLinker(), NUMBA.provided_optimizer)
        value_and_gradient = model.logp_dlogp_function(ravel_inputs=True, mode=mode)
        compiled = value_and_gradient._pytensor_function
        point = model.initial_point()
        variables = tuple((v.name, np.shape(point[v.name])) for v in model.continuous_value_vars)
        density = LogDensity(
            compiled.vm.jit_fn,
            tuple(shared.name for shared in compiled.get_shared()),
            variables,
            {name: tuple(map(str, model.named_vars_to_dims[name])) for name, _ in variables},
            {
                str(dim): _labels(values)
                for dim, values in model.coords.items()
                if values is not None
            },
        )
        density.bound(data)(np.zeros(density.size))
    return density


def _labels(values: Sequence[Any]) -> Any:  # noqa: ANN401 - what nutpie takes
    """Return coordinates as nutpie takes them: strings in a list, numbers in an array."""
    return list(values) if isinstance(values[0], str) else np.asarray(values)


def sample(
    density: LogDensity,
    data: GraphData,
    fit: FitConfig,
    progress: Callable[[Sequence[ChainState]], None] | None = None,
) -> Sampled:
    """Draw from the posterior.

    Parameters
    ----------
    density : LogDensity
        From `compile_density`.
    data : GraphData
        Evidence, priors and exposure of this fit.
    fit : FitConfig
        Chains, draws and seed.
    progress : callable, optional
        Called a few times a second with the state of every chain.

    Raises
    ------
    FitError
        If no chain could start, or the sampler broke off.
    """
    try:
        trace = _run_chains(_model_of(density, data), fit, progress)
    except (RuntimeError, ValueError) as error:
        first = str(error).splitlines()[0]
        raise FitError(
            f"the sampler stopped: {first}; look for a prior that puts a value out of reach, "
            "or try another seed"
        ) from error
    return Sampled(trace["posterior"].to_dataset(), _stats(trace["sample_stats"].to_dataset()))


def _model_of(density: LogDensity, data: GraphData) -> CompiledModel:
    bound = density.bound(data)
    return from_pyfunc(
        density.size,
        lambda: bound,
        lambda *_: density.split,
        [np.dtype(np.float64)] * len(density.variables),
        [shape for _, shape in density.variables],
        [name for name, _ in density.variables],
        dims=dict(density.dims),
        coords={dim: density.coords[dim] for dims in density.dims.values() for dim in dims},
        make_initial_point_fn=partial(_start, density.size),
    )


def _run_chains(
    model: CompiledModel, fit: FitConfig, progress: Callable[[Sequence[ChainState]], None] | None
) -> xr.DataTree:
    # Chains are the threads. BLAS threads beneath them would split sums as the load allows, and
    # the same seed would give numbers that differ in the last digit, and then in all.
    with threadpool_limits(1, user_api="blas"):
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
    """Start near the middle of the priors, where every density is finite."""
    entropy = int.from_bytes(seed, "little") if isinstance(seed, bytes) else seed
    generator = np.random.default_rng(entropy)  # type: ignore[arg-type]
    return generator.normal(scale=0.5, size=size)


def _report(progress: Callable[[Sequence[ChainState]], None], chains: Sequence[Any]) -> None:
    progress(
        [
            ChainState(chain.finished_draws, chain.total_draws, chain.divergences, chain.tuning)
            for chain in chains
        ]
    )


def _stats(stats: xr.Dataset) -> xr.Dataset:
    kept = stats[["diverging", "energy", "n_steps"]]
    return kept.transpose(Dim.CHAIN, Dim.DRAW)
