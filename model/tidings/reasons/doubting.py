"""Doubting: the forecast of a reader who does not believe some of the news, or some of the priors.

Nothing that is recorded changes: news comes as before, and the ledger is as complete as before; but
what is doubted neither pushes nor says anything, or counts by another grade. The run's draws are
weighed for it, each with its stored forecast, moved by what the doubt does in few futures. The
living report does the same in the reader's browser (see `tidings.reporting.living`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from tidings.errors import UsageError, nearest
from tidings.evidence.ledger import Item
from tidings.evidence.pressure import pulses
from tidings.forecasting.runs import Run
from tidings.mechanism.situation import Situation, reread
from tidings.question.normal import LinkNormal
from tidings.reasons.pool import Pool, Refit
from tidings.reasons.previewing import Preview, previewed
from tidings.reasons.reweighting import quick_posterior

Array = NDArray[np.float64]

_DRAWS = 1500
"""Draws that doubts are weighed with: as many as a page can carry."""
_SHORT = 32767


@dataclass(frozen=True)
class Doubts:
    """What a reader doubts.

    Attributes
    ----------
    off : frozenset of str
        Stories and items that are not believed.
    grades : mapping of str to str
        Items that are graded otherwise: reliability of the source, credibility of the item.
    shifts : mapping of str to float
        Priors that are held otherwise, by dotted name: moved by so many sds, on their link scale.
    """

    off: frozenset[str] = frozenset()
    grades: Mapping[str, str] = MappingProxyType({})
    shifts: Mapping[str, float] = MappingProxyType({})


def doubted(situation: Situation, doubts: Doubts) -> Situation:
    """Return a situation as a reader with doubts sees it.

    Raises
    ------
    UsageError
        If what is doubted is not there.
    """
    _check(situation, doubts)
    question = situation.question
    moved = {
        name: _moved(question.priors[name], shift) for name, shift in doubts.shifts.items() if shift
    }
    kept = [item for item in situation.items if not {item.id, item.story} & doubts.off]
    items = tuple(_graded(item, doubts.grades.get(item.id)) for item in kept)
    counted = pulses(items, question.config.grades, situation.structure.ends)
    held = replace(question, priors={**question.priors, **moved})
    return reread(replace(situation, question=held, items=items, pulses=counted))


def _moved(prior: LinkNormal, shift: float) -> LinkNormal:
    return replace(prior, mean=prior.mean + shift * prior.sd)


def _graded(item: Item, grade: str | None) -> Item:
    if grade is None:
        return item
    return replace(item, source_reliability=grade[0], credibility=grade[1])


def _check(situation: Situation, doubts: Doubts) -> None:
    items = {item.id for item in situation.items}
    known = items | {item.story for item in situation.items}
    for flag, named, there in (
        ("without", doubts.off, known),
        ("graded", doubts.grades, items),
        ("shift", doubts.shifts, situation.question.priors),
    ):
        for name in named:
            if name not in there:
                raise UsageError(f"got {name!r}; expected {nearest(name, there)}", flag)
    grades = situation.question.config.grades
    for name, grade in doubts.grades.items():
        if grade[:1] not in grades.reliability_weight or grade[1:] not in grades.credibility_weight:
            raise UsageError(f"got {grade!r} for {name}; expected a grade like B2", "graded")


def doubting_pool(run: Run, refit: Refit = "never") -> Pool:
    """Return the draws of a run that doubts are weighed with, rounded as a page carries them.

    Raises
    ------
    RunError, InputError
        If the run cannot be read.
    """
    posterior = quick_posterior(run, _DRAWS)
    parameters = posterior.parameters
    step = short_step(parameters.factor)
    factor = np.rint(parameters.factor / step) * step
    posterior = replace(posterior, parameters=replace(parameters, factor=factor))
    return Pool(posterior.inputs, [posterior], refit=refit, anchored=True)


def short_step(array: Array) -> float:
    """Return the power of two in whose multiples 16 bits hold an array: a page has no more room."""
    return float(2.0 ** np.ceil(np.log2(max(float(np.abs(array).max()), 1.0) / _SHORT)))


def preview_doubts(run: Run, doubts: Doubts, refit: Refit = "never") -> Preview:
    """Say what a run would be to a reader with doubts.

    Parameters
    ----------
    run : Run
        As stored.
    doubts : Doubts
        What is not believed.
    refit : {"never", "needed", "always"}
        Whether a posterior is drawn anew.

    Raises
    ------
    UsageError
        If what is doubted is not there.
    InputError, RunError
        If the run cannot be read.
    FitError
        If the sampler stopped.
    """
    pool = doubting_pool(run, refit)
    own = pool.posterior.situation
    without, then = pool.step(own, doubted(own, doubts))
    return previewed(run, own, (without, then), np.zeros_like(without.mean))


def interval(values: Array, weights: Array, mass: float = 0.9) -> Array:
    """Return the middle of weighted values: their low and high quantile, shape (2, ...).

    Parameters
    ----------
    values : ndarray, shape (draw, ...)
    weights : ndarray, shape (draw,)
    mass : float
        Probability in the middle.
    """
    tail = (1 - mass) / 2
    wide = np.broadcast_to(weights.reshape(-1, *[1] * (values.ndim - 1)), values.shape)
    return np.quantile(values, (tail, 1 - tail), axis=0, weights=wide, method="inverted_cdf")
