"""Machine code kept on disk: compiled functions that outlive the process.

A file holds the code, a probe (what the code was once asked and what it answered, bit for bit), and
a seal over both. A damaged file is not loaded. Its name, which the caller chooses, is a digest of
all that decides the code.
"""

import hashlib
import io
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np
from llvmlite import binding
from numba.core.registry import cpu_target
from numba.core.runtime import rtsys
from numpy.typing import NDArray

__all__ = ["LoadedCode", "MachineCode", "cache_folder", "keep", "kept"]

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
    """Return where machine code is kept: TIDINGS_CACHE, or a folder in the user's cache."""
    chosen = os.environ.get("TIDINGS_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(chosen) if chosen else Path(base) / "tidings"


def kept(name: str) -> tuple[list[MachineCode], dict[str, NDArray[np.float64]]] | None:
    """Return functions and their probe from disk, or None if there is no file that is whole.

    Parameters
    ----------
    name : str
        As it was given to `keep`.
    """
    try:
        content = (cache_folder() / f"{name}.bin").read_bytes()
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
    """Keep functions on disk; warn where that is impossible.

    Parameters
    ----------
    name : str
        A digest of all that decides the code.
    codes : sequence of MachineCode
        What was compiled.
    probe : mapping of str to ndarray
        What it was asked, and its answer.
    """
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


def _write(folder: Path, name: str, body: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=folder, prefix=".writing-", delete=False) as written:
        written.write(hashlib.sha256(body).digest() + body)
    Path(written.name).replace(folder / f"{name}.bin")
    files = sorted(folder.glob("*.bin"), key=lambda path: path.stat().st_mtime)
    for old in files[:-_KEPT_FILES]:
        old.unlink(missing_ok=True)
