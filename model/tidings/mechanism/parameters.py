"""Draws of the unknowns, and the rate law.

Draws are the last axes of every array, so that each unknown's values lie together. What has a prior
is kept on its link scale, where nothing lies at infinity, and is mapped to natural scales here
alone. The formulas are those of `tidings.mechanism.graph`, which a test holds equal to the graph's
deterministics::

    c[k]    = log precedent[k] + sum over a of binding[a,k] log w[a,k]
    A       = log sum over named k of exp c[k] - log(1 - share_other)
    rate[k] = base_rate exp(consent_slope (A - A0)) share[k] open
              exp(push_slope up[k] - counter_slope down[k]),   share[k] = exp(c[k] - A)

``open`` is 1 - exp(-exp(20) sum of exp c[k]): 1 but where it is certain that somebody refuses whose
refusal binds, and 0 there, whatever consent is worth elsewhere; `other` needs nobody's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from tidings.mechanism.unknowns import (
    NEVER,
    RATE_PARTS,
    SCALES,
    GraphData,
    prior_names,
    prior_slices,
)
from tidings.names import Dim, Var
from tidings.question.structure import Structure

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]


@dataclass(frozen=True)
class RateParts:
    """Draws of all that rates depend on.

    Attributes
    ----------
    rate : mapping of str to ndarray, shape (*draws,)
        ``base_rate`` a year, ``push_slope``, ``counter_slope``, ``consent_slope``, ``share_other``.
    precedent_log : ndarray, shape (named, *draws)
    level_logit, binding : ndarray, shape (pair, *draws)
    factor_sd : ndarray, shape (actor, *draws)
    factor : ndarray, shape (actor, state, *draws)
        Logit, around the actor's mean.
    """

    rate: Mapping[str, NDArray[Any]]
    precedent_log: NDArray[Any]
    level_logit: NDArray[Any]
    binding: NDArray[Any]
    factor_sd: NDArray[Any]
    factor: NDArray[Any]

    @property
    def draws(self) -> int:
        """How many draws there are along the last axis."""
        return int(self.factor_sd.shape[-1])

    def each(self, along: Callable[[NDArray[Any]], NDArray[Any]]) -> Self:
        """Return the draws with every array changed along its last axes."""

        def changed(value: object) -> object:
            if isinstance(value, Mapping):
                return {name: along(array) for name, array in value.items()}
            return along(np.asarray(value))

        values: dict[str, Any] = {
            field.name: changed(getattr(self, field.name)) for field in fields(self)
        }
        return replace(self, **values)

    def flat(self, every: int = 1) -> Self:
        """Return draws with axes chain and draw along one axis, each chain thinned."""
        return self.each(lambda array: array[..., ::every].reshape(*array.shape[:-2], -1))


@dataclass(frozen=True)
class Parameters(RateParts):
    """Draws of all unknowns of the model.

    Attributes
    ----------
    scale : mapping of str to ndarray, shape (*draws,)
        ``noise_scale``, ``story_sd``, ``voice_bias_sd``.
    voice_bias : ndarray, shape (side, *draws)
        Logit.
    unconstrained : ndarray, shape (prior, *draws)
        Everything that has a prior, on its link scale, in the order of `prior_names`.
    """

    scale: Mapping[str, NDArray[Any]]
    voice_bias: NDArray[Any]
    unconstrained: NDArray[Any]


def of_unconstrained(
    linked: Array, factor: Array, voice_bias: Array, structure: Structure
) -> Parameters:
    """Return draws from those on the link scale.

    Parameters
    ----------
    linked : ndarray, shape (prior, *draws)
        Everything that has a prior.
    factor : ndarray, shape (actor, state, *draws)
    voice_bias : ndarray, shape (side, *draws)
    """
    families = {family: linked[where] for family, where in prior_slices(structure).items()}
    inverse = {
        Var.BASE_RATE: np.exp,
        Var.PUSH_SLOPE: np.exp,
        Var.COUNTER_SLOPE: np.exp,
        Var.SHARE_OTHER: expit,
    }
    return Parameters(
        {
            part.value: inverse.get(part, np.asarray)(families["rate"][place])
            for place, part in enumerate(RATE_PARTS)
        },
        families[Var.PRECEDENT],
        families[Var.LEVEL],
        np.asarray(expit(families[Var.BINDING])),
        np.exp(families[Var.FACTOR_SD]),
        factor,
        {scale.value: np.exp(families["scale"][place]) for place, scale in enumerate(SCALES)},
        voice_bias,
        linked,
    )


def constrained(
    free: Mapping[str, Array], data: GraphData, structure: Structure, rest: Array | None = None
) -> Parameters:
    """Map the graph's free variables to natural scales.

    Parameters
    ----------
    free : mapping of str to ndarray, shape (*draws, *shape)
        By the names of the graph's free variables, as the sampler has them: draws first.
    data : GraphData
        Has the priors' means and sds, the paths' directions and the centring.
    rest : ndarray, shape (*draws, actor, other mode), optional
        Standard normals along the paths' uninformed directions; 0 if not given.
    """
    moved = data.values["prior_sd"] * free[Var.PRIOR.z]
    linked, slices = data.values["prior_mean"] + moved, prior_slices(structure)
    factor_w = np.exp(data.values["factor_centring"] * moved[..., slices[Var.FACTOR_SD], None])
    path = np.einsum("...am,asm->...as", free[Var.FACTOR.u] / factor_w, data.paths.informed)
    if rest is not None:
        path = path + np.einsum("...am,asm->...as", rest, data.paths.rest)
    factor = np.exp(linked[..., slices[Var.FACTOR_SD], None]) * path
    bias_sd, bias_moved = (values[..., slices["scale"]][..., 2, None] for values in (linked, moved))
    bias_w = np.exp(data.values["voice_bias_centring"] * bias_moved)
    bias = np.exp(bias_sd) * free[Var.VOICE_BIAS.u] / bias_w
    return of_unconstrained(
        _draws_last(linked, 1), _draws_last(factor, 2), _draws_last(bias, 1), structure
    )


def _draws_last(array: Array, own: int) -> Array:
    """Move an array's own last axes before those of its draws."""
    return np.moveaxis(array, range(-own, 0), range(own))


def log_consent(
    parts: RateParts, factor: NDArray[Any], structure: Structure
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return c[k] of the named outcomes, and A with ``other``, at given factors.

    Parameters
    ----------
    factor : ndarray, shape (actor, *draws)
        The actors' factors at one time; the dims of the parts' draws may be 1 where its are more.

    Returns
    -------
    tuple of ndarray, shapes (named, *draws) and (*draws,)
        In the precision of ``factor``.
    """
    precision, draws = factor.dtype, factor.shape[1:]
    of_pair, of_outcome = structure.actor_of_pair(), structure.pairs_of_outcome()
    along = (of_pair.astype(precision) @ factor.reshape(len(factor), -1)).reshape(-1, *draws)
    logit_w = along + parts.level_logit
    log_w = np.minimum(logit_w, 0) - np.log1p(np.exp(-np.abs(logit_w)))
    weighted = (parts.binding * log_w).reshape(len(of_pair), -1)
    consent = (of_outcome.astype(precision) @ weighted).reshape(-1, *draws)
    consent += parts.precedent_log
    largest = consent.max(axis=0)
    agreed = largest + np.log(np.exp(consent - largest).sum(axis=0))
    return consent, agreed - np.log1p(-parts.rate[Var.SHARE_OTHER])


def neutral_rates(
    parts: RateParts, factor: NDArray[Any], structure: Structure, consent_reference: float
) -> NDArray[Any]:
    """Return the rate law at no pressure: ends a year of every outcome, ``other`` last.

    Returns
    -------
    ndarray, shape (end, *draws)
        In the precision of ``factor``.
    """
    consent, agreement = log_consent(parts, factor, structure)
    away = agreement - factor.dtype.type(consent_reference)
    of_all = parts.rate[Var.BASE_RATE] * np.exp(parts.rate[Var.CONSENT_SLOPE] * away)
    agreed = agreement + np.log1p(-parts.rate[Var.SHARE_OTHER])
    of_named = of_all * -np.expm1(-np.exp(agreed + factor.dtype.type(NEVER)))
    other = parts.rate[Var.SHARE_OTHER] * of_all
    return np.concatenate([np.exp(consent - agreement) * of_named, other[None]])


def news_factor(parts: RateParts, pressure: NDArray[Any]) -> NDArray[Any]:
    """Return what news multiplies a rate by.

    Parameters
    ----------
    pressure : ndarray, shape (way, ...)
        Towards an outcome and against it, in steps of push; its last axes are those of the draws.

    Returns
    -------
    ndarray, shape (...)
    """
    towards, against = pressure
    slope, counter = parts.rate[Var.PUSH_SLOPE], parts.rate[Var.COUNTER_SLOPE]
    return np.asarray(np.exp(slope * towards - counter * against))


_STORED: dict[str, tuple[Dim, ...]] = {
    Var.FACTOR_SD: (Dim.ACTOR,),
    Var.PRECEDENT: (Dim.NAMED,),
    Var.LEVEL: (Dim.PAIR,),
    Var.BINDING: (Dim.PAIR,),
    Var.FACTOR: (Dim.ACTOR, Dim.STATE),
    Var.VOICE_BIAS: (Dim.SIDE,),
    Var.LINKED: (Dim.PRIOR,),
}
"""What a run stores beside single numbers, and its dims after those of the draws."""


def named_dataset(parameters: Parameters, structure: Structure, states: list[str]) -> "xr.Dataset":
    """Return draws with names and on natural scales, for the stored run; `of_stored` reads them.

    Parameters
    ----------
    states : list of str
        First day of each state that is in use; padding is dropped.
    """
    import xarray as xr

    sample = (Dim.CHAIN.value, Dim.DRAW.value)
    named = {
        Var.FACTOR_SD: parameters.factor_sd,
        Var.PRECEDENT: np.exp(parameters.precedent_log),
        Var.LEVEL: np.asarray(expit(parameters.level_logit)),
        Var.BINDING: parameters.binding,
        Var.FACTOR: parameters.factor[:, : len(states)],
        Var.VOICE_BIAS: parameters.voice_bias,
        Var.LINKED: parameters.unconstrained,
    }
    variables = {
        name: (sample, value) for name, value in {**parameters.rate, **parameters.scale}.items()
    } | {
        name.value: (
            (*sample, *(dim.value for dim in _STORED[name])),
            np.moveaxis(array, (-2, -1), (0, 1)),
        )
        for name, array in named.items()
    }
    chains, draws = parameters.unconstrained.shape[1:]
    coords = {
        Dim.CHAIN.value: np.arange(chains),
        Dim.DRAW.value: np.arange(draws),
        Dim.ACTOR.value: list(structure.dynamic),
        Dim.NAMED.value: list(structure.named),
        Dim.PAIR.value: list(structure.pair_labels),
        Dim.SIDE.value: list(structure.sides),
        Dim.STATE.value: states,
        Dim.PRIOR.value: list(prior_names(structure)),
    }
    return xr.Dataset(variables, coords)


def of_stored(posterior: Mapping[str, Array], structure: Structure) -> Parameters:
    """Return the draws of a stored run, with axes chain and draw: `named_dataset` undone."""
    linked, factor, bias = (
        _draws_last(posterior[name], len(_STORED[name]))
        for name in (Var.LINKED, Var.FACTOR, Var.VOICE_BIAS)
    )
    return of_unconstrained(linked, factor, bias, structure)


def unconstrained_priors(parameters: Parameters, structure: Structure) -> dict[str, Array]:
    """Return the draws of every quantity that has a prior, on its link scale, by dotted name."""
    return dict(zip(prior_names(structure), parameters.unconstrained, strict=True))
