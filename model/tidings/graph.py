"""The PyMC graph: ``build`` makes it of named parts.

Every unknown is a standard normal ``<name>_z`` in the graph, and its natural value is
``inverse link(mean + sd * z)`` with the prior's mean and sd entering as data (sd 0: fixed).

==================  ======================  ====================================================
variable            symbol in the design    support, unit, prior
==================  ======================  ====================================================
base_rate           base_rate               > 0 a year; log-normal
push_slope          push_slope              real, log rate a step of push; normal
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
effects integrated out (see `tidings.readings`), and the survival of the status quo, with the log
rate of an event where there was one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from numpy.typing import NDArray

from tidings.names import Dim, Var
from tidings.normal import LinkNormal
from tidings.readings import ReadingRows
from tidings.structure import Structure

__all__ = ["RATE_PARTS", "SCALES", "Exposure", "GraphData", "build", "data_of"]

RATE_PARTS = (Var.BASE_RATE, Var.PUSH_SLOPE, Var.CONSENT_SLOPE, Var.SHARE_OTHER)
SCALES = (Var.NOISE_SCALE, Var.STORY_SD, Var.VOICE_BIAS_SD)


@dataclass(frozen=True)
class Exposure:
    """What time and pressure tell.

    Attributes
    ----------
    years : ndarray, shape (state, step_in_state)
        Years during which the status quo was at risk and known to hold.
    pressure : ndarray, shape (change, state, step_in_state)
        Mean pressure over each step.
    event : ndarray, shape (change, state)
        One where the outcome happened in that state, else 0.
    event_pressure : float
        Pressure on that outcome at that time.
    """

    years: NDArray[np.float64]
    pressure: NDArray[np.float64]
    event: NDArray[np.float64]
    event_pressure: float = 0.0


@dataclass(frozen=True)
class GraphData:
    """All that enters the graph as data: the graph's shape depends on the shapes here alone.

    Attributes
    ----------
    values : mapping of str to ndarray
        By the names of the graph's data.
    states : int
        Number of states of the grid.
    """

    values: Mapping[str, NDArray[np.float64]]
    states: int


def data_of(
    structure: Structure,
    priors: Mapping[str, LinkNormal],
    rows: ReadingRows,
    exposure: Exposure,
    constants: tuple[NDArray[np.float64], float],
) -> GraphData:
    """Gather the graph's data.

    Parameters
    ----------
    structure : Structure
        Order of actors, pairs and outcomes.
    priors : mapping of str to LinkNormal
        By dotted name.
    rows : ReadingRows
        The readings.
    exposure : Exposure
        Time and pressure.
    constants : tuple of (ndarray, float)
        Cholesky factor of the factors' correlation, shape (state, state), and the reference of
        consent A0.
    """
    values: dict[str, NDArray[np.float64]] = {}
    for name, keys in _prior_keys(structure).items():
        normals = [priors.get(key, _ABSENT_SHARE) for key in keys]
        values[f"{name}_prior_mean"] = np.array([normal.mean for normal in normals])
        values[f"{name}_prior_sd"] = np.array([normal.sd for normal in normals])
    cholesky, reference = constants
    values |= {
        "cholesky": cholesky,
        "consent_reference": np.array(reference),
        "reading_y": rows.y,
        "reading_design": rows.design,
        "reading_story_load": rows.story_load,
        "reading_weight": rows.weight,
        "exposure_years": exposure.years,
        "pressure": exposure.pressure,
        "event_state": exposure.event,
        "event_pressure": np.array(exposure.event_pressure),
    }
    return GraphData(values, len(cholesky))


_ABSENT_SHARE = LinkNormal(-40.0, 0.0, "logit")
"""A question without ``other`` has no prior for its share: it is fixed at 0."""


def _prior_keys(structure: Structure) -> dict[str, list[str]]:
    pairs = [f"{actor}.{outcome}" for actor, outcome in structure.pairs]
    return {
        Dim.RATE_PART: [part.value for part in RATE_PARTS],
        Dim.SCALE: [scale.value for scale in SCALES],
        Var.FACTOR_SD: [f"factor_sd.{actor}" for actor in structure.dynamic],
        Var.PRECEDENT: [f"precedent.{outcome}" for outcome in structure.named],
        Var.LEVEL: [f"willingness.{pair}" for pair in pairs],
        Var.BINDING: [f"binding.{pair}" for pair in pairs],
    }


_DATA_DIMS: Mapping[str, tuple[Dim, ...]] = {
    "cholesky": (Dim.STATE, Dim.STATE),
    "consent_reference": (),
    "reading_y": (Dim.READING,),
    "reading_design": (Dim.READING, Dim.FEATURE),
    "reading_story_load": (Dim.READING,),
    "reading_weight": (Dim.READING,),
    "exposure_years": (Dim.STATE, Dim.STEP),
    "pressure": (Dim.CHANGE, Dim.STATE, Dim.STEP),
    "event_state": (Dim.CHANGE, Dim.STATE),
    "event_pressure": (),
}


def build(structure: Structure, data: GraphData) -> pm.Model:
    """Build the graph.

    Parameters
    ----------
    structure : Structure
        The question's coordinates.
    data : GraphData
        Evidence, priors and exposure.

    Returns
    -------
    pymc.Model
        With free variables ``*_z``, deterministics on natural scales, and two potentials.
    """
    with pm.Model(coords=_coords(structure, data)) as model:
        given = {
            name: pm.Data(name, data.values[name], dims=dims or None)
            for name, dims in _DATA_DIMS.items()
        }
        parts = _prior(Dim.RATE_PART, Dim.RATE_PART, data)
        scales = _prior(Dim.SCALE, Dim.SCALE, data)
        levels, factor = _willingness(structure, data, given)
        bias = _voice_bias(pt.exp(scales[2]))
        consent = _consent(structure, data, levels, factor)
        shares, log_odds = _rate(parts, consent, given)
        _survival(parts[1], shares, log_odds, given)
        _readings(scales, (levels, factor, bias), given)
        _natural_scales(parts, scales)
    return model


def _coords(structure: Structure, data: GraphData) -> dict[str, object]:
    rows, features = data.values["reading_design"].shape
    return {
        Dim.RATE_PART: [part.value for part in RATE_PARTS],
        Dim.SCALE: [scale.value for scale in SCALES],
        Dim.ACTOR: structure.dynamic,
        Dim.PAIR: structure.pair_labels,
        Dim.NAMED: structure.named,
        Dim.CHANGE: structure.change,
        Dim.SIDE: structure.sides,
        Dim.STATE: np.arange(data.states),
        Dim.STEP: np.arange(data.values["exposure_years"].shape[1]),
        Dim.READING: np.arange(rows),
        Dim.FEATURE: np.arange(features),
    }


def _prior(name: str, dim: Dim, data: GraphData) -> pt.TensorVariable:
    """Return a family of unknowns on their link scales, non-centred."""
    mean = pm.Data(f"{name}_prior_mean", data.values[f"{name}_prior_mean"], dims=dim)
    sd = pm.Data(f"{name}_prior_sd", data.values[f"{name}_prior_sd"], dims=dim)
    return mean + sd * pm.Normal(f"{name}_z", dims=dim)


def _willingness(
    structure: Structure, data: GraphData, given: Mapping[str, pt.TensorVariable]
) -> tuple[pt.TensorVariable, pt.TensorVariable]:
    """Return levels by pair and factors by actor and state, both logit."""
    levels = _prior(Var.LEVEL, Dim.PAIR, data)
    sd = pt.exp(_prior(Var.FACTOR_SD, Dim.ACTOR, data))
    z = pm.Normal(Var.FACTOR.z, dims=(Dim.ACTOR, Dim.STATE))
    factor = sd[:, None] * pt.dot(z, given["cholesky"].T)
    pm.Deterministic(Var.LEVEL, pt.sigmoid(levels), dims=Dim.PAIR)
    pm.Deterministic(Var.FACTOR_SD, sd, dims=Dim.ACTOR)
    pm.Deterministic(Var.FACTOR, factor, dims=(Dim.ACTOR, Dim.STATE))
    return levels, factor


def _voice_bias(voice_bias_sd: pt.TensorVariable) -> pt.TensorVariable:
    """Return what each side's words lean by, logit."""
    bias = voice_bias_sd * pm.Normal(Var.VOICE_BIAS.z, dims=Dim.SIDE)
    return pm.Deterministic(Var.VOICE_BIAS, bias, dims=Dim.SIDE)


def _consent(
    structure: Structure, data: GraphData, levels: pt.TensorVariable, factor: pt.TensorVariable
) -> pt.TensorVariable:
    """Return c[k, t] of the named outcomes: log precedent and the willing, each by its binding."""
    log_precedent = _prior(Var.PRECEDENT, Dim.NAMED, data)
    binding = pt.sigmoid(_prior(Var.BINDING, Dim.PAIR, data))
    pm.Deterministic(Var.PRECEDENT, pt.exp(log_precedent), dims=Dim.NAMED)
    pm.Deterministic(Var.BINDING, binding, dims=Dim.PAIR)
    logit_w = levels[:, None] + pt.dot(structure.actor_of_pair(), factor)
    log_w = -pt.softplus(-logit_w)
    return log_precedent[:, None] + pt.dot(structure.pairs_of_outcome(), binding[:, None] * log_w)


def _rate(
    parts: pt.TensorVariable, consent: pt.TensorVariable, given: Mapping[str, pt.TensorVariable]
) -> tuple[pt.TensorVariable, pt.TensorVariable]:
    """Return log share[k, t] with ``other`` last, and the log rate of all change at no pressure."""
    log_base, consent_slope, other = parts[0], parts[2], parts[3]
    named = pt.logsumexp(consent, axis=0, keepdims=True)
    log_named_share = -pt.softplus(other)
    log_shares = pt.concatenate(
        [consent - named + log_named_share, pt.zeros_like(named) + other + log_named_share], axis=0
    )
    agreement = named[0] - log_named_share
    return log_shares, log_base + consent_slope * (agreement - given["consent_reference"])


def _survival(
    push_slope: pt.TensorVariable,
    log_shares: pt.TensorVariable,
    log_rate: pt.TensorVariable,
    given: Mapping[str, pt.TensorVariable],
) -> None:
    """Add the survival of the status quo, and the log rate of the event where there was one."""
    pushed = pt.sum(pt.exp(push_slope * given["pressure"]) * given["exposure_years"], axis=2)
    log_rates = log_shares + log_rate
    event = given["event_state"]
    pm.Potential("survival", -pt.sum(pt.exp(log_rates) * pushed))
    pm.Potential(
        "event",
        pt.sum(event * log_rates) + pt.sum(event) * push_slope * given["event_pressure"],
    )


def _readings(
    scales: pt.TensorVariable,
    linear: tuple[pt.TensorVariable, pt.TensorVariable, pt.TensorVariable],
    given: Mapping[str, pt.TensorVariable],
) -> None:
    """Add the log density of the whitened, rotated readings."""
    features = pt.concatenate([part.ravel() for part in linear])
    variance = pt.exp(2 * scales[0]) + pt.exp(2 * scales[1]) * given["reading_story_load"]
    residual = given["reading_y"] - pt.dot(given["reading_design"], features)
    density = residual**2 / variance + pt.log(variance)
    pm.Potential("readings", -0.5 * pt.sum(given["reading_weight"] * density))


def _natural_scales(parts: pt.TensorVariable, scales: pt.TensorVariable) -> None:
    """Name the scalars on their natural scales."""
    pm.Deterministic(Var.BASE_RATE, pt.exp(parts[0]))
    pm.Deterministic(Var.PUSH_SLOPE, parts[1])
    pm.Deterministic(Var.CONSENT_SLOPE, parts[2])
    pm.Deterministic(Var.SHARE_OTHER, pt.sigmoid(parts[3]))
    for index, scale in enumerate(SCALES):
        pm.Deterministic(scale, pt.exp(scales[index]))
