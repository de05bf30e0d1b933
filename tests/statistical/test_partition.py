"""Splitting an outcome, or merging its parts again, leaves the other outcomes as they were.

The sale to a third country is split into India, Pakistan and others: its precedent is divided by
three, everybody else's willingness and binding are the same for each part, each part has a
recipient of its own, and what the ledger says of the sale as a whole is said of all parts. Read the
other way round, the shipped question merges the three.
"""

import csv
import io
from copy import deepcopy
from dataclasses import dataclass, replace

import numpy as np
import pytest
import tomlkit
from tests.helpers import AS_OF, copy_project

import tidings
from tidings.forecasting.tables import ForecastRow

pytestmark = pytest.mark.slow

WHOLE = "third_country"
PARTS = {"sold_to_india": "india", "sold_to_pakistan": "pakistan", "sold_to_others": "others"}
TOLERANCE = 0.10
"""Relative: by so much an outcome's forecast may differ, beside its Monte Carlo error."""


@dataclass(frozen=True)
class Split:
    """Forecasts of the same date at the headline horizon, without and with the split."""

    whole: dict[str, ForecastRow]
    parts: dict[str, ForecastRow]


def split_question(path, divided):
    """Split the sale in a question file; ``divided`` says whether its precedent is."""
    question = tidings.check(path).question
    document = tomlkit.parse(path.read_text())
    _split_outcome(document)
    _split_actors(document)
    priors = document["priors"]
    _split_rows(priors["precedent"], lambda _: _precedent(question, divided))
    for family in ("willingness", "binding"):
        own = priors[family].pop("third_recipient")[WHOLE]
        for actor in ("ankara", "moscow", "washington"):
            _split_rows(priors[family][actor], deepcopy)
        for part, recipient in PARTS.items():
            priors[family][recipient] = {part: deepcopy(own)}
    path.write_text(tomlkit.dumps(document))


def _split_outcome(document):
    old = next(one for one in document["outcomes"] if one["id"] == WHOLE)
    kept = [one for one in document["outcomes"] if one["id"] != WHOLE]
    document["outcomes"] = [*kept, *({**old, "id": part, "title": part} for part in PARTS)]


def _split_actors(document):
    gone = ("third_recipient", *PARTS.values())
    kept = [one for one in document["actors"] if one["id"] not in gone]
    recipients = [
        {"id": actor, "title": actor, "recipient_of": part} for part, actor in PARTS.items()
    ]
    document["actors"] = [*kept, *recipients]


def _split_rows(rows, made):
    old = rows.pop(WHOLE)
    for part in PARTS:
        rows[part] = made(old)


def _precedent(question, divided):
    prior = question.priors[f"precedent.{WHOLE}"]
    share = len(PARTS) if divided else 1
    quantiles = {f"p{p:02d}": prior.quantile(p / 100) / share for p in (5, 50, 95)}
    return {"quantiles": quantiles, "because": "A part of the whole, as likely as the others."}


def split_ledger(path):
    """Say of all parts what is said of the whole, and of one what is said about its recipient."""
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    of_recipient = {recipient: part for part, recipient in PARTS.items()}
    for row in rows:
        parts = of_recipient.get(row["actor"], ";".join(PARTS))
        outcomes = [parts if one == WHOLE else one for one in row["outcomes"].split(";")]
        row["outcomes"] = ";".join(outcomes)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def forecast_split(folder, divided):
    project = copy_project(folder)
    question = project / "priors" / "turkey-s400.toml"
    split_question(question, divided)
    split_ledger(project / "data" / "evidence.csv")
    run = tidings.forecast(question, AS_OF, folder / "runs")
    return run.at(run.manifest.headline)


@pytest.fixture(scope="module")
def split(shipped_run, tmp_path_factory):
    whole = shipped_run.at(shipped_run.manifest.headline)
    return Split(whole, forecast_split(tmp_path_factory.mktemp("split"), divided=True))


def off(one, other):
    """By how much two forecasts differ beyond the tolerance, in combined Monte Carlo errors."""
    beyond = abs(one.mean - other.mean) - TOLERANCE * min(one.mean, 1 - one.mean)
    return beyond / np.hypot(one.mcse, other.mcse)


def others(split):
    return [name for name in split.whole if name != WHOLE]


def test_the_other_outcomes_stay_as_they_were(split):
    for name in others(split):
        one, other = split.whole[name], split.parts[name]
        print(f"{name}: {one.mean:.5f} whole, {other.mean:.5f} split, {off(one, other):+.1f} off")
    assert all(off(split.whole[name], split.parts[name]) < 5 for name in others(split))


def together(rows):
    """The parts as one: their Monte Carlo errors are added up, as if they went together."""
    parts = [rows[part] for part in PARTS]
    return replace(
        parts[0], mean=sum(one.mean for one in parts), mcse=sum(one.mcse for one in parts)
    )


def test_the_parts_make_up_the_whole(split):
    whole, parts = split.whole[WHOLE], together(split.parts)
    print(f"{WHOLE}: {whole.mean:.5f} whole, {parts.mean:.5f} the parts together")
    assert off(whole, parts) < 5


def test_without_dividing_the_precedent_they_would_not(split, tmp_path):
    """The twin that must fail: unpacking that makes a list of parts likelier than the whole."""
    parts = together(forecast_split(tmp_path, divided=False))
    print(f"each as likely as the whole was: {parts.mean:.5f} the parts together")
    assert off(split.whole[WHOLE], parts) > 5
