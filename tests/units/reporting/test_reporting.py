"""Words for numbers, cards of priors, and the JSON contract of what needs no fit."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from tests.units.conftest import TOY

import tidings
from tidings.errors import Fault
from tidings.reasons.estimates import Effect
from tidings.reasons.tipping import PriorTip, Target
from tidings.reporting import views
from tidings.reporting.annex import source_words
from tidings.reporting.briefing import worded
from tidings.reporting.figures import month_ticks
from tidings.reporting.prior_cards import Source, Spread, cards_of
from tidings.reporting.sentences import bound_sentence
from tidings.reporting.wording import inside_noise, moved, percent, points


@pytest.mark.parametrize(
    ("probability", "said"),
    [(0.89, "89\u00a0%"), (0.0714, "7.1\u00a0%"), (0.995, "99.50\u00a0%"), (0.0, "0\u00a0%"),
     (1.0, "100\u00a0%"), (0.00071, "0.071\u00a0%"), (0.99942, "99.942\u00a0%")],
)  # fmt: skip
def test_a_chance_is_never_rounded_to_certainty(probability, said):
    assert percent(probability) == said


def test_moves_have_a_sign_and_an_error():
    assert points(0.0042) == "+0.42" and points(0.0) == points(1e-12) == points(-1e-12) == "0"
    assert moved(-0.0042, 0.0005) == "-0.420\u00a0±\u00a00.050"
    assert inside_noise(0.003, 0.001) and not inside_noise(0.0031, 0.001)


def test_a_card_says_where_a_prior_comes_from(toy):
    [card] = cards_of(toy.question, "base_rate")
    assert card.sources[0].value == "p05 = 0.03, p50 = 0.12, p95 = 0.4"
    assert card.prior.q50 == pytest.approx(0.12, rel=0.1)
    assert card.posterior is None and not card.fixed
    with pytest.raises(tidings.UsageError, match="did you mean 'base_rate'"):
        cards_of(toy.question, "base_rat")


def test_views_can_be_written_as_json(toy):
    counts = views.check(toy)
    assert counts["items"] == 7 and counts["valid"]
    fault = Fault(Path("a.csv"), 3, "push", "'4'", "less")
    assert views.check(None, [fault])["faults"][0]["line"] == 3
    assert json.loads(json.dumps(views.priors(cards_of(toy.question), None)))["run"] is None
    assert views.changed("retracted", "x", None) == {"retracted": "x", "preview": None}


@pytest.mark.parametrize("months", [1, 6, 12, 24, 36, 60, 120])
def test_months_have_a_handful_of_ticks_that_end_at_the_last(months):
    ticks = month_ticks(months)
    assert 2 <= len(ticks) <= 8
    assert ticks[0] == 0 and ticks[-1] <= months
    assert len(set(np.diff(ticks))) == 1


@pytest.mark.parametrize(
    ("value", "said"),
    [("p05 = 0.066, p50 = 0.15, p95 = 0.34", "5 % below 0.066, half below 0.15, 95 % below 0.34"),
     ("p50 = 1e-05", "half below 1e-05"),
     ("very unlikely (icd203: 5–20 %)", "very unlikely (ICD 203: 5–20 %)"),
     ("a_name, learned: 24 resolved questions", "24 resolved questions"),
     ("fixed at 1", "fixed at 1")],
)  # fmt: skip
def test_what_a_prior_comes_from_is_told_in_words(value, said):
    spread = Spread(0.1, 0.2, 0.3)
    assert source_words(Source(value, "", (), None, 1.0, spread)) == said


def test_an_effect_is_told_with_its_error():
    effect = Effect(np.array([[0.01]]), np.array([[0.002]]))
    assert moved(*effect.at(0, 0)) == "+1.00\u00a0±\u00a00.20"


def test_the_report_of_a_question_is_written_from_its_file():
    assert TOY.is_file()


def test_a_word_at_the_end_of_a_yardstick_is_a_bound(toy):
    run = SimpleNamespace(manifest=SimpleNamespace(yardstick="icd203"))
    found = SimpleNamespace(run=run, question=toy.question)
    assert worded(found, 0.9) == "“very likely”"
    assert (worded(found, 0.004), worded(found, 0.996)) == ("under 1\u00a0%", "over 99\u00a0%")
    tip = PriorTip("base_rate", Target("kept", True, 0.99, None), value=0.1, above=False,
                   low=0.1, high=0.4, now=0.2, k=0.0, moves=True)  # fmt: skip
    said = [bound_sentence(tip, "Kept", "How often", worded(found, chance))
            for chance in (0.9901, 0.94)]  # fmt: skip
    assert said[0].endswith("“Kept” would rise above 99\u00a0%.")
    assert said[1].endswith("and be “very likely”.")
