"""One way along the data: nine layers, no circle; PyMC only where a graph is built or sampled."""

import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from tests.contracts import layers
from tests.helpers import INPUTS, PROJECT

PACKAGE = PROJECT / "model" / "tidings"
HEAVY = ("pymc", "pytensor", "nutpie", "arviz_base", "arviz_stats", "xarray", "pandas", "scipy",
         "matplotlib", "numba")  # fmt: skip


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_every_folder_is_a_layer_with_its_sentence():
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert folders == {folder for layer in layers.LAYERS for folder in layer}
    assert len(layers.LAYERS) == 9
    assert all(layers.says(folder) for folder in folders)


def test_no_module_imports_from_a_later_layer_or_a_neighbour():
    wrong = []
    for module in layers.modules():
        if module in layers.FACE:
            continue
        own = layers.folder_of(module)
        for other in layers.imports_of(module):
            folder = layers.folder_of(other)
            if folder != own and layers.rank(folder) >= layers.rank(own):
                wrong.append(f"{module} imports {other}")
    assert wrong == []


def test_no_modules_import_each_other_in_a_circle():
    inner = [module for module in layers.modules() if module not in layers.FACE]
    TopologicalSorter({module: set(layers.imports_of(module)) for module in inner}).prepare()


def test_the_map_is_printed_from_the_table_and_the_docstrings():
    architecture = (PROJECT / "model" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert layers.picture() in architecture
    assert layers.index() in architecture


def test_every_decision_says_what_was_tried_and_what_reopens_it():
    records = sorted((PROJECT / "model" / "decisions").glob("*.md"))
    numbers = [int(path.name[:4]) for path in records]
    assert numbers == list(range(1, len(records) + 1))
    for path in records:
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"# {int(path.name[:4])}. ")
        assert "**Tried.**" in text and "**Reopens it.**" in text


def test_pymc_is_imported_where_a_graph_is_built_or_sampled_only():
    found = {
        path.stem
        for path in PACKAGE.rglob("*.py")
        if any(m.split(".")[0] in {"pymc", "pytensor", "nutpie"} for m in imported(path))
    }
    assert found == {
        "graph", "compilation", "rates", "reference_class", "sampling",
    }  # fmt: skip


def test_a_forecast_with_compiled_code_at_hand_loads_neither_pymc_nor_pytensor():
    code = "import sys, tidings.forecasting.making; print({'pymc', 'pytensor'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("arguments", [["--help"], ["check"], ["history"]])
def test_commands_that_need_no_fit_load_nothing_heavy(arguments):
    code = (
        f"import sys\nsys.argv = ['tidings', *{arguments!r}]\nfrom tidings.cli import main\n"
        "try:\n    main()\nexcept SystemExit as stop:\n    assert not stop.code, stop.code\n"
        "loaded = {name.split('.')[0] for name in sys.modules}\n"
        f"sys.stderr.write(' '.join(sorted(loaded & set({HEAVY!r}))))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=INPUTS, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""


ITEM = ["--actor", "moscow", "--outcomes", "returned_to_russia", "--push", "1"]


@pytest.mark.parametrize("arguments", [["watch"], ["preview", *ITEM]])
def test_reweighting_needs_neither_a_sampler_nor_tables(shipped_run, arguments):
    runs = str(shipped_run.path.parent)
    code = (
        f"import sys\nsys.argv = ['tidings', *{arguments!r}, '--runs', {runs!r}]\n"
        "from tidings.cli import main\n"
        "try:\n    main()\nexcept SystemExit as stop:\n    assert not stop.code, stop.code\n"
        "loaded = {name.split('.')[0] for name in sys.modules}\n"
        f"sys.stderr.write(' '.join(sorted(loaded & set({HEAVY!r}))))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=INPUTS, capture_output=True, text=True, check=True
    )
    assert set(done.stderr.split()) <= {"scipy"}
    assert done.stdout


def test_docs_name_the_commands_that_exist():
    from tidings.cli import COMMANDS

    readme = (PROJECT / "README.md").read_text()
    assert set(COMMANDS) == set(re.findall(r"^\| `tidings (\w+)", readme, flags=re.MULTILINE))
    assert Path(PROJECT / "reports" / "example.png").is_file()
