"""The one table of a run: every published probability with its interval and Monte Carlo error.

Terminal, JSON, HTML and PDF all take their numbers from these rows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Literal

__all__ = ["QUANTILES", "Basis", "ForecastRow", "row_from_text"]

QUANTILES = {"q05": 0.05, "q25": 0.25, "q50": 0.50, "q75": 0.75, "q95": 0.95}

Basis = Literal["posterior", "prior"]


@dataclass(frozen=True)
class ForecastRow:
    """One probability.

    Attributes
    ----------
    basis : {"posterior", "prior"}
        What it rests on: all that is known, or the priors alone from the as-of date on.
    horizon : str
        ``12mo``, a fixed date's own name, or empty for the dates of the figures only.
    date : date
        By when.
    outcome : str
        Which end.
    mean : float
        The forecast.
    sd, q05, q25, q50, q75, q95 : float
        Of the distribution over draws.
    ess, mcse : float
        Bulk effective sample size, and Monte Carlo error of the mean.
    """

    basis: str
    horizon: str
    date: date
    outcome: str
    mean: float
    sd: float
    q05: float
    q25: float
    q50: float
    q75: float
    q95: float
    ess: float
    mcse: float

    def statistics(self) -> dict[str, float]:
        """Return the numbers by name, as the JSON has them."""
        names = ("mean", "sd", *QUANTILES, "ess", "mcse")
        return {name: getattr(self, name) for name in names}


def row_from_text(cells: Mapping[str, str]) -> ForecastRow:
    """Return a row from the cells of a CSV file.

    Raises
    ------
    KeyError, ValueError
        If a column is missing or a cell is no number.
    """
    statistics = {
        field.name: float(cells[field.name]) for field in fields(ForecastRow) if field.type is float
    }
    return ForecastRow(
        basis=cells["basis"],
        horizon=cells["horizon"],
        date=date.fromisoformat(cells["date"]),
        outcome=cells["outcome"],
        **statistics,
    )


def by_horizon(rows: tuple[ForecastRow, ...], horizon: str) -> Iterator[ForecastRow]:
    """Yield the posterior's rows of one horizon, in the order of the outcomes."""
    return (row for row in rows if row.horizon == horizon and row.basis == "posterior")
