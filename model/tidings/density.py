"""The log density that the sampler calls: PyMC's own, as machine code.

PyMC's graph (`tidings.graph`) is differentiated and compiled once for a question's structure, for
evidence of any length, and kept on disk (`tidings.machine_code`): a later process loads it in
milliseconds and needs neither PyMC nor a compiler. The file's name is a digest of the modules that
define the graph, the structure, the versions of the libraries and the processor, and the code is
used only if it still gives, bit for bit, the density and gradient that it was stored with.

The functions work in coordinates ``v`` with ``x = location + scale v``, in which the posterior is
close to a standard normal (see `tidings.inference`); ``x`` are the graph's free variables.
"""

import hashlib
import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from ctypes import CFUNCTYPE, c_int64, c_uint64, c_void_p
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import Any

import numpy as np
from llvmlite import binding
from numpy.typing import NDArray

from tidings.errors import FitError
from tidings.machine_code import LoadedCode, MachineCode, keep, kept
from tidings.structure import Structure
from tidings.unknowns import DATA_DIMS, GraphData, free_shapes

__all__ = ["BoundDensity", "LogDensity", "log_density"]

_MODULES = ("compilation", "density", "graph", "machine_code", "names", "structure", "unknowns")
_PACKAGES = ("numba", "llvmlite", "numpy", "pytensor", "pymc")
_PROBE_SEED = 7
_C_DENSITY = CFUNCTYPE(c_int64, c_uint64, c_void_p, c_void_p, c_void_p, c_void_p)


@dataclass(frozen=True)
class LogDensity:
    """A question's log density, for any data of its structure.

    Attributes
    ----------
    structure : Structure
        The question's coordinates.
    density : LoadedCode
        ``(size, v, gradient, value, data) -> 0`` where value and gradient are finite.
    expand : LoadedCode
        ``(size, size, v, x, data) -> 0``.
    """

    structure: Structure
    density: LoadedCode
    expand: LoadedCode

    def bind(
        self,
        data: GraphData,
        location: NDArray[np.float64] | None = None,
        scale: NDArray[np.float64] | None = None,
    ) -> "BoundDensity":
        """Return the density of one set of data.

        Parameters
        ----------
        data : GraphData
            Evidence, priors and exposure.
        location, scale : ndarray, shapes (unknown,) and (unknown, unknown), optional
            Coordinates; those of the free variables themselves if not given.
        """
        shapes = free_shapes(self.structure, data.paths.modes)
        size = sum(int(np.prod(shape)) for shape in shapes.values())
        first = np.zeros(size) if location is None else location
        second = np.eye(size) if scale is None else scale
        values = [data.values[name] for name in DATA_DIMS]
        return BoundDensity(self, shapes, size, _packed([first, second, *values]))


@dataclass(frozen=True)
class BoundDensity:
    """A log density with its data.

    Attributes
    ----------
    of : LogDensity
        The functions.
    shapes : mapping of str to tuple of int
        The free variables, in the order of ``x``.
    size : int
        Number of unknowns.
    buffer : ndarray
        All data in one piece: its length, the shapes of its arrays, and the arrays.
    """

    of: LogDensity
    shapes: dict[str, tuple[int, ...]]
    size: int
    buffer: NDArray[np.float64]

    @cached_property
    def _function(self) -> Any:  # noqa: ANN401 - a C function
        return _C_DENSITY(self.of.density.address)

    def __call__(self, v: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Return the log density and its gradient, both nan where either is not finite."""
        v, gradient, value = np.ascontiguousarray(v, dtype=float), np.empty(self.size), np.empty(1)
        pointers = [array.ctypes.data for array in (v, gradient, value, self.buffer)]
        if self._function(self.size, *pointers):
            return np.nan, np.full(self.size, np.nan)
        return float(value[0]), gradient


def _packed(arrays: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    lengths = [float(length) for array in arrays for length in np.shape(array)]
    flat = np.concatenate([np.ravel(np.asarray(array, dtype=float)) for array in arrays])
    return np.concatenate([[float(1 + len(lengths) + len(flat))], lengths, flat])


_IN_MEMORY: dict[Structure, LogDensity] = {}


def log_density(structure: Structure, data: GraphData) -> LogDensity:
    """Return a question's log density: from this process, from disk, or compiled.

    Parameters
    ----------
    structure : Structure
        The question's coordinates.
    data : GraphData
        Any data of the question; the code's probe is made with them.

    Raises
    ------
    FitError
        If it cannot be compiled.
    """
    if structure not in _IN_MEMORY:
        name = f"density-{_digest(structure)}"
        _IN_MEMORY[structure] = _from_disk(name, structure) or _compiled(name, structure, data)
    return _IN_MEMORY[structure]


def _digest(structure: Structure) -> str:
    found = hashlib.sha256()
    for name in _MODULES:
        found.update(Path(__file__).with_name(f"{name}.py").read_bytes())
    facts = [repr(structure), python_version(), binding.get_host_cpu_name()]
    facts += [binding.get_host_cpu_features().flatten()]
    facts += [f"{name} {version(name)}" for name in _PACKAGES]
    found.update("\n".join(facts).encode())
    return found.hexdigest()[:32]


def _from_disk(name: str, structure: Structure) -> LogDensity | None:
    found = kept(name)
    if found is None:
        return None
    codes, probe = found
    density = LogDensity(structure, *map(LoadedCode, codes))
    bound = BoundDensity(density, {}, len(probe["v"]), probe["buffer"])
    return density if np.array_equal(_answer(bound, probe["v"]), probe["answer"]) else None


def _compiled(name: str, structure: Structure, data: GraphData) -> LogDensity:
    codes = _compile_in_own_process(structure, data)
    density = LogDensity(structure, *map(LoadedCode, codes))
    bound = density.bind(data)
    v = np.random.default_rng(_PROBE_SEED).normal(size=bound.size)
    keep(name, codes, {"v": v, "buffer": bound.buffer, "answer": _answer(bound, v)})
    return density


def _compile_in_own_process(structure: Structure, data: GraphData) -> list[MachineCode]:
    """Compile where PyMC and the compiler give their memory back when they are done."""
    # -P and the paths keep out modules that stand where the user does.
    command = [sys.executable, "-P", "-m", "tidings.compilation"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(_import_paths())}
    asked = pickle.dumps((structure, data))
    done = subprocess.run(command, input=asked, capture_output=True, env=environment, check=False)
    if done.returncode != 0:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise FitError(
            f"the model cannot be compiled: {' '.join(last)}; "
            "see that the packages are installed as the project pins them (uv sync)"
        )
    codes: list[MachineCode] = pickle.loads(done.stdout)
    return codes


def _import_paths() -> list[str]:
    """Return from where this process imports: its own package first, never the working folder."""
    own, here = Path(__file__).parents[1], Path.cwd()
    paths = [Path(path) for path in sys.path if path and Path(path).resolve() != here]
    return [str(path) for path in (own, *paths)]


def _answer(bound: BoundDensity, v: NDArray[np.float64]) -> NDArray[np.float64]:
    value, gradient = bound(v)
    return np.concatenate([[value], gradient])
