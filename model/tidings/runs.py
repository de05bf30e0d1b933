"""Stored runs: written whole or not at all, never changed, and read back as values."""

import csv
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from tidings.errors import RunError, UsageError, nearest
from tidings.summary import Check, ForecastRow, check_from_text, row_from_text

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import xarray as xr
    from numpy.typing import NDArray

__all__ = ["Manifest", "Run", "find_run", "list_runs", "read_run", "write_run"]

_MANIFEST, _FORECAST, _CHECKS, _POSTERIOR = (
    "manifest.json",
    "forecast.csv",
    "checks.csv",
    "posterior.nc",
)


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OutcomeName(_Closed):
    """An outcome's id and title, in the order in which every table and figure shows them."""

    id: str
    title: str


class EvidenceCounts(_Closed):
    """What of the ledger a run used, and what it left out."""

    used: int
    later: int
    retracted: int
    ungraded: int
    stories: int


class FitRecord(_Closed):
    """How the posterior was drawn."""

    seconds: float
    draws: int
    chains: int
    tune: int
    futures: int


class Manifest(_Closed):
    """What a run is: its question, dates, inputs by digest, versions, seed and timings."""

    format: Literal[1] = 1
    run: str
    question: str
    title: str
    as_of: date
    created: datetime
    publishable: bool
    outcomes: tuple[OutcomeName, ...]
    horizons: dict[str, date]
    headline: str
    yardstick: str
    status_known_to: date
    newest_item: date | None
    newest_by_actor: dict[str, date | None] = {}
    evidence: EvidenceCounts
    already_happened: float
    news_pace_per_year: float
    notes: tuple[str, ...]
    seed: int
    fit: FitRecord
    inputs: dict[str, str]
    question_file: str
    versions: dict[str, str]
    timings_seconds: dict[str, float]


@dataclass(frozen=True)
class Run:
    """One stored forecast.

    Attributes
    ----------
    path : Path
        Its folder.
    manifest : Manifest
        What it is.
    rows : tuple of ForecastRow
        Every published probability.
    checks : tuple of Check
        Their verdicts.
    """

    path: Path
    manifest: Manifest
    rows: tuple[ForecastRow, ...]
    checks: tuple[Check, ...]

    @property
    def fresh(self) -> str:
        """The status of the check `fresh`; ``not_run`` in runs from before there was one."""
        return next((one.status for one in self.checks if one.name == "fresh"), "not_run")

    def at(self, horizon: str) -> dict[str, ForecastRow]:
        """Return the forecast at one horizon, by outcome."""
        return {
            row.outcome: row
            for row in self.rows
            if row.horizon == horizon and row.basis == "posterior"
        }

    def at_horizons(self, value: Callable[[ForecastRow], float]) -> "NDArray[np.float64]":
        """Return a value of each published probability, shape (outcome, horizon)."""
        import numpy as np

        tables = [self.at(horizon) for horizon in self.manifest.horizons]
        outcomes = [outcome.id for outcome in self.manifest.outcomes]
        return np.array([[value(table[name]) for table in tables] for name in outcomes])

    def stored(self, group: str) -> "dict[str, NDArray[np.float64]]":
        """Return the variables of one group of the draws as arrays, dims as `posterior` has them.

        Reads the file without xarray, whose import takes longer than the reading.

        Raises
        ------
        RunError
            If the file is missing or unreadable.
        """
        import h5py

        path = self.path / _POSTERIOR
        try:
            with h5py.File(path) as file:
                found = file[group]
                scales = [name for name in found if found[name].is_scale]
                return {name: found[name][()] for name in found if name not in scales}
        except (OSError, KeyError) as error:
            raise RunError(f"{path}: cannot be read ({error})") from None

    def table(self) -> "pd.DataFrame":
        """Return every published probability as a table, one row a date and outcome."""
        import pandas as pd

        return pd.DataFrame([vars(row) for row in self.rows])

    @property
    def question_file(self) -> Path:
        """The question as it was used, inside the run."""
        return self.path / "inputs" / self.manifest.question_file

    def posterior(self) -> "xr.DataTree":
        """Open the draws: groups ``posterior``, ``sample_stats``, ``forecast``, ``prior_forecast``.

        Raises
        ------
        RunError
            If the file is missing or unreadable.
        """
        import xarray as xr

        try:
            return xr.open_datatree(self.path / _POSTERIOR, engine="h5netcdf")
        except (OSError, ValueError) as error:
            raise RunError(f"{self.path / _POSTERIOR}: cannot be read ({error})") from None

    def to_json(self) -> dict[str, Any]:
        """Return the object that ``tidings forecast --json`` prints."""
        manifest = self.manifest
        return {
            "run": manifest.run,
            "question": manifest.question,
            "as_of": str(manifest.as_of),
            "publishable": manifest.publishable,
            "horizons": {
                name: {
                    "date": str(day),
                    "outcomes": {k: row.statistics() for k, row in self.at(name).items()},
                }
                for name, day in manifest.horizons.items()
            },
            "checks": [
                {"name": c.name, "status": c.status, "value": c.value, "limit": c.limit}
                for c in self.checks
            ],
            "fit": {
                "seconds": manifest.fit.seconds,
                "draws": manifest.fit.draws,
                "chains": manifest.fit.chains,
            },
        }


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_run(
    folder: Path,
    manifest: Callable[[str, datetime, dict[str, str], str], Manifest],
    inputs: tuple[Path, Sequence[Path]],
    tables: tuple[Sequence[ForecastRow], Sequence[Check]],
    draws: "xr.DataTree",
) -> Run:
    """Store a run.

    Parameters
    ----------
    folder : Path
        Where runs are kept; made if it is missing.
    manifest : callable
        Makes the manifest from the run's id, its time, the digests of its inputs, and where the
        question file stands among them.
    inputs : tuple of (Path, sequence of Path)
        The question file, and every file that it names.
    tables : tuple of (sequence of ForecastRow, sequence of Check)
        Forecast and checks.
    draws : xarray.DataTree
        All draws.

    Returns
    -------
    Run
        As read back from the disk.

    Raises
    ------
    RunError
        If the folder cannot be written; nothing is left behind then.
    """
    created = datetime.now(UTC).replace(microsecond=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-") as name:
            written = Path(name) / "run"
            digests, question = _copy_inputs(written / "inputs", *inputs)
            seal = hashlib.sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest()[:6]
            made = manifest("", created, digests, question)
            identifier = _free_name(folder, f"{made.as_of}_{created:%Y%m%dT%H%M%SZ}_{seal}")
            made = made.model_copy(update={"run": identifier})
            (written / _MANIFEST).write_text(made.model_dump_json(indent=2) + "\n")
            _write_table(written / _FORECAST, [vars(row) for row in tables[0]])
            _write_table(written / _CHECKS, [check.row() for check in tables[1]])
            draws.to_netcdf(written / _POSTERIOR, engine="h5netcdf")
            written.rename(folder / identifier)
    except OSError as error:
        raise RunError(
            f"{folder}: the run cannot be stored ({error.strerror or error}); "
            "name a folder that can be written with --runs DIR"
        ) from error
    return read_run(folder / identifier)


def _free_name(folder: Path, name: str) -> str:
    free, count = name, 1
    while (folder / free).exists():
        count += 1
        free = f"{name}-{count}"
    return free


def _copy_inputs(target: Path, question: Path, files: Sequence[Path]) -> tuple[dict[str, str], str]:
    """Copy the inputs as they stand to each other, so that the copy can be run again."""
    absolute = [path.resolve() for path in (question, *files)]
    root = Path(os.path.commonpath([path.parent for path in absolute]))
    digests = {}
    for path in absolute:
        relative = path.relative_to(root)
        (target / relative).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target / relative)
        digests[relative.as_posix()] = digest(target / relative)
    return digests, absolute[0].relative_to(root).as_posix()


def _write_table(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read_run(path: Path) -> Run:
    """Read a stored run.

    Parameters
    ----------
    path : Path
        Its folder.

    Raises
    ------
    RunError
        If a file of it is missing or unreadable.
    """
    manifest = _read_manifest(path)
    try:
        rows = tuple(row_from_text(cells) for cells in _read_table(path / _FORECAST))
        checks = tuple(check_from_text(cells) for cells in _read_table(path / _CHECKS))
    except (OSError, KeyError, ValueError) as error:
        raise _unreadable(path, error) from None
    return Run(path, manifest, rows, checks)


def _read_manifest(path: Path) -> Manifest:
    try:
        return Manifest.model_validate_json((path / _MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError, ValidationError) as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> RunError:
    first = str(error).splitlines()[0]
    return RunError(
        f"{path}: not a run that can be read ({first}); runs are never edited, make a new one"
    )


def _read_table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def list_runs(folder: Path) -> tuple[Run, ...]:
    """Return all stored runs, the oldest first.

    Raises
    ------
    RunError
        If one of them cannot be read.
    """
    found = [read_run(path.parent) for path in folder.glob(f"[!.]*/{_MANIFEST}")]
    return tuple(sorted(found, key=lambda run: (run.manifest.created, run.manifest.run)))


def find_run(folder: Path, name: str | None, question: str | None = None) -> Run:
    """Return a run by its id, the beginning of it, or its folder; without a name, the newest.

    Parameters
    ----------
    folder : Path
        Where runs are kept.
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
    if name is not None and (Path(name) / _MANIFEST).is_file():
        return read_run(Path(name))
    ids = sorted(path.parent.name for path in folder.glob(f"[!.]*/{_MANIFEST}"))
    if not ids:
        raise UsageError(f"{folder}: no runs yet; make one with: tidings forecast")
    if name is None:
        manifests = [_read_manifest(folder / one) for one in ids]
        asked = [one for one in manifests if question in (None, one.question)]
        if not asked:
            raise UsageError(f"{folder}: no run of {question!r} yet; make one: tidings forecast")
        return read_run(folder / max(asked, key=lambda one: (one.created, one.run)).run)
    fitting = [one for one in ids if one == name] or [one for one in ids if one.startswith(name)]
    if len(fitting) == 1:
        return read_run(folder / fitting[0])
    if fitting:
        raise UsageError(f"run {name!r} fits {len(fitting)} runs; give more of one: {fitting}")
    raise UsageError(f"no run {name!r} in {folder}; expected {nearest(name, ids)}")
