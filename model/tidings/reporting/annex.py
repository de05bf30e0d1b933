"""The annex of a report: evidence by story, priors, checks, and the words of numbers."""

import re
from collections.abc import Iterator
from typing import Any

from tidings.forecasting.tables import Check
from tidings.question.loading import Question
from tidings.reporting.findings import Findings
from tidings.reporting.prior_cards import Source, cards_of
from tidings.reporting.sentences import item_words, prior_words, short_name
from tidings.reporting.wording import YARDSTICK_TITLES, minus_sign, spread_words

_CHECK_TITLES = {
    "r_hat": "Chains agree",
    "ess_bulk": "Enough independent draws",
    "ess_tail": "Enough draws of the tails",
    "mcse": "Monte Carlo error",
    "divergences": "No divergent transitions",
    "e_bfmi": "The sampler moves freely",
    "posterior_predictive": "The furthest reading",
    "prior_data_conflict": "How far priors were moved",
    "fresh": "Age of the news",
    "survival_so_far": "The quiet so far",
    "priors_and_evidence": "Priors and evidence",
    "news_to_come": "News to come",
    "news_both_ways": "News both ways",
    "filled_in": "Nothing left to fill in",
    "noise_scale": "Noise of readings",
    "surprises": "Surprising items",
    "as_old": "Questions as old as this",
}
_AT_LEAST = {
    "ess_bulk", "ess_tail", "e_bfmi", "posterior_predictive", "survival_so_far",
    "priors_and_evidence", "news_to_come", "as_old",
}  # fmt: skip
"""Checks whose value is to be no smaller than their limit."""
_VERDICTS = {"pass": "passed", "warn": "warning", "fail": "failed", "not_run": "not run"}
_YARDSTICKS_WHOLE = {
    "icd203": "the words of the intelligence community of the United States",
    "phia": "the words of the British Professional Head of Intelligence Assessment",
    "nato": "the words of NATO's intelligence doctrine",
    "ipcc": "the words of the Intergovernmental Panel on Climate Change",
    "efsa": "the words of the European Food Safety Authority",
}


def annex_of(found: Findings) -> dict[str, Any]:
    """Return what the templates of the annex need, by the name that they have for it."""
    question, manifest = found.question, found.run.manifest
    return {
        **told_stories(found),
        "cards": cards_of(question, None, found.run),
        "line": spread_words,
        "prior_title": lambda name: prior_words(name, question),
        "item_words": lambda item: item_words(item, question),
        "source_words": source_words,
        "check_title": lambda name: _CHECK_TITLES.get(name, name.replace("_", " ")),
        "check_says": lambda check: _without_names(check, question),
        "check_found": check_found,
        "verdict": lambda check: _VERDICTS.get(check.status, check.status),
        "yardstick_title": YARDSTICK_TITLES.get(manifest.yardstick, manifest.yardstick),
        "yardstick_whole": _YARDSTICKS_WHOLE.get(manifest.yardstick, ""),
        "yardstick_words": list(_words(found)),
    }


_OPEN, _TOLD = 10, 300
"""Stories that stand open, and that an annex has room for beside those that are felt."""


def told_stories(found: Findings) -> dict[str, Any]:
    """Return the stories of the annex, and how many it leaves to the ledger."""
    newest, rest = found.stories[:_OPEN], found.stories[_OPEN:]
    older = [one for place, one in enumerate(rest) if place < _TOLD - _OPEN or one.effect]
    left = f"{len(rest) - len(older):,}" if len(rest) > len(older) else ""
    return {"newest_stories": newest, "older_stories": older, "stories_left": left}


def source_words(source: Source) -> str:
    """Return what a prior comes from: what was learned, or the value with its parts in words."""
    learned = source.value.partition(", learned: ")[2]
    told = learned or re.sub(r"\bp(\d\d) = ([\d.e+-]+)", _quantile_words, source.value)
    for name, title in YARDSTICK_TITLES.items():
        told = told.replace(f"({name}: ", f"({title}: ")
    return told


def _quantile_words(found: re.Match[str]) -> str:
    share = int(found[1])
    return f"half below {found[2]}" if share == _HALF else f"{share} % below {found[2]}"


_HALF = 50


def _words(found: Findings) -> Iterator[tuple[str, str, str]]:
    bands = found.question.yardsticks.bands.get(found.run.manifest.yardstick, {})
    same: dict[tuple[float, float], list[str]] = {}
    for word, band in bands.items():
        same.setdefault(band, []).append(word)
    for (low, high), words in same.items():
        yield " or ".join(words), f"{low * 100:g}", f"{high * 100:g}"


def check_found(check: Check) -> str:
    """Return what a check has found, and what that was held against."""
    if check.value is None:
        return "\u2013"
    small = 0 < abs(check.value) < _SMALL
    shown = f"{check.value:,.0f}" if abs(check.value) >= _MANY else f"{check.value:.3g}"
    value = f"less than {_SMALL:g}" if small else shown
    side = "at least" if check.name in _AT_LEAST else "at most"
    return minus_sign(f"{value} ({side} {check.limit:g})")


_SMALL, _MANY = 0.001, 1000


def _without_names(check: Check, question: Question) -> str:
    """Return what a check says with the priors and actors that it names in words."""
    says = check.says
    for name, _ in question.rows:
        says = says.replace(f"({name})", f"({prior_words(name, question)})")
    for outcome in question.config.outcomes:
        says = says.replace(f"({outcome.id})", f"({outcome.title})")
    if check.name == "fresh":
        for actor in question.config.actors:
            says = re.sub(rf"\b{re.escape(actor.id)} ", f"{short_name(actor.title)} ", says)
    return says
