"""Draws on their natural scales, from the graph's standard normals or straight from the priors.

The forecast needs them as NumPy arrays over draws; the stored run needs them with names. The
formulas are those of `tidings.graph`, which a test holds equal to the graph's deterministics.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.special import expit, log_expit, logsumexp

from tidings.unknowns import RATE_PARTS, SCALES, GraphData, prior_slices
from tidings.names import Dim, Var
from tidings.structure import Structure

__all__ = ["Parameters", "log_consent", "named_dataset", "natural", "standard_normals"]


@dataclass(frozen=True)
class Parameters:
    """Unknowns of the model over draws; the leading axes of every array are those of the draws.

    Attributes
    ----------
    rate : mapping of str to ndarray, shape (*draws,)
        ``base_rate`` a year, ``push_slope``, ``consent_slope``, ``share_other``.
    scale : mapping of str to ndarray, shape (*draws,)
        ``noise_scale``, ``story_sd``, ``voice_bias_sd``.
    factor_sd : ndarray, shape (*draws, actor)
    precedent_log : ndarray, shape (*draws, named)
    level_logit, binding : ndarray, shape (*draws, pair)
    factor : ndarray, shape (*draws, actor, state)
        Logit, around the actor's mean.
    voice_bias : ndarray, shape (*draws, side)
        Logit.
    """

    rate: Mapping[str, NDArray[np.float64]]
    scale: Mapping[str, NDArray[np.float64]]
    factor_sd: NDArray[np.float64]
    precedent_log: NDArray[np.float64]
    level_logit: NDArray[np.float64]
    binding: NDArray[np.float64]
    factor: NDArray[np.float64]
    voice_bias: NDArray[np.float64]

    def flat(self, every: int = 1) -> "Parameters":
        """Return the draws along one axis, thinned to each ``every``-th."""

        def flatten(array: NDArray[np.float64], kept: int) -> NDArray[np.float64]:
            return array.reshape(-1, *array.shape[array.ndim - kept :])[::every]

        return Parameters(
            {name: flatten(value, 0) for name, value in self.rate.items()},
            {name: flatten(value, 0) for name, value in self.scale.items()},
            flatten(self.factor_sd, 1),
            flatten(self.precedent_log, 1),
            flatten(self.level_logit, 1),
            flatten(self.binding, 1),
            flatten(self.factor, 2),
            flatten(self.voice_bias, 1),
        )


def standard_normals(
    shapes: Mapping[str, tuple[int, ...]], draws: int, generator: np.random.Generator
) -> dict[str, NDArray[np.float64]]:
    """Draw the graph's free variables from their prior, each of shape (draws, *shape)."""
    return {name: generator.normal(size=(draws, *shape)) for name, shape in shapes.items()}


def natural(z: Mapping[str, NDArray[np.float64]], data: GraphData) -> Parameters:
    """Map the graph's standard normals to natural scales.

    Parameters
    ----------
    z : mapping of str to ndarray, shape (*draws, *shape)
        By the names of the graph's free variables.
    data : GraphData
        Has the priors' means and sds, and the factors' Cholesky matrix.
    """

    def linked(name: str) -> NDArray[np.float64]:
        mean, sd = data.values[f"{name}_prior_mean"], data.values[f"{name}_prior_sd"]
        return np.asarray(mean + sd * z[f"{name}_z"])

    parts, scales = linked(Dim.RATE_PART), np.exp(linked(Dim.SCALE))
    inverse = {Var.BASE_RATE: np.exp, Var.SHARE_OTHER: expit}
    rate = {
        part.value: inverse.get(part, np.asarray)(parts[..., index])
        for index, part in enumerate(RATE_PARTS)
    }
    scale = {name.value: scales[..., index] for index, name in enumerate(SCALES)}
    factor_sd = np.exp(linked(Var.FACTOR_SD))
    path = z[Var.FACTOR.z] @ data.values["cholesky"].T
    return Parameters(
        rate,
        scale,
        factor_sd,
        linked(Var.PRECEDENT),
        linked(Var.LEVEL),
        np.asarray(expit(linked(Var.BINDING))),
        factor_sd[..., None] * path,
        scale[Var.VOICE_BIAS_SD][..., None] * z[Var.VOICE_BIAS.z],
    )


def log_consent(
    parameters: Parameters, factor: NDArray[np.float64], structure: Structure
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return c[k] of the named outcomes, and A with ``other``, at given factors.

    Parameters
    ----------
    parameters : Parameters
        Over draws.
    factor : ndarray, shape (*draws, actor)
        The actors' factors at one time.
    structure : Structure
        Which pair belongs to which outcome.

    Returns
    -------
    tuple of ndarray, shapes (*draws, named) and (*draws,)
    """
    logit_w = parameters.level_logit + factor @ structure.actor_of_pair().T
    weighted = parameters.binding * log_expit(logit_w)
    consent = parameters.precedent_log + weighted @ structure.pairs_of_outcome().T
    agreement = logsumexp(consent, axis=-1) - np.log1p(-parameters.rate[Var.SHARE_OTHER])
    return consent, np.asarray(agreement)


def named_dataset(parameters: Parameters, structure: Structure, states: list[str]) -> xr.Dataset:
    """Return draws with names, for the stored run.

    Parameters
    ----------
    parameters : Parameters
        With leading axes chain and draw.
    structure : Structure
        Coordinates.
    states : list of str
        First day of each state that is in use; padding is dropped.
    """
    sample = (Dim.CHAIN.value, Dim.DRAW.value)
    variables: dict[str, tuple[tuple[str, ...], NDArray[np.float64]]] = {
        name: (sample, value) for name, value in {**parameters.rate, **parameters.scale}.items()
    }
    kept = parameters.factor[..., : len(states)]
    variables |= {
        Var.FACTOR_SD.value: ((*sample, Dim.ACTOR.value), parameters.factor_sd),
        Var.PRECEDENT.value: ((*sample, Dim.NAMED.value), np.exp(parameters.precedent_log)),
        Var.LEVEL.value: ((*sample, Dim.PAIR.value), np.asarray(expit(parameters.level_logit))),
        Var.BINDING.value: ((*sample, Dim.PAIR.value), parameters.binding),
        Var.FACTOR.value: ((*sample, Dim.ACTOR.value, Dim.STATE.value), kept),
        Var.VOICE_BIAS.value: ((*sample, Dim.SIDE.value), parameters.voice_bias),
    }
    chains, draws = parameters.factor_sd.shape[:2]
    coords = {
        Dim.CHAIN.value: np.arange(chains),
        Dim.DRAW.value: np.arange(draws),
        Dim.ACTOR.value: list(structure.dynamic),
        Dim.NAMED.value: list(structure.named),
        Dim.PAIR.value: list(structure.pair_labels),
        Dim.SIDE.value: list(structure.sides),
        Dim.STATE.value: states,
    }
    return xr.Dataset(variables, coords)
