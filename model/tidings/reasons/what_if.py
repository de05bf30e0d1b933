"""A run's draws with one thing else: a prior's value known, its median moved, a push, a reading.

With ``x`` set to ``v`` in every draw, the draws are those of the posterior given ``x = v`` when
each has the weight ``L(v, rest) / L(x, rest)``: importance sampling whose proposal for the rest is
the posterior, times the prior of ``x``.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from tidings.evidence.ledger import Item
from tidings.evidence.pressure import Pulse
from tidings.evidence.readings import read_items
from tidings.forecasting.runs import Run
from tidings.mechanism.incidence import Futures
from tidings.mechanism.likelihood import NeutralRates, log_readings
from tidings.mechanism.parameters import Parameters, linked_priors, of_linked
from tidings.mechanism.situation import (
    Situation,
    exposure_of,
    outlook_of,
    precedent_share,
    reading_rows,
)
from tidings.mechanism.unknowns import prior_names
from tidings.names import RETAINED, Var
from tidings.question.normal import LinkNormal
from tidings.question.timeline import make_calendar
from tidings.reasons.reweighting import Posterior, at_horizons, weights_of

Array = NDArray[np.float64]
_DRAWS, _FUTURES = 200, 25
SUPPOSED = "supposed"
"""Names the item, and the story, of news that nobody reported yet."""
_ACTING = (
    "base_rate",
    "push_slope",
    "counter_slope",
    "consent_slope",
    "share_other",
    Var.PRECEDENT.value,
    "willingness",
    "binding",
)


class WhatIf:
    """A run's draws, carried to one horizon, with one thing else.

    Parameters
    ----------
    run : Run
        As stored.
    everything : Posterior
        All its draws; some of them are carried forward again.
    horizon : str
        One of the run's.
    """

    def __init__(self, run: Run, everything: Posterior, horizon: str) -> None:
        self.posterior = everything.thinned(_DRAWS)
        self.situation: Situation = self.posterior.situation
        self.outcomes = [outcome.id for outcome in run.manifest.outcomes]
        self.published = np.array([row.mean for row in run.at(horizon).values()])
        self.linked = linked_priors(self.posterior.parameters, self.situation.structure)
        self.every_parameters = everything.parameters
        self.every_linked = linked_priors(everything.parameters, self.situation.structure)
        place = list(run.manifest.horizons).index(horizon)
        self.every = at_horizons(everything.incidence, self.situation)[:, :, place]
        outlook = outlook_of(self.situation)
        day = outlook.calendar.horizons[horizon]
        # Only one date is asked about: nothing is carried beyond it.
        calendar = make_calendar(outlook.calendar.start, outlook.calendar.as_of, (), (day,))
        self.outlook = replace(outlook, calendar=calendar, futures=_FUTURES)
        self._exposure, self._rows = exposure_of(self.situation), reading_rows(self.situation)
        self.own_readings = log_readings(self.posterior.parameters, self._rows)
        self.own_survival = self._survival(self.posterior.parameters)
        self.own_futures = Futures(
            self.posterior.parameters, self.outlook, self.posterior.seed, "tipping"
        )
        self.own = self._carried(self.own_futures, self.situation.pulses)

    def acting(self) -> list[str]:
        """Return the priors whose values act on the forecast of a given draw."""
        return [
            name
            for name in self.linked
            if name.partition(".")[0] in _ACTING and name in self.situation.question.priors
        ]

    def prior(self, name: str) -> LinkNormal:
        """Return a prior."""
        return self.situation.question.priors[name]

    def at_value(self, name: str, linked: float) -> tuple[Array, float]:
        """Return the forecast were a prior's value known, shape (outcome,), and Pareto k."""
        own, structure = self.posterior.parameters, self.situation.structure
        changed = np.array(own.linked)
        changed[prior_names(structure).index(name)] = linked
        parameters = of_linked(changed, own.factor, own.voice_bias, structure)
        log_weights = self._survival(parameters) - self.own_survival
        if name.startswith("willingness."):
            log_weights += log_readings(parameters, self._rows) - self.own_readings
        weights, k = weights_of(log_weights)
        carried = self._carried(self.own_futures.of(parameters), self.situation.pulses)
        return self._moved(weights, carried), k

    def at_prior(self, name: str, linked: float) -> tuple[Array, float]:
        """Return the forecast were a prior's median another, shape (outcome,), and Pareto k."""
        prior = self.prior(name)
        steps = (linked - prior.mean) / prior.sd
        standard = (self.every_linked[name] - prior.mean) / prior.sd
        return self._weighted(steps * standard)

    def with_push(self, pulses: Sequence[Pulse]) -> Array:
        """Return the forecast with more pressure, shape (outcome,)."""
        carried = self._carried(self.own_futures, [*self.situation.pulses, *pulses])
        return self._moved(np.ones(len(carried)), carried)

    def with_item(self, item: Item) -> tuple[Array, float]:
        """Return the forecast with one more reading, shape (outcome,), and Pareto k."""
        question = self.situation.question
        more = read_items(
            [item],
            question.config,
            precedent_share(question),
            question.yardsticks,
            self.situation.timeline,
        )
        after = replace(self.situation, readings=(*self.situation.readings, *more))
        change = log_readings(self.every_parameters, reading_rows(after))
        change -= log_readings(self.every_parameters, self._rows)
        return self._weighted(change)

    def _weighted(self, log_weights: Array) -> tuple[Array, float]:
        """Return the forecast of all stored draws with other weights, and Pareto k."""
        weights, k = weights_of(log_weights)
        then = weights @ self.every / weights.sum()
        moved = self.published + then - self.every.mean(axis=0)
        return np.asarray(np.clip(moved, 0.0, 1.0)), k

    def _moved(self, weights: Array, carried: Array) -> Array:
        """Return the published forecast, moved as that of these draws is."""
        then = weights @ carried / weights.sum()
        return np.asarray(np.clip(self.published + then - self.own.mean(axis=0), 0.0, 1.0))

    def _survival(self, parameters: Parameters) -> Array:
        reference = self.situation.question.config.consent_reference
        rates = NeutralRates(parameters, self.situation.structure, reference)
        return rates.log_survival(self._exposure)

    def _carried(self, futures: Futures, pulses: Sequence[Pulse]) -> Array:
        """Return each draw's forecast at the horizon, shape (draw, outcome)."""
        known = (RETAINED, *self.situation.structure.ends)
        columns = [known.index(name) for name in self.outcomes]
        return futures.incidence(pulses)[:, -1, columns]


def supposed_item(
    as_of: date, about: tuple[str, str], face_value: str, voice: str, grade: tuple[str, str]
) -> Item:
    """Return an item that nobody reported yet.

    Parameters
    ----------
    as_of : date
        The day of the forecast; it happens and is published then.
    about : tuple of str
        The actor and the outcome it speaks of.
    face_value : str
        The word it says.
    voice : str
        Who speaks.
    grade : tuple of str
        The source's reliability and the claim's credibility.
    """
    return Item(
        id=SUPPOSED,
        date=as_of,
        date_precision="day",
        published=as_of,
        source="",
        via=None,
        url="",
        speaker=None,
        voice=voice,
        actor=about[0],
        outcomes=(about[1],),
        claim="",
        face_value=face_value,
        push=None,
        milestone=None,
        source_reliability=grade[0],
        credibility=grade[1],
        story=SUPPOSED,
        note=None,
        retracted=None,
        retracted_why=None,
    )
