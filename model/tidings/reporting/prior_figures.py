"""Figures of priors: densities before and after evidence, outcomes by priors alone, words."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.stats import gaussian_kde, norm

from tidings._text import visible
from tidings.forecasting.runs import Run
from tidings.forecasting.tables import ForecastRow
from tidings.question.loading import Question
from tidings.question.normal import CLIP, Link, LinkNormal, from_link, to_link
from tidings.question.priors import link_of
from tidings.question.yardsticks import SURVEY
from tidings.reporting.drawing import COLOURS, ODDS_MARKS, log_odds
from tidings.reporting.prior_cards import PriorCard
from tidings.reporting.wording import YARDSTICK_TITLES, percent

Array = NDArray[np.float64]
_LINE = 24
"""About so many characters stand beside a row."""

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

_BEFORE, _AFTER = "#9A9A9A", "#0072B2"
_TICKS: Mapping[Link, Sequence[float]] = {
    "identity": (-1, -0.5, 0, 0.5, 1, 1.5, 2),
    "log": (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
    "logit": (0.001, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99),
}


def draw_densities(
    cards: Sequence[PriorCard], question: Question, draws: Mapping[str, Array], path: Path
) -> None:
    """Draw the density of each prior, and of what a posterior made of it.

    Parameters
    ----------
    draws : mapping of str to ndarray, shape (draw,)
        The posterior on the link scale, by prior; none where there is no run with that prior.
    """
    shown = [card for card in cards if not card.fixed]
    columns = min(4, max(1, len(shown)))
    rows = -(-len(shown) // columns)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(2.6 * columns, 1.55 * rows + 0.4), layout="constrained")
        panels = np.atleast_1d(figure.subplots(rows, columns, squeeze=False)).ravel()
        for panel, card in zip(panels, shown, strict=False):
            after = draws.get(card.name) if card.posterior is not None else None
            _draw_density(panel, card, question.priors[card.name], after)
        for panel in panels[len(shown) :]:
            panel.axis("off")
        figure.suptitle("grey: prior; blue: after the evidence", fontsize=9, x=0.01, ha="left")
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _draw_density(panel: Axes, card: PriorCard, prior: LinkNormal, after: Array | None) -> None:
    low, high = prior.mean - 3.2 * prior.sd, prior.mean + 3.2 * prior.sd
    if after is not None:
        low, high = min(low, float(after.min())), max(high, float(after.max()))
    grid = np.linspace(low, high, 300)
    density = norm.pdf(grid, prior.mean, prior.sd)
    panel.fill_between(grid, density, color=_BEFORE, alpha=0.35, linewidth=0)
    panel.plot(grid, density, color=_BEFORE, linewidth=1.2)
    if after is not None:
        panel.plot(grid, gaussian_kde(after)(grid), color=_AFTER, linewidth=1.6)
    link = link_of(card.name)
    inside = [t for t in _TICKS[link] if low < to_link(t, link) < high]
    ticks = inside or [from_link(prior.mean, link)]
    panel.set_xticks([to_link(t, link) for t in ticks], [f"{t:g}" for t in ticks], fontsize=7)
    panel.set_xlim(low, high)
    panel.set_ylim(0, None)
    panel.set_yticks([])
    panel.spines["left"].set_visible(False)
    family, _, rest = card.name.partition(".")
    panel.set_title(f"{family}\n{rest}" if rest else family, fontsize=8)


def draw_words(cards: Sequence[PriorCard], question: Question, path: Path) -> None:
    """Draw what each word of the priors means on its yardstick, on others, and to readers."""
    words = _words(cards, question)
    with mpl.rc_context(STYLE):
        lines = [
            (word, own, meaning) for word, own in words for meaning in _meanings(word, question)
        ]
        figure = Figure(figsize=(7.2, 0.28 * len(lines) + 0.9), layout="constrained")
        axes = figure.subplots()
        for place, (_, own, (yardstick, low, high)) in enumerate(lines):
            colour = _AFTER if yardstick == own else "#D55E00" if yardstick == SURVEY else _BEFORE
            axes.plot(
                [_logit(low), _logit(high)],
                [place, place],
                color=colour,
                linewidth=5,
                solid_capstyle="butt",
            )
        axes.set_yticks(range(len(lines)), [f"{w}, {_title(m[0])}" for w, _, m in lines])
        ticks = _TICKS["logit"]
        axes.set_xticks([_logit(t) for t in ticks], [f"{t * 100:g} %" for t in ticks])
        axes.invert_yaxis()
        axes.grid(axis="x", color="#E5E5E5", linewidth=0.8)
        axes.set_axisbelow(True)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(
            "blue: as the priors use it; grey: on other yardsticks;\norange: middle 90 % of readers"
        )
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _words(cards: Sequence[PriorCard], question: Question) -> list[tuple[str, str]]:
    """Return each word of the priors with its yardstick, once, from unlikely to likely."""
    names = {card.name for card in cards}
    words = {
        (str(one.word), str(one.yardstick))
        for name, row in question.rows
        if name in names
        for one in (row, *(row.pool or ()))
        if one.word is not None
    }
    return sorted(words, key=lambda pair: question.yardsticks.normal(pair[1], pair[0]).mean)


def _meanings(word: str, question: Question) -> list[tuple[str, float, float]]:
    yardsticks = question.yardsticks
    meanings = [(name, *bands[word]) for name, bands in yardsticks.bands.items() if word in bands]
    known = {phrase.lower(): phrase for phrase in yardsticks.survey}
    if word.lower() in known:
        normal = yardsticks.survey[known[word.lower()]]
        meanings.append((SURVEY, normal.quantile(0.05), normal.quantile(0.95)))
    return meanings


def _title(yardstick: str) -> str:
    return "readers" if yardstick == SURVEY else YARDSTICK_TITLES.get(yardstick, yardstick)


def _logit(probability: float) -> float:
    return to_link(min(max(probability, CLIP[0] / 5), 1 - CLIP[0] / 5), "logit")


def draw_priors(run: Run, path: Path, alone: Mapping[str, ForecastRow]) -> None:
    """Draw prior against posterior at the headline horizon, on a scale that shows small chances."""
    posterior = run.at(run.manifest.headline)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.6, 0.62 * len(posterior) + 1.1), layout="constrained")
        axes = figure.subplots()
        for place, outcome in enumerate(run.manifest.outcomes):
            colour = COLOURS[place % len(COLOURS)]
            _draw_interval(axes, alone[outcome.id], place - 0.17, "#9A9A9A", "white")
            _draw_interval(axes, posterior[outcome.id], place + 0.17, colour, colour)
        _finish(axes, run, [*alone.values(), *posterior.values()])
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _draw_interval(axes: Axes, row: ForecastRow, place: float, edge: str, fill: str) -> None:
    low, q25, q75, high, mean = (
        log_odds(value) for value in (row.q05, row.q25, row.q75, row.q95, row.mean)
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
    axes.set_xlim(log_odds(min(lows)) - 0.4, log_odds(max(highs)) + 1.4)
    first, last = axes.get_xlim()
    shown = [mark for mark in ODDS_MARKS if first < log_odds(mark) < last]
    axes.set_xticks([log_odds(mark) for mark in shown], [f"{mark * 100:g} %" for mark in shown])
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


def _wrapped(title: str) -> str:
    """Break a title into lines of like length, so that it stays above its own panel."""
    shown = visible(title)
    lines = max(1, -(-len(shown) // _LINE))
    return textwrap.fill(shown, max(len(shown) // lines + 3, 12))
