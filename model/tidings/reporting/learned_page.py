"""What was learned, as a page with figures: scores, quantities, and the reference class."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tidings._templates import template
from tidings.errors import RunError
from tidings.past.cases import DISPOSED, REFUSED, PastCases, aalen_johansen
from tidings.question.sources import Quantity, learned_text
from tidings.reporting.prior_figures import STYLE
from tidings.trust.case_scores import Group
from tidings.trust.learning_priors import CURVE_MONTHS, Lessons

if TYPE_CHECKING:
    from tidings.trust.learning_priors import Lessons

_COLOURS = {DISPOSED: "#0072B2", REFUSED: "#D55E00"}
_TITLES = {DISPOSED: "disposed of", REFUSED: "refused, blocked or withdrawn"}


def page_of(lessons: Lessons, stem: str) -> str:
    """Return the page that stands beside what was learned, as Markdown."""
    gain, cases = lessons.examination.gains(), lessons.cases
    return template("learned.md.j2", {"isfinite": np.isfinite}).render(
        learned=lessons.learned,
        stem=stem,
        quantities={name: quantiles_of(one) for name, one in lessons.learned.quantities.items()},
        gains={question: list(row) for question, row in zip(gain.index, gain.values, strict=True)},
        months=list(gain.columns),
        groups=lessons.groups,
        because=lessons.because,
        refusals=0 if cases is None else int(cases.refused[cases.alone].sum()),
        overridden=0 if cases is None else int(cases.refused[cases.alone] @ cases.went_ahead),
        covered=sum(group.covered for group in lessons.groups),
    )


def quantiles_of(quantity: Quantity) -> tuple[float, float, float]:
    """Return the 5, 50 and 95 % quantiles of what was learned."""
    low, middle, high = (quantity.normal.quantile(p) for p in (0.05, 0.5, 0.95))
    return low, middle, high


def draw_incidence_of_cases(cases: PastCases, curves: np.ndarray, path: Path) -> None:
    """Draw the model's cumulative incidence against the Aalen-Johansen estimate.

    Parameters
    ----------
    curves : ndarray, shape (draw, case, end, month)
        The model's, of the cases whose months are known.
    """
    dated = np.isfinite(cases.months)
    raw = aalen_johansen(cases.end[dated], cases.months[dated], CURVE_MONTHS, 0.9)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(6.4, 3.6), layout="constrained")
        axes = figure.subplots()
        for end, colour in _COLOURS.items():
            mean = curves[:, :, end].mean(axis=1)
            low, middle, high = np.quantile(mean, (0.05, 0.5, 0.95), axis=0)
            axes.fill_between(CURVE_MONTHS, low, high, color=colour, alpha=0.2, linewidth=0)
            axes.plot(CURVE_MONTHS, middle, color=colour, linewidth=1.8)
            axes.step(
                CURVE_MONTHS,
                raw.estimate[end],
                color=colour,
                linewidth=1.2,
                linestyle="--",
                where="post",
            )
            for edge in (raw.low[end], raw.high[end]):
                axes.step(
                    CURVE_MONTHS, edge, color=colour, linewidth=0.6, linestyle=":", where="post"
                )
            axes.annotate(
                _TITLES[end],
                (CURVE_MONTHS[-1], middle[-1]),
                color=colour,
                xytext=(-4, 8),
                textcoords="offset points",
                ha="right",
            )
        axes.set_xlim(0, CURVE_MONTHS[-1])
        axes.set_xticks(range(0, 61, 12))
        axes.set_ylim(0, None)
        axes.set_xlabel(
            "months since the proposal (solid: model, middle 90 %; dashed: "
            "Aalen-Johansen, dotted: its 90 % interval)"
        )
        axes.set_ylabel("share of cases")
        figure.savefig(path, metadata={"Date": None})


def draw_groups(groups: Sequence[Group], path: Path) -> None:
    """Draw the raw share of each group against what the model would expect to see."""
    parts = list(dict.fromkeys(group.part for group in groups))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.6, 4.4), layout="constrained")
        panels = np.atleast_1d(figure.subplots(1, len(parts), sharey=True))
        for panel, part in zip(panels, parts, strict=True):
            _draw_part(panel, [group for group in groups if group.part == part])
            panel.set_title(part)
        panels[0].invert_yaxis()
        figure.savefig(path, metadata={"Date": None})


def _draw_part(panel: Axes, groups: Sequence[Group]) -> None:
    for place, one in enumerate(groups):
        panel.plot([one.q05, one.q95], [place, place], color="#9A9A9A", linewidth=4)
        panel.plot([one.q50], [place], "|", color="#4D4D4D", markersize=10)
        panel.plot([one.share], [place], "o", color="#D55E00", markersize=5)
        panel.annotate(
            f"{one.yes}/{one.n}", (1.02, place), fontsize=7.5, va="center", color="#555555"
        )
    panel.set_yticks(range(len(groups)), [group.group for group in groups])
    panel.set_xlim(-0.03, 1.16)
    panel.set_xticks([0, 0.5, 1], ["0", "50 %", "100 %"])
    panel.tick_params(axis="y", length=0)


def write_lessons(lessons: "Lessons", path: Path) -> tuple[Path, ...]:
    """Write what was learned, its draws, and its page with figures.

    Returns
    -------
    tuple of Path
        The files, the TOML last: until it is in place, what was learned before holds.

    Raises
    ------
    RunError
        If they cannot be written.
    """
    from tidings.reporting.learned_page import draw_groups, draw_incidence_of_cases, page_of
    from tidings.trust.learning_priors import draws_text

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".writing-") as name:
            work = Path(name)
            (work / f"{path.stem}.csv").write_text(draws_text(lessons.draws), encoding="utf-8")
            if lessons.cases is not None and lessons.curves is not None:
                incidence = work / f"{path.stem}-incidence.svg"
                draw_incidence_of_cases(lessons.cases, lessons.curves, incidence)
                draw_groups(lessons.groups, work / f"{path.stem}-groups.svg")
            (work / f"{path.stem}.md").write_text(page_of(lessons, path.stem), encoding="utf-8")
            made = sorted(work.iterdir())
            (work / path.name).write_text(learned_text(lessons.learned), encoding="utf-8")
            return tuple(one.replace(path.parent / one.name) for one in [*made, work / path.name])
    except OSError as error:
        raise RunError(f"{path}: cannot be written ({error.strerror or error})") from error
