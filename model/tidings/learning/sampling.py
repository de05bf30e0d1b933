"""Sampling the models of past questions and cases: compiled once, drawn from many times."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import nutpie
import pymc as pm
import xarray as xr
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from tidings.checks import diagnose
from tidings.errors import FitError
from tidings.randomness import stream_seed

__all__ = ["Compiled", "Diagnosis", "compile_model", "diagnosis_of"]

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
    """A compiled model.

    Attributes
    ----------
    draw : callable
        Takes a seed, the draws of a chain, and data by name; returns posterior and statistics.
    """

    draw: Callable[[int, int, Mapping[str, NDArray[np.float64]]], xr.DataTree]

    def sample(
        self,
        seed: int,
        name: str,
        data: Mapping[str, NDArray[np.float64]],
        draws: int = _DRAWS,
    ) -> tuple[xr.Dataset, Diagnosis]:
        """Draw from the posterior.

        Parameters
        ----------
        seed : int
            The root seed.
        name : str
            The random stream.
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


def compile_model(model: pm.Model) -> Compiled:
    """Compile a model for nutpie."""
    compiled = nutpie.compile_pymc_model(model, backend="numba")

    def draw(seed: int, draws: int, data: Mapping[str, NDArray[np.float64]]) -> xr.DataTree:
        bound = compiled.with_data(**data)
        trace: xr.DataTree = nutpie.sample(
            bound, draws=draws, tune=_TUNE, chains=_CHAINS, cores=2, seed=seed,
            save_warmup=False, progress_bar=False, target_accept=0.9,
        )  # fmt: skip
        return trace

    return Compiled(draw)


def diagnosis_of(posterior: xr.Dataset, stats: xr.Dataset) -> Diagnosis:
    """Diagnose every free and derived number of a posterior."""
    columns = [
        values.transpose("chain", "draw", ...).values.reshape(*values.shape[:2], -1)
        for values in posterior.data_vars.values()
    ]
    flat = np.concatenate(columns, axis=2)
    found = [diagnose(flat[:, :, place]) for place in range(flat.shape[2])]
    return Diagnosis(
        max(one.r_hat for one in found),
        min(one.ess_bulk for one in found),
        float(stats["diverging"].mean()),
    )
