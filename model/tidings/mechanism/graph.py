"""The PyMC graph: ``build`` makes it of named parts.

The free variables are normal. ``prior_z`` has one for every prior of the config, whose natural
value is ``inverse link(mean + sd * z)`` with mean and sd as data (sd 0: fixed). ``factor_u``, along
the informed directions of the paths (see `tidings.mechanism.paths`), and ``voice_bias_u`` are
centred by as much as the evidence tells of each: with ``w = (sd / prior median of sd) ** centring``
the value is ``u * sd / w``, and ``u`` has sd ``w`` (Papaspiliopoulos, Roberts & Sköld 2007,
doi:10.1214/088342307000000014).

==================  ======================  ====================================================
variable            symbol in the design    support, unit, prior
==================  ======================  ====================================================
base_rate           base_rate               > 0 a year; log-normal
push_slope          push_slope              > 0, log rate a step of push towards; log-normal
counter_slope       counter_slope           > 0, log rate a step of push against; log-normal
consent_slope       consent_slope           real, log rate a unit of A; normal
share_other         share_other             (0, 1); logit-normal
noise_scale         noise scale             > 0; log-normal
story_sd            sd of story_effect      > 0, logit; log-normal
voice_bias_sd       sd of voice_bias        > 0, logit; log-normal
factor_sd           sd[a]                   > 0, logit, by dynamic actor; log-normal
precedent           precedent[k]            > 0, by named outcome; log-normal
willingness_level   mu[a] + delta[a,k]      (0, 1), by pair; logit-normal
binding             binding[a,k]            (0, 1), by pair; logit-normal
factor              f[a,t] - mu[a]          real, logit, by actor and state; stationary AR(1)
voice_bias          voice_bias[a,voice]     real, logit, by side; normal
==================  ======================  ====================================================

``mu[a]`` is the mean of an actor's levels weighted by precedent, so the offsets ``delta[a,k]`` sum
to zero in that weight by construction. The likelihood has two parts: the readings, with the story
effects integrated out (see `tidings.mechanism.rows`), and the survival of the status quo. There
is no event: a question that has ended is not forecast."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from numpy.typing import NDArray

from tidings.mechanism.unknowns import (
    DATA_DIMS,
    NEVER,
    RATE_PARTS,
    SCALES,
    GraphData,
    prior_names,
    prior_slices,
)
from tidings.names import Dim, Var
from tidings.question.structure import Structure

Tensors = Mapping[str, pt.TensorVariable]
Family = dict[str, pt.TensorVariable]


class Rate(NamedTuple):
    """By state: the log total rate, the log share of each named outcome, and that of ``other``."""

    log_rate: pt.TensorVariable
    log_share: pt.TensorVariable
    log_share_other: pt.TensorVariable


def build(structure: Structure, data: GraphData) -> pm.Model:
    """Build the graph.

    Parameters
    ----------
    structure : Structure
        The question's coordinates; the only part of a question that the graph's form depends on.

    Returns
    -------
    pymc.Model
        With three free variables, deterministics on natural scales, and two potentials.
    """
    with pm.Model(coords=_coords(structure, data)) as model:
        given = {
            name: pm.Data(name, data.values[name], dims=dims or None, shape=_fixed(structure, dims))
            for name, dims in DATA_DIMS.items()
        }
        prior, moved = _priors(structure, given)
        factor, path = _factors(prior, moved, given)
        bias = _voice_bias(prior, moved, given)
        consent = _consent(structure, prior, factor)
        _survival(prior["rate"], _rate(prior["rate"], consent, given), given)
        _readings(prior["scale"], (prior[Var.LEVEL], path, bias), given)
        _natural_scales(prior, factor, bias)
    return model


def _coords(structure: Structure, data: GraphData) -> dict[str, object]:
    sizes = {
        dim: np.arange(size)
        for name, dims in DATA_DIMS.items()
        for dim, size in zip(dims, data.values[name].shape, strict=True)
    }
    return sizes | {
        Dim.PRIOR: prior_names(structure),
        Dim.ACTOR: structure.dynamic,
        Dim.PAIR: structure.pair_labels,
        Dim.NAMED: structure.named,
        Dim.END: structure.ends,
        Dim.SIDE: structure.sides,
    }


def _fixed(structure: Structure, dims: Sequence[Dim]) -> tuple[int | None, ...]:
    """Return the lengths that the structure decides; the others differ from run to run."""
    lengths = {
        Dim.PRIOR: len(prior_names(structure)),
        Dim.ACTOR: len(structure.dynamic),
        Dim.END: len(structure.ends),
        Dim.SIDE: len(structure.sides),
    }
    return tuple(lengths.get(dim) for dim in dims)


def _priors(structure: Structure, given: Tensors) -> tuple[Family, Family]:
    """Return the families of priors, and how far each was moved on its link scale.

    Sds and bindings are on their natural scales, all else on the link scale.
    """
    moved = given["prior_sd"] * pm.Normal(Var.PRIOR.z, dims=Dim.PRIOR)
    linked, slices = given["prior_mean"] + moved, prior_slices(structure)
    families = {family: linked[where] for family, where in slices.items()}
    natural = {name: pt.exp(families[name]) for name in ("scale", Var.FACTOR_SD)}
    natural[Var.BINDING] = pt.sigmoid(families[Var.BINDING])
    return families | natural, {family: moved[where] for family, where in slices.items()}


def _factors(
    prior: Family, moved: Family, given: Tensors
) -> tuple[pt.TensorVariable, pt.TensorVariable]:
    """Return the factors by actor and state, and by actor and mode, both logit."""
    w = pt.exp(given["factor_centring"] * moved[Var.FACTOR_SD][:, None])
    u = pm.Normal(Var.FACTOR.u, sigma=w, dims=(Dim.ACTOR, Dim.MODE))
    path = prior[Var.FACTOR_SD][:, None] * u / w
    return pt.sum(given["path_basis"] * path[:, None, :], axis=2), path


def _voice_bias(prior: Family, moved: Family, given: Tensors) -> pt.TensorVariable:
    """Return what each side's words lean by, logit."""
    w = pt.exp(given["voice_bias_centring"] * moved["scale"][2])
    return prior["scale"][2] * pm.Normal(Var.VOICE_BIAS.u, sigma=w, dims=Dim.SIDE) / w


def _consent(structure: Structure, prior: Family, factor: pt.TensorVariable) -> pt.TensorVariable:
    """Return c[k, t] of the named outcomes: log precedent and the willing, each by its binding."""
    logit_w = prior[Var.LEVEL][:, None] + _mixed(structure.actor_of_pair(), factor)
    refused = prior[Var.BINDING][:, None] * pt.softplus(-logit_w)
    return prior[Var.PRECEDENT][:, None] - _mixed(structure.pairs_of_outcome(), refused)


def _mixed(rows: NDArray[np.float64], columns: pt.TensorVariable) -> pt.TensorVariable:
    """Return the product of a small constant matrix with another.

    As a sum of products it is compiled as one loop; `pt.dot` would take four seconds longer.
    """
    return pt.sum(pt.constant(rows)[:, :, None] * columns[None, :, :], axis=1)


def _rate(parts: pt.TensorVariable, consent: pt.TensorVariable, given: Tensors) -> Rate:
    """Return the logs of the rate of all ends at no pressure, and of each outcome's share."""
    log_base, consent_slope, other = parts[0], parts[3], parts[4]
    log_named, log_other = -pt.softplus(other), -pt.softplus(-other)
    largest = pt.max(consent, axis=0)
    agreed = largest + pt.log(pt.sum(pt.exp(consent - largest), axis=0))
    possible = pt.log(-pt.expm1(-pt.exp(agreed + NEVER)))
    log_rate = log_base + consent_slope * (agreed - log_named - given["consent_reference"])
    return Rate(log_rate, consent - agreed + log_named + possible, log_other)


def _survival(parts: pt.TensorVariable, rate: Rate, given: Tensors) -> None:
    """Add the survival of the status quo."""
    towards, against = given["pressure"][0], given["pressure"][1]
    news = pt.exp(pt.exp(parts[1]) * towards - pt.exp(parts[2]) * against)
    years = pt.sum(news * given["exposure_years"], axis=2)
    pushed, pushed_other = years[:-1], years[-1]
    expected = pt.sum(pt.exp(rate.log_share) * pushed, axis=0)
    expected = expected + pt.exp(rate.log_share_other) * pushed_other
    pm.Potential("survival", -pt.sum(pt.exp(rate.log_rate) * expected))


def _readings(
    scales: pt.TensorVariable,
    linear: tuple[pt.TensorVariable, pt.TensorVariable, pt.TensorVariable],
    given: Tensors,
) -> None:
    """Add the log density of the rows of readings (see `tidings.mechanism.rows`)."""
    features = pt.concatenate([part.ravel() for part in linear])
    variance = scales[0] ** 2 + scales[1] ** 2 * given["reading_story_load"]
    mean = pt.sum(given["reading_design"] * features[None, :], axis=1)
    residual = given["reading_y"] - mean
    density = residual**2 / variance + given["reading_count"] * pt.log(variance)
    pm.Potential("readings", -0.5 * pt.sum(density))


def _natural_scales(prior: Family, factor: pt.TensorVariable, bias: pt.TensorVariable) -> None:
    """Name every unknown on its natural scale."""
    inverse = {
        Var.BASE_RATE: pt.exp,
        Var.PUSH_SLOPE: pt.exp,
        Var.COUNTER_SLOPE: pt.exp,
        Var.SHARE_OTHER: pt.sigmoid,
    }
    for index, part in enumerate(RATE_PARTS):
        pm.Deterministic(part, inverse.get(part, pt.identity)(prior["rate"][index]))
    for index, scale in enumerate(SCALES):
        pm.Deterministic(scale, prior["scale"][index])
    pm.Deterministic(Var.FACTOR_SD, prior[Var.FACTOR_SD], dims=Dim.ACTOR)
    pm.Deterministic(Var.PRECEDENT, pt.exp(prior[Var.PRECEDENT]), dims=Dim.NAMED)
    pm.Deterministic(Var.LEVEL, pt.sigmoid(prior[Var.LEVEL]), dims=Dim.PAIR)
    pm.Deterministic(Var.BINDING, prior[Var.BINDING], dims=Dim.PAIR)
    pm.Deterministic(Var.FACTOR, factor, dims=(Dim.ACTOR, Dim.STATE))
    pm.Deterministic(Var.VOICE_BIAS, bias, dims=Dim.SIDE)
