"""What tests share beside fixtures: where things stand, and copies of the shipped inputs."""

import atexit
import hashlib
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

from filelock import FileLock

import tidings
from tidings.question.loading import load_settings
from tidings.reasons.engine import Engine
from tidings.reasons.estimates import Estimate

PROJECT = Path(__file__).parents[1]
_INPUTS = ("priors", "data", "seeds")


def as_committed(project: Path) -> Path:
    """Return where the inputs stand as they were committed: what commands do fails no test.

    That is the project itself where nothing has changed, where there is no git, and where
    ``TIDINGS_TEST_INPUTS=working`` asks for what stands there; else a copy for this process.
    """
    if os.environ.get("TIDINGS_TEST_INPUTS") == "working" or shutil.which("git") is None:
        return project
    git = ["git", "-C", str(project)]
    changed = subprocess.run([*git, "diff", "--quiet", "HEAD", "--", *_INPUTS], check=False)
    if changed.returncode != 1:
        return project
    folder = Path(tempfile.mkdtemp(prefix="tidings-inputs-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    made = subprocess.run([*git, "archive", "HEAD", *_INPUTS], stdout=subprocess.PIPE, check=True)
    with tarfile.open(fileobj=io.BytesIO(made.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


INPUTS = as_committed(PROJECT)
"""The folder of the shipped priors, data and seeds."""
QUESTION = INPUTS / "priors" / "turkey-s400.toml"
AS_OF = date(2025, 11, 30)

Alter = Callable[..., tidings.Inputs]


def copy_project(target: Path, source: Path = INPUTS) -> Path:
    """Copy the inputs of a project, but not its runs."""
    for name in _INPUTS:
        shutil.copytree(source / name, target / name, ignore=shutil.ignore_patterns("runs", ".*"))
    for news in source.glob("news.csv"):
        shutil.copy(news, target)
    return target


def kept_on_disk(name: str, make: Callable[[Path], None]) -> Path:
    """Return a folder that was made by this code from these inputs, or make it now.

    Workers and later sessions share it; the digest of the package and the inputs names it.
    """
    digest = hashlib.sha256()
    for root in (PROJECT / "model", *(INPUTS / part for part in _INPUTS)):
        for path in sorted(root.rglob("*")):
            if path.is_file() and "runs" not in path.parts and path.suffix in _READ:
                digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    store = PROJECT / ".pytest_cache" / "made"
    store.mkdir(parents=True, exist_ok=True)
    place = store / f"{name}-{digest.hexdigest()[:16]}"
    with FileLock(store / f"{name}.lock"):
        if not place.is_dir():
            for old in store.glob(f"{name}-*"):
                shutil.rmtree(old)
            with tempfile.TemporaryDirectory(dir=store) as work:
                made = Path(work) / "made"
                made.mkdir()
                make(made)
                made.rename(place)
    return place


_READ = {".py", ".toml", ".csv", ".yaml", ".json"}


def lighten(question: Path) -> Path:
    """Give a question file a third of the draws, where many posteriors are drawn anew."""
    text = question.read_text(encoding="utf-8")
    for old, new in (
        ("draws = 750 ", "draws = 250 "),
        ("forecast_draws = 3000 ", "forecast_draws = 1000 "),
    ):
        assert text.count(f"\n{old}") == 1
        text = text.replace(f"\n{old}", f"\n{new}")
    question.write_text(text, encoding="utf-8")
    return question


def light(inputs: tidings.Inputs) -> tidings.Inputs:
    """Return inputs with a third of the draws."""
    question = inputs.question
    fit = question.config.fit.model_copy(update={"draws": 250, "forecast_draws": 1000})
    config = question.config.model_copy(update={"fit": fit})
    return replace(inputs, question=replace(question, config=config))


def known_rows(rows: list[list[str]]) -> list[list[str]]:
    """Return the header of a ledger, and its rows that were known by `AS_OF`."""
    return [row for row in rows if row[0] == "id" or (row[3] or row[1]) <= str(AS_OF)]


def drawn(inputs, situation) -> Estimate:
    """The forecast of a situation from a posterior of its own, with all its draws."""
    pool = Engine(inputs, [], situation, "always", draws=None)
    return pool.at(situation)


def predictors():
    """What the shipped question says that cases have in common."""
    return load_settings(QUESTION).cases.predictors
