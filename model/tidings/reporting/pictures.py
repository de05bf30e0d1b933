"""All figures of a report, each for a page and for a telephone, and what each shows in words."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from tidings.forecasting.runs import Run
from tidings.names import RETAINED, Var
from tidings.reporting.drawing import Drawing
from tidings.reporting.figures import (
    Array,
    alt_of_months,
    alt_of_outcomes,
    draw_by_month,
    draw_densities,
    draw_outcomes,
)
from tidings.reporting.findings import Findings
from tidings.reporting.moves import move_bars, movers
from tidings.reporting.reason_figures import (
    alt_of_bars,
    alt_of_swings,
    draw_bars,
    draw_swings,
    draw_waterfall,
)
from tidings.reporting.series import Bar
from tidings.reporting.time_figures import draw_over_time, draw_willing
from tidings.reporting.wording import chance, chance_range, day_words, listed

Picture = tuple[str, str, Callable[..., Drawing]]


def draw_pictures(found: Findings, folder: Path, *, brief: bool) -> dict[str, str]:
    """Draw the figures of a report into a folder.

    Returns
    -------
    dict of str to str
        What each figure shows in words, by name.
    """
    alts: dict[str, str] = {}
    for name, alt, draw in _pictures(found):
        if brief and alts:
            break
        draw(narrow=False).write(folder / f"{name}.svg")
        draw(narrow=True).write(folder / f"{name}-narrow.svg")
        alts[name] = alt
    return alts


def _pictures(found: Findings) -> Iterator[Picture]:
    """Yield each figure: its name, what it shows, and what draws it."""
    run, headline = found.run, found.run.manifest.headline
    by = day_words(run.manifest.horizons[headline])
    yield "outcomes", alt_of_outcomes(run), lambda **how: draw_outcomes(run, **how)
    yield from _reasons(found, by)
    yield from _over_time(found)
    yield "by-month", alt_of_months(run), lambda **how: draw_by_month(run, **how)
    draws = chances_by_draw(run)
    yield "beliefs", alt_of_beliefs(found, draws), lambda **how: draw_densities(run, draws, **how)
    if any(one.said for one in found.willing):
        last = [
            f"{one.title} {chance(one.middle[-1])} ({chance_range(one.low[-1], one.high[-1])})"
            for one in found.willing
        ]
        alt = f"{len(last)} panels of willingness over time; at the end: {'; '.join(last)}."
        yield "actors", alt, lambda **how: draw_willing(found.willing, **how)
    rival, now = found.title(found.rival), run.at(headline)[found.rival].mean
    said = f"chance of “{rival}” by {by}; orange: prior lower, blue: higher"
    alt = alt_of_swings(found.swings, f"“{rival}”")
    yield "swings", alt, lambda **how: draw_swings(found.swings, now, said, **how)


def _reasons(found: Findings, by: str) -> Iterator[Picture]:
    run = found.run
    title = found.title(found.leading)
    now = run.at(run.manifest.headline)[found.leading].mean
    bars = (*found.against, *reversed(found.towards))
    if bars:
        if found.unshown is not None:
            bars = (*bars, Bar("all else, and what stories share", now - found.unshown, now))
        said = f"chance of “{title}” by {by}"
        alt = alt_of_bars(bars, f"“{title}”")
        yield "why", alt, lambda **how: draw_bars(bars, now, said, **how)
    for place, outcome in enumerate(movers(found), start=1):
        assert found.moves is not None
        row = found.moves.outcomes.index(outcome)
        at = found.moves.horizons.index(run.manifest.headline)
        ends = [
            (day_words(one.manifest.as_of), float(values[row, at]))
            for one, values in (
                (found.moves.old, found.moves.before),
                (found.moves.new, found.moves.after),
            )
        ]
        steps = move_bars(found, outcome)
        alt = (
            f"From {chance(ends[0][1])} to {chance(ends[1][1])}. "
            f"{alt_of_bars(steps, f'“{found.title(outcome)}”')}"
        )
        yield f"moved-{place}", alt, _waterfall(ends, steps)


def _waterfall(ends: list[tuple[str, float]], steps: list) -> Callable[..., Drawing]:  # type: ignore[type-arg]
    return lambda **how: draw_waterfall(ends[0], steps, ends[1], **how)


def _over_time(found: Findings) -> Iterator[Picture]:
    learned = found.question.learned
    as_of = found.run.manifest.as_of
    past = () if learned is None else learned.hindcasts
    line = [(row.made, row.a_year) for row in past if row.made < as_of]
    if line:
        line.append((as_of, 1 - found.run.at(found.run.manifest.headline)[RETAINED].mean))
    if len(line) + len(found.published) < 2:
        return
    values = [value for _, value in line] or [value for _, value in found.published]
    numbered = listed([day_words(event.day) for event in found.events]) if found.events else "none"
    alt = (
        f"The chance of any change, between {chance(min(values))} and {chance(max(values))}, last "
        f"{chance(1 - found.run.at(found.run.manifest.headline)[RETAINED].mean)}; events on "
        f"{numbered}."
    )
    yield "over-time", alt, lambda **how: draw_over_time(line, found.published, found.events, **how)


def chances_by_draw(run: Run) -> dict[str, tuple[Array, Array]]:
    """Return, for each outcome, prior and posterior draws of its headline probability."""
    ids = [one.id for one in run.manifest.outcomes]
    day = run.manifest.horizons[run.manifest.headline]
    dates = sorted({row.date for row in run.rows if row.basis == "posterior"})
    at = dates.index(day)
    groups = [run.stored(group)[Var.INCIDENCE] for group in ("prior_forecast", "forecast")]
    flat = [np.asarray(values[:, :, at]).reshape(-1, len(ids)) for values in groups]
    return {name: (flat[0][:, place], flat[1][:, place]) for place, name in enumerate(ids)}


def alt_of_beliefs(found: Findings, draws: dict[str, tuple[Array, Array]]) -> str:
    """Return what the evidence made of each outcome's chance, in words."""
    told = [
        f"{found.title(name)} from {chance(float(prior.mean()))} to {chance(float(after.mean()))}"
        for name, (prior, after) in draws.items()
    ]
    return "What the evidence and time have changed: " + "; ".join(told) + "."
