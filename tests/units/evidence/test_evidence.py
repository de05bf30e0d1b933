"""Evidence: the ledger by date, pressure, readings, arrivals, drafts and their record."""

import shutil
from dataclasses import replace
from datetime import date
from itertools import pairwise

import numpy as np
import pytest
from tests.units.conftest import AS_OF, TOY

import tidings
from tidings.evidence.arrivals import fit_arrivals, no_arrivals
from tidings.evidence.pressure import mean_pressure, pressure_at, pulses
from tidings.evidence.readings import read_items
from tidings.evidence.recording import add_items, completed, likenesses, retract_item

ENDS = ("sold", "scrapped")


def counted(toy, as_of=AS_OF):
    return pulses(toy.ledger.known(as_of), toy.question.config.grades, ENDS)


def test_what_is_known_by_a_date_and_not_withdrawn_counts(toy):
    known = [item.id for item in toy.ledger.known(date(2020, 6, 2))]
    assert known == ["offer-2020", "offer-again-2020"]
    assert "withdrawn-2022" in [item.id for item in toy.ledger.known(date(2022, 1, 25))]
    assert "withdrawn-2022" not in [item.id for item in toy.ledger.known(AS_OF)]
    assert toy.ledger.newest(date(2021, 3, 1)) == date(2021, 2, 28)  # a month's last day


def test_a_storys_second_report_adds_no_pressure(toy):
    assert {one.item for one in counted(toy) if one.story == "offer"} == {"offer-2020"}


def test_a_push_is_weighed_by_its_grade_and_halves_with_the_half_life(toy):
    [refusal] = [one for one in counted(toy) if one.item == "refusal-2020"]
    assert refusal.size == pytest.approx(-1 * 1.0 * 0.9)
    times = refusal.known + np.array([0.0, 30.0])
    felt = pressure_at([refusal], times, 30.0, ENDS)[0]
    assert felt == pytest.approx([-0.9, -0.45])


def test_the_mean_pressure_is_the_mean_of_moments(toy):
    edges = np.array([0.0, 20.0, 60.0]) + date(2020, 2, 20).toordinal()
    mean = mean_pressure(counted(toy), edges, 45.0, ENDS)
    for place, (low, high) in enumerate(pairwise(edges)):
        moments = np.linspace(low, high, 20_001)
        assert mean[:, place] == pytest.approx(
            pressure_at(counted(toy), moments, 45.0, ENDS).mean(axis=1), abs=1e-3
        )


def test_an_item_that_names_two_outcomes_has_the_weight_of_one(toy, situation):
    readings = [one for one in situation.readings if one.item == "rust-2021"]
    assert len(readings) == 2
    alone = replace(next(i for i in situation.items if i.id == "rust-2021"), outcomes=("sold",))
    config, share = toy.question.config, {"sold": 0.5, "scrapped": 0.5}
    words, timeline = toy.question.yardsticks, situation.timeline
    [single] = read_items([alone], config, share, words, timeline)
    assert sum(one.sd_logit**-2 for one in readings) == pytest.approx(single.sd_logit**-2)


def test_the_status_quo_is_read_against_agreement(situation):
    [calm] = [one for one in situation.readings if one.item == "calm-2021"]
    assert (calm.sign, calm.outcome) == (-1.0, None)


def test_arrivals_are_paced_as_they_came(toy, situation):
    config = toy.question.config
    fitted = fit_arrivals(
        (situation.pulses, config.clock_start, AS_OF), (), config.grades, ENDS, (20.0, 20.0)
    )
    years = (AS_OF - config.clock_start).days / 365.25
    assert fitted.mean_pace == pytest.approx(4 / years)  # offer, refusal, rust, talks
    assert fitted.size_probs.sum() == pytest.approx(1)
    assert fitted.named_probs.sum() == pytest.approx(1)
    assert no_arrivals(ENDS).mean_pace == 0


def test_a_draft_is_completed_from_the_ledger_and_compared_with_it(toy):
    cells = {"url": "https://example.org/9", "speaker": "The maker", "actor": "maker",
             "outcomes": "sold", "claim": "The maker offers again to buy the toy back.",
             "date": "2020-03-04"}  # fmt: skip
    full = completed(cells, toy.ledger, toy.question.yardsticks, AS_OF)
    assert (full["voice"], full["date_precision"]) == ("own", "day")
    new = replace(toy.ledger.items[0], id="new", story="new", url=full["url"], claim=full["claim"])
    assert likenesses(new, toy.ledger)[0].item.story == "offer"


def test_items_are_added_and_withdrawn_a_line_each(toy, tmp_path):
    path = tmp_path / "toy.csv"
    shutil.copy(TOY.with_suffix(".csv"), path)
    before = path.read_text().splitlines()
    config, words = toy.question.config, toy.question.yardsticks
    add_items(path, [replace(toy.ledger.items[0], id="new", story="new")], config, words)
    retract_item(path, "rust-2021", (AS_OF, "withdrawn"), config, words)
    after = path.read_text().splitlines()
    assert len(after) == len(before) + 1
    assert [a == b for a, b in zip(before, after, strict=False)].count(False) == 1
    with pytest.raises(tidings.UsageError, match="was withdrawn on"):
        retract_item(path, "rust-2021", (AS_OF, "again"), config, words)
