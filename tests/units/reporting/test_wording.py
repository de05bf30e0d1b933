"""Numbers as a reader is told them: right at the edges, and no more exact than they are."""

from datetime import date

import pytest

from tidings.reporting.wording import (
    chance,
    chance_range,
    count_words,
    day_words,
    frequency,
    listed,
    months_words,
    signed,
)

THIN = "\u00a0%"


@pytest.mark.parametrize(
    ("probability", "said"),
    [(0.0, "0"), (0.000999, "<\u00a00.1"), (0.001, "0.10"), (0.0026, "0.26"), (0.0714, "7.1"),
     (0.0996, "10"), (0.1, "10"), (0.935, "94"), (0.9949, "99"), (0.995, ">\u00a099"),
     (0.99999, ">\u00a099"), (1.0, "100")],
)  # fmt: skip
def test_a_chance_has_two_digits_at_most_and_is_never_rounded_to_certainty(probability, said):
    assert chance(probability) == said + THIN


@pytest.mark.parametrize(
    ("probability", "said"),
    [(0.0, "never"), (0.0004, "less than 1 in 1,000"), (0.0011, "about 1 in 910"),
     (0.012, "about 1 in 85"), (0.041, "about 1 in 24"), (0.072, "about 1 in 14"),
     (0.2, "about 1 in 5"), (0.33, "about 1 in 3"), (0.5, "about 1 in 2"),
     (0.71, "about 7 in 10"), (0.8, "about 4 in 5"), (0.89, "about 9 in 10"),
     (0.93, "about 93 in 100"), (0.997, "more than 99 in 100"), (1.0, "always")],
)  # fmt: skip
def test_a_frequency_is_one_that_can_be_pictured(probability, said):
    assert frequency(probability) == said


def test_every_frequency_is_near_its_chance():
    for thousandths in range(1, 1000):
        said = frequency(thousandths / 1000).removeprefix("about ").removeprefix("more than ")
        count, _, of = said.partition(" in ")
        assert int(count) / int(of.replace(",", "")) == pytest.approx(
            thousandths / 1000, rel=0.12, abs=0.001
        )


def test_ranges_changes_counts_and_dates_as_they_are_said():
    assert chance_range(0.612, 0.93) == f"61 to 93{THIN}"
    assert chance_range(0.0002, 0.0024) == f"<\u00a00.1{THIN} to 0.24{THIN}"
    assert chance_range(0.9, 0.999) == f"90 to >\u00a099{THIN}"
    assert (signed(-0.0042), signed(0.0), signed(0.01)) == ("\u22120.42", "0", "+1.0")
    assert (count_words(1, "day"), count_words(0, "day")) == ("1 day", "0 days")
    assert count_words(2, "story", "stories") == "2 stories"
    assert (months_words(1), months_words(12)) == ("1 month", "12 months")
    assert day_words(date(2026, 3, 1)) == "1 March 2026"
    assert (listed(["a"]), listed(["a", "b", "c"])) == ("a", "a, b and c")
