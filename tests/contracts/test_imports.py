"""The import table: one way along the data, and PyMC only where a graph is built or sampled."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import PROJECT

PACKAGE = PROJECT / "model" / "tidings"
HEAVY = ("pymc", "pytensor", "nutpie", "arviz_base", "arviz_stats", "xarray", "pandas", "scipy",
         "matplotlib", "numba")  # fmt: skip


def documented_order():
    text = (PROJECT / "model" / "ARCHITECTURE.md").read_text()
    return re.findall(r"^\| `(\w+)/?` \|", text, flags=re.MULTILINE)


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def runtime_imports(path):
    """Modules imported outside ``if TYPE_CHECKING``."""
    tree = ast.parse(path.read_text())
    hidden = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and id(node) not in hidden:
            if node.module == "tidings":
                yield from (f"tidings.{alias.name}" for alias in node.names)
            yield node.module


def test_every_module_stands_in_the_architecture():
    found = (*PACKAGE.glob("*.py"), *(path.parent for path in PACKAGE.glob("*/__init__.py")))
    modules = {path.stem for path in found} - {"__init__", "__main__"}
    assert modules == set(documented_order())


def test_modules_import_only_from_those_above_them():
    order = documented_order()
    wrong = []
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if name.startswith("__"):
            continue
        for module in runtime_imports(path):
            parts = module.split(".")
            if parts[0] == "tidings" and len(parts) > 1 and parts[1] != name:
                lazily_later = name == "commands" and parts[1] in {"forecasting", "reporting"}
                if order.index(parts[1]) > order.index(name) and not lazily_later:
                    wrong.append(f"{name} imports {parts[1]}")
    assert wrong == []


def test_pymc_is_imported_where_a_graph_is_built_or_sampled_only():
    found = {
        path.stem
        for path in PACKAGE.rglob("*.py")
        if any(m.split(".")[0] in {"pymc", "pytensor", "nutpie"} for m in imported(path))
    }
    assert found == {
        "graph", "compilation", "inference", "rates", "reference_class", "sampling",
    }  # fmt: skip


def test_a_forecast_with_compiled_code_at_hand_loads_neither_pymc_nor_pytensor():
    code = "import sys, tidings.forecasting; print({'pymc', 'pytensor'} & set(sys.modules))"
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
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
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
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert set(done.stderr.split()) <= {"scipy"}
    assert done.stdout


def test_docs_name_the_commands_that_exist():
    from tidings.cli import app

    names = {command.callback.__name__ for command in app.registered_commands}
    names |= {group.name for group in app.registered_groups}
    readme = (PROJECT / "README.md").read_text()
    assert names == set(re.findall(r"^\| `tidings (\w+)", readme, flags=re.MULTILINE))
    assert Path(PROJECT / "reports" / "example.png").is_file()
