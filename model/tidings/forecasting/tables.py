"""The tables of a run: every published probability, and every check.

Terminal, JSON, HTML and PDF all take their numbers from these rows.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from math import isfinite, sqrt
from typing import Literal, cast, get_args

QUANTILES = {"q05": 0.05, "q25": 0.25, "q50": 0.50, "q75": 0.75, "q95": 0.95}

K_LIMIT = 0.7
"""Pareto k above which reweighted numbers cannot be trusted (Vehtari et al. 2024)."""

Basis = Literal["posterior", "prior"]
Status = Literal["pass", "warn", "fail", "not_run"]


_FIRST_NUMBER = 4
"""Place of the first number among the columns of a forecast."""


@dataclass(frozen=True)
class ForecastRow:
    """One probability.

    Attributes
    ----------
    horizon : str
        ``12mo``, a fixed date's own name, or empty for the dates of the figures only.
    date : date
        By when.
    mean : float
        The forecast.
    sd, q05, q25, q50, q75, q95 : float
        Of the distribution over draws.
    ess, mcse : float or None
        Bulk effective sample size, and Monte Carlo error of the mean; None on dates of the figures
        only, which publish no number.
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
    ess: float | None
    mcse: float | None

    @property
    def finite(self) -> bool:
        """Whether every number is one."""
        return all(isfinite(value) for value in self.statistics().values() if value is not None)

    @property
    def widening(self) -> float:
        """By how much three Monte Carlo errors are widened for what is seldom and skewed.

        Draws of a small probability are skewed as log-normal ones of the same mean and sd are; the
        mean of few of them is mostly too low, and so is its error. Johnson's modified t (1978,
        doi:10.1080/01621459.1978.10480051) says by how much, here at three errors.
        """
        small = min(self.mean, 1.0 - self.mean)
        if not self.ess or not small > 0.0:
            return 1.0
        ratio = self.sd / small
        skewness = (3.0 + ratio**2) * ratio
        return 1.0 + skewness * (1.0 + 2.0 * 3.0**2) / (6.0 * sqrt(self.ess)) / 3.0

    def statistics(self) -> dict[str, float | None]:
        """Return the numbers by name, as the JSON has them."""
        names = ("mean", "sd", *QUANTILES, "ess", "mcse")
        return {name: getattr(self, name) for name in names}


def row_from_text(cells: Mapping[str, str]) -> ForecastRow:
    """Return a row from the cells of a CSV file.

    Raises
    ------
    KeyError, ValueError
        If a column is missing or a cell is not a number.
    """
    names = [field.name for field in fields(ForecastRow)][_FIRST_NUMBER:]
    statistics = {name: float(cells[name]) if cells[name] else None for name in names}
    for name in ("mean", *QUANTILES):
        statistics[name] = _probability(float(cells[name]))
    return ForecastRow(
        basis=cells["basis"],
        horizon=cells["horizon"],
        date=date.fromisoformat(cells["date"]),
        outcome=cells["outcome"],
        **statistics,  # type: ignore[arg-type]
    )


def _probability(value: float) -> float:
    """Return a probability within [0, 1]; one minus a sum may miss it by a rounding error.

    Raises
    ------
    ValueError
        If it misses it by more.
    """
    if not -_ROUNDING <= value <= 1 + _ROUNDING:
        raise ValueError(f"probability {value}")
    return min(max(value, 0.0), 1.0)


_ROUNDING = 1e-6
"""Runs from before probabilities were clipped where they are made are off by at most so much."""


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes
    ----------
    status : {"pass", "warn", "fail", "not_run"}
        ``fail`` keeps a run from being published, and so does a required check that was not run.
    value, limit : float or None
        What was found and what it was held against; no value where it was not run.
    required : bool
        Whether the run may be published only if it has passed, perhaps with a warning.
    """

    name: str
    status: Status
    value: float | None
    limit: float
    required: bool
    says: str

    @property
    def passed(self) -> bool:
        """Whether it stands in the way of nothing: a warning is for readers to judge."""
        return self.status in ("pass", "warn")

    def row(self) -> dict[str, object]:
        """Return the check as a row of a table."""
        return asdict(self)


def check_from_text(cells: Mapping[str, str]) -> Check:
    """Return a check from the cells of a CSV file.

    Raises
    ------
    KeyError, ValueError
        If a column is missing, or a cell is not what it should be.
    """
    status = cells["status"]
    if status not in get_args(Status):
        raise ValueError(f"status {status!r}")
    return Check(
        name=cells["name"],
        status=cast("Status", status),
        value=float(cells["value"]) if cells["value"] else None,
        limit=float(cells["limit"]),
        required=cells["required"] == "True",
        says=cells["says"],
    )
