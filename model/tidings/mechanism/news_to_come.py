"""The pressure of news yet to come, for many futures at once.

Every block that a ledger can be cut into is carried forward once (`NewsToCome`); a future is then
a draw of blocks, one after the other, all from one ledger, whose pressures add up.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidings.evidence.arrivals import Arrivals, Source
from tidings.evidence.pressure import WAYS, saturated
from tidings.randomness import stream

BLOCK_DAYS = 182
"""Length of a block."""
_LATTICE_DAYS = 14
"""Blocks begin on every so many days of a ledger."""
_READINGS = 3
"""Ways in which another question's outcomes are taken for this one's."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class _Rows:
    """Where the blocks of one ledger stand: ``count`` beginnings for each of its readings."""

    first: int
    count: int
    readings: int


class NewsToCome:
    """All blocks that news yet to come may be made of, as the pressure that each makes.

    Parameters
    ----------
    arrivals : Arrivals
        The ledgers.
    ends : tuple of str
        The question's outcomes but the status quo.
    days : ndarray, shape (step,)
        Moments at which pressure is wanted, in days from when on news may arrive; not falling.
    half_lives : tuple of (float, float)
        Of pushes towards an outcome and against it, in days.
    seed : int
        The root seed.
    """

    def __init__(
        self,
        arrivals: Arrivals,
        ends: tuple[str, ...],
        days: Array,
        half_lives: tuple[float, float],
        seed: int,
    ) -> None:
        self._probs, self._rows = arrivals.probs, []
        cuts = [_Cuts(source, ends) for source in arrivals.sources]
        generator, total = stream(seed, "whose outcomes are whose"), 0
        for cut in cuts:
            own = cut.source.ends == ends
            readings = 1 if own else _READINGS
            cut.read_as(readings, None if own else arrivals, generator)
            self._rows.append(_Rows(total, cut.beginnings, readings))
            total += cut.beginnings * readings
        self._offsets = np.arange(0.0, max(days[-1], 1.0), BLOCK_DAYS) if len(days) else np.zeros(0)
        self._steps, self._wide = len(days), len(WAYS) * len(ends)
        self._blocks: list[tuple[int, NDArray[np.float32]]] = []
        self._lags = days
        for offset in self._offsets:
            first = int(np.searchsorted(days, offset))
            self._blocks.append((first, self._table(cuts, days[first:] - offset, half_lives)))

    def _table(
        self, cuts: "list[_Cuts]", lags: Array, half_lives: tuple[float, float]
    ) -> NDArray[np.float32]:
        """Return the pressure of every block by the days since it began: (step, way * end, block).

        Where steps are even, later blocks have the table of the first.
        """
        if self._blocks and np.array_equal(lags, self._lags[: len(lags)]):
            return self._blocks[0][1][: len(lags)]
        parts = [cut.pressure(lags.astype(np.float32), half_lives) for cut in cuts]
        return np.concatenate(parts, axis=2)

    def draw(
        self, generator: np.random.Generator, draws: int, futures: int
    ) -> Iterator[NDArray[np.float32]]:
        """Yield the pressure by step, each of shape (way, end, draw, future)."""
        paths = draws * futures
        chosen = np.searchsorted(np.cumsum(self._probs)[:-1], generator.random(paths))
        first, count, readings = (
            np.array([getattr(rows, name) for rows in self._rows])[chosen]
            for name in ("first", "count", "readings")
        )
        first = first + count * (generator.random(paths) * readings).astype(int)
        begin = [first + (count * generator.random(paths)).astype(int) for _ in self._offsets]
        for step in range(self._steps):
            felt = np.zeros((self._wide, paths), dtype=np.float32)
            for (since, table), rows in zip(self._blocks, begin, strict=True):
                if step >= since:
                    felt += np.take(table[step - since], rows, axis=1)
            yield felt.reshape(len(WAYS), -1, draws, futures)


class _Cuts:
    """The records of one ledger by the blocks that hold them."""

    def __init__(self, source: Source, ends: tuple[str, ...]) -> None:
        self.source, self._ends = source, ends
        self.beginnings = max(1, source.days // _LATTICE_DAYS)
        begin = np.arange(self.beginnings) * (source.days / self.beginnings)
        start = source.start.toordinal()
        known, until, held, size = (
            np.array([(one.known, one.until, one.held_to, one.size) for one in source.records])
            .reshape(-1, 4)
            .T
        )
        after = (known[:, None] - start - begin) % source.days
        self._record, self._begin = np.nonzero(after < min(BLOCK_DAYS, source.days))
        self._after = after[self._record, self._begin]
        self._size, self._way = np.abs(size), (size < 0).astype(int)
        self._lasts, self._held = until - known, np.maximum(held - known, 0.0)
        self._masks: Array = np.zeros((0, len(source.records), len(ends)))

    def read_as(
        self, readings: int, arrivals: Arrivals | None, generator: np.random.Generator
    ) -> None:
        """Say which of the question's outcomes each record counts for, in each reading."""
        maps = [
            self._own() if arrivals is None else self._taken(arrivals, generator)
            for _ in range(readings)
        ]
        self._masks = np.array(
            [
                [self._mask(mapped, record.named) for record in self.source.records]
                for mapped in maps
            ]
        ).reshape(readings, len(self.source.records), len(self._ends))

    def _own(self) -> dict[str, tuple[str, ...]]:
        return {outcome: (outcome,) for outcome in self._ends}

    def _taken(
        self, arrivals: Arrivals, generator: np.random.Generator
    ) -> dict[str, tuple[str, ...]]:
        """Draw what each outcome of another question is taken for, none for two."""
        mapped: dict[str, tuple[str, ...]] = {}
        free = list(arrivals.named)
        for outcome in generator.permutation(list(self.source.ends)):
            if not free:
                mapped[outcome] = ()
                continue
            chances = np.array([chance for _, chance in free])
            names, _ = free[generator.choice(len(free), p=chances / chances.sum())]
            mapped[outcome] = names
            free = [one for one in free if not set(one[0]) & set(names)]
        return mapped

    def _mask(self, mapped: dict[str, tuple[str, ...]], named: tuple[str, ...]) -> list[float]:
        whole = len(named) == len(self.source.ends) > 1
        told = self._ends if whole else [one for name in named for one in mapped[name]]
        return [float(end in told) for end in self._ends]

    def pressure(
        self, lags: NDArray[np.float32], half_lives: tuple[float, float]
    ) -> NDArray[np.float32]:
        """Return the pressure of each block some days after it began, (step, way * end, block)."""
        ends, blocks = len(self._ends), self.beginnings * len(self._masks)
        felt = np.zeros((len(lags), len(WAYS) * ends * blocks), dtype=np.float32)
        reading, pair, end = np.nonzero(self._masks[:, self._record])
        if not len(pair) or not len(lags):
            return felt.reshape(len(lags), -1, blocks)
        row = self._way[self._record[pair]] * ends + end
        column = row * blocks + reading * self.beginnings + self._begin[pair]
        order = np.argsort(column, kind="stable")
        column, first = np.unique(column[order], return_index=True)
        each = self._each(lags, half_lives)[:, pair[order]]
        felt[:, column] = saturated(np.add.reduceat(each, first, axis=1))
        return felt.reshape(len(lags), -1, blocks)

    def _each(
        self, lags: NDArray[np.float32], half_lives: tuple[float, float]
    ) -> NDArray[np.float32]:
        """Return the pressure of each record in each block that holds it, (step, pair)."""
        of = self._record
        after, lasts, held, size = (
            array.astype(np.float32)
            for array in (self._after, self._lasts[of], self._held[of], self._size[of])
        )
        half_life = np.array(half_lives, dtype=np.float32)[self._way[of]]
        since = lags[:, None] - after
        fading = np.exp2(-np.maximum(since - held, np.float32(0.0)) / half_life)
        return np.where((since >= 0) & (since < lasts), size * fading, np.float32(0.0))
