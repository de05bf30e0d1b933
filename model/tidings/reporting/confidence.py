"""How far a forecast can be trusted, in sentences: its grounds, its tests, what past dates saw."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import log, prod

from tidings.question.sources import Learned, ScoreRow
from tidings.reporting.findings import Findings
from tidings.reporting.wording import chance, count_words, day_words, months_words

FRESH_DAYS, FEW_LEARNED = 45, 10
_LEVELS = ("high", "moderate", "low")
_NONE_BETTER = 2.0
"""A gain within two standard errors may be luck."""


@dataclass(frozen=True)
class Ground:
    """One ground of confidence: what it says, and whether it speaks for the forecast."""

    says: str
    good: bool


def confidence_words(found: Findings) -> str:
    """Return confidence in one word, with its grounds."""
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
        says = f"the newest news is {count_words(age, 'day')} old{_age_of_felt(found)}"
        yield Ground(says, good=age <= FRESH_DAYS)
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
    late = len(found.situation.resolved_later)
    about = [f"{late} of them ended only later"] if late else []
    if as_old is not None and as_old.value is not None:
        old = f"{as_old.value:.0f}" if as_old.value else "none"
        about.append(f"{old} watched as long as this")
    more = f" ({', '.join(about)})" if about else ""
    yield Ground(
        f"it has learned from {count_words(count, 'resolved question')}{more}",
        good=count - late >= FEW_LEARNED and (as_old is None or as_old.status != "warn"),
    )


def _age_of_felt(found: Findings) -> str:
    """Return how old the newest news is that moves the forecast, where it is not the newest."""
    moving = [item for story in found.stories if story.effect for item in story.items if item.push]
    newest = max((item.known for item in moving), default=None)
    if newest is None or newest == found.run.manifest.newest_item:
        return ""
    days = (found.run.manifest.as_of - newest).days
    return f", and the newest that moves it {count_words(days, 'day')}"


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
    coin = log(2) - row.log_event
    beside = f"{coin:.2f} better than" if coin > _NEXT_TO_NOTHING else "no better than"
    return (
        f"Tested on {_of_all(row, len(learned.resolved))}, none of which it had seen, it was {how} "
        f"at saying whether anything would change within {months_words(row.months)} than always "
        f"saying the average rate{luck} (log score {row.log_event:.2f} against "
        f"{row.log_base:.2f}, lower is better; a gain of {row.log_gain:.2f}{error}), and {beside} "
        f"always saying even odds ({log(2):.2f})."
    )


_NEXT_TO_NOTHING = 0.005


def _of_all(row: ScoreRow, of: int) -> str:
    """Return how many resolved questions a score has: those watched as long as it looks ahead."""
    told = count_words(of, "resolved question")
    if row.questions == of:
        return told
    return f"the {row.questions} of {told} that were watched for {months_words(row.months)}"


def _score(learned: Learned, found: Findings) -> ScoreRow | None:
    """Return the scores of the horizon nearest to the headline's."""
    asked = found.question.config.headline_months
    return min(learned.scores, key=lambda row: abs(row.months - asked), default=None)


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


def past_known(found: Findings) -> bool:
    """Return whether the hindcasts end by the as-of date."""
    learned = found.question.learned
    return bool(
        learned and learned.hindcasts and learned.hindcasts[-1].until <= found.run.manifest.as_of
    )


def to_come_sentence(found: Findings) -> str:
    """Return what future news makes of the forecast, where that was known on its date."""
    learned = found.question.learned
    if learned is None or not past_known(found):
        return ""
    a_year = {row.model: row.a_year for row in learned.other_models}
    newest = found.run.manifest.newest_item
    newer = newest is not None and newest > learned.hindcasts[-1].until
    if newer or not {"as it is", "no news to come"} <= set(a_year):
        return ""
    day = day_words(learned.hindcasts[-1].until)
    return (
        f"Much of it comes from news that is yet to come: as of {day} the chance within "
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
