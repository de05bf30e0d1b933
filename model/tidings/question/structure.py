"""The fixed structure of a question: which actor matters for which outcome, and who speaks.

Indices and one-hot matrices are made here once, in NumPy; the graph and the forecast share them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, get_args

import numpy as np
from numpy.typing import NDArray

from tidings.names import OTHER, Voice
from tidings.question.schema import QuestionConfig

OBSERVER: Final = "observer"
"""The voice without a side: nobody's spokesman, so without a bias of its own."""


@dataclass(frozen=True)
class Structure:
    """Coordinates of a question.

    Attributes
    ----------
    ends : tuple of str
        ``named`` and then ``other``, which the graph always has (its share may be 0).
    pairs : tuple of (str, str)
        Actor and outcome: each has one willingness and one binding.
    sides : tuple of str
        ``actor:voice``, who says it about whom; each has one voice bias.
    """

    named: tuple[str, ...]
    dynamic: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    sides: tuple[str, ...]

    @property
    def ends(self) -> tuple[str, ...]:
        """Return all outcomes but the status quo; the last is ``other``."""
        return (*self.named, OTHER)

    @property
    def pair_labels(self) -> tuple[str, ...]:
        """Return the pairs as ``actor:outcome``."""
        return tuple(f"{actor}:{outcome}" for actor, outcome in self.pairs)

    def actor_of_pair(self) -> NDArray[np.float64]:
        """Return the one-hot of each pair's factor, shape (pair, actor); recipients have none."""
        return np.array([[float(a == d) for d in self.dynamic] for a, _ in self.pairs])

    def pairs_of_outcome(self) -> NDArray[np.float64]:
        """Return the one-hot of each outcome's pairs, shape (named, pair)."""
        return np.array([[float(o == k) for _, o in self.pairs] for k in self.named])


def make_structure(config: QuestionConfig) -> Structure:
    """Return the structure of a question."""
    dynamic, named = config.dynamic_ids, config.named_ids
    pairs = [(actor, outcome) for actor in dynamic for outcome in named]
    pairs += list(config.recipients.items())
    sides = sides_of([actor.id for actor in config.actors])
    return Structure(named, dynamic, tuple(pairs), sides)


def sides_of(actors: Sequence[str]) -> tuple[str, ...]:
    """Return who may say something about whom, each with a bias of its own: ``actor:voice``."""
    voices = [voice for voice in get_args(Voice) if voice != OBSERVER]
    return tuple(f"{actor}:{voice}" for actor in actors for voice in voices)
