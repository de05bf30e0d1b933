"""Draws on their natural scales, from the graph's free variables or straight from the priors.

The forecast needs them as NumPy arrays over draws; the stored run needs them with names. The
formulas are those of `tidings.mechanism.graph`, which a test holds equal to the graph's deterministics.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from tidings.mechanism.unknowns import RATE_PARTS, SCALES, GraphData, prior_names, prior_slices
from tidings.names import Dim, Var
from tidings.question.structure import Structure

if TYPE_CHECKING:
    import xarray as xr


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

    def each(self, change: Callable[[NDArray[Any]], NDArray[Any]]) -> "Parameters":
        """Return the parameters with every array changed along its leading axes."""
        return Parameters(
            {name: change(value) for name, value in self.rate.items()},
            {name: change(value) for name, value in self.scale.items()},
            change(self.factor_sd),
            change(self.precedent_log),
            change(self.level_logit),
            change(self.binding),
            change(self.factor),
            change(self.voice_bias),
        )

    def flat(self, every: int = 1) -> "Parameters":
        """Return draws with axes chain and draw along one axis, each chain thinned."""
        return self.each(lambda array: array[:, ::every].reshape(-1, *array.shape[2:]))


def natural(
    free: Mapping[str, NDArray[np.float64]],
    data: GraphData,
    structure: Structure,
    rest: NDArray[np.float64] | None = None,
) -> Parameters:
    """Map the graph's free variables to natural scales.

    Parameters
    ----------
    free : mapping of str to ndarray, shape (*draws, *shape)
        By the names of the graph's free variables.
    data : GraphData
        Has the priors' means and sds, the paths' directions and the centring.
    structure : Structure
        The question's coordinates.
    rest : ndarray, shape (*draws, actor, other mode), optional
        Standard normals along the paths' uninformed directions; 0 if not given.
    """
    moved = data.values["prior_sd"] * free[Var.PRIOR.z]
    linked, slices = data.values["prior_mean"] + moved, prior_slices(structure)
    parts, scales = linked[..., slices["rate"]], np.exp(linked[..., slices["scale"]])
    inverse = {Var.BASE_RATE: np.exp, Var.SHARE_OTHER: expit}
    rate = {
        part.value: inverse.get(part, np.asarray)(parts[..., index])
        for index, part in enumerate(RATE_PARTS)
    }
    scale = {name.value: scales[..., index] for index, name in enumerate(SCALES)}
    factor_sd = np.exp(linked[..., slices[Var.FACTOR_SD]])
    factor_w = np.exp(data.values["factor_centring"] * moved[..., slices[Var.FACTOR_SD], None])
    bias_sd, bias_moved = scale[Var.VOICE_BIAS_SD], moved[..., slices["scale"]][..., 2]
    bias_w = np.exp(data.values["voice_bias_centring"] * bias_moved[..., None])
    path = np.einsum("...am,asm->...as", free[Var.FACTOR.u] / factor_w, data.paths.informed)
    if rest is not None:
        path = path + np.einsum("...am,asm->...as", rest, data.paths.rest)
    return Parameters(
        rate,
        scale,
        factor_sd,
        linked[..., slices[Var.PRECEDENT]],
        linked[..., slices[Var.LEVEL]],
        np.asarray(expit(linked[..., slices[Var.BINDING]])),
        factor_sd[..., None] * path,
        bias_sd[..., None] * free[Var.VOICE_BIAS.u] / bias_w,
    )


def log_consent(
    parameters: Parameters, factor: NDArray[Any], structure: Structure
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return c[k] of the named outcomes, and A with ``other``, at given factors.

    Parameters
    ----------
    parameters : Parameters
        With the axes of the draws last, so that each pair's or outcome's values lie together.
    factor : ndarray, shape (actor, *draws)
        The actors' factors at one time; the dims of the parameters' draws may be 1 where its are
        more.
    structure : Structure
        Which pair belongs to which outcome.

    Returns
    -------
    tuple of ndarray, shapes (named, *draws) and (*draws,)
        In the precision of ``factor``.
    """
    precision, draws = factor.dtype, factor.shape[1:]
    of_pair, of_outcome = structure.actor_of_pair(), structure.pairs_of_outcome()
    along = (of_pair.astype(precision) @ factor.reshape(len(factor), -1)).reshape(-1, *draws)
    logit_w = along + parameters.level_logit
    log_w = np.minimum(logit_w, 0) - np.log1p(np.exp(-np.abs(logit_w)))
    weighted = (parameters.binding * log_w).reshape(len(of_pair), -1)
    consent = (of_outcome.astype(precision) @ weighted).reshape(-1, *draws)
    consent += parameters.precedent_log
    largest = consent.max(axis=0)
    agreed = largest + np.log(np.exp(consent - largest).sum(axis=0))
    return consent, agreed - np.log1p(-parameters.rate[Var.SHARE_OTHER])


def named_dataset(parameters: Parameters, structure: Structure, states: list[str]) -> "xr.Dataset":
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
    import xarray as xr

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


def of_stored(posterior: Mapping[str, NDArray[np.float64]]) -> Parameters:
    """Return the draws of a stored run, leading axes chain and draw: `named_dataset` undone."""
    return Parameters(
        {part.value: posterior[part] for part in RATE_PARTS},
        {scale.value: posterior[scale] for scale in SCALES},
        posterior[Var.FACTOR_SD],
        np.log(posterior[Var.PRECEDENT]),
        np.asarray(logit(posterior[Var.LEVEL])),
        posterior[Var.BINDING],
        posterior[Var.FACTOR],
        posterior[Var.VOICE_BIAS],
    )


def linked_priors(parameters: Parameters, structure: Structure) -> dict[str, NDArray[np.float64]]:
    """Return every quantity that has a prior on its link scale, by dotted name, shape (*draws,)."""
    rate, scale = parameters.rate, parameters.scale
    links = {Var.BASE_RATE: np.log, Var.SHARE_OTHER: logit}
    columns = [
        *(links.get(part, np.asarray)(rate[part]) for part in RATE_PARTS),
        *(np.log(scale[name]) for name in SCALES),
        *np.moveaxis(np.log(parameters.factor_sd), -1, 0),
        *np.moveaxis(parameters.precedent_log, -1, 0),
        *np.moveaxis(parameters.level_logit, -1, 0),
        *np.moveaxis(logit(parameters.binding), -1, 0),
    ]
    return dict(zip(prior_names(structure), columns, strict=True))


def of_linked(
    parameters: Parameters, linked: Mapping[str, NDArray[np.float64]], structure: Structure
) -> Parameters:
    """Return draws whose quantities with a prior have other values: `linked_priors` undone.

    Parameters
    ----------
    parameters : Parameters
        Over draws along one axis; paths and voice biases stay as they are.
    linked : mapping of str to ndarray, shape (draw,)
        Every quantity on its link scale, by dotted name.
    structure : Structure
        The question's coordinates.
    """
    slices = prior_slices(structure)
    columns = np.stack([linked[name] for name in prior_names(structure)], axis=-1)
    inverse = {Var.BASE_RATE: np.exp, Var.SHARE_OTHER: expit}
    parts, scales = columns[:, slices["rate"]], np.exp(columns[:, slices["scale"]])
    return Parameters(
        {
            part.value: inverse.get(part, np.asarray)(parts[:, place])
            for place, part in enumerate(RATE_PARTS)
        },
        {scale.value: scales[:, place] for place, scale in enumerate(SCALES)},
        np.exp(columns[:, slices[Var.FACTOR_SD]]),
        columns[:, slices[Var.PRECEDENT]],
        columns[:, slices[Var.LEVEL]],
        np.asarray(expit(columns[:, slices[Var.BINDING]])),
        parameters.factor,
        parameters.voice_bias,
    )
