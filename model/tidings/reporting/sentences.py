"""Sentences made from numbers: about priors, tipping points and news to look out for."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tidings.forecasting.tables import K_LIMIT
from tidings.names import ANY, DEAL, RETAINED, STATUS_QUO
from tidings.question.loading import Question
from tidings.reporting.wording import (
    chance,
    day_words,
    inside_noise,
    listed,
    percent,
    prior_number,
    unit_of,
)

if TYPE_CHECKING:
    from tidings.evidence.ledger import Item
    from tidings.reasons.surprises import Surprise
    from tidings.reasons.tipping import ItemTip, PriorTip, Target
    from tidings.reasons.watching import Watch, Watched


def short_name(title: str) -> str:
    """Return who an actor is within a sentence, without what it does: what precedes the colon."""
    name = title.partition(":")[0]
    return name[0].lower() + name[1:] if name.startswith(("The ", "A ", "An ")) else name


def who_words(actor: str, question: Question) -> str:
    """Return an actor as a reader knows it."""
    return "the deal" if actor == DEAL else short_name(question.config.actor(actor).title)


_ALONE = {
    "base_rate": "How often such questions end within a year",
    "push_slope": "How much news towards an end is worth",
    "counter_slope": "How much news against an end is worth",
    "consent_slope": "How far consent decides whether anything happens",
    "share_other": "How much is left for an end that nobody has named",
    "noise_scale": "How loosely words tell what actors mean",
    "story_sd": "How far reports of one story share an error",
    "voice_bias_sd": "How far a side's own words lean",
}
_OF_A_PAIR = {
    "willingness": "Would {who} agree: {end}",
    "binding": "Does a refusal by {who} bind: {end}",
}
_OF_ONE = {"precedent": "How usual such an end is: {end}", "factor_sd": "How far {who} can shift"}


def prior_words(prior: str, question: Question) -> str:
    """Return a prior as a reader understands it: ``Would Russia agree: Given to Ukraine``."""
    family, *about = prior.split(".")
    ends = {one.id: one.title for one in question.config.outcomes}
    if family in _OF_A_PAIR and len(about) == 2:
        who, end = who_words(about[0], question), ends.get(about[1], about[1])
        return _OF_A_PAIR[family].format(who=who, end=end)
    if family in _OF_ONE and len(about) == 1:
        who = who_words(about[0], question) if family == "factor_sd" else ""
        return _OF_ONE[family].format(who=who, end=ends.get(about[0], about[0]))
    return _ALONE.get(family, prior.replace(".", " ").replace("_", " "))


def bound_sentence(tip: "PriorTip", title: str, prior: str, word: str) -> str:
    """Return where a prior, moved as a whole, changes the word for an outcome.

    ``word`` is that beyond the bound, in quotation marks where there is one.
    """
    assert tip.value is not None and tip.target.threshold is not None
    way = "rise" if tip.above else "fall"
    passed = "rise above" if tip.target.rises else "fall below"
    called = f" and be {word}" if word.startswith("“") else ""
    return (
        f"{prior}: were its middle to {way} from {prior_number(tip.prior, tip.now)} to "
        f"{prior_number(tip.prior, tip.value)}{unit_of(tip.prior)}, "
        f"“{title}” would {passed} {chance(tip.target.threshold)}{called}."
    )


def conflict_sentence(surprise: "Surprise", about: "Mapping[str, Item]", question: Question) -> str:
    """Return what an item says that the others would not have expected, and which they are."""
    item = about[surprise.item]
    more = "more" if surprise.higher else "less"
    who = who_words(item.actor, question)
    against = [
        f"{about[name].source}, {day_words(about[name].known)}"
        for name in surprise.conflicts
        if _of_the_same(item, about[name])
    ]
    told = f"; most at odds with {listed(against)}" if against else ""
    titles = {one.id: f"“{one.title}”" for one in question.config.outcomes}
    titles |= dict.fromkeys((ANY, RETAINED, STATUS_QUO), "a change of any kind")
    what = listed([titles.get(name, name) for name in item.outcomes])
    return (
        f"{item.source}, {day_words(item.known)}: {item.claim} It shows {who} {more} willing "
        f"to agree to {what} than all other items would have expected: by them, a statement so "
        f"far off had a chance of {chance(surprise.probability)}{told}."
    )


def _of_the_same(one: "Item", other: "Item") -> bool:
    """Return whether two items speak of an outcome in common; one of any change speaks of all."""
    wide = {ANY, RETAINED, STATUS_QUO}
    return bool({*one.outcomes} & {*other.outcomes} or wide & {*one.outcomes, *other.outcomes})


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
    about = "a change, without naming which" if one.outcome == ANY else f"“{title}”"
    if one.actor == DEAL:
        report, denial = f"A credible report that brings {about} nearer", "one that puts it off"
    else:
        who = who_words(one.actor, question)
        report = f"A credible report that {who} would agree to {about}"
        denial = "that it would not"
    does = []
    for news, then in ((one.favourable, so), (one.adverse, against)):
        if percent(then) == percent(now) or inside_noise(*news.effect.at(row, at)):
            does.append(f"leave it at about {percent(now)}")
        else:
            does.append(f"{'lift' if then > now else 'lower'} it to {percent(then)}")
    return (
        f"“{title}”, now {percent(now)}. {report}: {percent(one.favourable.probability)} likely in "
        f"the next month, would {does[0]}; {denial}: {percent(one.adverse.probability)} likely, "
        f"would {does[1]}; with neither: {percent(neither)}."
    )


def watch_brief(
    one: "Watched", watch: "Watch", question: Question, at: int, *, against: str = ""
) -> str:
    """Return in one sentence what the more telling of two pieces of news would do."""
    outcomes = [outcome.id for outcome in watch.run.manifest.outcomes]
    row = outcomes.index(against or (RETAINED if one.outcome == ANY else one.outcome))
    title, news = watch.run.manifest.outcomes[row].title, one.adverse if against else one.favourable
    report = f"A credible report that {_reported(one, watch, question, against=bool(against))}"
    now, then = float(watch.now[row, at]), float(news.then[row, at])
    when = f"{report} (a chance of {chance(news.probability)} within a month)"
    if chance(now) == chance(then) or inside_noise(*news.effect.at(row, at)):
        return f"{when} would leave “{title}” at about {chance(now)}."
    way = "raise" if then > now else "lower"
    return f"{when} would {way} “{title}” from {chance(now)} to {chance(then)}."


def _reported(one: "Watched", watch: "Watch", question: Question, *, against: bool) -> str:
    """Return what the news says: ``Turkey would agree to “Disabled in place”``."""
    titles = {outcome.id: f"“{outcome.title}”" for outcome in watch.run.manifest.outcomes}
    titles[ANY] = "any change" if against else "a change, without naming which"
    if one.actor == DEAL:
        about = titles[one.outcome]
        return f"puts {about} off" if against else f"brings {about} nearer"
    no = " not" if against else ""
    return f"{who_words(one.actor, question)} would{no} agree to {titles[one.outcome]}"


def expected_words(item: "Item") -> str:
    """Return what an item announces, and by when."""
    assert item.expected_by is not None
    return f"Due by {day_words(item.expected_by)}: {item.claim}"


def item_words(item: "Item", question: Question) -> str:
    """Return how an item is graded, in words: ``about Russia; push +2; source A, claim 2``."""
    titles = {one.id: one.title for one in question.config.outcomes}
    titles |= {ANY: "any change", RETAINED: "any change"}
    about = ", ".join(titles.get(name, name) for name in item.outcomes)
    if item.push is None:
        push = "push not graded"
    elif item.push == 0:
        push = "no push"
    else:
        push = f"push {item.push:+d}".replace("-", "\u2212")
    who = who_words(item.actor, question)
    return f"{who}, {about}; {push}; source {item.source_reliability}, claim {item.credibility}"
