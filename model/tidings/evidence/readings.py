"""Readings: what items say at face value about an actor's willingness.

Reading ``r`` has ``y = logit(face value)``, with an sd that adds the width of the word on its
yardstick and what the grades of source and item are worth; an item that names several outcomes
divides its weight of one between them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tidings.evidence.ledger import Item
from tidings.names import ANY, DEAL, OTHER, RETAINED
from tidings.question.normal import LinkNormal
from tidings.question.schema import ActorConfig, GradesConfig
from tidings.question.structure import OBSERVER
from tidings.question.timeline import Timeline
from tidings.question.yardsticks import LEDGER, Yardsticks


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
    outcome : str or None
        The outcome that was put to the actor; None where all or none was meant.
    sign : float
        -1 for the status quo, else 1.
    y_logit, sd_logit : float
        Face value, and its sd before the noise scale.
    side : str or None
        Whose voice bias it carries; None for observers.
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
    precedent_share : mapping of str to float
        How an item that names several outcomes divides its weight of one between them: so that an
        outcome tells of the others what it did before, when it is split in two.
    yardsticks : Yardsticks
        What the words of face values mean.
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
    named = {outcome: precedent_share.get(outcome, typical) for outcome in item.outcomes}
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
            item.id,
            item.story,
            read,
            outcome,
            -1.0 if alone == RETAINED else 1.0,
            face.mean,
            float(np.sqrt(variance / share.get(str(outcome), 1.0))),
            None if item.voice == OBSERVER else f"{item.actor}:{item.voice}",
            state,
        )
        for outcome in targets
        if outcome != OTHER
    ]


def _variance(item: Item, face: LinkNormal, grades: GradesConfig) -> float:
    reliability: float = grades.reliability_sd[item.source_reliability]  # type: ignore[index]
    credibility: float = grades.credibility_sd[item.credibility]  # type: ignore[index]
    return face.sd**2 + reliability**2 + credibility**2
