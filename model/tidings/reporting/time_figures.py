"""Figures over time: the forecast as each date saw it, and what actors seem willing to do."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from tidings.question.timeline import DAYS_PER_YEAR
from tidings.reporting.drawing import Drawing, Scale, fitted, wrapped
from tidings.reporting.figures import page_width
from tidings.reporting.series import Event, Willing
from tidings.reporting.wording import day_words

if TYPE_CHECKING:
    from tidings.forecasting.runs import Run


def draw_over_time(
    line: Sequence[tuple[date, float]],
    published: Sequence[tuple[date, float]],
    events: Sequence[Event],
    *,
    narrow: bool,
) -> Drawing:
    """Draw the chance of a change within a year, as each date saw it, with what moved it."""
    sheet = Drawing(page_width(narrow=narrow), 208)
    days = [day for day, _ in (*line, *published)] + [event.day for event in events]
    left, right, top, bottom = 40.0, sheet.width - 14, 40.0, 184.0
    first, last = min(days), max(days)
    across = Scale((first.toordinal(), last.toordinal()), (left, right))
    up = Scale((0.0, max(value for _, value in (*line, *published)) * 1.15), (bottom, top))
    for mark in up.marks(4):
        sheet.line([(left, up(mark)), (right, up(mark))], "grid")
        sheet.words(left - 5, up(mark) + 4, f"{mark * 100:.3g} %", "soft", "end", size=11)
    _draw_years(sheet, across, (first, last), bottom, narrow=narrow)
    _draw_events(sheet, across, events, (top, bottom))
    sheet.line([(across(d.toordinal()), up(v)) for d, v in line], "k1", 2)
    for day, value in line:
        sheet.dot(across(day.toordinal()), up(value), 2.2, "k1")
    for day, value in published:
        sheet.dot(across(day.toordinal()), up(value), 5, "k4", hollow=True)
    return sheet


def draw_history(runs: "Sequence[Run]") -> Drawing:
    """Draw what runs of one question said of each outcome, a panel each, by their as-of dates.

    Each panel has a scale of its own, which begins at none; bands hold the middle 90 % of draws.
    """
    outcomes = {one.id: one.title for run in runs for one in run.manifest.outcomes}
    columns, high = 3, 170.0
    width = page_width(narrow=False) / columns
    sheet = Drawing(page_width(narrow=False), high * -(-len(outcomes) // columns))
    for place, (outcome, title) in enumerate(outcomes.items()):
        rows = [(run.manifest.as_of, run.at(run.manifest.headline).get(outcome)) for run in runs]
        told = [(day, row.q05, row.mean, row.q95) for day, row in rows if row is not None]
        corner = place % columns * width, place // columns * high
        _draw_panel(sheet, (*corner, width, high), title, told)
    return sheet


def _draw_panel(
    sheet: Drawing,
    box: tuple[float, float, float, float],
    title: str,
    told: Sequence[tuple[date, float, float, float]],
) -> None:
    x, y, width, high = box
    for number, line in enumerate(wrapped(title, width - 14, 12, 2)):
        sheet.words(x, y + 13 + 14 * number, line, bold=True)
    days = [day.toordinal() for day, *_ in told]
    across = Scale((min(days), max(*days, min(days) + 1)), (x + 44, x + width - 14))
    up = Scale((0.0, max(top for *_, top in told) * 1.1 or 1.0), (y + high - 26, y + 40))
    for mark in up.marks(3):
        sheet.line([(x + 44, up(mark)), (x + width - 14, up(mark))], "grid")
        sheet.words(x + 40, up(mark) + 4, f"{mark * 100:.3g} %", "soft", "end", size=10)
    upper = [(across(day.toordinal()), up(top)) for day, _, _, top in told]
    lower = [(across(day.toordinal()), up(low)) for day, low, _, _ in told]
    sheet.area([*upper, *reversed(lower)], "k1", 0.22)
    middle = [(across(day.toordinal()), up(mean)) for day, _, mean, _ in told]
    sheet.line(middle, "k1", 2)
    for point in middle:
        sheet.dot(*point, 2.6, "k1")
    for (day, *_), anchor in ((told[0], "start"), (told[-1], "end")):
        sheet.words(across(day.toordinal()), y + high - 11, str(day), "soft", anchor, size=10)


def _draw_years(
    sheet: Drawing, across: Scale, ends: tuple[date, date], bottom: float, *, narrow: bool
) -> None:
    years = range(ends[0].year + 1, ends[1].year + 1)
    every = 1 if len(years) <= (6 if narrow else 12) else 2
    if (ends[1] - ends[0]).days < DAYS_PER_YEAR:
        for day, anchor in zip(ends, ("start", "end"), strict=True):
            x = across(day.toordinal())
            sheet.words(x, bottom + 16, day_words(day), "soft", anchor, size=11)
        return
    for year in years:
        x = across(date(year, 1, 1).toordinal())
        sheet.line([(x, bottom), (x, bottom + 4)], "rule")
        if (year - ends[0].year - 1) % every == 0:
            sheet.words(x, bottom + 17, str(year), "soft", "middle", size=11)


def _draw_events(
    sheet: Drawing, across: Scale, events: Sequence[Event], span: tuple[float, float]
) -> None:
    reached = [-20.0, -20.0]
    for event in sorted(events, key=lambda one: one.day):
        x = across(event.day.toordinal())
        floor = 0 if x - reached[0] > 17 else 1
        reached[floor] = x
        y = 12.0 + 16 * floor
        sheet.line([(x, y + 4), (x, span[1])], "rule", 0.8, "2 3")
        sheet.dot(x, y, 8, "ink")
        sheet.words(x, y + 4, str(event.number), "paper", "middle", size=11, bold=True)


def draw_willing(panels: Sequence[Willing], *, narrow: bool) -> Drawing:
    """Draw what actors seem willing to do over time, a panel each, with what was said of it."""
    columns = 1 if narrow else min(len(panels), 3)
    width, high = page_width(narrow=narrow) / columns, 170.0
    sheet = Drawing(page_width(narrow=narrow), high * -(-len(panels) // columns))
    for place, panel in enumerate(panels):
        corner = place % columns * width, place // columns * high
        for number, line in enumerate(wrapped(panel.title, width - 14, 12, 2)):
            sheet.words(corner[0], corner[1] + 13 + 14 * number, line, bold=True)
        left, right = corner[0] + 38, corner[0] + width - 14
        top, bottom = corner[1] + 40, corner[1] + high - 26
        across = Scale((panel.days[0].toordinal(), panel.days[-1].toordinal()), (left, right))
        up = Scale((0.0, 1.0), (bottom, top))
        for mark in (0.0, 0.5, 1.0):
            sheet.line([(left, up(mark)), (right, up(mark))], "grid")
            sheet.words(left - 4, up(mark) + 4, f"{mark * 100:g} %", "soft", "end", size=10)
        xs = [across(day.toordinal()) for day in panel.days]
        band = [*zip(xs, map(up, panel.high), strict=True)]
        band += reversed([*zip(xs, map(up, panel.low), strict=True)])
        sheet.area(band, "k1", 0.22)
        sheet.line([*zip(xs, map(up, panel.middle), strict=True)], "k1", 2)
        for day, value in panel.said:
            sheet.dot(across(day.toordinal()), up(value), 2.4, "k4", hollow=True)
        for day, anchor in ((panel.days[0], "start"), (panel.days[-1], "end")):
            shown = fitted(f"{day:%Y}-{day:%m}", width)
            sheet.words(across(day.toordinal()), bottom + 15, shown, "soft", anchor, size=10)
    return sheet
