"""Figures that commands write by themselves: the history of runs, and priors."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tidings.errors import RenderError
from tidings.evidence.inputs import Inputs
from tidings.forecasting.runs import Run
from tidings.mechanism.situation import observe
from tidings.reporting.time_figures import draw_history

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tidings.reporting.prior_cards import PriorCard


def draw_history_of(runs: Sequence[Run], folder: Path) -> Path:
    """Draw what runs of one question said over time, as ``history-QUESTION.svg`` in a folder.

    Raises
    ------
    RenderError
        If the figure cannot be written.
    """
    target = folder / f"history-{runs[-1].manifest.question}.svg"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-") as name:
            draw_history(runs).write(Path(name) / target.name)
            return (Path(name) / target.name).replace(target)
    except OSError as error:
        raise RenderError(f"{folder}: cannot be written ({error.strerror or error})") from error


def draw_priors_of(
    shown: "tuple[Inputs, Sequence[PriorCard], Run | None]",
    draws: "Mapping[str, NDArray[np.float64]]",
    folder: Path,
    to: str,
) -> tuple[Path, ...]:
    """Draw priors, their words, and what they alone say of the outcomes.

    Parameters
    ----------
    shown : tuple of (Inputs, sequence of PriorCard, Run or None)
        The inputs, the priors to draw, and whose posterior stands beside them.
    draws : mapping of str to ndarray, shape (draw,)
        The run's draws on the link scale.

    Raises
    ------
    RenderError
        If a figure cannot be written.
    """
    from tidings.forecasting.making import rows_of_priors
    from tidings.reporting.prior_figures import draw_densities, draw_priors, draw_words

    inputs, cards, run = shown
    question = inputs.question
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-") as name:
            work = Path(name)
            draw_densities(cards, question, draws, work / f"priors-densities.{to}")
            if any(source.word for card in cards for source in card.sources):
                draw_words(cards, question, work / f"priors-words.{to}")
            if run is not None:
                situation = observe(question, inputs.ledger, inputs.resolved, run.manifest.as_of)
                alone = {
                    row.outcome: row
                    for row in rows_of_priors(situation)
                    if row.horizon == run.manifest.headline
                }
                draw_priors(run, work / f"priors-outcomes.{to}", alone)
            made = sorted(work.iterdir())
            return tuple(path.replace(folder / path.name) for path in made)
    except OSError as error:
        raise RenderError(f"{folder}: cannot be written ({error.strerror or error})") from error
