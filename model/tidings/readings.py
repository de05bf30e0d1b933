"""Readings: what items say at face value about an actor's willingness, as rows of a linear model.

Reading ``r`` has ``y = logit(face value)`` and mean ``sign * (level + factor + voice bias + story
effect)``. Everything but the story effect is linear in ``x = [levels, factor path, voice biases]``,
so the readings are rows of a constant design matrix. Each row is divided by its own sd; then the
rows of one story and actor are rotated so that their shared story effect falls on the first of
them alone. After that the rows are independent, row ``r`` with variance ``noise_scale² +
story_sd² * story_load[r]``, and the story effects are integrated out exactly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tidings.config import ActorConfig, GradesConfig
from tidings.evidence import Item
from tidings.names import ANY, DEAL, OTHER, RETAINED
from tidings.normal import LinkNormal
from tidings.paths import PathBasis
from tidings.structure import OBSERVER, Structure
from tidings.timeline import Timeline
from tidings.yardsticks import LEDGER, Yardsticks

__all__ = ["Cast", "Reading", "ReadingRows", "read_items", "rows_of", "whitened_rows"]


class Cast(Protocol):
    """Who is asked about what: of a question file, or of a past question."""

    @property
    def grades(self) -> GradesConfig:
        """What grades are worth."""

    @property
    def named_ids(self) -> tuple[str, ...]:
        """Outcomes that actors must agree to."""

    @property
    def recipients(self) -> Mapping[str, str]:
        """Static actors, and the outcome each is read for."""

    def actor(self, identifier: str) -> ActorConfig:
        """Return an actor, or raise KeyError."""


@dataclass(frozen=True)
class Reading:
    """One reading of one actor's willingness, taken from one item.

    Attributes
    ----------
    item, story : str
        Ids.
    actor : str
        Whose willingness is read; for an actor that speaks for another, the other.
    outcome : str or None
        The outcome that was put to the actor; None where all or none was meant.
    sign : float
        -1 for the status quo, else 1.
    y_logit, sd_logit : float
        Face value, and its sd before the noise scale.
    side : str or None
        Whose voice bias it carries; None for observers.
    state : int
        The state of the factors that it reads.
    """

    item: str
    story: str
    actor: str
    outcome: str | None
    sign: float
    y_logit: float
    sd_logit: float
    side: str | None
    state: int


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


def read_items(
    items: Sequence[Item],
    cast: Cast,
    precedent_share: Mapping[str, float],
    yardsticks: Yardsticks,
    timeline: Timeline,
) -> tuple[Reading, ...]:
    """Return the readings of items: none for ``deal``, without a face value, or about ``other``.

    Parameters
    ----------
    items : sequence of Item
        Those that a forecast may use.
    cast : Cast
        Says who speaks for whom and what grades are worth.
    precedent_share : mapping of str to float
        How an item that names several outcomes divides its weight of one between them: so that an
        outcome tells of the others what it did before, when it is split in two.
    yardsticks : Yardsticks
        What the words of face values mean.
    timeline : Timeline
        Maps the items' dates to states.
    """
    readings: list[Reading] = []
    for item in items:
        if item.actor != DEAL and item.face_value is not None:
            face = yardsticks.normal(LEDGER, item.face_value)
            share = _shares(item, precedent_share)
            readings += _readings_of(item, face, (cast, share), timeline.state_at(item.date))
    return tuple(readings)


def _shares(item: Item, precedent_share: Mapping[str, float]) -> dict[str, float]:
    """Return the part of an item's weight that falls on each outcome it names."""
    # What has no precedent (another end, or all of them at once) counts as one among them.
    typical = sum(precedent_share.values()) / max(len(precedent_share), 1)
    named = {one: precedent_share.get(one, typical) for one in item.outcomes}
    return {one: share / sum(named.values()) for one, share in named.items()}


def _readings_of(
    item: Item, face: LinkNormal, divided: tuple[Cast, Mapping[str, float]], state: int
) -> list[Reading]:
    cast, share = divided
    speaker = cast.actor(item.actor)
    read = speaker.speaks_for or speaker.id
    own = cast.recipients.get(read)
    readable = [own] if own is not None else list(cast.named_ids)
    alone = item.outcomes[0] if item.outcomes[0] in (ANY, RETAINED) else None
    if alone is not None:
        # A recipient is asked about one outcome only; "any" and "retained" are about that one.
        targets: list[str | None] = [own]
    else:
        targets = [outcome for outcome in item.outcomes if outcome in readable]
    variance = _variance(item, face, cast.grades) / speaker.weight
    return [
        Reading(
            item.id, item.story, read, outcome, -1.0 if alone == RETAINED else 1.0,
            face.mean, float(np.sqrt(variance / share.get(str(outcome), 1.0))),
            None if item.voice == OBSERVER else f"{item.actor}:{item.voice}",
            state,
        )
        for outcome in targets
        if outcome != OTHER
    ]  # fmt: skip


def _variance(item: Item, face: LinkNormal, grades: GradesConfig) -> float:
    reliability: float = grades.reliability_sd[item.source_reliability]  # type: ignore[index]
    credibility: float = grades.credibility_sd[item.credibility]  # type: ignore[index]
    return face.sd**2 + reliability**2 + credibility**2


def rows_of(
    readings: Sequence[Reading],
    structure: Structure,
    states: int,
    precedent_share: Mapping[str, float],
) -> ReadingRows:
    """Return the readings as rows of the linear model; without readings, one row that counts none.

    Parameters
    ----------
    readings : sequence of Reading
        From `read_items`.
    structure : Structure
        Gives the features their order.
    states : int
        Number of states of the grid.
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
