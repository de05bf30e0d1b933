"""Run every benchmark and write README.md and the figure beside this file."""

import json
import platform
import sys
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median
from subprocess import run
from tempfile import TemporaryDirectory
from typing import Any

from tests.benchmarks.figure import draw_stages
from tests.benchmarks.inputs import AS_OF, PROJECT, add_line, project_copy
from tests.benchmarks.processes import Measured, measure

HERE = Path(__file__).parent
TIDINGS = [sys.executable, "-m", "tidings"]
PACKAGES = ("pymc", "pytensor", "nutpie", "numba", "arviz", "numpy", "jax", "numpyro")


@dataclass
class Results:
    """What was measured."""

    commands: dict[str, Measured] = field(default_factory=dict)
    peers: dict[str, Measured] = field(default_factory=dict)
    inside: dict[str, Any] = field(default_factory=dict)
    stages: dict[str, Any] = field(default_factory=dict)
    peer_fits: dict[str, Any] = field(default_factory=dict)


def main() -> None:
    """Measure, and write the results down."""
    with TemporaryDirectory(prefix="tidings-benchmark-") as folder:
        results = measured(Path(folder))
    draw_stages(results.stages, results.inside["gradient_us"], HERE / "stages.svg")
    (HERE / "README.md").write_text(written(results), encoding="utf-8")


def measured(folder: Path) -> Results:
    """Measure whole processes first, then what happens inside one."""
    question = project_copy(folder / "project")
    runs = ["--runs", str(folder / "runs")]
    forecast = [*TIDINGS, "forecast", "--question", str(question), "--as-of", str(AS_OF), *runs]
    results = Results()

    def cold(n: int) -> dict[str, str]:
        return {"TIDINGS_CACHE": str(folder / f"cache-{n}")}

    def changed(n: int) -> dict[str, str]:
        add_line(question, n)
        return {}

    commands = results.commands
    say("forecast, with nothing compiled")
    commands["`forecast`, the first ever"] = measure(forecast, 3, 0, cold)
    say("forecast, after the evidence has changed")
    commands["`forecast`, after the evidence has changed"] = measure(forecast, 7, 1, changed)
    say("import pandas")
    pandas = [sys.executable, "-c", "import pandas"]
    commands['`python -c "import pandas"`, to compare'] = measure(pandas, 7)
    for name, arguments in {
        "`--help`": ["--help"],
        "`check`": ["check", "--question", str(question)],
        "`history`": ["history", *runs],
    }.items():
        say(name)
        commands[name] = measure([*TIDINGS, *arguments], 7)
    item = ["--actor", "moscow", "--outcomes", "returned_to_russia", "--face-value", "even"]
    for name, arguments in {
        "`preview` of an item": ["preview", "--question", str(question), *item, "--push", "1"],
        "`watch`": ["watch"],
        "`diff` of two runs, an item apart": ["diff"],
    }.items():
        say(name)
        commands[name] = measure([*TIDINGS, *arguments, *runs], 7)
    say("explain")
    commands["`explain`"] = measure([*TIDINGS, "explain", *runs], 3, 0)
    say("report")
    commands["`report`, HTML and PDF"] = measure([*TIDINGS, "report", *runs], 3)
    say("report --since")
    since = ["report", "--since", first_of(folder / "runs"), *runs]
    commands["`report --since`, an item apart"] = measure([*TIDINGS, *since], 3)
    for name, module in {
        "plain PyMC, `pm.sample`": "plain_pymc",
        "NumPyro": "numpyro_peer",
    }.items():
        say(name)
        peer = [sys.executable, "-m", f"tests.benchmarks.{module}"]
        results.peers[name] = measure_peer(peer)
        results.peer_fits[name] = asked(f"tests.benchmarks.{module}", "5")
    say("inside one process")
    results.inside = asked("tests.benchmarks.in_process")
    results.stages = asked("tests.benchmarks.stages")
    return results


def first_of(runs: Path) -> str:
    """Return the id of a run before the newest."""
    return sorted(path.name for path in runs.iterdir() if path.is_dir())[0]


def measure_peer(command: list[str]) -> Measured:
    """Measure a peer on evidence that has changed each time."""
    found = [measure([*command, str(n)], 1, 0) for n in (1, 2, 3)]
    seconds = tuple(one.seconds[0] for one in found)
    return Measured(seconds, max(one.peak_mb for one in found))


def asked(module: str, *arguments: str) -> Any:
    """Return what a module prints as JSON."""
    command = [sys.executable, "-m", module, *arguments]
    done = run(command, capture_output=True, text=True, check=True, cwd=PROJECT)
    return json.loads(done.stdout)


def say(what: str) -> None:
    """Tell how far it is."""
    sys.stderr.write(f"{what}\n")


def written(results: Results) -> str:
    """Return the page."""
    inside, stages = results.inside, results.stages
    warm = results.commands["`forecast`, after the evidence has changed"]
    rows = [f"| {name} | {one.row()} |" for name, one in results.commands.items()]
    peers = [
        f"| {name} | {one.row()} | {warm.median / one.median:.2f} |"
        for name, one in results.peers.items()
    ]
    growth, base = inside["growth"], inside["growth"]["as shipped"]
    grown = [
        f"| {name} | {one['items']} | {one['stories']} | {one['fit']:.2f} | "
        f"{one['fit'] / base['fit']:.2f} | {one['all']:.2f} | {one['all'] / base['all']:.2f} |"
        for name, one in growth.items()
    ]
    floor = stages["stages"]["import the libraries"]
    worst = {k: v["ess_of_worst_parameter"] for k, v in results.peer_fits.items()}
    return PAGE.format(
        today=date.today(),
        machine=machine(),
        versions=", ".join(f"{name} {version(name)}" for name in PACKAGES),
        python=platform.python_version(),
        commands="\n".join(rows),
        peers="\n".join(peers),
        peer_ess=", ".join(f"{name} {n:.0f}" for name, n in worst.items()),
        refit=median(inside["refit"]),
        refit_max=max(inside["refit"]),
        dates=inside["dates"],
        gradient=inside["gradient_us"],
        unknowns=stages["unknowns"],
        ess=inside["ess"],
        ess_per_second=inside["ess_per_second"],
        growth="\n".join(grown),
        libraries=floor,
    )


def machine() -> str:
    """Return the processor's name and the number of its cores."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]}, {len(names)} cores"


PAGE = (HERE / "README.template.md").read_text(encoding="utf-8")

if __name__ == "__main__":
    main()
