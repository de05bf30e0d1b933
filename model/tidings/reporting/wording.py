"""How numbers are worded: the number first, the word of a named yardstick second."""

from collections.abc import Mapping
from math import floor, log10
from typing import TYPE_CHECKING

from tidings.forecasting.runs import Run
from tidings.forecasting.tables import K_LIMIT
from tidings.names import ANY, DEAL, RETAINED
from tidings.question.loading import Question
from tidings.question.yardsticks import Yardsticks

if TYPE_CHECKING:
    from tidings.reasons.tipping import ItemTip, PriorTip, Target
    from tidings.reasons.watching import Watch, Watched
    from tidings.reporting.cards import Spread

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


def interval(low: float, high: float) -> str:
    """Return two probabilities as one range of percentages: ``1.4–18 %``."""
    return f"{_digits(low)}–{percent(high)}"


def _digits(probability: float) -> str:
    if probability in (0.0, 1.0):
        return f"{probability * 100:.0f}"
    # Rounded first, so that 0.995 is 1.0 and not 1.00.
    small = float(f"{min(probability, 1 - probability) * 100:.1e}")
    digits = 0 if small >= 10 else 1 - floor(log10(small))
    return f"{probability * 100:.{min(digits, 8)}f}"


_NOISE = 3.0
"""Monte Carlo errors within which a change is called noise: many changes are told at once."""


def inside_noise(change: float, mcse: float) -> bool:
    """Say whether a change is within three Monte Carlo errors of none."""
    return abs(change) <= _NOISE * mcse


def points(change: float) -> str:
    """Return a change of probability in percentage points, signed, to two digits: ``+0.42``."""
    if change == 0.0:
        return "0"
    digits = max(0, 1 - floor(log10(abs(change) * 100)))
    return f"{change * 100:+.{min(digits, 8)}f}"


def moved(change: float, mcse: float) -> str:
    """Return a change with its Monte Carlo error, both in points: ``+0.42 ± 0.05``."""
    if change == 0.0 == mcse:
        return "0"
    digits = max(0, 1 - floor(log10(mcse * 100))) if mcse > 0 else 2
    return f"{change * 100:+.{min(digits, 8)}f} ± {mcse * 100:.{min(digits, 8)}f}"


def headline_number(probability: float, yardstick: str, yardsticks: Yardsticks) -> str:
    """Return the number and then its word: ``89 % (very likely, ICD 203)``."""
    title = YARDSTICK_TITLES.get(yardstick, yardstick)
    return f"{percent(probability)} ({yardsticks.word(probability, yardstick)}, {title})"


def leader(run: Run, question: Question) -> str:
    """Return the sentence that leads: the likeliest outcome at the headline horizon."""
    manifest = run.manifest
    row = max(run.at(manifest.headline).values(), key=lambda one: one.mean)
    title = next(outcome.title for outcome in manifest.outcomes if outcome.id == row.outcome)
    number = headline_number(row.mean, manifest.yardstick, question.yardsticks)
    return f"{title} by {manifest.horizons[manifest.headline]}: {number}"


def is_chance(prior: str) -> bool:
    """Say whether a prior is read as a chance; how far a refusal binds is a share."""
    return prior.partition(".")[0] in _CHANCES


_CHANCES = ("willingness", "share_other")


def prior_number(prior: str, value: float) -> str:
    """Return a value of a prior: a percentage where it is a chance, else two digits."""
    return percent(value) if is_chance(prior) else f"{value:.2g}"


def spread_words(prior: str, spread: "Spread") -> str:
    """Return median and middle 90 % of a prior: ``2.5 %, 1.0 % – 5.0 %``."""
    if spread.q05 == spread.q95:
        return f"{prior_number(prior, spread.q50)}, fixed"
    low, high = (prior_number(prior, value) for value in (spread.q05, spread.q95))
    return f"{prior_number(prior, spread.q50)}, {low} – {high}"


def target_words(target: "Target", titles: Mapping[str, str]) -> str:
    """Return what is to be tipped: ``“Given to Ukraine” exceeds 5 %``."""
    own = f"“{titles[target.outcome]}”"
    if target.threshold is not None:
        return f"{own} {'exceeds' if target.rises else 'falls below'} {percent(target.threshold)}"
    other = f"“{titles[str(target.other)]}”"
    return f"{own} overtakes {other}" if target.rises else f"{other} overtakes {own}"


def prior_tip_sentence(tip: "PriorTip") -> str:
    """Return where one prior tips a forecast, from where it stands now."""
    side = "rises above" if tip.above else "falls below"
    sure = "" if tip.trusted else f" (uncertain: Pareto k {tip.k:.1f})"
    what = f"the prior median of {tip.prior}" if tip.moves else tip.prior
    return f"if {what} {side} {tip.value:.2g}; it stands at {tip.now:.2g}{sure}"


def item_tip_sentence(tip: "ItemTip", who: str) -> str:
    """Return which hypothetical item tips a forecast, or that none does."""
    if tip.push is not None:
        return f"if an item of grade A1 about {who} has a push of {tip.push:+.1f} or stronger"
    if tip.face_value is not None:
        sure = "" if tip.k <= K_LIMIT else f" (uncertain: Pareto k {tip.k:.1f})"
        word = tip.face_value.replace("_", " ")
        return f"if an A1 report makes the agreement of {who} {word} at face value{sure}"
    kind = "push" if tip.actor == DEAL else "face value"
    sure = "" if tip.k <= K_LIMIT else f" (uncertain: Pareto k {tip.k:.1f})"
    return f"no {kind} of one item about {who} does it{sure}"


def watch_sentences(one: "Watched", watch: "Watch", question: Question, at: int) -> str:
    """Return what news of one actor and outcome would do, at the horizon of that place."""
    outcomes = [outcome.id for outcome in watch.run.manifest.outcomes]
    shown = RETAINED if one.outcome == ANY else one.outcome
    row = outcomes.index(shown)
    title = next(outcome.title for outcome in question.config.outcomes if outcome.id == shown)
    now, so = float(watch.now[row, at]), float(one.favourable.then[row, at])
    against, neither = float(one.adverse.then[row, at]), float(one.neither[row, at])
    about = "a way out" if one.outcome == ANY else f"“{title}”"
    if one.actor == DEAL:
        report, denial = f"A credible report that brings {about} nearer", "one that puts it off"
    else:
        name = question.config.actor(one.actor).title.partition(":")[0]
        report = f"A credible report that {name} would agree to {about}"
        denial = "that it would not"
    first, second = ("lower", "raise") if one.outcome == ANY else ("lift", "lower")
    return (
        f"{report}: {percent(one.favourable.probability)} likely in the next month, would {first} "
        f"“{title}” from {percent(now)} to {percent(so)}; {denial}: "
        f"{percent(one.adverse.probability)} likely, would {second} it to {percent(against)}; "
        f"with neither: {percent(neither)}."
    )
