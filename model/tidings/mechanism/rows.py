"""Readings as rows of a linear model, story effects integrated out.

Reading ``r`` has mean ``sign * (level + factor + voice bias + story effect)``. Everything but the
story effect is linear in ``x = [levels, factor path, voice biases]``, so the readings are rows of a
constant design matrix. Each row is divided by its own sd; then the rows of one story and actor are
rotated so that their shared story effect falls on the first of them alone. After that the rows are
independent, row ``r`` with variance ``noise_scale² + story_sd² * story_load[r]``, and the story
effects are integrated out exactly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tidings.evidence.readings import Reading
from tidings.mechanism.paths import PathBasis
from tidings.question.structure import Structure


@dataclass(frozen=True)
class ReadingRows:
    """Whitened and rotated readings: independent rows of a linear model.

    Row ``r`` has residual ``e = y - levels·level - path·factor - biases·voice_bias``, variance
    ``v = noise_scale² + story_sd² * story_load``, and log density ``-(e²/v + count log v) / 2``.

    Attributes
    ----------
    y : ndarray, shape (row,)
    levels : ndarray, shape (row, pair)
    path : ndarray, shape (row, actor, state) or (row, actor, mode)
    biases : ndarray, shape (row, side)
    story_load : ndarray, shape (row,)
        How much of the story variance falls on the row.
    count : ndarray, shape (row,)
        1 for a reading; after `compressed`, of how many readings a row has the variance.
    """

    y: NDArray[np.float64]
    levels: NDArray[np.float64]
    path: NDArray[np.float64]
    biases: NDArray[np.float64]
    story_load: NDArray[np.float64]
    count: NDArray[np.float64]

    @property
    def design(self) -> NDArray[np.float64]:
        """The features side by side, shape (row, feature)."""
        return np.concatenate([self.levels, self.path.reshape(len(self.y), -1), self.biases], 1)

    def over(self, paths: PathBasis) -> "ReadingRows":
        """Return the rows as functions of the paths' informed coordinates."""
        return replace(self, path=np.einsum("ras,asm->ram", self.path, paths.informed))

    def compressed(self) -> "ReadingRows":
        """Return fewer rows of the same density: those without a story effect as a triangle.

        With ``QR = design`` their sum of squares is ``|Qᵀy - R x|²`` and a constant, which one
        more row of zeros has, with the count of them all.
        """
        plain = self.story_load == 0.0
        features = self.design.shape[1]
        if plain.sum() <= features + 1:
            return self
        q, r = np.linalg.qr(self.design[plain])
        y = q.T @ self.y[plain]
        left = np.sqrt(max(float(self.y[plain] @ self.y[plain] - y @ y), 0.0))
        short = np.vstack([self.design[~plain], r, np.zeros(features)])
        pairs, path = self.levels.shape[1], self.path[0].size
        return ReadingRows(
            np.concatenate([self.y[~plain], y, [left]]),
            short[:, :pairs],
            short[:, pairs : pairs + path].reshape(-1, *self.path.shape[1:]),
            short[:, pairs + path :],
            np.concatenate([self.story_load[~plain], np.zeros(features + 1)]),
            np.concatenate([self.count[~plain], np.zeros(features), [plain.sum()]]),
        )


def rows_of(
    readings: Sequence[Reading],
    structure: Structure,
    states: int,
    precedent_share: Mapping[str, float],
) -> ReadingRows:
    """Return the readings as rows of the linear model; without readings, one row that counts none.

    Parameters
    ----------
    structure : Structure
        Gives the features their order.
    precedent_share : mapping of str to float
        Weight of each outcome in an actor's mean willingness; sums to 1.
    """
    rows = whitened_rows(readings, structure, states, precedent_share)
    for group in _groups(readings):
        loads = np.array([readings[r].sign / readings[r].sd_logit for r in group])
        rotation = _onto_first(loads)
        for part in (rows.y, rows.levels, rows.path, rows.biases):
            part[group] = np.tensordot(rotation, part[group], 1)
        rows.story_load[group[0]] = loads @ loads
    return rows


def whitened_rows(
    readings: Sequence[Reading],
    structure: Structure,
    states: int,
    precedent_share: Mapping[str, float],
) -> ReadingRows:
    """Return one row a reading, divided by its sd, before rotation; parameters as for `rows_of`.

    Its residual has variance ``noise_scale²``, and shares ``story_sd * sign / sd_logit`` times one
    standard normal with the others of its story and actor.
    """
    count = max(1, len(readings))
    rows = ReadingRows(
        np.zeros(count),
        np.zeros((count, len(structure.pairs))),
        np.zeros((count, len(structure.dynamic), states)),
        np.zeros((count, len(structure.sides))),
        np.zeros(count),
        np.full(count, float(bool(readings))),
    )
    for r, reading in enumerate(readings):
        scale = reading.sign / reading.sd_logit
        rows.y[r] = reading.y_logit / reading.sd_logit
        for p, (actor, outcome) in enumerate(structure.pairs):
            if actor == reading.actor:
                share = precedent_share[outcome] if reading.outcome is None else 1.0
                rows.levels[r, p] = scale * share * (reading.outcome in (None, outcome))
        if reading.actor in structure.dynamic:
            rows.path[r, structure.dynamic.index(reading.actor), reading.state] = scale
        if reading.side is not None:
            rows.biases[r, structure.sides.index(reading.side)] = scale
    return rows


def _groups(readings: Sequence[Reading]) -> list[list[int]]:
    groups: dict[tuple[str, str], list[int]] = {}
    for r, reading in enumerate(readings):
        groups.setdefault((reading.story, reading.actor), []).append(r)
    return list(groups.values())


def _onto_first(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the orthogonal (Householder) matrix that maps a vector onto the first axis."""
    unit = vector / np.linalg.norm(vector)
    mirror = unit.copy()
    mirror[0] += np.copysign(1.0, unit[0])
    return np.eye(len(unit)) - 2 * np.outer(mirror, mirror) / (mirror @ mirror)
