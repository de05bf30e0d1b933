"""The question itself forecast on past dates, and by other models: whether its level is right.

On each date a forecast knows what was known then, though its priors were learned later. What it
gave to the time until the next date adds up to the changes expected; none was seen.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from tidings.evidence.inputs import Inputs
from tidings.forecasting.fitting import fit, incidence_of
from tidings.mechanism.situation import observe
from tidings.names import RETAINED, Dim
from tidings.question.loading import Question
from tidings.question.timeline import add_months

Progress = Callable[[str], None]

_DATES, _MONTHS = 24, 12
_COLLECTED = "resolved.collected."


@dataclass(frozen=True)
class Hindcast:
    """One past date.

    Attributes
    ----------
    made, until : date
        When it is made, and the next date.
    a_year : float
        Chance of a change within twelve months.
    until_next : float
        Chance of a change until the next date.
    """

    made: date
    until: date
    a_year: float
    until_next: float


@dataclass(frozen=True)
class OtherModel:
    """What a model with one thing else makes of the newest date: a change within a year."""

    model: str
    a_year: float


def hindcasts(inputs: Inputs, last: date, progress: Progress) -> tuple[Hindcast, ...]:
    """Forecast a question on even dates since its clock started.

    Raises
    ------
    FitError
        If a sampler stopped.
    """
    start = inputs.question.config.clock_start
    days = (last - start).days / (_DATES + 1)
    marks = [start + timedelta(days=round(days * (one + 1))) for one in range(_DATES)]
    done = []
    for made, until in pairwise([*marks, last]):
        progress(f"as of {made}")
        chances = _chances(inputs, made, until)
        done.append(Hindcast(made, until, chances[add_months(made, _MONTHS)], chances[until]))
    return tuple(done)


def _chances(inputs: Inputs, made: date, *more: date) -> dict[date, float]:
    """Return the chance of a change within a year, and by some other dates."""
    dates = {"horizons_months": (_MONTHS,), "headline_months": _MONTHS, "horizon_dates": more}
    question = _changed(inputs.question, dates)
    situation = observe(question, inputs.ledger, inputs.resolved, made)
    kept = incidence_of(fit(situation)).sel({Dim.OUTCOME.value: RETAINED})
    means = kept.mean((Dim.CHAIN.value, Dim.DRAW.value))
    wanted = (add_months(made, _MONTHS), *more)
    return {day: 1 - float(means.sel({Dim.DATE.value: str(day)})) for day in wanted}


def _changed(question: Question, update: Mapping[str, Any]) -> Question:
    return replace(question, config=question.config.model_copy(update=dict(update)))


def other_models(inputs: Inputs, made: date, progress: Progress) -> tuple[OtherModel, ...]:
    """Forecast one date by the model and by others that differ in one thing each.

    Raises
    ------
    FitError
        If a sampler stopped.
    """
    done = []
    for name, question in _others(inputs.question):
        progress(f"other models: {name}")
        changed = replace(inputs, question=question)
        done.append(OtherModel(name, _chances(changed, made)[add_months(made, _MONTHS)]))
    return tuple(done)


def _others(question: Question) -> Iterator[tuple[str, Question]]:
    config = question.config
    yield "as it is", question
    quiet = config.news.model_copy(update={"simulate": False})
    yield "no news to come", _changed(question, {"news": quiet})
    own = config.news.model_copy(update={"borrowed_items": 1e-6})
    yield "news to come from its own ledger alone", _changed(question, {"news": own})
    ageless = config.time.model_copy(update={"start_up_years": 0.0})
    yield "no start-up", _changed(question, {"time": ageless})
    deaf = config.silence.model_copy(update={"noticed": 0.0})
    yield "silence tells nothing", _changed(question, {"silence": deaf})
    learned = {} if question.learned is None else question.learned.normals
    collected = {
        name.removeprefix(_COLLECTED): normal
        for name, normal in learned.items()
        if name.startswith(_COLLECTED)
    }
    if collected:
        yield (
            "no correction for selection",
            replace(question, priors={**question.priors, **collected}),
        )
