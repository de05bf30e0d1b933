"""The table of moves since an earlier run: it adds up, column by column."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10

import numpy as np
from numpy.typing import NDArray

from tidings.evidence.ledger import Item
from tidings.reasons.moves import Move, Moves
from tidings.reporting.wording import inside_noise, percent

_SHOWN = 12
"""So many moves have a row of their own; the others share one."""
_TITLES = {
    "retraction": "withdrawn: ",
    "prior": "prior edited: ",
    "cases": "past cases: ",
    "time": "time: ",
    "model": "model: ",
}


@dataclass(frozen=True)
class MoveRow:
    """One row: what moved, the item behind it if any, and the text of each cell.

    Those of the forecasts before and after are strong.
    """

    title: str
    item: Item | None
    cells: tuple[str, ...]
    strong: bool = False


@dataclass(frozen=True)
class MoveTable:
    """The moves between two runs at the headline horizon.

    Attributes
    ----------
    moves : Moves
        All of them.
    horizon : str
        The horizon.
    columns : tuple of str
        Titles of the outcomes.
    rows : tuple of MoveRow
        From the forecast before to that after.
    """

    moves: Moves
    horizon: str
    columns: tuple[str, ...]
    rows: tuple[MoveRow, ...]


def table_of_moves(moves: Moves, items: Mapping[str, Item]) -> MoveTable:
    """Return the moves as rows whose cells add up by column, in points.

    Parameters
    ----------
    moves : Moves
        Between the run before and that of the report.
    items : mapping of str to Item
        Those of both runs.
    """
    horizon = moves.new.manifest.headline
    at = moves.horizons.index(horizon)
    titles = {outcome.id: outcome.title for outcome in moves.new.manifest.outcomes}
    *told, noise = moves.moves
    ordered = sorted(told, key=lambda move: -_weight(move, at))
    own = [move for move in ordered[:_SHOWN] if _weight(move, at) > 0]
    rest = [move for move in told if move not in own]
    write = _writer(moves, at)
    errors = _errors(moves, at)
    rows = [
        MoveRow(str(moves.old.manifest.as_of), None, _percents(moves.before[:, at]), strong=True)
    ]
    for move in own:
        rows.append(MoveRow(_title(move), items.get(move.id), write([move])))
    if rest:
        count = f"{len(rest)} smaller moves" if len(rest) > 1 else "a smaller move"
        rows.append(MoveRow(f"{count}, together", None, write(rest)))
    left = tuple(f"{cell} ± {error}" for cell, error in zip(write([noise]), errors, strict=True))
    rows.append(MoveRow("Monte Carlo noise", None, left))
    rows.append(
        MoveRow(str(moves.new.manifest.as_of), None, _percents(moves.after[:, at]), strong=True)
    )
    columns = tuple(titles[name] for name in moves.outcomes)
    return MoveTable(moves, horizon, columns, tuple(rows))


def _weight(move: Move, at: int) -> float:
    """Return the largest change outside its noise."""
    pairs = zip(move.effect.change[:, at], move.effect.mcse[:, at], strict=True)
    return max(0.0 if inside_noise(change, mcse) else abs(float(change)) for change, mcse in pairs)


def _title(move: Move) -> str:
    return f"{_TITLES.get(move.kind, '')}{move.id}"


def _percents(values: NDArray[np.float64]) -> tuple[str, ...]:
    return tuple(f"**{percent(float(value))}**" for value in values)


def _decimals(moves: Moves, at: int) -> list[int]:
    """Return how many decimals each outcome has: two digits of its own largest move."""
    largest = np.max([np.abs(move.effect.change[:, at]) for move in moves.moves], axis=0) * 100
    return [max(0, 1 - floor(log10(value))) if value > 0 else 2 for value in largest]


def _errors(moves: Moves, at: int) -> list[str]:
    """Return the Monte Carlo error of each outcome's noise."""
    pairs = zip(moves.moves[-1].effect.mcse[:, at] * 100, _decimals(moves, at), strict=True)
    return [f"{error:.{places}f}" for error, places in pairs]


def _writer(moves: Moves, at: int) -> Callable[[Sequence[Move]], tuple[str, ...]]:
    """Return what writes a row of moves; one inside its noise stands in brackets."""
    digits = _decimals(moves, at)

    def write(together: Sequence[Move]) -> tuple[str, ...]:
        change = np.sum([move.effect.change[:, at] for move in together], axis=0)
        error = together[0].effect.mcse[:, at] if len(together) == 1 else np.zeros(len(change))
        single = together[0].kind != "noise"
        cells = []
        for value, places, mcse in zip(change, digits, error, strict=True):
            cell = f"{value * 100:+.{places}f}"
            bracket = single and inside_noise(value, mcse) and float(cell) != 0.0
            cells.append(f"({cell})" if bracket else cell if float(cell) else "·")
        return tuple(cells)

    return write
