"""The model's unknowns in their order, and all that enters the graph as data.

Nothing of a run is in the graph's structure but the question's coordinates: priors, evidence,
exposure and the grid are data, and the graph's shapes follow theirs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tidings.mechanism.paths import PathBasis
from tidings.mechanism.rows import ReadingRows
from tidings.names import Dim, Var
from tidings.question.normal import LinkNormal
from tidings.question.structure import Structure

RATE_PARTS = (Var.BASE_RATE, Var.PUSH_SLOPE, Var.COUNTER_SLOPE, Var.CONSENT_SLOPE, Var.SHARE_OTHER)
SCALES = (Var.NOISE_SCALE, Var.STORY_SD, Var.VOICE_BIAS_SD)
NEVER = 20.0
"""Agreement less likely than exp(-20), two in a thousand million, is none."""

DATA_DIMS: Mapping[str, tuple[Dim, ...]] = {
    "prior_mean": (Dim.PRIOR,),
    "prior_sd": (Dim.PRIOR,),
    "consent_reference": (),
    "path_basis": (Dim.ACTOR, Dim.STATE, Dim.MODE),
    "factor_centring": (Dim.ACTOR, Dim.MODE),
    "voice_bias_centring": (Dim.SIDE,),
    "reading_y": (Dim.READING,),
    "reading_design": (Dim.READING, Dim.FEATURE),
    "reading_story_load": (Dim.READING,),
    "reading_count": (Dim.READING,),
    "exposure_years": (Dim.STATE, Dim.STEP),
    "pressure": (Dim.WAY, Dim.END, Dim.STATE, Dim.STEP),
}
"""Everything that the graph takes as data, in its order."""

_ABSENT_SHARE = LinkNormal(-40.0, 0.0, "logit")
"""A question without ``other`` has no prior for its share: it is fixed at 0."""


@dataclass(frozen=True)
class Exposure:
    """What time and pressure tell.

    Attributes
    ----------
    years : ndarray, shape (state, step_in_state)
        Years during which the status quo was at risk and known to hold.
    pressure : ndarray, shape (way, end, state, step_in_state)
        Mean pressure over each step, towards each outcome and against it.
    """

    years: NDArray[np.float64]
    pressure: NDArray[np.float64]


@dataclass(frozen=True)
class GraphData:
    """All that enters the graph as data, and what of it the graph has in shorter form."""

    values: Mapping[str, NDArray[np.float64]]
    paths: PathBasis
    rows: ReadingRows

    def changed(self, **values: NDArray[np.float64]) -> "GraphData":
        """Return the data with some values replaced."""
        return replace(self, values={**self.values, **values})

    def reading(self, rows: ReadingRows) -> "GraphData":
        """Return the data with other readings over the same states."""
        return replace(self.changed(**_reading_values(rows, self.paths)), rows=rows)


def _families(structure: Structure) -> dict[str, list[str]]:
    pairs = [f"{actor}.{outcome}" for actor, outcome in structure.pairs]
    return {
        "rate": [part.value for part in RATE_PARTS],
        "scale": [scale.value for scale in SCALES],
        Var.FACTOR_SD: [f"factor_sd.{actor}" for actor in structure.dynamic],
        Var.PRECEDENT: [f"precedent.{outcome}" for outcome in structure.named],
        Var.LEVEL: [f"willingness.{pair}" for pair in pairs],
        Var.BINDING: [f"binding.{pair}" for pair in pairs],
    }


def prior_names(structure: Structure) -> tuple[str, ...]:
    """Return the dotted names of all priors of the graph, in its order."""
    return tuple(name for names in _families(structure).values() for name in names)


def prior_slices(structure: Structure) -> dict[str, slice]:
    """Return where each family stands among them: ``rate``, ``scale``, and the variables' names."""
    slices, start = {}, 0
    for family, names in _families(structure).items():
        slices[str(family)] = slice(start, start + len(names))
        start += len(names)
    return slices


def free_shapes(structure: Structure, modes: int) -> dict[str, tuple[int, ...]]:
    """Return the graph's free variables in the order of a draw."""
    return {
        Var.PRIOR.z: (len(prior_names(structure)),),
        Var.FACTOR.u: (len(structure.dynamic), modes),
        Var.VOICE_BIAS.u: (len(structure.sides),),
    }


def data_of(
    structure: Structure,
    priors: Mapping[str, LinkNormal],
    paths: PathBasis,
    rows: ReadingRows,
    exposure: Exposure,
    consent_reference: float,
) -> GraphData:
    """Gather the graph's data.

    Parameters
    ----------
    structure : Structure
        Order of actors, pairs and outcomes.
    """
    normals = [priors.get(name, _ABSENT_SHARE) for name in prior_names(structure)]
    values = {
        "prior_mean": np.array([normal.mean for normal in normals]),
        "prior_sd": np.array([normal.sd for normal in normals]),
        "consent_reference": np.array(consent_reference),
        "path_basis": paths.informed,
        **_centring(structure, priors, rows.over(paths)),
        **_reading_values(rows, paths),
        "exposure_years": exposure.years,
        "pressure": exposure.pressure,
    }
    return GraphData(values, paths, rows)


def _centring(
    structure: Structure, priors: Mapping[str, LinkNormal], rows: ReadingRows
) -> dict[str, NDArray[np.float64]]:
    """Return by how much each mode and each voice bias is centred.

    With ``told`` the precision that the readings give it over that of its prior, at the medians of
    the scales, it is ``told / (1 + told)``.
    """
    noise = np.exp(-2 * priors["noise_scale"].mean)
    factor = np.array([priors[f"factor_sd.{actor}"].mean for actor in structure.dynamic])
    told_path = np.exp(2 * factor)[:, None] * noise * np.sum(rows.path**2, axis=0)
    told_bias = np.exp(2 * priors["voice_bias_sd"].mean) * noise * np.sum(rows.biases**2, axis=0)
    return {
        "factor_centring": told_path / (1 + told_path),
        "voice_bias_centring": told_bias / (1 + told_bias),
    }


def _reading_values(rows: ReadingRows, paths: PathBasis) -> dict[str, NDArray[np.float64]]:
    short = rows.over(paths).compressed()
    return {
        "reading_y": short.y,
        "reading_design": short.design,
        "reading_story_load": short.story_load,
        "reading_count": short.count,
    }
