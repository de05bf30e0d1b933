"""Priors: show, plot, edit, preview an edit. See `tidings.api.project` for common arguments."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tidings.api.project import QUESTION, RENDERED, RUNS, Project, Where
from tidings.errors import UsageError, nearest
from tidings.forecasting.runs import Run, list_runs
from tidings.question.loading import Question

if TYPE_CHECKING:
    from tidings.question.editing import Edit
    from tidings.reasons.engine import Refit
    from tidings.reasons.previewing import Preview
    from tidings.reporting.prior_cards import PriorCard


@dataclass(frozen=True)
class PriorsShown:
    """Priors with what a run made of them; no run where there is none yet."""

    question: Question
    cards: "list[PriorCard]"
    run: Run | None


def priors(
    name: str | None = None, run: str | None = None, question: Where = QUESTION, runs: Where = RUNS
) -> PriorsShown:
    """Return each prior with its sources, and its posterior.

    ``name`` is one prior, or the beginning of several; ``run`` is whose posterior.

    Raises
    ------
    InputError
        If the question has a fault.
    UsageError
        If there is no such prior, or no such run.
    RunError
        If the run cannot be read.

    Examples
    --------
    >>> import tidings as td
    >>> td.priors("willingness.moscow").cards  # doctest: +SKIP
    """
    from tidings.reporting.prior_cards import cards_of

    at = Project.of(question, runs)
    asked = at.asked()
    if run is not None:
        base: Run | None = at.run(run)
    else:
        of_it = [one for one in list_runs(at.runs) if one.manifest.question == asked.config.id]
        base = of_it[-1] if of_it else None
    return PriorsShown(asked, cards_of(asked, name, base), base)


def edit_prior(
    name: str,
    value: str,
    because: str,
    yardstick: str | None = None,
    claims: Sequence[str] | None = None,
    question: Where = QUESTION,
) -> "Edit":
    """Make and check an edit of a prior; its ``write`` method writes it.

    Parameters
    ----------
    name : str
        The prior: ``willingness.moscow.ukraine``.
    value : str
        A word, quantiles like ``p05=0.03,p50=0.13,p95=0.57``, or a number taken as certain.
    because : str
        The reason.
    yardstick : str, optional
        Whose word it is; that of the row, or the report's, if not given.
    claims : sequence of str, optional
        In place of those of the row.
    question : Path
        The question file.

    Raises
    ------
    UsageError
        If there is no such prior, or no reason.
    InputError
        If the question has a fault, or would have one.

    Examples
    --------
    >>> import tidings as td
    >>> edit = td.edit_prior("base_rate", "0.1", "A round number.")  # doctest: +SKIP
    """
    from tidings.question.editing import edit_prior as edit

    return edit(Project.of(question).file, name, value, because, yardstick, claims)


def preview_prior(edit: "Edit", runs: Where = RUNS, refit: "Refit" = "never") -> "Preview":
    """Preview an edit of a prior on the newest run of its question.

    Raises
    ------
    UsageError
        If there is no run.
    InputError, RunError
        If the run cannot be read.
    FitError
        If a refit stopped.

    Examples
    --------
    >>> import tidings as td
    >>> td.preview_prior(edit).table()  # doctest: +SKIP
    """
    from tidings.reasons.previewing import preview_prior as look

    run = Project.of(None, runs).newest(edit.question.config.id)
    return look(run, edit.name, edit.question.priors[edit.name], refit)


def plot_priors(
    name: str | None = None,
    run: str | None = None,
    question: Where = QUESTION,
    runs: Where = RUNS,
    folder: Where = RENDERED,
    to: str = "svg",
) -> tuple[Path, ...]:
    """Draw priors into a folder: densities before and after evidence, words, outcomes.

    Returns ``priors-densities``, ``priors-words`` where a prior is a word, and ``priors-outcomes``
    where there is a run to stand beside, as ``svg``, ``png`` or ``pdf``.

    Raises
    ------
    InputError
        If an input has a fault.
    UsageError
        If there is no such prior, run or format, or all priors asked for are fixed.
    RunError, RenderError
        If the run cannot be read, or a figure cannot be written.

    Examples
    --------
    >>> import tidings as td
    >>> td.plot_priors("willingness", to="png")  # doctest: +SKIP
    """
    if to not in _FORMATS:
        raise UsageError(f"got {to!r}; expected {nearest(to, _FORMATS)}", "to")
    shown = priors(name, run, question, runs)
    if all(card.fixed for card in shown.cards):
        raise UsageError(f"{name}: all fixed; expected a prior with a density")

    from tidings.reporting.figure_files import draw_priors_of
    from tidings.reporting.prior_cards import posterior_draws

    draws = {} if shown.run is None else posterior_draws(shown.run)
    inputs = Project.of(question).inputs()
    return draw_priors_of((inputs, shown.cards, shown.run), draws, Path(folder), to)


_FORMATS = ("svg", "png", "pdf")
