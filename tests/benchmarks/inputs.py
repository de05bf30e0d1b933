"""The shipped question, with evidence that changes from fit to fit, and grown."""

import csv
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np

import tidings
from tidings.evidence.ledger import Item

PROJECT = Path(__file__).parents[2]
QUESTION = PROJECT / "priors" / "turkey-s400.toml"
AS_OF = date(2025, 11, 30)
MONTHS_GROWTH = 3


def shipped() -> tidings.Inputs:
    """Read the shipped inputs."""
    return tidings.check(QUESTION)


def changed_evidence(inputs: tidings.Inputs, count: int) -> Iterator[tidings.Inputs]:
    """Yield the inputs with one more item after the other: real ones, told again by new stories."""
    items = list(inputs.ledger.items)
    for n, item in enumerate(items[-count:]):
        items = [*items, replace(item, id=f"more-{n}", story=f"more-{n}")]
        yield with_items(inputs, items)


def with_items(inputs: tidings.Inputs, items: list[Item]) -> tidings.Inputs:
    """Return the inputs with other items."""
    return replace(inputs, ledger=replace(inputs.ledger, items=tuple(items)))


def more_items(inputs: tidings.Inputs, times: int) -> tidings.Inputs:
    """Return the inputs with each item repeated as stories of their own, some days apart."""
    generator = np.random.default_rng(3)
    items = list(inputs.ledger.items)
    for n in range(1, times):
        for item in inputs.ledger.items:
            shift = timedelta(days=int(generator.integers(-20, 21)))
            known = min(item.known + shift, AS_OF)
            items.append(
                replace(
                    item, id=f"{item.id}-{n}", story=f"{item.story}-{n}", published=known,
                    date=min(item.date + shift, known),
                )
            )  # fmt: skip
    return with_items(inputs, items)


def more_months(inputs: tidings.Inputs) -> tidings.Inputs:
    """Return the inputs with a clock that started three times as long ago."""
    config = inputs.question.config
    start = AS_OF - MONTHS_GROWTH * (AS_OF - config.clock_start)
    changed = config.model_copy(update={"clock_start": start})
    return replace(inputs, question=replace(inputs.question, config=changed))


def project_copy(folder: Path) -> Path:
    """Copy the inputs into a folder whose ledger may be changed; return the question file."""
    for name in ("priors", "seeds", "data"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("runs"))
    return folder / "priors" / QUESTION.name


def add_line(question: Path, n: int) -> None:
    """Add one item to a copied ledger: the n-th last one, as a story of its own."""
    path = question.parents[1] / "data" / "evidence.csv"
    with path.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    with path.open("a", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writerow({**rows[-1 - n], "id": f"more-{n}", "story": f"more-{n}"})
