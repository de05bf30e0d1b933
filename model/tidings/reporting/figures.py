"""Figures of the outcomes: all on one scale, by month, and before and after the evidence.

Every figure is drawn twice, for a page and for a telephone; outcomes keep their colour and place.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tidings.forecasting.runs import Run
from tidings.forecasting.tables import ForecastRow
from tidings.names import RETAINED
from tidings.question.timeline import DAYS_PER_MONTH
from tidings.reporting.drawing import (
    NARROW,
    ODDS_MARKS,
    WIDE,
    Drawing,
    Scale,
    log_odds,
    outcome_class,
    wrapped,
)
from tidings.reporting.wording import chance, chance_range

Array = NDArray[np.float64]
_CELLS, _SMALLEST, _UNTOLD = 100, 1e-5, 1e-4
_MOST_TICKS = 5
_GRID = 160


def page_width(*, narrow: bool) -> int:
    """Return how wide a figure is, in pixels."""
    return NARROW if narrow else WIDE


def draw_outcomes(run: Run, *, narrow: bool) -> Drawing:
    """Draw all outcomes at the headline horizon: a hundred cells, and dots on log odds."""
    rows = list(run.at(run.manifest.headline).values())
    across, pitch = (20, NARROW / 20) if narrow else (10, 19.0)
    cells_high = _CELLS / across * pitch
    each = 40.0 if narrow else 28.0
    strip = each * len(rows) + 34
    height = cells_high + 34 + strip if narrow else max(cells_high + 24, strip)
    sheet = Drawing(page_width(narrow=narrow), height)
    sheet.words(0, 12, "Of 100 such situations:", "soft")
    _draw_cells(sheet, rows, across, pitch)
    left = 0.0 if narrow else 226.0
    top = cells_high + 34 if narrow else 0.0
    _draw_strip(sheet, run, rows, (left, top, each), narrow=narrow)
    return sheet


def cells_of(means: Sequence[float]) -> list[int]:
    """Return how many of a hundred cells each probability fills, by largest remainders."""
    exact = np.array(means) / np.sum(means) * _CELLS
    cells = np.floor(exact).astype(int)
    for place in np.argsort(cells - exact, kind="stable")[: _CELLS - int(cells.sum())]:
        cells[place] += 1
    return [int(count) for count in cells]


def _draw_cells(sheet: Drawing, rows: Sequence[ForecastRow], across: int, pitch: float) -> None:
    counts = cells_of([row.mean for row in rows])
    filled = [place for place, count in enumerate(counts) for _ in range(count)]
    for cell, place in enumerate(filled):
        x, y = cell % across * pitch, 20 + cell // across * pitch
        sheet.box(x, y, pitch - 2, pitch - 2, outcome_class(place), 0.55 if place == 0 else 1.0)


def _draw_strip(
    sheet: Drawing,
    run: Run,
    rows: Sequence[ForecastRow],
    at: tuple[float, float, float],
    *,
    narrow: bool,
) -> None:
    """Draw each outcome's middle 90 % and mean on one scale, its number beside it."""
    left, top, each = at
    label = 0.0 if narrow else 150.0
    ends = _strip_ends(rows)
    scale = Scale(ends, (left + label + 8, sheet.width - 102), log_odds)
    bottom = top + each * len(rows) + 6
    for mark in (one for one in ODDS_MARKS if ends[0] <= one <= ends[1]):
        sheet.line([(scale(mark), top + 4), (scale(mark), bottom)], "grid")
        sheet.words(scale(mark), bottom + 14, f"{mark * 100:g} %", "soft", "middle", size=11)
    titles = {one.id: one.title for one in run.manifest.outcomes}
    for place, row in enumerate(rows):
        middle = top + each * (place + 0.5) + (8 if narrow else 2)
        colour = outcome_class(place)
        if narrow:
            sheet.words(left, middle - 12, titles[row.outcome], size=12)
        else:
            lines = wrapped(titles[row.outcome], label, 11)
            for number, line in enumerate(lines):
                y = middle + 4 + 12 * number - 6 * (len(lines) - 1)
                sheet.words(left + label, y, line, anchor="end", size=11)
        if row.mean > 0:
            low, mean, high = (
                scale(min(max(one, ends[0]), ends[1])) for one in (row.q05, row.mean, row.q95)
            )
            sheet.line([(low, middle), (high, middle)], colour, 3)
            sheet.dot(mean, middle, 5, colour)
        span = chance_range(row.q05, row.q95)
        sheet.words(sheet.width, middle - 1, chance(row.mean), anchor="end", bold=True)
        sheet.words(sheet.width, middle + 11, span, "soft", "end", size=10)


def _strip_ends(rows: Sequence[ForecastRow]) -> tuple[float, float]:
    """Return from where to where the scale of log odds goes: marks that hold every range.

    Ranges that begin far below what is told as a number begin at the edge.
    """
    lowest = min(min(max(row.q05, _UNTOLD), row.mean) for row in rows if row.mean > 0)
    highest = max(row.q95 for row in rows)
    low = max((one for one in ODDS_MARKS if one <= lowest), default=ODDS_MARKS[0])
    return low, min((one for one in ODDS_MARKS if one >= highest), default=ODDS_MARKS[-1])


def draw_by_month(run: Run, *, narrow: bool) -> Drawing:
    """Draw the chance of each outcome by each month, a panel each."""
    columns = 2 if narrow else 4
    outcomes = run.manifest.outcomes
    width = page_width(narrow=narrow) / columns
    high = 150.0
    sheet = Drawing(page_width(narrow=narrow), high * -(-len(outcomes) // columns))
    for place, outcome in enumerate(outcomes):
        corner = place % columns * width, place // columns * high
        lines = wrapped(outcome.title, width - 12, 12, 2)
        for number, line in enumerate(lines):
            sheet.words(corner[0], corner[1] + 13 + 14 * number, line, bold=True)
        rows = [r for r in run.rows if (r.basis, r.outcome) == ("posterior", outcome.id)]
        box = corner[0] + 38, corner[1] + 36, corner[0] + width - 14, corner[1] + high - 34
        _draw_panel(sheet, rows, box, outcome_class(place), whole=outcome.id == RETAINED)
    return sheet


def _draw_panel(
    sheet: Drawing,
    rows: Sequence[ForecastRow],
    box: tuple[float, float, float, float],
    colour: str,
    *,
    whole: bool,
) -> None:
    left, top, right, bottom = box
    months = [(row.date - rows[0].date).days / DAYS_PER_MONTH for row in rows]
    across = Scale((0.0, months[-1]), (left, right))
    up = Scale((0.0, 1.0 if whole else max(r.q95 for r in rows) * 1.05 or 1.0), (bottom, top))
    for mark in up.marks(3):
        sheet.line([(left, up(mark)), (right, up(mark))], "grid")
        sheet.words(left - 4, up(mark) + 4, f"{mark * 100:.3g} %", "soft", "end", size=10)
    for low, high, opacity in (("q05", "q95", 0.22), ("q25", "q75", 0.38)):
        upper = [(across(m), up(getattr(r, high))) for m, r in zip(months, rows, strict=True)]
        lower = [(across(m), up(getattr(r, low))) for m, r in zip(months, rows, strict=True)]
        sheet.area([*upper, *reversed(lower)], colour, opacity)
    sheet.line([(across(m), up(r.mean)) for m, r in zip(months, rows, strict=True)], colour, 2)
    for month in month_ticks(months[-1]):
        sheet.words(across(month), bottom + 13, str(month), "soft", "middle", size=10)
    sheet.words((left + right) / 2, bottom + 26, "months ahead", "soft", "middle", size=10)


def month_ticks(last: float) -> list[int]:
    """Return months from 0 to the last of them that is marked, a handful, evenly apart."""
    step = next((step for step in (1, 3, 6, 12, 24) if last / step < _MOST_TICKS), 60)
    return list(range(0, int(last + 0.5) + 1, step))


def draw_densities(run: Run, draws: Mapping[str, tuple[Array, Array]], *, narrow: bool) -> Drawing:
    """Draw what is believed of each outcome's chance: prior behind, posterior before it."""
    each, label = (58.0, 0.0) if narrow else (38.0, 170.0)
    outcomes = run.manifest.outcomes
    sheet = Drawing(page_width(narrow=narrow), each * len(outcomes) + 44)
    edges = np.quantile(
        np.concatenate([np.concatenate(pair) for pair in draws.values()]), (0.004, 0.996)
    )
    held = max(float(edges[0]), _SMALLEST), min(float(edges[1]), 0.9995)
    across = Scale(held, (label + 10, sheet.width - 12), log_odds)
    bottom = each * len(outcomes) + 14
    for mark in (one for one in ODDS_MARKS if held[0] < one < held[1]):
        sheet.line([(across(mark), 6), (across(mark), bottom)], "grid")
        sheet.words(across(mark), bottom + 14, f"{mark * 100:g} %", "soft", "middle", size=11)
    for place, outcome in enumerate(outcomes):
        ground = each * (place + 1) + 8
        if narrow:
            sheet.words(0, ground - each + 16, outcome.title)
        else:
            lines = wrapped(outcome.title, label, 11)
            for number, line in enumerate(lines):
                y = ground - 6 - 12 * (len(lines) - 1 - number)
                sheet.words(label, y, line, anchor="end", size=11)
        prior, posterior = (log_odds_of(values) for values in draws[outcome.id])
        grid = np.linspace(log_odds(held[0]), log_odds(held[1]), _GRID)
        shapes = density(prior, grid), density(posterior, grid)
        tall = (each - 24 if narrow else each - 8) / max(*(s.max() for s in shapes), 1e-9)
        xs = [across(float(1 / (1 + np.exp(-at)))) for at in grid]
        styles = ("soft", outcome_class(place))
        for shape, style in list(zip(shapes, styles, strict=True))[run.manifest.prior_only :]:
            outline = [(x, ground - tall * h) for x, h in zip(xs, shape, strict=True)]
            if style != "soft":
                sheet.area([(xs[0], ground), *outline, (xs[-1], ground)], style, 0.45)
            sheet.line(outline, style, 1.2, "4 3" if style == "soft" else "")
    if not run.manifest.prior_only:
        sheet.words(across.edges[0], bottom + 30, "dashed: before the evidence", "soft", size=11)
    return sheet


def log_odds_of(values: Array) -> Array:
    """Return the log odds of probabilities, shape (draw,)."""
    held = np.clip(values, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(held / (1 - held)))


def density(values: Array, grid: Array) -> Array:
    """Return the density of draws on a grid, by normal kernels (Silverman 1986, eq. 3.31)."""
    few = values[:: max(1, len(values) // 1000)]
    low, high = np.quantile(few, (0.25, 0.75))
    spread = min(few.std(), (high - low) / 1.34) or few.std()
    width = 0.9 * spread * len(few) ** -0.2
    if not width > 0:
        return np.zeros(len(grid))
    away = (grid[:, None] - few) / width
    return np.asarray(np.exp(-0.5 * away**2).mean(axis=1) / width)


def alt_of_outcomes(run: Run) -> str:
    """Return what the first figure shows, in words."""
    titles = {one.id: one.title for one in run.manifest.outcomes}
    told = [
        f"{titles[row.outcome]} {chance(row.mean)} ({chance_range(row.q05, row.q95)})"
        for row in run.at(run.manifest.headline).values()
    ]
    return "All outcomes on one scale: " + "; ".join(told) + "."


def alt_of_months(run: Run) -> str:
    """Return what the figure by month shows, in words."""
    first, *_, last = run.manifest.horizons
    ends = [run.at(horizon) for horizon in (first, last)]
    told = [
        f"{one.title} from {' to '.join(chance(end[one.id].mean) for end in ends)}"
        for one in run.manifest.outcomes
    ]
    return (
        f"{len(told)} panels, one an outcome, from {run.manifest.horizons[first]} to "
        f"{run.manifest.horizons[last]}: " + "; ".join(told) + "."
    )
