"""The JSON contract: every object that a command prints with ``--json``, in one file.

Each function takes what the command of its name returns; numbers are those of the values,
unrounded."""

from collections.abc import Mapping, Sequence
from datetime import date
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidings._writing import LastChange
    from tidings.errors import Fault, RunError
    from tidings.evidence.inputs import Inputs
    from tidings.evidence.ledger import Item
    from tidings.forecasting.runs import Run
    from tidings.forecasting.verifying import Diagnosis
    from tidings.reasons.attribution import Moves
    from tidings.reasons.explaining import Explanation
    from tidings.reasons.previewing import Preview
    from tidings.reasons.sensitivity import Sensitivity, Shift
    from tidings.reasons.tipping import ItemTip, PriorTip, Tipping
    from tidings.reasons.watching import News, Watch
    from tidings.reporting.prior_cards import PriorCard
    from tidings.trust.cross_validation import Examination
    from tidings.trust.learning_priors import Lessons

View = dict[str, Any]


def check(inputs: "Inputs | None", faults: "Sequence[Fault]" = ()) -> View:
    """Return what ``check`` prints: counts of valid inputs, or every fault."""
    if inputs is None:
        told = [
            {
                "file": str(fault.file),
                "line": fault.line,
                "field": fault.field,
                "got": fault.got,
                "expected": fault.expected,
            }
            for fault in faults
        ]
        return {"valid": False, "faults": told}
    return {"valid": True, "faults": [], **counts(inputs)}


def counts(inputs: "Inputs") -> dict[str, int]:
    """Return how much of each kind valid inputs hold."""
    return {
        "priors": len(inputs.question.priors),
        "claims": len(inputs.question.claims),
        "items": len(inputs.ledger.items),
        "cases": inputs.cases,
        "resolved_questions": len(inputs.resolved),
    }


def forecast(run: "Run", reports: Sequence[Path] | None = None) -> View:
    """Return what ``forecast`` prints, and with reports what ``run`` prints."""
    manifest = run.manifest
    view: View = {
        "run": manifest.run,
        "question": manifest.question,
        "as_of": str(manifest.as_of),
        "publishable": manifest.publishable,
        "horizons": {
            name: {
                "date": str(day),
                "outcomes": {k: row.statistics() for k, row in run.at(name).items()},
            }
            for name, day in manifest.horizons.items()
        },
        "checks": [
            {"name": c.name, "status": c.status, "value": c.value, "limit": c.limit}
            for c in run.checks
        ],
        "fit": {
            "seconds": manifest.fit.seconds,
            "draws": manifest.fit.draws,
            "chains": manifest.fit.chains,
        },
    }
    return view if reports is None else {**view, **report(reports)}


def report(paths: Sequence[Path]) -> View:
    """Return what ``report`` prints."""
    return {"reports": [str(path) for path in paths]}


def history(runs: "Sequence[Run]", unreadable: "Sequence[RunError]") -> View:
    """Return what ``history`` prints."""
    told = [
        {
            "run": run.manifest.run,
            "question": run.manifest.question,
            "as_of": str(run.manifest.as_of),
            "created": run.manifest.created.isoformat(),
            "publishable": run.manifest.publishable,
            "horizon": run.manifest.headline,
            "outcomes": {k: r.mean for k, r in run.at(run.manifest.headline).items()},
        }
        for run in runs
    ]
    return {"runs": told, "unreadable": [str(fault) for fault in unreadable]}


def undone(change: "LastChange") -> View:
    """Return what ``undo`` prints."""
    return {"undone": change.what, "file": str(change.path), "when": change.when.isoformat()}


def doctor(found: "Diagnosis", cleared: Sequence[Path]) -> View:
    """Return what ``doctor`` prints."""
    told = [
        {"kind": one.kind, "path": str(one.path), "says": one.says, "clearable": one.clearable}
        for one in found.findings
    ]
    return {"runs": found.runs, "findings": told, "cleared": [str(path) for path in cleared]}


def added(items: "Sequence[Item]", effect: "Preview | None") -> View:
    """Return what ``add`` prints."""
    kept = [{"id": item.id, "story": item.story} for item in items]
    return {"added": kept, "preview": None if effect is None else preview(effect)}


def changed(kind: str, name: str, effect: "Preview | None") -> View:
    """Return what ``retract`` and ``priors set`` print: what was changed, and its preview."""
    return {kind: name, "preview": None if effect is None else preview(effect)}


def preview(effect: "Preview") -> View:
    """Return what ``preview`` prints."""
    numbers = {
        "now": effect.now,
        "since": effect.since,
        "change": effect.effect.change,
        "then": effect.then,
        "mcse": effect.effect.mcse,
        "rerun_error": effect.rerun_error,
    }
    return {
        "run": effect.run.manifest.run,
        "as_of": str(effect.as_of),
        "fresh": effect.run.fresh,
        "k": effect.effect.k,
        "trusted": effect.effect.trusted,
        "refitted": effect.effect.refitted,
        "horizons": {
            horizon: {
                "date": str(day),
                "outcomes": {
                    outcome: {name: float(value[row, at]) for name, value in numbers.items()}
                    for row, outcome in enumerate(effect.outcomes)
                },
            }
            for at, (horizon, day) in enumerate(effect.horizons.items())
        },
    }


def diff(moves: "Moves", horizon: str) -> View:
    """Return what ``diff`` prints; the changes of an outcome sum to ``to - from``."""
    at = moves.horizons.index(horizon)

    def told(row: int) -> View:
        return {
            "from": float(moves.before[row, at]),
            "to": float(moves.after[row, at]),
            "moves": [
                {
                    "kind": move.kind,
                    "id": move.id,
                    "change": float(move.effect.change[row, at]),
                    "mcse": float(move.effect.mcse[row, at]),
                }
                for move in moves.moves
            ],
        }

    return {
        "from": moves.old.manifest.run,
        "to": moves.new.manifest.run,
        "horizon": horizon,
        "fresh": moves.new.fresh,
        "order_free": moves.order_free,
        "k": moves.k,
        "refits": moves.refits,
        "outcomes": {outcome: told(row) for row, outcome in enumerate(moves.outcomes)},
    }


def _by_outcome(run: "Run", values: "NDArray[Any]", horizon: str) -> dict[str, float]:
    """Return values of shape (outcome, horizon) at one horizon, by outcome."""
    at = list(run.manifest.horizons).index(horizon)
    outcomes = [outcome.id for outcome in run.manifest.outcomes]
    return dict(zip(outcomes, map(float, values[:, at]), strict=True))


def explain(explanation: "Explanation", horizon: str) -> View:
    """Return what ``explain`` prints."""
    run = explanation.run
    return {
        "run": run.manifest.run,
        "horizon": horizon,
        "fresh": run.fresh,
        "articles": explanation.articles,
        "independent_reports": explanation.stories,
        "now": {name: row.mean for name, row in run.at(horizon).items()},
        "naive_count": _by_outcome(run, explanation.naive, horizon),
        "effects": [
            {
                "basis": part.basis,
                "id": part.id,
                "items": part.items,
                "change": _by_outcome(run, part.effect.change, horizon),
                "mcse": _by_outcome(run, part.effect.mcse, horizon),
            }
            for part in explanation.parts
            if part.basis != "naive"
        ],
        "conflicts": [
            {
                "item": surprise.item,
                "probability": surprise.probability,
                "says": "more willing" if surprise.higher else "less willing",
                "with": surprise.conflicts,
            }
            for surprise in explanation.surprises
        ],
        "examined": explanation.examined,
        "k": explanation.k,
        "refits": explanation.refits,
    }


def watch(seen: "Watch", horizon: str) -> View:
    """Return what ``watch`` prints."""
    run, at = seen.run, list(seen.run.manifest.horizons).index(horizon)

    def story(news: "News") -> View:
        return {
            "probability_next_month": news.probability,
            "size": news.size,
            "face_value": news.face_value,
            "then": _by_outcome(run, news.then, horizon),
            "mcse": _by_outcome(run, news.effect.mcse, horizon),
            "k": news.effect.k,
        }

    return {
        "run": run.manifest.run,
        "horizon": horizon,
        "fresh": run.fresh,
        "now": _by_outcome(run, seen.now, horizon),
        "watch": [
            {
                "actor": one.actor,
                "outcome": one.outcome,
                "bits": float(one.bits[at]),
                "trusted": one.trusted,
                "favourable": story(one.favourable),
                "adverse": story(one.adverse),
                "neither": _by_outcome(run, one.neither, horizon),
            }
            for one in seen.news
        ],
    }


def sensitivity(priors: "Sensitivity", tipping: "Tipping") -> View:
    """Return what ``sensitivity`` prints."""
    outcome, horizon = tipping.outcome, tipping.horizon
    row, column = priors.place(outcome, horizon)

    def bar(one: "Shift") -> View:
        return {
            "change": float(one.effect.change[row, column]),
            "mcse": float(one.effect.mcse[row, column]),
            "k": one.effect.k,
            "trusted": one.effect.trusted,
            "refitted": one.effect.refitted,
        }

    def tip(one: "PriorTip | ItemTip") -> View:
        return {**vars(one), "target": vars(one.target)}

    return {
        "run": priors.run.manifest.run,
        "outcome": outcome,
        "horizon": horizon,
        "tornado": [
            {"prior": down.prior, "down": bar(down), "up": bar(up)}
            for down, up in priors.tornado(outcome, horizon)
        ],
        "power_scaling": {
            "priors": [vars(prior) for prior in priors.priors],
            "outcomes": [vars(one) for one in priors.outcomes],
        },
        "tipping_points": {
            "targets": [vars(target) for target in tipping.targets],
            "priors": [tip(prior) for prior in tipping.priors],
            "items": [tip(item) for item in tipping.items],
        },
    }


def priors(cards: "Sequence[PriorCard]", run: "Run | None") -> View:
    """Return what ``priors show`` prints."""
    return {
        "run": None if run is None else run.manifest.run,
        "priors": [_card(card) for card in cards],
    }


def _card(card: "PriorCard") -> View:
    return {
        "name": card.name,
        "meaning": card.meaning,
        "because": card.because,
        "sources": [
            {
                "value": source.value,
                "because": source.because,
                "claims": [vars(claim) for claim in source.claims],
                "weight": source.weight,
                **vars(source.spread),
            }
            for source in card.sources
        ],
        "prior": vars(card.prior),
        "fit_error": card.fit_error,
        "posterior": None if card.posterior is None else vars(card.posterior),
        "moved": card.moved,
    }


def learn(lessons: "Lessons", files: Sequence[Path]) -> View:
    """Return what ``priors learn`` prints."""
    return {"learned": lessons.learned.model_dump(mode="json"), "files": [*map(str, files)]}


def exam(examination: "Examination") -> View:
    """Return what ``exam`` prints."""
    from tidings.trust.scoring import MEASURES

    table = examination.table().to_dict("index")
    each = examination.by_question().to_dict("index")

    def measures(row: Mapping[Any, Any]) -> dict[str, float]:
        return {name: float(row[name]) for name in MEASURES}

    def horizon(row: Mapping[Any, Any]) -> View:
        return {
            **measures(row),
            "n": int(row["n"]),
            "questions": int(row["questions"]),
            "log_gain": float(row["log_gain"]),
            # One question alone has no standard error.
            "log_gain_se": None if isnan(row["log_gain_se"]) else float(row["log_gain_se"]),
        }

    given, monthly = (
        {f"{one.months}mo": vars(one) for one in found}
        for found in (examination.given_levels(), examination.systematic_levels())
    )
    questions: dict[str, View] = {}
    for key, row in each.items():
        question, months = cast("tuple[str, int]", key)
        questions.setdefault(question, {})[f"{months}mo"] = measures(row)
    return {
        "horizons": {f"{months}mo": horizon(row) for months, row in table.items()},
        "questions": [{"id": name, "horizons": rows} for name, rows in questions.items()],
        "levels": {"given": given, "every_month": monthly},
        "forecasts": [
            {name: str(cell) if isinstance(cell, date) else cell for name, cell in row.items()}
            for row in examination.rows
        ],
    }
