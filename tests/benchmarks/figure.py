"""The figure of the benchmarks: where the time of a warm forecast goes, and what cannot be less."""

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from tests.benchmarks.stages import LIBRARIES, SAMPLE

CORES = 2


def draw_stages(measured: dict[str, Any], gradient_us: float, path: Path) -> None:
    """Draw one bar a stage from when it starts to when it ends, with its floor in darker colour.

    The floor of the libraries is all of their import; that of sampling is the time of its
    gradients on two cores that do nothing else.
    """
    stages: dict[str, float] = measured["stages"]
    floors = {
        LIBRARIES: stages[LIBRARIES],
        SAMPLE: min(stages[SAMPLE], measured["gradients"] * gradient_us / 1e6 / CORES),
    }
    figure = Figure(figsize=(8.2, 3.6), layout="constrained")
    axes, start = figure.subplots(), 0.0
    for place, (name, seconds) in enumerate(stages.items()):
        axes.barh(place, seconds, left=start, color="#9CC5E0")
        axes.barh(place, floors.get(name, 0.0), left=start, color="#0072B2")
        axes.text(start + seconds + 0.03, place, f"{seconds:.2f} s", va="center", fontsize=8)
        start += seconds
    axes.set_yticks(range(len(stages)), list(stages))
    axes.invert_yaxis()
    axes.set_xlim(0, start * 1.08)
    axes.set_xlabel("seconds from the command to the stored run")
    axes.set_title(
        f"A warm forecast: {start:.1f} s, of which {sum(floors.values()):.1f} s (dark) are imports "
        "and gradients",
        loc="left", fontsize=9.5,
    )  # fmt: skip
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path)
