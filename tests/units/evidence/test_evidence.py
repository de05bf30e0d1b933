"""Evidence: the ledger by date, pressure, readings, arrivals, drafts and their record."""

import shutil
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
from tests.units.conftest import AS_OF, TOY

import tidings
from tidings.evidence.arrivals import Source, fit_arrivals, no_arrivals, records_of
from tidings.evidence.drafting import completed, likenesses
from tidings.evidence.pressure import FEW, Pulse, mean_pressure, pressure_at, pulses
from tidings.evidence.readings import read_items
from tidings.evidence.recording import add_items, retract_item

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
    towards, against = pressure_at([refusal], times, (60.0, 30.0), ENDS)[:, 0]
    assert against == pytest.approx(5 * np.tanh(np.array([0.9, 0.45]) / 5))
    assert not towards.any()


def test_what_is_expected_later_does_not_fade_until_then():
    held = Pulse("vote", "vote", "sold", 2.0, 100.0, held_to=190.0)
    felt = pressure_at([held], np.array([100.0, 189.0, 220.0]), (30.0, 30.0), ENDS)[0, 0]
    assert felt == pytest.approx(5 * np.tanh(np.array([2.0, 2.0, 1.0]) / 5))


def test_a_burst_is_felt_no_more_than_its_strongest_few():
    burst = [Pulse(f"i{n}", f"s{n}", "sold", 0.2, 100.0) for n in range(40)]
    moment = np.array([100.0])
    whole, few = (pressure_at(some, moment, (30.0, 30.0), ENDS) for some in (burst, burst[:FEW]))
    assert whole == pytest.approx(few)


def test_the_mean_pressure_is_the_mean_of_moments(toy):
    edges = np.array([0.0, 20.0, 60.0]) + date(2020, 2, 20).toordinal()
    half_lives = (45.0, 30.0)
    mean = mean_pressure(counted(toy), edges, half_lives, ENDS)
    for place, (low, high) in enumerate(pairwise(edges)):
        moments = np.linspace(low, high, 20_001)
        exact = pressure_at(counted(toy), moments, half_lives, ENDS).mean(axis=-1)
        # An item known between two moments is out by at most half a seventh of the interval.
        assert mean[..., place] == pytest.approx(exact, abs=2 / 14)


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
    start = toy.question.config.clock_start
    own = Source(records_of(situation.pulses, start), start, AS_OF, ENDS)
    years = (AS_OF - start).days / 365.25
    alone = fit_arrivals(own, (), 20.0, np.zeros(0))
    assert alone.mean_pace == pytest.approx(4 / years)  # offer, refusal, rust, talks
    assert sum(chance for _, chance in alone.named) == pytest.approx(1)
    assert no_arrivals().mean_pace == 0


def test_own_news_weighs_with_its_number_and_borrowed_news_with_its_time(toy, situation):
    start = toy.question.config.clock_start
    own = Source(records_of(situation.pulses, start), start, AS_OF, ENDS)
    short, long = (Source((), start, start + timedelta(days=days), ENDS) for days in (100, 300))
    fitted = fit_arrivals(own, (short, long), 12.0, np.ones(2))
    assert fitted.probs == pytest.approx([4 / 16, 12 / 16 / 4, 12 / 16 * 3 / 4])
    quiet_likelier = fit_arrivals(own, (short, long), 12.0, np.array([3.0, 1.0]))
    assert quiet_likelier.probs == pytest.approx([4 / 16, 12 / 16 / 2, 12 / 16 / 2])


def test_a_draft_is_completed_from_the_ledger_and_compared_with_it(toy):
    cells = {"url": "https://example.org/9", "speaker": "The maker", "actor": "maker",
             "outcomes": "sold", "claim": "The maker offers again to buy the toy back.",
             "date": "2020-03-04"}  # fmt: skip
    full = completed(cells, toy.ledger, toy.question.yardsticks, AS_OF)
    assert (full["voice"], full["date_precision"]) == ("own", "day")
    new = replace(toy.ledger.items[0], id="new", story="new", url=full["url"], claim=full["claim"])
    assert likenesses(new, toy.ledger)[0].item.story == "offer"


def test_a_site_that_passed_something_on_is_not_whom_it_came_from(toy):
    passed = replace(
        toy.ledger.items[0], id="passed", via="Kiosk", url="https://kiosk.example.org/1"
    )
    ledger = replace(toy.ledger, items=(*toy.ledger.items, passed))
    cells = {"url": "https://kiosk.example.org/2"}
    full = completed(cells, ledger, toy.question.yardsticks, AS_OF)
    assert (full["source"], full["source_reliability"]) == ("Kiosk", "")


def test_a_speaker_of_the_day_before_is_a_likeness_whatever_the_words(toy):
    first = toy.ledger.items[0]
    new = replace(first, id="new", story="new", claim="Quite other words.",
                  url="https://example.org/x", date=first.date + timedelta(1))  # fmt: skip
    assert [one.item.id for one in likenesses(new, toy.ledger)] == [first.id]
    assert likenesses(replace(new, speaker="Somebody"), toy.ledger) == []
    assert likenesses(replace(new, date=first.date + timedelta(5)), toy.ledger) == []


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
