"""The log density that the sampler calls: PyMC's own, as machine code that outlives the process.

PyMC's graph (`tidings.mechanism.graph`) is differentiated and compiled once for a question's
structure, for evidence of any length, and kept on disk: a later process loads it in milliseconds
and needs neither PyMC nor a compiler. A file's name is a digest of the modules that define the
graph, the structure, the versions of the libraries and the processor. It holds the code, a probe
(what the code was once asked and what it answered), and a seal over both; the code is used only if
the seal holds and it still gives the same answer, bit for bit.

The functions work in coordinates ``v`` with ``x = location + scale v``, in which the posterior is
close to a standard normal (see `tidings.forecasting.sampling`); ``x`` are the graph's free
variables.
"""

import hashlib
import io
import os
import pickle
import stat
import subprocess
import sys
import warnings
from collections.abc import Mapping, Sequence
from ctypes import CFUNCTYPE, c_int64, c_uint64, c_void_p
from dataclasses import dataclass, fields
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from tempfile import NamedTemporaryFile, TemporaryDirectory, gettempdir
from typing import Any

import numpy as np
from llvmlite import binding
from numpy.typing import NDArray

from tidings.errors import FitError
from tidings.mechanism.unknowns import DATA_DIMS, GraphData, free_shapes
from tidings.question.structure import Structure

_SEAL_BYTES = 32
_KEPT_FILES = 20


@dataclass(frozen=True)
class MachineCode:
    """One C function as object code, and its name there."""

    symbol: bytes
    object_code: bytes


class LoadedCode:
    """A function in memory, as long as this object lives.

    It has an engine of its own. In numba's, which already knows the functions of whatever else the
    process has compiled, calls within the code could end in another version of the same function.

    Attributes
    ----------
    address : int
        Where it stands.
    """

    def __init__(self, code: MachineCode) -> None:
        from numba.core.registry import cpu_target
        from numba.core.runtime import rtsys

        # Makes numba's memory management known to what is loaded.
        rtsys.initialize(cpu_target.target_context)
        machine = binding.Target.from_default_triple().create_target_machine(
            cpu=binding.get_host_cpu_name(),
            features=binding.get_host_cpu_features().flatten(),
            jit=True,
        )
        self._engine = binding.create_mcjit_compiler(binding.parse_assembly(""), machine)
        self._engine.add_object_file(binding.ObjectFileRef.from_data(code.object_code))
        self._engine.finalize_object()
        self.address = int(self._engine.get_function_address(code.symbol.decode()))


def cache_folder() -> Path:
    """Return where machine code is kept: TIDINGS_CACHE, or a folder in the user's cache.

    A user without a home, as in a container, has one among the temporary files.
    """
    if chosen := os.environ.get("TIDINGS_CACHE"):
        return Path(chosen)
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base) / "tidings"
    try:
        return Path.home() / ".cache" / "tidings"
    except RuntimeError:
        return Path(gettempdir()) / f"tidings-{os.getuid() if hasattr(os, 'getuid') else 'cache'}"


def kept(name: str) -> tuple[list[MachineCode], dict[str, NDArray[np.float64]]] | None:
    """Return functions and their probe from disk, or None if there is no file that is whole.

    Notes
    -----
    What is here is run. A file of another user's, or that others may write, counts as none.
    """
    try:
        with (cache_folder() / f"{name}.bin").open("rb") as stream:
            content = stream.read() if _own(stream.fileno()) else b""
    except OSError:
        return None
    seal, body = content[:_SEAL_BYTES], content[_SEAL_BYTES:]
    if hashlib.sha256(body).digest() != seal:
        return None
    with np.load(io.BytesIO(body)) as stored:
        parts = {key: stored[key] for key in stored.files}
    count = int(parts.pop("count"))
    codes = [
        MachineCode(*(parts.pop(f"{field.name}_{i}").tobytes() for field in fields(MachineCode)))
        for i in range(count)
    ]
    return codes, parts


def keep(name: str, codes: Sequence[MachineCode], probe: Mapping[str, NDArray[np.float64]]) -> None:
    """Cache compiled functions on disk; warn where that is impossible."""
    parts = {
        f"{field}_{i}": np.frombuffer(value, dtype=np.uint8)
        for i, code in enumerate(codes)
        for field, value in vars(code).items()
    }
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, count=len(codes), **parts, **probe)
    try:
        _write(cache_folder(), name, stream.getvalue())
    except OSError as error:
        warnings.warn(
            f"{cache_folder()}: the compiled model cannot be kept ({error.strerror}), so that each "
            "run compiles it again; name a folder that can be written in TIDINGS_CACHE",
            stacklevel=2,
        )


def _own(file: int) -> bool:
    """Return whether an open file belongs to the user, and nobody else can write it."""
    if not hasattr(os, "getuid"):
        return True
    told = os.fstat(file)
    return told.st_uid == os.getuid() and not told.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _write(folder: Path, name: str, body: bytes) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=folder, prefix=".writing-", delete=False) as written:
        written.write(hashlib.sha256(body).digest() + body)
    Path(written.name).replace(folder / f"{name}.bin")
    files = sorted(folder.glob("*.bin"), key=lambda path: path.stat().st_mtime)
    for old in files[:-_KEPT_FILES]:
        old.unlink(missing_ok=True)


_MODULES = (
    "forecasting/compilation",
    "forecasting/density",
    "mechanism/graph",
    "mechanism/unknowns",
    "names",
    "question/structure",
)
"""The modules that decide the compiled code."""
_PACKAGE = Path(__file__).parents[1]
_PACKAGES = ("numba", "llvmlite", "numpy", "pytensor", "pymc")
_PROBE_SEED = 7
_C_DENSITY = CFUNCTYPE(c_int64, c_uint64, c_void_p, c_void_p, c_void_p, c_void_p)


@dataclass(frozen=True)
class LogDensity:
    """A question's log density, for any data of its structure.

    Attributes
    ----------
    density : LoadedCode
        ``(size, v, gradient, value, data) -> 0`` where value and gradient are finite.
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
    shapes : mapping of str to tuple of int
        The free variables, in the order of ``x``.
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
    digest = hashlib.sha256()
    for name in _MODULES:
        digest.update((_PACKAGE / f"{name}.py").read_bytes())
    facts = [repr(structure), python_version(), binding.get_host_cpu_name()]
    facts += [binding.get_host_cpu_features().flatten()]
    facts += [f"{name} {version(name)}" for name in _PACKAGES]
    digest.update("\n".join(facts).encode())
    return digest.hexdigest()[:32]


def _from_disk(name: str, structure: Structure) -> LogDensity | None:
    stored = kept(name)
    if stored is None:
        return None
    codes, probe = stored
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
    command = [sys.executable, "-P", "-m", "tidings.forecasting.compilation"]
    asked = pickle.dumps((structure, data))
    with TemporaryDirectory(prefix="tidings-") as scratch:
        # PyTensor keeps nothing here, but makes a folder, and a home may not be there to write in.
        flags = [os.environ.get("PYTENSOR_FLAGS"), f"base_compiledir={scratch}"]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(_import_paths()),
            "PYTENSOR_FLAGS": ",".join(filter(None, flags)),
        }
        done = subprocess.run(
            command, input=asked, capture_output=True, env=environment, check=False
        )
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
    own, here = _PACKAGE.parent, Path.cwd()
    paths = [Path(path) for path in sys.path if path and Path(path).resolve() != here]
    return [str(path) for path in (own, *paths)]


def _answer(bound: BoundDensity, v: NDArray[np.float64]) -> NDArray[np.float64]:
    value, gradient = bound(v)
    return np.concatenate([[value], gradient])
