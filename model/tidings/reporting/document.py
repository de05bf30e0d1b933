"""The one source of a report: a Quarto document without code, filled with a run's own numbers."""

from pathlib import Path

from tidings._templates import template
from tidings._text import link_target, markdown
from tidings.evidence.ledger import Ledger, read_ledger
from tidings.forecasting.runs import Run
from tidings.names import RETAINED
from tidings.question.loading import load_question
from tidings.reasons.moves import Moves
from tidings.reporting.cards import cards_of
from tidings.reporting.since import table_of_moves
from tidings.reporting.wording import (
    YARDSTICK_TITLES,
    headline_number,
    interval,
    leader,
    percent,
    spread_words,
)


def likeliest_change(run: Run) -> str:
    """Return the outcome other than the status quo that is likeliest at the headline horizon."""
    rows = run.at(run.manifest.headline)
    return max((name for name in rows if name != RETAINED), key=lambda name: rows[name].mean)


def write_source(run: Run, folder: Path, since: Moves | None = None) -> Path:
    """Write the Quarto document of a run.

    Parameters
    ----------
    run : Run
        The stored run; its own copies of question and evidence are read.
    folder : Path
        Where the document goes; the figures are expected beside it.
    since : Moves, optional
        What moved since an earlier run.

    Returns
    -------
    Path
        The document.
    """
    filters = {"md": markdown, "link": link_target, "percent": percent, "yaml": _quoted}
    path = folder / "forecast.qmd"
    filled = template("forecast.qmd.j2", filters).render(_facts(run, since))
    path.write_text(filled, encoding="utf-8")
    return path


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _facts(run: Run, since: Moves | None) -> dict[str, object]:
    question = load_question(run.question_file)
    evidence = question.file("evidence")
    ledger = Ledger(run.question_file, ())
    if evidence is not None:
        ledger = read_ledger(evidence, question.config, question.yardsticks)
    items = reversed(ledger.known(run.manifest.as_of))
    manifest = run.manifest
    age = None if manifest.newest_item is None else (manifest.as_of - manifest.newest_item).days
    return {
        "run": run,
        "manifest": manifest,
        "leader": leader(run, question),
        "words": {
            row.outcome: headline_number(row.mean, manifest.yardstick, question.yardsticks)
            for row in run.at(manifest.headline).values()
        },
        "yardstick": YARDSTICK_TITLES.get(manifest.yardstick, manifest.yardstick),
        "resolution": {outcome.id: outcome.resolution for outcome in question.config.outcomes},
        "tables": {name: run.at(name) for name in manifest.horizons},
        "age_days": age,
        "ages": ", ".join(
            f"{actor} {'never' if day is None else f'{(manifest.as_of - day).days} days'}"
            for actor, day in manifest.newest_by_actor.items()
        ),
        "noticed": question.config.silence.noticed,
        "gap_days": (manifest.as_of - manifest.status_known_to).days,
        "items": list(items),
        "learned": question.learned,
        "cards": cards_of(question, None, run),
        "line": spread_words,
        "interval": interval,
        "likeliest": next(
            outcome.title for outcome in manifest.outcomes if outcome.id == likeliest_change(run)
        ),
        "since": since and table_of_moves(since, {item.id: item for item in ledger.items}),
        "failed": [c for c in run.checks if c.required and not c.passed],
    }
