"""The figures of priors as files, each whole or not at all."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tidings.errors import RenderError
from tidings.inputs import Inputs
from tidings.runs import Run
from tidings.situation import observe

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tidings.prior_cards import PriorCard

__all__ = ["draw_priors_of"]


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
    folder : Path
        Where the figures go.
    to : {"svg", "png", "pdf"}
        Format.

    Raises
    ------
    RenderError
        If a figure cannot be written.
    """
    from tidings.forecasting import rows_of_priors
    from tidings.reporting.figures import draw_priors
    from tidings.reporting.prior_figures import draw_densities, draw_words

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
                alone = {row.outcome: row for row in rows_of_priors(situation)
                         if row.horizon == run.manifest.headline}  # fmt: skip
                draw_priors(run, work / f"priors-outcomes.{to}", alone)
            made = sorted(work.iterdir())
            return tuple(one.replace(folder / one.name) for one in made)
    except OSError as error:
        raise RenderError(f"{folder}: cannot be written ({error.strerror or error})") from error
