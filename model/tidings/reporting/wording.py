"""How numbers are worded: the number first, the word of a named yardstick second."""

from collections.abc import Sequence
from datetime import date
from math import floor, log10
from typing import TYPE_CHECKING

from tidings.forecasting.runs import Run
from tidings.question.loading import Question
from tidings.question.yardsticks import Yardsticks

if TYPE_CHECKING:
    from tidings.reporting.prior_cards import Spread

YARDSTICK_TITLES = {
    "icd203": "ICD 203",
    "phia": "PHIA",
    "nato": "NATO",
    "ipcc": "IPCC",
    "efsa": "EFSA",
}


def percent(probability: float) -> str:
    """Return a probability as a percentage, never rounded to 0 or 100.

    Two significant digits are kept of the smaller of it and its complement: ``89 %``, ``7.1 %``,
    ``0.071 %``, ``99.42 %``. The space before the sign does not break.
    """
    return f"{_digits(probability)}\u00a0%"


def _digits(probability: float) -> str:
    if probability in (0.0, 1.0):
        return f"{probability * 100:.0f}"
    # Rounded first, so that 0.995 is 1.0 and not 1.00.
    small = float(f"{min(probability, 1 - probability) * 100:.1e}")
    digits = 0 if small >= 10 else 1 - floor(log10(small))
    return f"{probability * 100:.{min(digits, 8)}f}"


_RARE, _SURE = 0.001, 0.995


def chance(probability: float) -> str:
    """Return a probability as a reader is told it: two digits at most, and no false precision.

    ``93 %``, ``4.1 %``, ``0.26 %``, ``< 0.1 %``, ``> 99 %``; exact figures stand in the JSON.
    """
    if 0.0 < probability < _RARE:
        return "<\u00a00.1\u00a0%"
    if _SURE <= probability < 1.0:
        return ">\u00a099\u00a0%"
    return f"{_two_digits(probability)}\u00a0%"


def chance_range(low: float, high: float) -> str:
    """Return two probabilities as a reader is told them: ``85 to 98 %``."""
    first = chance(low).removesuffix("\u00a0%") if _RARE <= low < _SURE else chance(low)
    return f"{first} to {chance(high)}"


def _two_digits(probability: float) -> str:
    """Return a percentage, without its sign, to two digits at most."""
    percentage = float(f"{probability * 100:.1e}") if probability < _TENTH else probability * 100
    if percentage >= 10 or percentage == 0:
        return f"{percentage:.0f}"
    return f"{percentage:.{1 - floor(log10(percentage))}f}"


_TENTH, _FIFTH = 0.1, 0.2
_FEW = (2, 3, 4, 5, 10)
_ALL_BUT_ONE = (6, 7)
"""Denominators that everybody can picture."""


def frequency(probability: float) -> str:
    """Return a probability as a natural frequency: ``about 9 in 10``, ``about 1 in 25``."""
    if probability <= 0.0:
        return "never"
    if probability >= 1.0:
        return "always"
    if probability < _RARE:
        return "less than 1 in 1,000"
    if probability < _FIFTH:
        return f"about 1 in {_round_count(1 / probability):,}"
    if probability > 1 - _TENTH:
        share = round(probability * 100)
        return f"about {share} in 100" if share < 100 else "more than 99 in 100"
    best = min(
        [(round(probability * of), of) for of in _FEW] + [(of - 1, of) for of in _ALL_BUT_ONE],
        key=lambda pair: abs(pair[0] / pair[1] - probability) + pair[1] / 1000,
    )
    return f"about {best[0]} in {best[1]}"


def _round_count(count: float) -> int:
    """Return a count as one says it: whole to 30, in fives to 100, then to two digits."""
    if count < 30:
        return round(count)
    return round(count / 5) * 5 if count < 100 else int(float(f"{count:.1e}"))


_MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def day_words(day: date) -> str:
    """Return a date as it is said: ``31 March 2026``."""
    return f"{day.day} {_MONTH_NAMES[day.month - 1]} {day.year}"


def count_words(count: int, singular: str, plural: str | None = None) -> str:
    """Return a count with its noun: ``1 story``, ``24 stories``."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def months_words(months: int) -> str:
    """Return a horizon as it is said: ``1 month``, ``12 months``."""
    return count_words(months, "month")


def listed(names: Sequence[str]) -> str:
    """Return names as a list in words: ``A, B and C``."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def minus_sign(text: str) -> str:
    """Return a number with the sign of subtraction where a hyphen stood for it."""
    return text.replace("-", "\u2212")


_NOISE = 3.0
"""Monte Carlo errors within which a change is called noise: many changes are told at once."""


def inside_noise(change: float, mcse: float) -> bool:
    """Return whether a change is within three Monte Carlo errors of none."""
    return abs(change) <= _NOISE * mcse


_NOTHING = 1e-8
"""Changes below this are rounding."""


def points(change: float) -> str:
    """Return a change of probability in percentage points, signed, to two digits: ``+0.42``."""
    if abs(change) < _NOTHING:
        return "0"
    digits = max(0, 1 - floor(log10(abs(change) * 100)))
    return f"{change * 100:+.{min(digits, 8)}f}"


def signed(change: float) -> str:
    """Return a change as `points` does, with the sign of subtraction: ``−0.42``."""
    return minus_sign(points(change))


def moved(change: float, mcse: float) -> str:
    """Return a change with its Monte Carlo error, both in points: ``+0.42 ± 0.05``."""
    if abs(change) < _NOTHING and mcse < _NOTHING:
        return "0"
    digits = max(0, 1 - floor(log10(mcse * 100))) if mcse > 0 else 2
    return f"{change * 100:+.{min(digits, 8)}f}\u00a0±\u00a0{mcse * 100:.{min(digits, 8)}f}"


def headline_number(probability: float, yardstick: str, yardsticks: Yardsticks) -> str:
    """Return the number and then its word: ``89 % (very likely, ICD 203)``."""
    title = YARDSTICK_TITLES.get(yardstick, yardstick)
    return f"{chance(probability)} ({yardsticks.word(probability, yardstick)}, {title})"


def leader(run: Run, question: Question) -> str:
    """Return the sentence that leads: the likeliest outcome at the headline horizon."""
    manifest = run.manifest
    row = max(run.at(manifest.headline).values(), key=lambda one: one.mean)
    title = next(outcome.title for outcome in manifest.outcomes if outcome.id == row.outcome)
    number = headline_number(row.mean, manifest.yardstick, question.yardsticks)
    return f"{title} by {manifest.horizons[manifest.headline]}: {number}"


def is_chance(prior: str) -> bool:
    """Return whether a prior is read as a chance; how far a refusal binds is a share."""
    return prior.partition(".")[0] in _CHANCES


_CHANCES = ("willingness", "share_other")


_NONE = 1e-9


def prior_number(prior: str, value: float) -> str:
    """Return a value of a prior: a percentage where it is a chance, else two digits."""
    if abs(value) < _NONE:
        return "0"
    return percent(value) if is_chance(prior) else f"{value:.2g}"


def spread_words(prior: str, spread: "Spread") -> str:
    """Return median and middle 90 % of a prior: ``2.5 %, 1.0 % – 5.0 %``."""
    if spread.q05 == spread.q95:
        return f"{prior_number(prior, spread.q50)}, fixed"
    low, high = (prior_number(prior, value) for value in (spread.q05, spread.q95))
    return f"{prior_number(prior, spread.q50)}, {low} – {high}{unit_of(prior)}"


def unit_of(prior: str) -> str:
    """Return the unit of a prior, where it has one of its own, with a leading space."""
    return _UNITS.get(prior, "")


_UNITS = {"base_rate": " ends a year"}
