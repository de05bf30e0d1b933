"""Readings: what items say at face value about an actor's willingness, as rows of a linear model.

Reading ``r`` has ``y = logit(face value)`` and mean ``sign * (level + factor + voice bias + story
effect)``. Everything but the story effect is linear in ``x = [levels, factor path, voice biases]``,
so the readings are rows of a constant design matrix. Each row is divided by its own sd; then the
rows of one story and actor are rotated so that their shared story effect falls on the first of
them alone. After that the rows are independent, row ``r`` with variance ``noise_scale² +
story_sd² * story_load[r]``, and the story effects are integrated out exactly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from tidings.config import GradesConfig, QuestionConfig
from tidings.evidence import Item
from tidings.names import ANY, DEAL, OTHER, RETAINED
from tidings.normal import LinkNormal
from tidings.structure import OBSERVER, Structure
from tidings.timeline import Timeline
from tidings.yardsticks import LEDGER, Yardsticks

__all__ = ["ROWS_MULTIPLE", "Reading", "ReadingRows", "read_items", "rows_of"]

ROWS_MULTIPLE = 64
"""Rows are padded to a multiple of this with rows of weight 0 (see `Timeline.states`)."""


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
    """Whitened and rotated readings, padded.

    Attributes
    ----------
    y : ndarray, shape (reading,)
    design : ndarray, shape (reading, feature)
        Features are levels by pair, then the path by actor and state, then voice biases by side.
    story_load : ndarray, shape (reading,)
        How much of the story variance falls on the row.
    weight : ndarray, shape (reading,)
        1 for a reading, 0 for padding.
    """

    y: NDArray[np.float64]
    design: NDArray[np.float64]
    story_load: NDArray[np.float64]
    weight: NDArray[np.float64]


def read_items(
    items: Sequence[Item], config: QuestionConfig, yardsticks: Yardsticks, timeline: Timeline
) -> tuple[Reading, ...]:
    """Return the readings of items: none for ``deal``, without a face value, or about ``other``.

    Parameters
    ----------
    items : sequence of Item
        Those that a forecast may use.
    config : QuestionConfig
        Says who speaks for whom and what grades are worth.
    yardsticks : Yardsticks
        What the words of face values mean.
    timeline : Timeline
        Maps the items' dates to states.
    """
    readings: list[Reading] = []
    for item in items:
        if item.actor != DEAL and item.face_value is not None:
            face = yardsticks.normal(LEDGER, item.face_value)
            readings += _readings_of(item, face, config, timeline.state_at(item.date))
    return tuple(readings)


def _readings_of(item: Item, face: LinkNormal, config: QuestionConfig, state: int) -> list[Reading]:
    speaker = config.actor(item.actor)
    read = speaker.speaks_for or speaker.id
    own = config.recipients.get(read)
    readable = [own] if own is not None else list(config.named_ids)
    alone = item.outcomes[0] if item.outcomes[0] in (ANY, RETAINED) else None
    if alone is not None:
        # A recipient is asked about one outcome only; "any" and "retained" are about that one.
        targets: list[str | None] = [own]
    else:
        targets = [outcome for outcome in item.outcomes if outcome in readable]
    sd = np.sqrt(_variance(item, face, config.grades) * len(item.outcomes) / speaker.weight)
    return [
        Reading(
            item.id, item.story, read, outcome, -1.0 if alone == RETAINED else 1.0,
            face.mean, float(sd), None if item.voice == OBSERVER else f"{item.actor}:{item.voice}",
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
    """Return the readings as rows of the linear model.

    Parameters
    ----------
    readings : sequence of Reading
        From `read_items`.
    structure : Structure
        Gives the features their order.
    states : int
        Number of states of the grid, padding included.
    precedent_share : mapping of str to float
        Weight of each outcome in an actor's mean willingness; sums to 1.
    """
    count = max(1, ceil(len(readings) / ROWS_MULTIPLE)) * ROWS_MULTIPLE
    features = len(structure.pairs) + len(structure.dynamic) * states + len(structure.sides)
    y, load = np.zeros(count), np.zeros(count)
    design = np.zeros((count, features))
    for r, reading in enumerate(readings):
        y[r] = reading.y_logit / reading.sd_logit
        design[r] = _features(reading, structure, states, precedent_share)
        design[r] *= reading.sign / reading.sd_logit
    for rows in _groups(readings):
        loads = np.array([readings[r].sign / readings[r].sd_logit for r in rows])
        rotation = _onto_first(loads)
        y[rows], design[rows] = rotation @ y[rows], rotation @ design[rows]
        load[rows[0]] = loads @ loads
    return ReadingRows(y, design, load, (np.arange(count) < len(readings)).astype(float))


def _features(
    reading: Reading, structure: Structure, states: int, precedent_share: Mapping[str, float]
) -> NDArray[np.float64]:
    levels = np.array(
        [
            (precedent_share[k] if reading.outcome is None else float(k == reading.outcome))
            * (a == reading.actor)
            for a, k in structure.pairs
        ]
    )
    path = np.zeros((len(structure.dynamic), states))
    if reading.actor in structure.dynamic:
        path[structure.dynamic.index(reading.actor), reading.state] = 1.0
    biases = np.array([float(side == reading.side) for side in structure.sides])
    return np.concatenate([levels, path.ravel(), biases])


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
