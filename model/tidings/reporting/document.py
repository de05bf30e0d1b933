"""The one source of a report: a Quarto document without code, filled with a run's own numbers."""

from collections.abc import Callable, Iterator, Mapping
from math import prod
from pathlib import Path
from typing import Any

from tidings._templates import template
from tidings._text import link_target, markdown, visible
from tidings.evidence.ledger import Item
from tidings.forecasting.tables import ForecastRow
from tidings.names import RETAINED, Var
from tidings.reporting.annex import annex_of
from tidings.reporting.briefing import brief_of, windows, worded
from tidings.reporting.confidence import (
    FEW_LEARNED,
    FRESH_DAYS,
    hindcast_words,
    late_scores,
    past_known,
    past_sentence,
    to_come_sentence,
)
from tidings.reporting.findings import WEIGHED, Findings
from tidings.reporting.moves import move_label, movers, rest_sentence, time_sentence
from tidings.reporting.sentences import bound_sentence, conflict_sentence, prior_words
from tidings.reporting.wording import (
    chance,
    chance_range,
    day_words,
    frequency,
    minus_sign,
    months_words,
    signed,
)

TITLES = {
    "why": "Why not higher, why not lower",
    "moved": "What changed since the last forecast",
    "over-time": "As each date saw it",
    "by-when": "How likely each outcome is, by when",
    "actors": "What the actors seem willing to do",
    "priors-matter": "Which priors matter most",
    "conflicts": "Which items conflict with the others",
    "trust": "How far such forecasts can be trusted",
    "resolves": "What counts as each outcome",
    "method": "How the forecast is made",
    "limits": "What it cannot say",
    "glossary": "Words",
    "evidence": "Annex: the evidence, by story",
    "priors": "Annex: the priors",
    "checks": "Annex: the checks",
}


def write_source(
    found: Findings,
    alts: Mapping[str, str],
    folder: Path,
    *,
    brief: bool = False,
    paper: str = "a4",
    living: str = "",
) -> Path:
    """Write the Quarto document of a run.

    Parameters
    ----------
    alts : mapping of str to str
        The figures beside it, by name, and what each shows in words.
    living : str
        Digest of the script of the living report; empty where there is none.

    Returns
    -------
    Path
        The document.
    """
    filters: dict[str, Callable[..., str]] = {
        "md": markdown,
        "link": link_target,
        "yaml": _quoted,
        "chance": chance,
        "day": day_words,
        "frequency": frequency,
        "months": months_words,
        "minus": minus_sign,
        "signed": signed,
        "first_upper": _first_upper,
    }
    path = folder / "forecast.qmd"
    filled = template("forecast.qmd.j2", filters).render(
        {**_facts(found), **_sections(found, alts, brief=brief), "paper": paper, "living": living}
    )
    path.write_text(filled, encoding="utf-8")
    return path


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def picture(name: str, caption: str, alt: str) -> str:
    """Return a figure in Quarto's Markdown, with its narrow variant before it for telephones.

    Parameters
    ----------
    name : str
        Of its files, without their ending.
    """
    shown = visible(alt)
    html = shown.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    quoted = shown.replace("\\", "\\\\").replace('"', '\\"').replace("{{<", "{ {<")
    return (
        f'```{{=html}}\n<img class="narrow" src="{name}-narrow.svg" alt="{html}">\n```\n\n'
        f'![{markdown(caption)}]({name}.svg){{#fig-{name} fig-alt="{quoted}" width=100%}}'
    )


def _sections(found: Findings, alts: Mapping[str, str], *, brief: bool) -> dict[str, Any]:
    """Return which parts there are."""
    absent = {"moved"} if found.moves is None else set()
    if not any(one.said for one in found.willing) or found.run.manifest.prior_only:
        absent.add("actors")
    if found.run.manifest.prior_only or not ("over-time" in alts or past_sentence(found)):
        absent.add("over-time")
    if not found.conflicts:
        absent.add("conflicts")
    sections = [(name, title) for name, title in TITLES.items() if name not in absent]
    return {
        "brief_only": brief,
        "titles": TITLES,
        "prior_only": found.run.manifest.prior_only,
        "sections": sections,
        "alts": alts,
        "picture": picture,
        "over_time": "over-time" in alts,
        "shown": dict(sections),
        "movers": movers(found),
    }


def _facts(found: Findings) -> dict[str, Any]:
    run, question, manifest = found.run, found.question, found.run.manifest
    known, config = found.situation.status_known_to, question.config
    doubts = {
        "doubt": any(bar.doubtful for bar in (*found.against, *found.towards)),
        "doubt_of_swings": any(swing.doubtful for swing in found.swings),
    }
    return {
        **_sentences(found),
        **annex_of(found),
        "run": run,
        "manifest": manifest,
        "found": found,
        "failed": [c for c in run.checks if c.required and not c.passed],
        "headline_day": manifest.horizons[manifest.headline],
        "ahead": months_words(config.headline_months),
        "any_change": 1 - run.at(manifest.headline)[RETAINED].mean,
        "years": f"{(known - config.clock_start).days / 365.25:.1f}",
        "learned": question.learned,
        "reasons": [bar for bar in (*found.against, *found.towards) if bar.says],
        "before_news": found.before_news,
        "past_known": past_known(found),
        **{name: _DOUBT if doubtful else "" for name, doubtful in doubts.items()},
        "tables": {name: run.at(name) for name in manifest.horizons},
        "span": _span,
        "horizon_title": _horizon_title,
        "resolution": {outcome.id: outcome.resolution for outcome in config.outcomes},
        "half_lives": _half_lives(found),
        "draws": f"{prod(run.stored('forecast')[Var.INCIDENCE].shape[:2]):,}",
        "model_words": lambda name: _MODELS.get(name, name),
        "weighed": WEIGHED,
        "fresh_days": FRESH_DAYS,
        "few_learned": FEW_LEARNED,
    }


def _sentences(found: Findings) -> dict[str, Any]:
    """Return what is told in whole sentences."""
    return {
        "brief": brief_of(found),
        "hindcast": hindcast_words(found),
        "scores_late": late_scores(found),
        "windows": windows(found),
        "order": _order(found),
        "moved_items": _moved_items(found),
        "time_sentence": time_sentence(found),
        "past_sentence": past_sentence(found),
        "to_come_sentence": to_come_sentence(found),
        "rest_sentence": rest_sentence(found),
        "tips": list(_tips(found)),
        "conflicts": list(_conflicts(found)),
    }


def _tips(found: Findings) -> Iterator[str]:
    """Yield which priors would change the word for the likeliest outcome."""
    title = found.title(found.leading)
    for tip in found.tips:
        beyond = (tip.target.threshold or 0.0) + (_JUST if tip.target.rises else -_JUST)
        prior = prior_words(tip.prior, found.question)
        yield bound_sentence(tip, title, prior, worded(found, beyond))


_JUST = 1e-6
_DOUBT = " A question mark: too uncertain to rely on."
_MODELS = {
    "as it is": "this model",
    "no news to come": "if no more news came",
    "news to come from its own ledger alone": "news to come as in this question's ledger alone",
    "no start-up": "a question may end as easily in its first months as later",
    "silence tells nothing": "that nothing was reported says nothing of what happened",
    "no correction for selection": "no allowance for how resolved questions were chosen",
}


def _conflicts(found: Findings) -> Iterator[str]:
    items = {item.id: item for item in found.situation.items}
    for surprise in found.conflicts:
        yield conflict_sentence(surprise, items, found.question)


def _span(row: ForecastRow) -> str:
    return chance_range(row.q05, row.q95)


def _horizon_title(name: str, day: object) -> str:
    """Return a horizon as a column is called: ``12 months``, or a date as it is."""
    return months_words(int(name.removesuffix("mo"))) if name.endswith("mo") else str(day)


def _half_lives(found: Findings) -> tuple[str, str]:
    from tidings.mechanism.situation import half_lives_of

    first, second = half_lives_of(found.question.config)
    return f"{first:.0f}", f"{second:.0f}"


def _order(found: Findings) -> str:
    if found.moves is None:
        return ""
    if found.moves.order_free:
        return f"The largest come first; none depends on the order of the changes. {_SINCE}"
    return f"The largest come first; each is what it added when it came. {_SINCE}"


_SINCE = f"What came early has faded since: its weight today is in “{TITLES['why']}”."


def _moved_items(found: Findings) -> list[tuple[str, Item]]:
    """Return the items that the figures of what moved name, as they name them, in their order."""
    items = {item.id: item for item in (*found.earlier, *found.situation.items)}
    shown = {move.id: move for outcome in movers(found) for move in found.telling(outcome)}
    return [(move_label(found, move), items[name]) for name, move in shown.items() if name in items]
