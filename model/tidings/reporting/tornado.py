"""The tornado: each prior moved by one sd of itself, and what that does to one outcome."""

from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from tidings.reporting.figures import STYLE
from tidings.reweighting import ALL_DRAWS, stored_posterior
from tidings.runs import Run
from tidings.tilts import Tilt, tilts_of
from tidings.wording import inside_noise, percent

__all__ = ["draw_tornado"]

_SHOWN = 10
_DOWN, _UP = "#9A9A9A", "#0072B2"


def draw_tornado(run: Run, outcome: str, path: Path) -> None:
    """Draw the priors that an outcome hangs on most, at the headline horizon.

    Parameters
    ----------
    run : Run
        As stored.
    outcome : str
        Whose forecast.
    path : Path
        An SVG file.
    """
    manifest = run.manifest
    tilts = tilts_of(stored_posterior(run, ALL_DRAWS))
    row = [one.id for one in manifest.outcomes].index(outcome)
    column = list(manifest.horizons).index(manifest.headline)
    pairs = [
        pair
        for pair in zip(tilts[::2], tilts[1::2], strict=True)
        if any(
            not inside_noise(float(one.change[row, column]), float(one.mcse[row, column]))
            for one in pair
        )
    ]
    pairs.sort(key=lambda pair: -max(abs(float(one.change[row, column])) for one in pair))
    now = run.at(manifest.headline)[outcome].mean
    with mpl.rc_context(STYLE):
        shown = pairs[:_SHOWN]
        figure = Figure(figsize=(9.6, 0.34 * len(shown) + 0.9), layout="constrained")
        axes = figure.subplots()
        for place, pair in enumerate(shown):
            for one, colour in zip(pair, (_DOWN, _UP), strict=True):
                change = float(one.change[row, column]) * 100
                axes.barh(place, change, left=now * 100, color=colour, height=0.62)
        axes.axvline(now * 100, color="#333333", linewidth=1)
        axes.set_yticks(range(len(shown)), [_label(pair) for pair in shown])
        axes.invert_yaxis()
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
        title = manifest.outcomes[row].title
        axes.set_xlabel(f"chance of “{title}” in per cent, now {percent(now)} "
                        "(grey: prior moved down by its sd; blue: up)")  # fmt: skip
        figure.savefig(path, metadata={"Date": None})


def _label(pair: tuple[Tilt, Tilt]) -> str:
    """Return a prior's name, marked where its weights cannot be trusted."""
    return pair[0].prior + ("" if all(one.trusted for one in pair) else " ?")
