"""Storing a run: written whole or not at all, under a name that nobody else has."""

import csv
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from errno import EEXIST, ENOTEMPTY
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidings.errors import RunError
from tidings.forecasting.runs import (
    CHECKS,
    FORECAST,
    INPUTS,
    MANIFEST,
    POSTERIOR,
    SUMS,
    Manifest,
    Run,
    read_run,
)
from tidings.forecasting.tables import Check, ForecastRow

if TYPE_CHECKING:
    import xarray as xr


def write_run(
    folder: Path,
    facts: Mapping[str, Any],
    inputs: tuple[Path, Sequence[Path]],
    tables: tuple[Sequence[ForecastRow], Sequence[Check]],
    draws: "xr.DataTree",
) -> Run:
    """Store a run.

    Parameters
    ----------
    folder : Path
        Where runs are kept; made if it is missing.

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
        with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-") as work:
            written = Path(work) / "run"
            digests, question = _copy_inputs(written / INPUTS, *inputs)
            _write_table(written / FORECAST, [vars(row) for row in tables[0]])
            _write_table(written / CHECKS, [check.row() for check in tables[1]])
            draws.to_netcdf(written / POSTERIOR, engine="h5netcdf")

            def named(run: str) -> None:
                made = Manifest(
                    run=run, created=created, inputs=digests, question_file=question, **facts
                )
                text = made.model_dump_json(indent=2) + "\n"
                (written / MANIFEST).write_text(text, encoding="utf-8")
                _write_sums(written)

            seal = hashlib.sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest()[:6]
            name = f"{facts['as_of']}_{created:%Y%m%dT%H%M%SZ}_{seal}"
            return read_run(_placed(written, folder, name, named))
    except OSError as error:
        says = f"{folder}: the run cannot be stored ({error.strerror or error})"
        raise RunError(says, remedy="name runs") from error


def _placed(written: Path, folder: Path, name: str, named: Callable[[str], None]) -> Path:
    """Move a run to the first free name: two that are stored at once both are."""
    count = 1
    while True:
        identifier = name if count == 1 else f"{name}-{count}"
        named(identifier)
        try:
            return written.rename(folder / identifier)
        except OSError as error:
            if error.errno not in (ENOTEMPTY, EEXIST):
                raise
        count += 1


def _write_sums(run: Path) -> None:
    files = [path for path in sorted(run.rglob("*")) if path.is_file() and path.name != SUMS]
    lines = [f"{_digest(path)}  {path.relative_to(run).as_posix()}\n" for path in files]
    (run / SUMS).write_text("".join(lines), encoding="utf-8")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _copy_inputs(target: Path, question: Path, files: Sequence[Path]) -> tuple[dict[str, str], str]:
    """Copy the inputs as they stand to each other, so that the copy can be run again."""
    absolute = [path.resolve() for path in (question, *files)]
    root = Path(os.path.commonpath([path.parent for path in absolute]))
    digests = {}
    for path in absolute:
        relative = path.relative_to(root)
        (target / relative).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target / relative)
        digests[relative.as_posix()] = _digest(target / relative)
    return digests, absolute[0].relative_to(root).as_posix()


def _write_table(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
