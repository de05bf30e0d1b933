"""Stored runs, read back as values: what has been changed since it was written is not read."""

import csv
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator

from tidings._closed import Closed
from tidings._notebook import Shown
from tidings.errors import RunError, UsageError, nearest
from tidings.forecasting.tables import Check, ForecastRow, check_from_text, row_from_text

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import xarray as xr
    from numpy.typing import NDArray

MANIFEST, FORECAST, CHECKS, POSTERIOR = (
    "manifest.json",
    "forecast.csv",
    "checks.csv",
    "posterior.nc",
)
INPUTS = "inputs"
SUMS = "SHA256SUMS"
"""The digest of every other file of a run, as ``sha256sum --check`` reads it."""


def _inside(path: str) -> str:
    """Refuse a path that leaves its folder."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\\" in path:
        raise ValueError(f"a path inside the run (got {path!r})")
    return path


RunName = Annotated[
    str, Field(pattern=r"^\d{4}-\d{2}-\d{2}_\d{8}T\d{6}Z_[0-9a-f]{6}(-\d{1,6})?$", max_length=48)
]
InsidePath = Annotated[str, AfterValidator(_inside)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class OutcomeName(Closed):
    """An outcome's id and title, in the order in which every table and figure shows them."""

    id: str
    title: str


class EvidenceCounts(Closed):
    """What of the ledger a run used, and what it left out."""

    used: int
    later: int
    retracted: int
    ungraded: int
    stories: int


class FitRecord(Closed):
    """How the posterior was drawn."""

    seconds: float
    draws: int
    chains: int
    tune: int
    futures: int
    stride: int | None = None


class Manifest(Closed):
    """What a run is: its question, dates, inputs by digest, versions, seed and timings."""

    format: Literal[1] = 1
    run: RunName
    question: str
    title: str
    as_of: date
    created: datetime
    publishable: bool
    outcomes: tuple[OutcomeName, ...]
    horizons: dict[str, date]
    headline: str
    yardstick: str
    prior_only: bool = False
    status_known_to: date
    newest_item: date | None
    newest_by_actor: dict[str, date | None] = Field({})
    evidence: EvidenceCounts
    already_happened: Finite
    news_pace_per_year: Finite
    notes: tuple[str, ...]
    seed: int
    fit: FitRecord
    inputs: dict[InsidePath, str]
    question_file: InsidePath
    versions: dict[str, str]
    timings_seconds: dict[str, float]

    @model_validator(mode="after")
    def _headline(self) -> Self:
        if self.headline not in self.horizons:
            raise ValueError(f"a headline among {list(self.horizons)} (got {self.headline!r})")
        return self


@dataclass(frozen=True, repr=False)
class Run(Shown):
    """One stored forecast.

    Attributes
    ----------
    rows : tuple of ForecastRow
        Every published probability.
    sums : mapping of str to str
        The SHA-256 of each of its files when it was written.
    """

    path: Path
    manifest: Manifest
    rows: tuple[ForecastRow, ...]
    checks: tuple[Check, ...]
    sums: Mapping[str, str] = field(default_factory=dict, repr=False)

    def _says(self) -> str:
        manifest = self.manifest
        row = max(self.at(manifest.headline).values(), key=lambda one: one.mean)
        by = manifest.horizons[manifest.headline]
        return f"{manifest.run}, {row.outcome} {row.mean:.3f} by {by}"

    @property
    def fresh(self) -> str:
        """The status of the check `fresh`; ``not_run`` in runs from before there was one."""
        return next((check.status for check in self.checks if check.name == "fresh"), "not_run")

    def at(self, horizon: str) -> dict[str, ForecastRow]:
        """Return the forecast at one horizon, by outcome."""
        return {
            row.outcome: row
            for row in self.rows
            if row.horizon == horizon and row.basis == "posterior"
        }

    def at_horizons(self, value: Callable[[ForecastRow], float | None]) -> "NDArray[np.float64]":
        """Return a value of each published probability, shape (outcome, horizon)."""
        import numpy as np

        tables = [self.at(horizon) for horizon in self.manifest.horizons]
        outcomes = [outcome.id for outcome in self.manifest.outcomes]
        return np.array([[value(table[name]) for table in tables] for name in outcomes], float)

    def stored(self, group: str) -> "dict[str, NDArray[np.float64]]":
        """Return the variables of one group of the draws as arrays, dims as `posterior` has them.

        Reads the file without xarray, whose import takes longer than the reading.

        Raises
        ------
        RunError
            If the file is missing or unreadable.
        """
        import h5py

        path = self.path / POSTERIOR
        try:
            with h5py.File(io.BytesIO(self._unchanged(POSTERIOR))) as file:
                variables = file[group]
                scales = [name for name in variables if variables[name].is_scale]
                return {name: variables[name][()] for name in variables if name not in scales}
        except (OSError, KeyError) as error:
            raise RunError(f"{path}: cannot be read ({error})") from None

    def table(self) -> "pd.DataFrame":
        """Return every published probability as a table, one row a date and outcome."""
        import pandas as pd

        return pd.DataFrame([vars(row) for row in self.rows])

    @property
    def question_file(self) -> Path:
        """The question as it was used, inside the run, which no file of its inputs has left.

        Raises
        ------
        RunError
            If an input has been changed since the run was written.
        """
        for name in self.sums:
            if name.startswith(f"{INPUTS}/"):
                self._unchanged(name)
        return self.path / INPUTS / self.manifest.question_file

    def verify(self) -> None:
        """Compare every file of the run with its digest.

        Raises
        ------
        RunError
            If one has been changed, or is missing.
        """
        for name in self.sums:
            self._unchanged(name)

    def _unchanged(self, name: str) -> bytes:
        """Return a file's content, or raise RunError where it is not what was written."""
        return _content(self.path, self.sums, name)

    def posterior(self) -> "xr.DataTree":
        """Open the draws: groups ``posterior``, ``sample_stats``, ``forecast``, ``prior_forecast``.

        Raises
        ------
        RunError
            If the file is missing or unreadable.
        """
        import xarray as xr

        self._unchanged(POSTERIOR)
        try:
            return xr.open_datatree(self.path / POSTERIOR, engine="h5netcdf")
        except (OSError, ValueError) as error:
            raise RunError(f"{self.path / POSTERIOR}: cannot be read ({error})") from None


def axes_of(run: Run) -> tuple[list[str], list[str]]:
    """Return the outcomes and horizons of a run, in the order of its arrays."""
    return [outcome.id for outcome in run.manifest.outcomes], list(run.manifest.horizons)


def read_run(path: Path) -> Run:
    """Read a stored run.

    Raises
    ------
    RunError
        If a file of it is missing, unreadable, or not what was written.
    """
    try:
        sums = _read_sums(path)
        text = partial(_text, path, sums)
        manifest = Manifest.model_validate_json(text(MANIFEST))
        rows = tuple(row_from_text(cells) for cells in _table(text(FORECAST)))
        checks = tuple(check_from_text(cells) for cells in _table(text(CHECKS)))
        _check_whole(manifest, rows)
    except ValidationError as error:
        first, *more = (".".join(map(str, fault["loc"])) for fault in error.errors())
        others = f" and {len(more)} more" if more else ""
        raise RunError(
            f"{path}: not a run that can be read ({MANIFEST}: {first}{others}: missing, or not of "
            f"this version); {_REMEDY}"
        ) from None
    except (OSError, KeyError, ValueError) as error:
        first = str(error).splitlines()[0]
        raise RunError(f"{path}: not a run that can be read ({first}); {_REMEDY}") from None
    return Run(path, manifest, rows, checks, sums)


def _table(text: str) -> Iterator[dict[str, str]]:
    return csv.DictReader(io.StringIO(text, newline=""))


_REMEDY = "runs are never edited: move it away, or make a new one"


def _read_sums(path: Path) -> dict[str, str]:
    lines = (path / SUMS).read_text(encoding="utf-8").splitlines()
    sums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    for name in sums:
        _inside(name)
    return sums


def _text(path: Path, sums: Mapping[str, str], name: str) -> str:
    return _content(path, sums, name).decode("utf-8")


def _content(path: Path, sums: Mapping[str, str], name: str) -> bytes:
    try:
        content = (path / name).read_bytes()
    except OSError as error:
        raise RunError(f"{path / name}: cannot be read ({error.strerror}); {_REMEDY}") from None
    if hashlib.sha256(content).hexdigest() != sums.get(name):
        raise RunError(f"{path / name}: changed since it was written (SHA-256); {_REMEDY}")
    return content


def _check_whole(manifest: Manifest, rows: tuple[ForecastRow, ...]) -> None:
    """Refuse a run that lacks an outcome at a horizon, or has a number that is not finite."""
    has = {(row.horizon, row.outcome) for row in rows if row.basis == "posterior"}
    for horizon in manifest.horizons:
        for outcome in manifest.outcomes:
            if (horizon, outcome.id) not in has:
                raise ValueError(f"{FORECAST}: nothing for {outcome.id!r} at {horizon}")
    for row in rows:
        if not row.finite:
            raise ValueError(f"{FORECAST}: a value of {row.outcome!r} by {row.date} is no number")


def list_runs(folder: Path) -> tuple[Run, ...]:
    """Return all stored runs that can be read; see `unreadable_runs`.

    The earliest as-of date comes first, and of one date the run that was made first.
    """
    runs = [run for run in map(_run_or_fault, _folders(folder)) if isinstance(run, Run)]
    return tuple(sorted(runs, key=_moment))


def _moment(run: Run) -> tuple[date, datetime, str]:
    return run.manifest.as_of, run.manifest.created, run.manifest.run


def runs_before(run: Run, folder: Path) -> tuple[Run, ...]:
    """Return the runs of the same question before a run, in the order of `list_runs`."""
    same = (one for one in list_runs(folder) if one.manifest.question == run.manifest.question)
    return tuple(one for one in same if _moment(one) < _moment(run))


def unreadable_runs(folder: Path) -> tuple[RunError, ...]:
    """Return what is wrong with each stored run that cannot be read."""
    read = map(_run_or_fault, _folders(folder))
    return tuple(one for one in read if isinstance(one, RunError))


def _run_or_fault(path: Path) -> Run | RunError:
    try:
        return read_run(path)
    except RunError as error:
        return error


def _folders(folder: Path) -> list[Path]:
    return sorted(path.parent for path in folder.glob(f"[!.]*/{MANIFEST}"))


def find_run(folder: Path, name: str | None, question: str | None = None) -> Run:
    """Return a run by its id, the beginning of it, or its folder; without a name, the newest.

    Parameters
    ----------
    name : str or None
        Which one.
    question : str, optional
        The id of the question whose newest run is wanted.

    Raises
    ------
    UsageError
        If there is none, or the name fits several.
    RunError
        If it cannot be read.
    """
    if name is not None and (Path(name) / MANIFEST).is_file():
        return read_run(Path(name))
    ids = [path.name for path in _folders(folder)]
    if not ids:
        raise UsageError(f"{folder}: no runs yet", remedy="forecast")
    if name is None:
        asked = [run for run in list_runs(folder) if question in (None, run.manifest.question)]
        if not asked:
            which = "that can be read" if question is None else f"of {question!r}"
            raise UsageError(f"{folder}: no run {which} yet", remedy="forecast")
        return asked[-1]
    fitting = [one for one in ids if one == name] or [one for one in ids if one.startswith(name)]
    if len(fitting) == 1:
        return read_run(folder / fitting[0])
    if fitting:
        raise UsageError(f"run {name!r} fits {len(fitting)} runs; give more of one: {fitting}")
    raise UsageError(f"no run {name!r} in {folder}; expected {nearest(name, ids)}")
