"""The factors' paths in coordinates that the evidence can tell apart.

An actor's path over the states is ``sd * L w``, with ``L Lᵀ`` the AR(1) correlation and ``w``
standard normal. What is known of it, ``diag(precision)`` by state, informs ``w`` by the matrix
``sd² Lᵀ diag(precision) L``. Along its eigenvectors of small eigenvalue the posterior is the prior:
there nothing needs to be sampled. So the graph has the informed directions only, and the others
are drawn from their prior afterwards (likelihood-informed subspace: Cui et al. 2014,
doi:10.1088/0266-5611/30/11/114015).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

INFORMED = 0.01
"""Eigenvalue, in units of the prior's precision, from which a direction counts as informed."""


@dataclass(frozen=True)
class PathBasis:
    """Directions of the paths, each column scaled so that its coordinate is standard normal.

    Attributes
    ----------
    informed : ndarray, shape (actor, state, mode)
        What the graph samples.
    rest : ndarray, shape (actor, state, other mode)
        What evidence leaves as it was.
    """

    informed: NDArray[np.float64]
    rest: NDArray[np.float64]

    @property
    def modes(self) -> int:
        """How many directions are informed."""
        return int(self.informed.shape[2])


def path_basis(
    cholesky: NDArray[np.float64], precision: NDArray[np.float64], informed: float = INFORMED
) -> PathBasis:
    """Split the paths into what the evidence tells of and the rest.

    Parameters
    ----------
    cholesky : ndarray, shape (state, state)
        Factor of the AR(1) correlation of the states.
    precision : ndarray, shape (actor, state)
        At most how precisely each state is known, in units of the prior's precision.
    """
    bases, most = [], 1
    for known in precision:
        values, vectors = np.linalg.eigh(cholesky.T @ (known[:, None] * cholesky))
        bases.append(cholesky @ vectors[:, ::-1])
        most = max(most, int(np.sum(values > informed)))
    stacked = np.stack(bases)
    return PathBasis(np.ascontiguousarray(stacked[..., :most]), stacked[..., most:])


def prior_basis(actors: int) -> PathBasis:
    """Return the basis of paths of one state: each actor's factor at one time."""
    return PathBasis(np.ones((actors, 1, 1)), np.zeros((actors, 1, 0)))
