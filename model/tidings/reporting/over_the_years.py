"""What is told along the years: what actors seemed willing to do, and what moved the forecast."""

from datetime import timedelta

import numpy as np

from tidings.evidence.ledger import Item
from tidings.evidence.pressure import item_size
from tidings.mechanism.situation import Situation
from tidings.question.normal import from_link
from tidings.reasons.draws import Posterior
from tidings.reporting.sentences import who_words
from tidings.reporting.series import Event, Willing

_EVENTS = 8
_APART_DAYS = 45
"""Events nearer to each other than this share a mark: the stronger."""


def willing_of(posterior: Posterior, outcome: str) -> tuple[Willing, ...]:
    """Return what each actor with dynamics seems willing to do, of an outcome if it is asked."""
    situation, parameters = posterior.situation, posterior.parameters
    structure, timeline = situation.structure, situation.timeline
    question = situation.question
    titles = {one.id: one.title for one in question.config.outcomes}
    days = [
        min(timeline.start + timedelta(days=timeline.state_days * state), situation.as_of)
        for state in range(timeline.states)
    ]
    told = []
    for place, actor in enumerate(structure.dynamic):
        asked = [end for who, end in structure.pairs if who == actor]
        end = outcome if outcome in asked else next(iter(asked), None)
        if end is None:
            continue
        level = parameters.level_logit[structure.pairs.index((actor, end))]
        path = parameters.factor[place, : timeline.states] + level
        low, middle, high = (
            [from_link(float(value), "logit") for value in quantile]
            for quantile in np.quantile(path, (0.05, 0.5, 0.95), axis=1)
        )
        said = [
            (days[reading.state], from_link(reading.sign * reading.y_logit, "logit"))
            for reading in situation.readings
            if reading.actor == actor and reading.outcome in (end, None)
        ]
        who = who_words(actor, question)
        title = f"{who[0].upper()}{who[1:]}: {titles[end]}"
        told.append(Willing(title, days, low, middle, high, said))
    return tuple(told)


def events_of(situation: Situation) -> tuple[Event, ...]:
    """Return what moved the forecast most over the years, one at a time."""
    grades = situation.question.config.grades
    start = situation.question.config.clock_start
    items = [item for item in situation.items if item.known >= start]
    ranked = sorted(items, key=lambda item: (-abs(item_size(item, grades)), item.known))
    taken: list[Item] = []
    for item in ranked:
        if not item_size(item, grades):
            break
        if all(abs((item.known - one.known).days) > _APART_DAYS for one in taken):
            taken.append(item)
        if len(taken) == _EVENTS:
            break
    taken.sort(key=lambda item: item.known)
    return tuple(Event(n, item.known, item) for n, item in enumerate(taken, start=1))
