"""The figures of a report, as SVG files; every outcome keeps its colour and its place."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from tidings._text import visible
from tidings.forecasting.runs import Run
from tidings.forecasting.tables import ForecastRow
from tidings.reasons.reweighting import ALL_DRAWS, stored_posterior
from tidings.reasons.sensitivity import Tilt, tilts_of
from tidings.reporting.wording import inside_noise, percent

COLOURS = ("#4D4D4D", "#0072B2", "#E69F00", "#56B4E9", "#D55E00", "#009E73", "#CC79A7")
"""Okabe & Ito (2008), told apart with every kind of colour blindness; the status quo is grey."""

_LINE = 24
"""About so many characters stand above a panel."""
_MOST_TICKS = 5

STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "svg.fonttype": "path",
    "svg.hashsalt": "tidings",
    "text.parse_math": False,
}


def colour_of(run: Run, outcome: str) -> str:
    """Return an outcome's colour: its place in the question decides."""
    ids = [one.id for one in run.manifest.outcomes]
    return COLOURS[ids.index(outcome) % len(COLOURS)]


def draw_incidence(run: Run, path: Path) -> None:
    """Draw the chance of each outcome by each date, one panel an outcome, with bands.

    Parameters
    ----------
    run : Run
        The stored run.
    path : Path
        An SVG file.
    """
    columns = 4
    outcomes = run.manifest.outcomes
    with mpl.rc_context(STYLE):
        rows = -(-len(outcomes) // columns)
        figure = Figure(figsize=(9.6, 2.5 * rows), layout="constrained")
        panels = np.atleast_1d(figure.subplots(rows, columns)).ravel()
        for panel, outcome in zip(panels, outcomes, strict=False):
            _draw_panel(panel, _series(run, outcome.id), colour_of(run, outcome.id))
            panel.set_title(_wrapped(outcome.title))
        for panel in panels[len(outcomes) :]:
            panel.axis("off")
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _series(run: Run, outcome: str) -> list[ForecastRow]:
    return [row for row in run.rows if (row.basis, row.outcome) == ("posterior", outcome)]


def _draw_panel(panel: Axes, rows: Sequence[ForecastRow], colour: str) -> None:
    months = [(row.date - rows[0].date).days / 30.4375 for row in rows]
    for low, high, opacity in (("q05", "q95", 0.18), ("q25", "q75", 0.32)):
        lows, highs = ([getattr(row, name) for row in rows] for name in (low, high))
        panel.fill_between(months, lows, highs, color=colour, alpha=opacity, linewidth=0)
    panel.plot(months, [row.mean for row in rows], color=colour, linewidth=1.8)
    panel.set_xlim(0, months[-1])
    panel.set_xticks(month_ticks(months[-1]))
    panel.set_xlabel("months ahead")
    top, bottom = max(row.q95 for row in rows), min(row.q05 for row in rows)
    if bottom > 0.3:
        panel.set_ylim(max(0.0, bottom - 0.05), 1.0)
    else:
        panel.set_ylim(0, top * 1.08)
    panel.yaxis.set_major_locator(MaxNLocator(5))
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value * 100:.3g} %"))


def month_ticks(last: float) -> list[int]:
    """Return months from 0 to the last of them that is marked, a handful, evenly apart."""
    step = next((step for step in (1, 3, 6, 12, 24) if last / step < _MOST_TICKS), 60)
    return list(range(0, int(last + 0.5) + 1, step))


def _wrapped(title: str) -> str:
    """Break a title into lines of like length, so that it stays above its own panel."""
    shown = visible(title)
    lines = max(1, -(-len(shown) // _LINE))
    return textwrap.fill(shown, max(len(shown) // lines + 3, 12))


def draw_priors(run: Run, path: Path, alone: Mapping[str, ForecastRow] | None = None) -> None:
    """Draw prior against posterior at the headline horizon, on a scale that shows small chances.

    Parameters
    ----------
    run : Run
        The stored run.
    path : Path
        An SVG, PDF or PNG file.
    alone : mapping of str to ForecastRow, optional
        What the priors alone say by outcome, in place of what they said when the run was made.
    """
    horizon = run.manifest.headline
    stored = {r.outcome: r for r in run.rows if (r.basis, r.horizon) == ("prior", horizon)}
    prior = alone or stored
    posterior = run.at(horizon)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.6, 0.62 * len(posterior) + 1.1), layout="constrained")
        axes = figure.subplots()
        for place, outcome in enumerate(run.manifest.outcomes):
            colour = colour_of(run, outcome.id)
            _draw_interval(axes, prior[outcome.id], place - 0.17, "#9A9A9A", "white")
            _draw_interval(axes, posterior[outcome.id], place + 0.17, colour, colour)
        _finish(axes, run, [*prior.values(), *posterior.values()])
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _logit(probability: float) -> float:
    return float(np.log(probability / (1 - probability)))


def _draw_interval(axes: Axes, row: ForecastRow, place: float, edge: str, fill: str) -> None:
    low, q25, q75, high, mean = (
        _logit(min(max(value, 1e-6), 1 - 1e-6))
        for value in (row.q05, row.q25, row.q75, row.q95, row.mean)
    )
    axes.plot([low, high], [place, place], color=edge, linewidth=1.4, solid_capstyle="butt")
    axes.plot([q25, q75], [place, place], color=edge, linewidth=4.5, solid_capstyle="butt")
    axes.plot([mean], [place], "o", color=edge, markerfacecolor=fill, markersize=6, zorder=3)
    # The number stands to the right of the interval, where no line of its own row passes.
    axes.annotate(
        percent(row.mean),
        (high, place),
        xytext=(6, 0),
        textcoords="offset points",
        va="center",
        fontsize=8,
        color="#333333",
    )


def _finish(axes: Axes, run: Run, rows: Sequence[ForecastRow]) -> None:
    lows, highs = [max(row.q05, 1e-6) for row in rows], [min(row.q95, 1 - 1e-6) for row in rows]
    axes.set_xlim(_logit(min(lows)) - 0.4, _logit(max(highs)) + 1.4)
    marks = (0.00001, 0.0001, 0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999)
    shown = [mark for mark in marks if axes.get_xlim()[0] < _logit(mark) < axes.get_xlim()[1]]
    axes.set_xticks([_logit(mark) for mark in shown], [f"{mark * 100:g} %" for mark in shown])
    axes.set_yticks(
        range(len(run.manifest.outcomes)), [_wrapped(o.title) for o in run.manifest.outcomes]
    )
    axes.invert_yaxis()
    axes.grid(axis="x", color="#E5E5E5", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    day = run.manifest.horizons[run.manifest.headline]
    axes.set_xlabel(f"chance by {day}, on a log-odds scale (above, grey: prior; below: posterior)")


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
        if any(not inside_noise(*one.effect.at(row, column)) for one in pair)
    ]
    pairs.sort(key=lambda pair: -max(abs(float(one.effect.change[row, column])) for one in pair))
    now = run.at(manifest.headline)[outcome].mean
    with mpl.rc_context(STYLE):
        shown = pairs[:_SHOWN]
        figure = Figure(figsize=(9.6, 0.34 * len(shown) + 0.9), layout="constrained")
        axes = figure.subplots()
        for place, pair in enumerate(shown):
            for one, colour in zip(pair, (_DOWN, _UP), strict=True):
                change = float(one.effect.change[row, column]) * 100
                axes.barh(place, change, left=now * 100, color=colour, height=0.62)
        axes.axvline(now * 100, color="#333333", linewidth=1)
        axes.set_yticks(range(len(shown)), [_label(pair) for pair in shown])
        axes.invert_yaxis()
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
        title = manifest.outcomes[row].title
        axes.set_xlabel(
            f"chance of “{title}” in per cent, now {percent(now)} "
            "(grey: prior moved down by its sd; blue: up)"
        )
        figure.savefig(path, metadata={"Date": None})


def _label(pair: tuple[Tilt, Tilt]) -> str:
    """Return a prior's name, marked where its weights cannot be trusted."""
    return pair[0].prior + ("" if all(one.effect.trusted for one in pair) else " ?")
