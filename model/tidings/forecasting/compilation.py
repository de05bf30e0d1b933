"""From PyMC's graph to machine code: differentiated by PyTensor, compiled by numba.

PyTensor's function takes the graph's data as arguments; the C functions around it take them out of
one buffer (see `tidings.forecasting.density`), so that nothing of a run is compiled in.
`tidings.forecasting.density` runs this module as a process of its own: question and data come in,
and machine code goes out."""

import pickle
import sys
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.compile.mode import NUMBA
from pytensor.graph.replace import clone_replace

from tidings.forecasting.density import MachineCode
from tidings.mechanism.graph import build
from tidings.mechanism.unknowns import DATA_DIMS, GraphData, free_shapes
from tidings.names import Dim
from tidings.question.structure import Structure

_LAYOUT = {"location": 1, "scale": 2} | {name: len(dims) for name, dims in DATA_DIMS.items()}
"""The arrays in the buffer, and how many dims each has."""

_MODE = NUMBA.including("local_remove_check_parameter")
"""The sds are exponentials: PyMC need not check at every step that they are positive."""

_TYPES = numba.types
_POINTER = _TYPES.CPointer(_TYPES.double)
_C_DENSITY = _TYPES.int64(_TYPES.uint64, _POINTER, _POINTER, _POINTER, _TYPES.voidptr)
_C_EXPAND = _TYPES.int64(_TYPES.uint64, _TYPES.uint64, _POINTER, _POINTER, _TYPES.voidptr)

_SOURCE = """
def density(size, v_, gradient_, value_, data_):
    {unpacked}
    x = location + np.dot(scale, carray(v_, (size,)))
    low, high = len(prior_mean), size - len(voice_bias_centring)
    along_prior, along_factor, along_bias, value = log_density(
        x[:low], x[low:high].reshape(factor_centring.shape), x[high:], {arguments}
    )
    along_x = np.empty(size)
    along_x[:low] = along_prior
    along_x[low:high].reshape(factor_centring.shape)[:] = along_factor
    along_x[high:] = along_bias
    along_v = carray(gradient_, (size,))
    along_v[:] = np.dot(along_x, scale)
    carray(value_, (1,))[0] = value[()]
    return 0 if np.isfinite(value[()]) and np.all(np.isfinite(along_v)) else 1

def expand(size, expanded, v_, x_, data_):
    {unpacked}
    carray(x_, (size,))[:] = location + np.dot(scale, carray(v_, (size,)))
    return 0
"""


def compile_density(structure: Structure, data: GraphData) -> list[MachineCode]:
    """Compile the graph's log density and gradient, and the map from coordinates to unknowns.

    Returns
    -------
    list of MachineCode
        ``density`` and ``expand``, as `tidings.forecasting.density.LogDensity` describes them.
    """
    # Sums may be reordered: the code is kept, so that it is the same code every time.
    # PyTensor's own cache would bring in pieces that were compiled under other settings.
    with pytensor.config.change_flags(numba__fastmath=True, numba__cache=False):
        function = _graph_function(structure, data)
        names = [shared.name for shared in function.get_shared()]
        density, expand = _c_sources(function.vm.jit_fn, names)
        return [_compiled(density, _C_DENSITY), _compiled(expand, _C_EXPAND)]


def _compiled(function: Callable[..., Any], signature: Any) -> MachineCode:  # noqa: ANN401 - numba's
    compiled = numba.cfunc(signature)(function)
    _, _, (object_code, _) = compiled._library.serialize_using_object_code()
    return MachineCode(compiled.native_name.encode(), object_code)


def _graph_function(structure: Structure, data: GraphData) -> Any:  # noqa: ANN401 - PyTensor's
    """Return the function of the free variables that gives the gradient's parts and the density."""
    model = build(structure, data)
    shapes = free_shapes(structure, data.paths.modes)
    free, replaced = [], {}
    for variable in model.continuous_value_vars:
        dims = model.named_vars_to_dims[variable.name]
        lengths = [
            None if dim == Dim.MODE else length
            for dim, length in zip(dims, shapes[variable.name], strict=True)
        ]
        one = pt.tensor(variable.name, shape=lengths, dtype="float64")
        free.append(one)
        replaced[variable] = one
        replaced |= {model.dim_lengths[dim]: one.shape[i] for i, dim in enumerate(dims)}
    (log_density,) = clone_replace([model.logp()], replaced)
    return pytensor.function(free, [*pt.grad(log_density, free), log_density], mode=_MODE)


def _c_sources(log_density: Any, names: list[str]) -> list[Callable[..., Any]]:  # noqa: ANN401
    scope: dict[str, Any] = {"np": np, "carray": numba.carray, "log_density": log_density}
    source = _SOURCE.format(unpacked="\n    ".join(_unpacking()), arguments=", ".join(names))
    exec(source, scope)
    return [scope["density"], scope["expand"]]


def _unpacking() -> list[str]:
    """Return the lines that take the arrays out of the buffer."""
    lengths = sum(_LAYOUT.values())
    lines = [
        "length = int(carray(data_, (1,), np.float64)[0])",
        "data = carray(data_, (length,), np.float64)",
        f"start = {1 + lengths}",
    ]
    place = 1
    for name, dims in _LAYOUT.items():
        shape = "".join(f"int(data[{place + i}]), " for i in range(dims))
        size = " * ".join([*(f"int(data[{place + i}])" for i in range(dims)), "1"])
        lines += [f"stop = start + {size}", f"{name} = data[start:stop].reshape(({shape}))"]
        lines += ["start = stop"]
        place += dims
    return lines


if __name__ == "__main__":
    sys.stdout.buffer.write(pickle.dumps(compile_density(*pickle.load(sys.stdin.buffer))))
