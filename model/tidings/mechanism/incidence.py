"""The forecast: each draw into many futures, with future news: incidence by every date.

Each draw is carried into many futures. In each of them the actors' factors go on as their AR(1)
process, the pressure of known news fades, and future news arrives. Given a future the rates
are constant within a step, and the incidence of competing outcomes is exact:

    I[k] += S * (rate[k] / total) * (1 - exp(-total * length)),   S *= exp(-total * length)

(Kalbfleisch & Prentice 2002, ch. 8, doi:10.1002/9781118032985). The futures of a draw are averaged,
so that a forecast is a distribution over probabilities, one value a draw. Rates are taken at the
middle of a step: over arrivals at random times this has no error in expectation but that of the
midpoint rule in time.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from tidings._cores import cores
from tidings.evidence.arrivals import Arrivals
from tidings.evidence.pressure import Pulse, saturated, summed_pushes_at
from tidings.mechanism.news_to_come import NewsToCome
from tidings.mechanism.parameters import RateParts, neutral_rates, news_factor
from tidings.question.structure import Structure
from tidings.question.timeline import DAYS_PER_YEAR, Calendar, Timeline, mean_start_up
from tidings.randomness import stream

_CHUNK = 5000
"""SimulatedPaths simulated forward together: few enough that they stay in the processor's cache."""


@dataclass(frozen=True)
class Outlook:
    """What a forecast starts from, beside the draws.

    Attributes
    ----------
    clock_start : date
        From when on the question's age counts.
    start_up_years : float
        Nothing ends at once: rates reach all but 1/e of their level in this time.
    half_lives : tuple of (float, float)
        Days in which a push fades to half: towards an outcome, and against it.
    news_from : date
        From when on it may arrive.
    unnoticed : float
        Probability that an end before the as-of date would not have been reported by then.
    futures : int
        SimulatedPaths averaged for each draw.
    """

    structure: Structure
    timeline: Timeline
    calendar: Calendar
    clock_start: date
    start_up_years: float
    pulses: tuple[Pulse, ...]
    half_lives: tuple[float, float]
    arrivals: Arrivals
    news_from: date
    unnoticed: float
    consent_reference: float
    futures: int

    def exposed_years(self) -> NDArray[np.float64]:
        """Return the time at risk of each step: where an end would be known, what is left of it."""
        edges, _ = self.calendar.edges()
        years = np.diff(edges) / DAYS_PER_YEAR
        years *= mean_start_up(edges, self.clock_start, self.start_up_years)
        past = edges[1:] <= self.calendar.as_of.toordinal()
        return np.where(past, years * self.unnoticed, years)


def cumulative_incidence(
    parameters: RateParts, outlook: Outlook, seed: int, name: str = "futures"
) -> NDArray[np.float64]:
    """Simulate draws forward.

    Returns
    -------
    ndarray, shape (draw, date, end + 1)
        Probability of each outcome by each published date, the status quo first; sums to 1.
    """
    known = _known_sums(outlook, outlook.pulses)

    def carry(chunk: _Chunk) -> NDArray[np.float64]:
        simulated = chunk.simulate()
        return chunk.carry(chunk.neutral_rates(simulated), simulated.arriving, known)

    return np.concatenate(_each(carry, _chunks(parameters, outlook, seed, name)))


class SimulatedPaths:
    """The futures of some draws, kept, so that they can be carried under other known news.

    All that is random is the same each time: forecasts under different news differ by the news.

    Parameters
    ----------
    parameters : RateParts
        Over draws along one axis; each takes up some 60 kB.
    """

    def __init__(
        self, parameters: RateParts, outlook: Outlook, seed: int, name: str = "futures"
    ) -> None:
        self.outlook = outlook
        self._chunks = _chunks(parameters, outlook, seed, name)
        self._simulated = _each(_Chunk.simulate, self._chunks)
        self._neutral = _each_neutral(self._chunks, self._simulated)

    def of(self, parameters: RateParts) -> "SimulatedPaths":
        """Return the same futures of other draws: same news, same shocks to the factors.

        Parameters
        ----------
        parameters : RateParts
            As many draws, that differ in neither the factors' paths nor their sds.
        """
        other = copy(self)
        parts = _parts(parameters, self.outlook.futures)
        other._chunks = [
            _Chunk(part, self.outlook, chunk.coming, chunk.generator)
            for part, chunk in zip(parts, self._chunks, strict=True)
        ]
        other._neutral = _each_neutral(other._chunks, self._simulated)
        return other

    def neutral_rates(self) -> NDArray[np.float32]:
        """Return the rates at no pressure, shape (step, end, draw, future)."""
        steps = zip(*self._neutral, strict=True)
        rates = [np.concatenate(chunks, axis=1) for chunks in steps]
        # While the factors are known they are the same in every future.
        return np.stack([np.broadcast_to(one, rates[-1].shape) for one in rates])

    def arriving(self) -> NDArray[np.float32]:
        """Return the pushes of future news, summed, shape (step, way, end, draw, future).

        Without future news it has no steps.
        """
        steps = zip(*(one.arriving for one in self._simulated), strict=True)
        summed = [np.concatenate(chunks, axis=2) for chunks in steps]
        return np.stack(summed) if summed else np.zeros((0, 0, 0, 0, 0), np.float32)

    def incidence(self, counted: Sequence[Pulse]) -> NDArray[np.float64]:
        """Return what `cumulative_incidence` returns, under these pulses in place of its own."""
        known = _known_sums(self.outlook, counted)

        def carry(part: int) -> NDArray[np.float64]:
            return self._chunks[part].carry(
                self._neutral[part], self._simulated[part].arriving, known
            )

        return np.concatenate(_each(carry, range(len(self._chunks))))


def _each_neutral(
    chunks: "Sequence[_Chunk]", simulated: "Sequence[_Simulated]"
) -> list[list[NDArray[np.float32]]]:
    return _each(lambda chunk, one: list(chunk.neutral_rates(one)), chunks, simulated)


def _each[T](work: Callable[..., T], *along: Sequence[Any]) -> list[T]:
    """Work on many parts in threads, and on one without."""
    if len(along[0]) == 1:
        return list(map(work, *along))
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(cores()) as threads:
        return list(threads.map(work, *along))


def _chunks(parameters: RateParts, outlook: Outlook, seed: int, name: str) -> "list[_Chunk]":
    """Return the draws in parts, each with a random stream of its own."""
    start = max(outlook.news_from, outlook.calendar.start).toordinal()
    ends, days = outlook.structure.ends, _middles(outlook) - float(start)
    coming = None
    if outlook.arrivals.mean_pace > 0.0:
        coming = NewsToCome(outlook.arrivals, ends, days, outlook.half_lives)
    return [
        _Chunk(part, outlook, coming, stream(seed, name, number))
        for number, part in enumerate(_parts(parameters, outlook.futures))
    ]


def _parts(parameters: RateParts, futures: int) -> list[RateParts]:
    draws, together = parameters.draws, max(1, _CHUNK // futures)
    parts = [slice(low, min(low + together, draws)) for low in range(0, draws, together)]
    return [_of_draws(parameters, part) for part in parts]


def _of_draws(parts: RateParts, which: slice) -> RateParts:
    return parts.each(lambda array: array[..., which])


def _middles(outlook: Outlook) -> NDArray[np.float64]:
    edges, _ = outlook.calendar.edges()
    return np.asarray((edges[:-1] + edges[1:]) / 2)


def _known_sums(outlook: Outlook, counted: Sequence[Pulse]) -> NDArray[np.float32]:
    """Return the summed pushes of known news at the middle of each step, shape (way, end, step)."""
    middles, ends = _middles(outlook), outlook.structure.ends
    return summed_pushes_at(counted, middles, outlook.half_lives, ends).astype(np.float32)


def _with_room_for_futures(array: NDArray[Any]) -> NDArray[Any]:
    """Add an axis of length 1 after that of the draws."""
    return np.ascontiguousarray(array[..., None], dtype=np.float32)


@dataclass(frozen=True)
class _Simulated:
    """What is random in the futures of some draws.

    Attributes
    ----------
    arriving : list of ndarray
        The pushes of future news, summed, (way, end, draw, future) in each step.
    factors : list of (int, ndarray)
        State and factors (actor, draw, future) of each step.
    """

    arriving: list[NDArray[np.float32]]
    factors: list[tuple[int, NDArray[Any]]]


class _Chunk:
    """The futures of some draws, step by step; arrays are (end, draw, future).

    Rates are in single precision: seven digits of each future, and half the time.
    """

    def __init__(
        self,
        parameters: RateParts,
        outlook: Outlook,
        coming: NewsToCome | None,
        generator: np.random.Generator,
    ) -> None:
        self.parameters = parameters.each(_with_room_for_futures)
        self.outlook, self.coming, self.generator = outlook, coming, generator
        self.shape = (parameters.draws, outlook.futures)
        self.middles = _middles(outlook)

    def simulate(self) -> _Simulated:
        """Draw what is random."""
        arriving = self.coming.draw(self.generator, *self.shape) if self.coming else ()
        return _Simulated(list(arriving), list(self._factors()))

    def carry(
        self,
        neutral: Iterable[NDArray[np.float32]],
        arriving: Sequence[NDArray[np.float32]],
        known: NDArray[np.float32],
    ) -> NDArray[np.float64]:
        """Return the incidence, shape (draw, date, end + 1), under known news and news to come.

        Parameters
        ----------
        neutral : iterable of ndarray, shape (end, draw, future)
            Rates at no pressure, by step.
        arriving : sequence of ndarray, shape (way, end, draw, future)
            Summed pushes of future news, by step; empty without any.
        known : ndarray, shape (way, end, step)
            From `_known_sums`. Known and coming pushes saturate together.
        """
        edges, marks = self.outlook.calendar.edges()
        lengths = self.outlook.exposed_years()
        survival = np.ones(self.shape)
        total = np.zeros((len(edges), known.shape[1] + 1, self.shape[0]))
        total[0, 0] = 1.0
        for step, unpushed in enumerate(neutral):
            sums = known[..., step, None, None]
            if arriving:
                sums = sums + arriving[step]
            each = unpushed * news_factor(self.parameters, saturated(sums))
            sum_of_rates = each.sum(axis=0, dtype=np.float64)
            ended = survival * -np.expm1(sum_of_rates * -lengths[step])
            survival -= ended
            ended_by_rate = np.divide(
                ended, sum_of_rates, out=np.zeros_like(ended), where=sum_of_rates > 0
            )
            gained = np.mean(each * ended_by_rate, axis=2)
            total[step + 1, 1:] = total[step, 1:] + gained
            total[step + 1, 0] = np.maximum(1.0 - total[step + 1, 1:].sum(axis=0), 0.0)
        return np.asarray(total[marks].transpose(2, 0, 1))

    def neutral_rates(self, simulated: _Simulated) -> Iterator[NDArray[np.float32]]:
        """Yield rate[k] at no pressure for each step, as the factors go on."""
        outlook = self.outlook
        for _, steps in groupby(simulated.factors, key=itemgetter(0)):
            factors = [factor for _, factor in steps]
            rates = neutral_rates(
                self.parameters, factors[0], outlook.structure, outlook.consent_reference
            )
            yield from (rates for _ in factors)

    def _factors(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield the state and the factors (actor, draw, future) of each step."""
        timeline = self.outlook.timeline
        rho = timeline.correlation(timeline.state_days)
        noise = np.float32(np.sqrt(1 - rho**2)) * self.parameters.factor_sd
        # States before the end of what is known differ by draw alone.
        path = self.parameters.factor
        last_known = timeline.states - 1
        factor, reached = path[:, last_known], last_known
        for middle in self.middles:
            state = int((middle - timeline.start.toordinal()) // timeline.state_days)
            if state <= last_known:
                yield state, path[:, max(state, 0)]
                continue
            while reached < state:
                shock = self.generator.standard_normal((len(noise), *self.shape), dtype=np.float32)
                factor, reached = np.float32(rho) * factor + noise * shock, reached + 1
            yield state, factor
