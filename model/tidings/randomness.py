"""Named random streams from one root seed: a new stage moves no other."""

from zlib import crc32

import numpy as np

__all__ = ["stream", "stream_seed"]


def stream(seed: int, name: str, part: int = 0) -> np.random.Generator:
    """Return the generator of a stage.

    Parameters
    ----------
    name : str
        The stage; its generator depends on nothing else.
    """
    return np.random.default_rng(_sequence(seed, name, part))


def stream_seed(seed: int, name: str) -> int:
    """Return a seed of 32 bits for a stage whose sampler makes its own generator."""
    return int(_sequence(seed, name, 0).generate_state(1)[0])


def _sequence(seed: int, name: str, part: int) -> np.random.SeedSequence:
    return np.random.SeedSequence(seed, spawn_key=(crc32(name.encode()), part))
