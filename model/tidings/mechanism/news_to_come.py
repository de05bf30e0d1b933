"""The pushes of future news, summed, for many futures at once.

Every block that a ledger can be cut into is simulated forward once (`NewsToCome`); a future is then
a draw of blocks, one after the other, all from one ledger, whose pushes add up. Nothing saturates
here: what is known already and what comes do so together (see `tidings.mechanism.incidence`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidings.evidence.arrivals import Arrivals, Source
from tidings.evidence.pressure import WAYS

BLOCK_DAYS = 182
"""Length of a block."""
_LATTICE_DAYS = 14
"""Blocks begin on every so many days of a ledger."""
Array = NDArray[np.float64]
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class _Cells:
    """Where the blocks of one ledger stand: ``count`` beginnings for each of its ``ends + 1``."""

    first: int
    count: int
    ends: int


class NewsToCome:
    """All blocks that future news may be made of, as the pushes felt of each.

    What a ledger says of each outcome of its own question is kept apart; of which of this
    question's outcomes it is taken to be said is drawn for each future.

    Parameters
    ----------
    days : ndarray, shape (step,)
        Moments at which pushes are wanted, in days from when on news may arrive; not falling.
    half_lives : tuple of (float, float)
        Of pushes towards an outcome and against it, in days.
    """

    def __init__(
        self,
        arrivals: Arrivals,
        ends: tuple[str, ...],
        days: Array,
        half_lives: tuple[float, float],
    ) -> None:
        self._arrivals, self._ends = arrivals, ends
        cuts = [_Cuts(source) for source in arrivals.sources]
        first = np.cumsum([0, *(cut.cells for cut in cuts)])
        self._cells = [
            _Cells(int(at), cut.beginnings, len(cut.source.ends))
            for at, cut in zip(first[:-1], cuts, strict=True)
        ]
        self._offsets = np.arange(0.0, max(days[-1], 1.0), BLOCK_DAYS) if len(days) else np.zeros(0)
        self._lags = days
        self._blocks: list[tuple[int, NDArray[np.float32]]] = []
        for offset in self._offsets:
            since = int(np.searchsorted(days, offset))
            self._blocks.append((since, self._table(cuts, days[since:] - offset, half_lives)))

    def _table(
        self, cuts: "list[_Cuts]", lags: Array, half_lives: tuple[float, float]
    ) -> NDArray[np.float32]:
        """Return the pushes felt of every block by the days since it began: (step, way, cell).

        Where steps are even, later blocks have the table of the first.
        """
        if self._blocks and np.array_equal(lags, self._lags[: len(lags)]):
            return self._blocks[0][1][: len(lags)]
        parts = [cut.pressure(lags.astype(np.float32), half_lives) for cut in cuts]
        return np.concatenate(parts, axis=2)

    def draw(
        self, generator: np.random.Generator, draws: int, futures: int
    ) -> Iterator[NDArray[np.float32]]:
        """Yield the summed pushes by step, each of shape (way, end, draw, future)."""
        paths = draws * futures
        bounds = np.cumsum(self._arrivals.probs)[:-1]
        chosen = np.searchsorted(bounds, generator.random(paths))
        first, count = (
            np.array([getattr(cells, name) for cells in self._cells])[chosen]
            for name in ("first", "count")
        )
        first = first + count * self._said_of(generator, chosen)
        begin = [first + (count * generator.random(paths)).astype(int) for _ in self._offsets]
        for step in range(len(self._lags)):
            felt = np.zeros((len(WAYS), *first.shape), dtype=np.float32)
            for (since, table), cells in zip(self._blocks, begin, strict=True):
                if step >= since:
                    felt += np.take(table[step - since], cells, axis=1)
            yield felt.reshape(len(WAYS), -1, draws, futures)

    def _said_of(
        self, generator: np.random.Generator, chosen: NDArray[np.intp]
    ) -> NDArray[np.intp]:
        """Return which outcome of its ledger supplies each end's news, shape (end, path).

        The one past the last is none: then only what names every outcome counts.
        """
        said_of = np.zeros((len(self._ends), len(chosen)), dtype=int)
        sources = self._arrivals.sources
        own = np.array([source.ends == self._ends for source in sources])[chosen]
        said_of[:, own] = np.arange(len(self._ends))[:, None]
        theirs = np.array([cells.ends for cells in self._cells])[chosen]
        for ends in np.unique(theirs[~own]):
            paths = np.flatnonzero(~own & (theirs == ends))
            said_of[:, paths] = self._taken(int(ends), generator.random((2, ends, len(paths))))
        return said_of

    def _taken(self, theirs: int, uniform: Array) -> Rows:
        """Take each outcome of another question, in random order, for a free set of this one's."""
        named = np.array(
            [[end in names for end in self._ends] for names, _ in self._arrivals.named]
        )
        chances = np.array([chance for _, chance in self._arrivals.named])
        order = np.argsort(uniform[0], axis=0)
        said_of = np.full((len(self._ends), order.shape[1]), theirs)
        free = np.ones((len(named), order.shape[1]), dtype=bool)
        for outcome, number in zip(order, uniform[1], strict=True):
            reached = np.cumsum(free * chances[:, None], axis=0)
            drawn = np.argmax(reached > number * reached[-1], axis=0)
            told = named[drawn].T & (reached[-1] > 0)
            said_of = np.where(told, outcome, said_of)
            free &= ~(named.astype(int) @ told).astype(bool)
        return said_of


class _Cuts:
    """For one ledger, which records fall in each block that can be cut from it."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.beginnings = max(1, source.days // _LATTICE_DAYS)
        self.cells = self.beginnings * (len(source.ends) + 1)
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
        self._told = np.array([self._of(record.named) for record in source.records])

    def _of(self, named: tuple[str, ...]) -> list[bool]:
        """Return which outcomes a record names; one that names all counts for every other."""
        whole = len(named) == len(self.source.ends) > 1
        return [*(end in named for end in self.source.ends), whole]

    def pressure(
        self, lags: NDArray[np.float32], half_lives: tuple[float, float]
    ) -> NDArray[np.float32]:
        """Return the summed pushes of each block some days after it began, (step, way, cell)."""
        felt = np.zeros((len(lags), len(WAYS) * self.cells), dtype=np.float32)
        if len(self._record) and len(lags):
            pair, outcome = np.nonzero(self._told[self._record])
            way = self._way[self._record[pair]]
            cell = way * self.cells + outcome * self.beginnings + self._begin[pair]
            order = np.argsort(cell, kind="stable")
            cell, first = np.unique(cell[order], return_index=True)
            each = self._each(lags, half_lives)[:, pair[order]]
            felt[:, cell] = np.add.reduceat(each, first, axis=1)
        return felt.reshape(len(lags), len(WAYS), self.cells)

    def _each(
        self, lags: NDArray[np.float32], half_lives: tuple[float, float]
    ) -> NDArray[np.float32]:
        """Return the push felt of each record in each block that holds it, (step, pair)."""
        of = self._record
        after, lasts, held, size = (
            array.astype(np.float32)
            for array in (self._after, self._lasts[of], self._held[of], self._size[of])
        )
        half_life = np.array(half_lives, dtype=np.float32)[self._way[of]]
        since = lags[:, None] - after
        fading = np.exp2(-np.maximum(since - held, np.float32(0.0)) / half_life)
        return np.where((since >= 0) & (since < lasts), size * fading, np.float32(0.0))
