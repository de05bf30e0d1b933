"""Priors and dates that make no forecast are refused with their line and the reason."""

import re

import pytest
from tests.helpers import QUESTION

import tidings
from tidings.question.loading import load_text
from tidings.question.priors import BOUNDS

TEXT = QUESTION.read_text(encoding="utf-8")


def with_prior(name, value):
    changed, count = re.subn(
        rf"^(\[priors\.{re.escape(name)}\][^\n]*\n).*?(?=^\[)",
        lambda found: f'{found[1]}{value}\nbecause = "To see what is said of it."\n\n',
        TEXT, count=1, flags=re.DOTALL | re.MULTILINE,
    )  # fmt: skip
    assert count == 1
    return changed


@pytest.mark.parametrize(
    ("name", "value"),
    [("base_rate", "fixed = 0.0"), ("base_rate", "fixed = 1e6"), ("push_slope", "fixed = 50.0"),
     ("base_rate", "quantiles = { p05 = 1e-9, p95 = 1e9 }"), ("noise_scale", "fixed = 1e-6"),
     ("share_other", "fixed = 0.999999"), ("factor_sd.ankara", "fixed = 1000.0"),
     ("precedent.ukraine", "fixed = 0.0"), ("consent_slope", "fixed = 100.0"),
     ("story_sd", "fixed = 0.0")],
)  # fmt: skip
def test_a_prior_out_of_reach_is_refused_with_the_reason(name, value):
    family = name.partition(".")[0]
    with pytest.raises(tidings.InputError) as refused:
        load_text(QUESTION, with_prior(name, value))
    [fault] = refused.value.faults
    assert fault.line is not None and fault.field.startswith(f"priors.{name}.")
    assert BOUNDS[family][2] in fault.expected


@pytest.mark.parametrize("value", ["fixed = -0.5", "quantiles = { p05 = -0.5, p95 = 2.0 }"])
@pytest.mark.parametrize("name", ["push_slope", "counter_slope"])
def test_news_towards_an_end_cannot_push_it_away(name, value):
    with pytest.raises(tidings.InputError) as refused:
        load_text(QUESTION, with_prior(name, value))
    assert "0 or more" in refused.value.faults[0].expected


@pytest.mark.parametrize(
    ("name", "value"),
    [("push_slope", "fixed = 0.0"), ("willingness.moscow.ukraine", "fixed = 1.0"),
     ("willingness.moscow.ukraine", "fixed = 0.0"), ("base_rate", "fixed = 0.2")],
)  # fmt: skip
def test_a_prior_at_an_edge_that_means_something_is_taken(name, value):
    assert load_text(QUESTION, with_prior(name, value)).priors[name].sd == 0.0


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [("# status_known_to = 2025-11-15", "status_known_to = 2010-01-01", "got 2010-01-01; expected"),
     ("clock_start = 2019-07-12", "clock_start = 1800-01-01", "got 1800-01-01; expected"),
     ("because = \"Ankara owns", "because = \"x\" # \"Ankara owns", "at least 8 letters")],
)  # fmt: skip
def test_what_cannot_be_is_told_as_it_stood(old, new, says):
    assert old in TEXT
    with pytest.raises(tidings.InputError, match=re.escape(says)):
        load_text(QUESTION, TEXT.replace(old, new, 1))
