"""Page one in sentences: the answer, how sure, what changed, what would change it, why trust it.

How likely something is and how much to trust that never stand in one sentence.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from math import log, prod

import numpy as np

from tidings.evidence.ledger import Item
from tidings.forecasting.runs import Run
from tidings.forecasting.tables import ForecastRow
from tidings.names import RETAINED
from tidings.question.sources import Learned, ScoreRow
from tidings.reporting.findings import Findings
from tidings.reporting.moved import moved_by
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
)

_FRESH_DAYS, _FEW_LEARNED = 45, 10
_LEVELS = ("high", "moderate", "low")
_BOTH_WINDOWS = 2
_NONE_BETTER = 2.0
"""A gain within two standard errors may be luck."""


@dataclass(frozen=True)
class Ground:
    """One ground of confidence: what it says, and whether it speaks for the forecast."""

    says: str
    good: bool


@dataclass(frozen=True)
class Brief:
    """Page one.

    Attributes
    ----------
    answer, next_likeliest : str
        What is said of the likeliest outcome, and of the one after it; their titles come before.
    changed : str
        What changed since the forecast before.
    watch : tuple of str
        What would change it most.
    unseen : str
        Whether something may have happened unseen.
    confidence : str
        In one word with its grounds.
    trust : str
        How such forecasts have done.
    """

    answer: str
    next_likeliest: str
    changed: str
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
        tuple(_to_watch(found)),
        _unseen(found),
        _confidence(found),
        trust_sentence(found),
    )


def _likely(found: Findings, row: ForecastRow) -> str:
    """Return how likely an outcome is: as one says it, in per cent with its range, in words."""
    span, words = chance_range(row.q05, row.q95), word_range(found, row)
    word = _worded(found, row.mean)
    ends = "" if words == word else f", {words}"
    return f"{frequency(row.mean)} ({chance(row.mean)}, {word}; model range {span}{ends})"


def _worded(found: Findings, probability: float) -> str:
    """Return the word of the yardstick for a chance, in quotation marks where it is one."""
    name, yardsticks = found.run.manifest.yardstick, found.question.yardsticks
    word = yardsticks.word(probability, name)
    bands = yardsticks.bands[name].values()
    ends = {
        "below the scale": f"under {chance(min(low for low, _ in bands))}",
        "above the scale": f"over {chance(max(high for _, high in bands))}",
    }
    return ends.get(word, f"“{word}”")


def word_range(found: Findings, row: ForecastRow) -> str:
    """Return the words of the yardstick that a range reaches: ``“likely” to “very likely”``."""
    return " to ".join(dict.fromkeys(_worded(found, value) for value in (row.q05, row.q95)))


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
    most = moved_by(found)
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
            told.append(f"“{found.title(name)}” has {way} from {first} to {last}")
    return f" Of the others, {listed(told)}." if told else ""


def _by_the_same_day(found: Findings) -> str:
    """Return what became of the chance of any change by one same day: windows move on."""
    told = windows(found)
    if len(told) < _BOTH_WINDOWS or found.before is None:
        return ""
    title, then, now = told[0]
    return f" {title[:1].upper()}{title[1:]}: {then} then, {now} now."


def _to_watch(found: Findings) -> Iterator[str]:
    """Yield what would change the forecast most: what is due, then what may come."""
    for item in _due(found):
        yield expected_words(item)
    at = list(found.run.manifest.horizons).index(found.run.manifest.headline)
    for one in found.watched:
        yield watch_brief(one, found.watch, found.question, at)


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


def _confidence(found: Findings) -> str:
    grounds = list(grounds_of(found))
    poor = [ground.says for ground in grounds if not ground.good]
    good = [ground.says for ground in grounds if ground.good]
    none = found.run.manifest.newest_item is None
    level = _LEVELS[-1] if none else _LEVELS[min(len(poor), len(_LEVELS) - 1)]
    if not poor:
        return f"Confidence in what it rests on is {level}: {'; '.join(good)}."
    but = f" In its favour: {'; '.join(good)}." if good else ""
    return f"Confidence in what it rests on is {level}, since {'; '.join(poor)}.{but}"


def grounds_of(found: Findings) -> Iterator[Ground]:
    """Yield what confidence rests on: age of the news, single voices, questions learned from."""
    manifest, learned = found.run.manifest, found.question.learned
    if manifest.newest_item is None:
        left_out = "the news is left out" if manifest.prior_only else "there is no news"
        yield Ground(left_out, good=False)
    else:
        age = (manifest.as_of - manifest.newest_item).days
        yield Ground(f"the newest news is {count_words(age, 'day')} old", good=age <= _FRESH_DAYS)
    telling = [story for story in found.stories if story.effect is not None]
    alone = sum(story.one_voice for story in telling)
    if telling:
        told = count_words(len(telling), "story moves it", "stories move it")
        voices = "none resting on a single source"
        if alone:
            voices = f"{alone} of them resting on a single source"
        yield Ground(f"{told} now, {voices}", good=2 * alone <= len(telling))
    count = 0 if learned is None else len(learned.resolved)
    as_old = next((check for check in found.run.checks if check.name == "as_old"), None)
    watched = "" if as_old is None or as_old.passed else ", none of them watched as long as this"
    if as_old is not None and as_old.passed and as_old.value is not None:
        watched = f"; watched as long as this: {as_old.value:.0f}"
    late = len(found.situation.resolved_later)
    ended = f", {late} of which ended only later" if late else ""
    yield Ground(
        f"it has learned from {count_words(count, 'resolved question')}{ended}{watched}",
        good=count - late >= _FEW_LEARNED and (as_old is None or as_old.passed),
    )


def trust_sentence(found: Findings) -> str:
    """Return in one sentence how such forecasts have done on questions they never saw."""
    learned = found.question.learned
    row = None if learned is None else _score(learned, found)
    if learned is None or row is None:
        return "Nothing was learned from resolved questions, so no forecast of this kind is tested."
    sure = row.log_gain > _NONE_BETTER * (row.log_gain_se or 0.0)
    how = "better" if row.log_gain > 0 else "no better"
    how = f"clearly {how}" if sure else how
    luck = "" if sure or row.log_gain <= 0 else ", which may be luck"
    error = "" if row.log_gain_se is None else f" ± {row.log_gain_se:.2f}"
    return (
        f"Tested on {_of_all(row.questions, len(learned.resolved))}, none of which it had seen, it "
        f"was {how} at saying whether anything would change within {months_words(row.months)} than "
        f"always saying the average rate{luck} (log score {row.log_event:.2f}, the average rate "
        f"{row.log_base:.2f}, always saying even odds {log(2):.2f}; lower is better; a gain of "
        f"{row.log_gain:.2f}{error})."
    )


def _of_all(count: int, of: int) -> str:
    """Return how many resolved questions a score has: those watched as long as it looks ahead."""
    told = count_words(of, "resolved question")
    return told if count == of else f"the {count} of {told} that were watched so long"


def _score(learned: Learned, found: Findings) -> ScoreRow | None:
    """Return the scores of the horizon nearest to the headline's."""
    asked = found.question.config.headline_months
    return min(learned.scores, key=lambda row: abs(row.months - asked), default=None)


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
    title = f"any change within {ahead} of each forecast, now by {day_words(now_end)}"
    told.append((title, chance(then), chance(now)))
    return told


def _by(run: Run, day: date) -> float | None:
    """Return a run's chance of any change by a date, between the dates it was published for."""
    rows = [row for row in run.rows if (row.basis, row.outcome) == ("posterior", RETAINED)]
    if not rows[0].date <= day <= rows[-1].date:
        return None
    days = [row.date.toordinal() for row in rows]
    return 1.0 - float(np.interp(day.toordinal(), days, [row.mean for row in rows]))


def hindcast_words(found: Findings) -> str:
    """Return what a reader must know of a forecast made later than it is dated, or nothing."""
    manifest = found.run.manifest
    made = manifest.created.date()
    if (made - manifest.as_of).days <= _SAME_DAYS:
        return ""
    late = len(found.situation.resolved_later)
    knew = (
        f" {late} of the resolved questions that it has learned from ended only later."
        if late
        else ""
    )
    return (
        f"A reconstruction, made on {day_words(made)} as of {day_words(manifest.as_of)}. News "
        "known later is not used as evidence; but its priors are those of today, set by people "
        f"who knew what came, and their written reasons mention it.{knew} Read it as a test of "
        "the method, not as what could have been said then."
    )


_SAME_DAYS = 7


def past_sentence(found: Findings) -> str:
    """Return what forecasts on past dates expected, and what came; nothing if none is known."""
    learned, manifest = found.question.learned, found.run.manifest
    past = (
        [] if learned is None else [one for one in learned.hindcasts if one.until <= manifest.as_of]
    )
    if not past:
        return ""
    expected, none = sum(one.until_next for one in past), prod(1 - one.until_next for one in past)
    verdict = "is nothing unusual" if none >= _UNUSUAL else "is hard to square with them"
    return (
        f"On {count_words(len(past), 'evenly spaced date')} from {day_words(past[0].made)} on, "
        "each with the news of its day only, the forecasts together expected "
        f"{expected:.1f} changes until {day_words(past[-1].until)}; that none would come "
        f"had a chance of {chance(none)}: the quiet so far {verdict}."
    )


_UNUSUAL = 0.05


def to_come_sentence(found: Findings) -> str:
    """Return what news yet to come makes of the forecast, where that was known on its date."""
    learned = found.question.learned
    if learned is None or not learned.hindcasts:
        return ""
    a_year = {row.model: row.a_year for row in learned.other_models}
    day = learned.hindcasts[-1].until
    if day > found.run.manifest.as_of or not {"as it is", "no news to come"} <= set(a_year):
        return ""
    return (
        f"Much of it comes from news that is yet to come: as of {day_words(day)} the chance within "
        f"a year was {chance(a_year['as it is'])}, and would have been "
        f"{chance(a_year['no news to come'])} if no more news came."
    )


def late_scores(found: Findings) -> str:
    """Return that the scores could not have been known on the as-of date, where that is so."""
    late = len(found.situation.resolved_later)
    if not late:
        return ""
    were = "was" if late == 1 else "were"
    return (
        f"On {day_words(found.run.manifest.as_of)} these scores could not have been known: {late} "
        f"of the questions {were} still open."
    )
