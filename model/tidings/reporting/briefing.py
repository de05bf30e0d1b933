"""Page one in sentences: the answer, how sure, what changed, what would change it, why trust it.

How likely something is and how much to trust that never stand in one sentence.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from tidings.evidence.ledger import Item
from tidings.forecasting.runs import Run
from tidings.forecasting.tables import ForecastRow
from tidings.names import RETAINED
from tidings.reporting.confidence import confidence_words, trust_sentence
from tidings.reporting.findings import Findings
from tidings.reporting.moves import moved_by
from tidings.reporting.sentences import expected_words, watch_brief
from tidings.reporting.wording import (
    YARDSTICK_TITLES,
    chance,
    chance_range,
    count_words,
    day_words,
    frequency,
    listed,
    months_words,
    signed,
)

_BOTH_WINDOWS = 2


@dataclass(frozen=True)
class Brief:
    """Page one.

    Attributes
    ----------
    news : str
        What news has come since, where the moves are not split.
    unseen : str
        Whether something may have happened unseen.
    """

    answer: str
    next_likeliest: str
    changed: str
    news: str
    watch: tuple[str, ...]
    unseen: str
    confidence: str
    trust: str


def brief_of(found: Findings) -> Brief:
    """Return page one of a report."""
    rows = found.run.at(found.run.manifest.headline)
    by = day_words(found.run.manifest.horizons[found.run.manifest.headline])
    return Brief(
        f"is what to expect by {by}: {_likely(found, rows[found.leading])}.",
        f"is next likeliest: {_likely(found, rows[found.rival])}.",
        _changed(found),
        _news_since(found),
        tuple(_to_watch(found)),
        _unseen(found),
        confidence_words(found),
        trust_sentence(found),
    )


def _likely(found: Findings, row: ForecastRow) -> str:
    """Return how likely an outcome is: as one says it, in per cent with its range, in words."""
    span, words = chance_range(row.q05, row.q95), word_range(found, row)
    word = worded(found, row.mean)
    ends = "" if words == word else f", {words}"
    return f"{frequency(row.mean)} ({chance(row.mean)}, {word}; model range {span}{ends})"


def worded(found: Findings, probability: float) -> str:
    """Return the word of the yardstick for a chance, in quotation marks where it is one."""
    name, yardsticks = found.run.manifest.yardstick, found.question.yardsticks
    word = yardsticks.word(probability, name)
    bands = yardsticks.bands[name].values()
    ends = {
        "below the scale": f"under {min(low for low, _ in bands) * 100:g}\u00a0%",
        "above the scale": f"over {max(high for _, high in bands) * 100:g}\u00a0%",
    }
    return ends.get(word, f"“{word}”")


def word_range(found: Findings, row: ForecastRow) -> str:
    """Return the words of the yardstick that a range reaches: ``“likely” to “very likely”``."""
    return " to ".join(dict.fromkeys(worded(found, value) for value in (row.q05, row.q95)))


def yardstick_title(found: Findings) -> str:
    """Return the name of the yardstick whose words stand beside the numbers."""
    name = found.run.manifest.yardstick
    return YARDSTICK_TITLES.get(name, name)


def _changed(found: Findings) -> str:
    """Return what changed since the forecast before, and why where it has been worked out."""
    before = found.before
    if found.run.manifest.prior_only:
        return "It leaves all news out, and is compared with no forecast that does not."
    if before is None:
        return "This is the first forecast of the question that is kept here."
    headline = found.run.manifest.headline
    then = before.at(before.manifest.headline).get(found.leading)
    now = found.run.at(headline)[found.leading]
    if then is None:
        return "The forecast before knew other outcomes."
    change = now.mean - then.mean
    when = day_words(before.manifest.as_of)
    title = found.title(found.leading)
    others = f"{_changed_others(found, before)}{_by_the_same_day(found)}"
    if chance(now.mean) == chance(then.mean):
        return f"Since the forecast of {when} “{title}” has stayed at {chance(now.mean)}.{others}"
    way = "risen" if change > 0 else "fallen"
    most = moved_by(found, found.leading)
    reason = f", most of all by {most}" if most else ""
    return (
        f"Since the forecast of {when} the chance of “{title}” has {way} from "
        f"{chance(then.mean)} to {chance(now.mean)}{reason}.{others}"
    )


def _changed_others(found: Findings, before: Run) -> str:
    """Return which of the other outcomes has risen most in the meantime, and which has fallen."""
    then, now = before.at(before.manifest.headline), found.run.at(found.run.manifest.headline)
    both = [name for name in now if name in then and name != found.leading]
    change = {name: now[name].mean - then[name].mean for name in both}
    told = []
    for name in dict.fromkeys(
        (max(both, key=change.__getitem__), min(both, key=change.__getitem__))
    ):
        first, last = chance(then[name].mean), chance(now[name].mean)
        if first != last:
            way = "risen" if change[name] > 0 else "fallen"
            most = moved_by(found, name)
            reason = f" (most of all by {most})" if most else ""
            told.append(f"“{found.title(name)}” has {way} from {first} to {last}{reason}")
    return f" Of the others, {listed(told)}." if told else ""


def _news_since(found: Findings) -> str:
    """Return what news has come since the forecast before, where the moves are not split."""
    if found.moves is not None or found.before is None or found.run.manifest.prior_only:
        return ""
    if not found.since:
        return "No news has come since that forecast."
    most, told = found.since[0], count_words(len(found.since), "story", "stories")
    if most.effect is None:
        return f"News has come since in {told}, none of which moves it much by itself."
    return (
        f"News has come since in {told}; what moves “{found.title(found.leading)}” most of it "
        f"({signed(most.effect.change)} points, {most.effect.label}): {most.effect.says}"
    )


def _by_the_same_day(found: Findings) -> str:
    """Return what became of the chance of any change by one same day: windows move on."""
    told = windows(found)
    if len(told) < _BOTH_WINDOWS or found.before is None:
        return ""
    title, then, now = told[0]
    return f" {title[:1].upper()}{title[1:]}: {then} then, {now} now."


def _to_watch(found: Findings) -> Iterator[str]:
    """Yield what would change the forecast most: what is due, may come, or would secure it."""
    for item in _due(found):
        yield expected_words(item)
    at = list(found.run.manifest.horizons).index(found.run.manifest.headline)
    for one in found.watched:
        if not one.favourable.probability:
            continue
        yield watch_brief(one, found.watch, found.question, at)
    securing = found.securing
    if securing is not None:
        yield watch_brief(securing, found.watch, found.question, at, against=found.leading)


def _due(found: Findings) -> list[Item]:
    day = found.run.manifest.as_of
    return [item for item in found.situation.items if item.expected_by and item.expected_by > day]


def _unseen(found: Findings) -> str:
    manifest = found.run.manifest
    if manifest.status_known_to >= manifest.as_of:
        return "The status quo is known to hold on the day of the forecast."
    return (
        f"No report is later than {day_words(manifest.status_known_to)}. The chance that the "
        f"status has changed since, unreported, is {_rarely(manifest.already_happened)}, "
        "and every figure includes it."
    )


def _rarely(probability: float) -> str:
    return f"{frequency(probability)} ({chance(probability)})"


def windows(found: Findings) -> list[tuple[str, str, str]]:
    """Return the chance of any change before and now: by one same date, and by moving windows.

    Each is a title, the chance before, and the chance now.
    """
    before, run = found.before, found.run
    if before is None:
        return []
    end, now_end = (one.manifest.horizons[one.manifest.headline] for one in (before, run))
    told = []
    same = _by(run, end)
    if same is not None:
        then = 1 - before.at(before.manifest.headline)[RETAINED].mean
        told.append((f"any change by {day_words(end)}", chance(then), chance(same)))
    then, now = (1 - one.at(one.manifest.headline)[RETAINED].mean for one in (before, run))
    ahead = months_words(found.question.config.headline_months)
    title = f"any change within {ahead} of each forecast, by {day_words(now_end)} now"
    told.append((title, chance(then), chance(now)))
    return told


def _by(run: Run, day: date) -> float | None:
    """Return a run's chance of any change by a date, between the dates it was published for."""
    rows = [row for row in run.rows if (row.basis, row.outcome) == ("posterior", RETAINED)]
    if not rows[0].date <= day <= rows[-1].date:
        return None
    days = [row.date.toordinal() for row in rows]
    return 1.0 - float(np.interp(day.toordinal(), days, [row.mean for row in rows]))
