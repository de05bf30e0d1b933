"""The layers of the package: one table, from which the guard and the picture are made.

``python -m tests.contracts.layers`` prints the picture that stands in `model/ARCHITECTURE.md`.
"""

import ast
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "model" / "tidings"

LAYERS: tuple[tuple[str, ...], ...] = (
    ("question",),
    ("evidence",),
    ("mechanism",),
    ("forecasting",),
    ("reasons", "past"),
    ("trust",),
    ("reporting",),
    ("api",),
    ("cli",),
)
"""A folder imports from the ground, from itself and from those before it; never a neighbour."""

GROUND = "ground"
FACE = ("__init__", "__main__")
"""``import tidings`` is the face of the api, ``python -m tidings`` that of the command line."""


def modules() -> dict[str, Path]:
    """Return every module by its dotted name within the package."""
    return {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def folder_of(module: str) -> str:
    """Return the folder of a module; modules at the root are the ground."""
    first, dot, _ = module.partition(".")
    return first if dot else GROUND


def rank(folder: str) -> int:
    """Return how many layers lie below a folder."""
    if folder == GROUND:
        return 0
    return 1 + next(place for place, layer in enumerate(LAYERS) if folder in layer)


def imports_of(module: str) -> Iterator[str]:
    """Yield what a module of the package imports from it, anywhere and for types too."""
    known = modules()
    for node in ast.walk(ast.parse(known[module].read_text(encoding="utf-8"))):
        named: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module:
            named = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            named = [alias.name for alias in node.names]
        for name in named:
            inner = name.removeprefix("tidings.")
            if inner != name and inner in known and inner != module:
                yield inner


def says(folder: str) -> str:
    """Return the one sentence of a folder: its docstring."""
    tree = ast.parse((PACKAGE / folder / "__init__.py").read_text(encoding="utf-8"))
    return str(ast.get_docstring(tree)).splitlines()[0].rstrip(".")


def picture() -> str:
    """Return the layers as a Mermaid diagram: each arrow points at what is imported."""
    lines = ["```mermaid", "flowchart BT"]
    for layer in LAYERS:
        lines += [f'    {folder}["<b>{folder}</b><br/>{says(folder)}"]' for folder in layer]
    for lower, upper in pairwise(LAYERS):
        lines += [f"    {high} --> {low}" for high in upper for low in lower]
    return "\n".join([*lines, "```"])


def index() -> str:
    """Return every module with the first line of its docstring, by folder."""
    folders = [GROUND, *(folder for layer in LAYERS for folder in layer)]
    lines = []
    for folder in folders:
        lines += [f"**{folder}**: {_sentence(folder)}", ""]
        for module, path in modules().items():
            name = module.rpartition(".")[2]
            if folder_of(module) == folder and not name.startswith("__"):
                doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
                lines.append(f"- `{name}`: {str(doc).splitlines()[0]}")
        lines.append("")
    return "\n".join(lines).rstrip()


def _sentence(folder: str) -> str:
    return "What every stage stands on." if folder == GROUND else f"{says(folder)}."


if __name__ == "__main__":
    print(picture(), index(), sep="\n\n")
