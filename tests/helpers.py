"""What tests share beside fixtures: where things stand, and copies of the shipped inputs."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import tidings
from tidings.reasons.estimates import Estimate
from tidings.reasons.pool import Pool

PROJECT = Path(__file__).parents[1]
QUESTION = PROJECT / "priors" / "turkey-s400.toml"
AS_OF = date(2025, 11, 30)

Alter = Callable[..., tidings.Inputs]


def copy_project(target: Path, source: Path = PROJECT) -> Path:
    """Copy the inputs of a project, but not its runs."""
    for name in ("priors", "seeds", "data"):
        shutil.copytree(source / name, target / name, ignore=shutil.ignore_patterns("runs", ".*"))
    for news in source.glob("news.csv"):
        shutil.copy(news, target)
    return target


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
    pool = Pool(inputs, [], situation, "always", draws=None)
    return pool.at(situation)
