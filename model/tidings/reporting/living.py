"""The living report: what a page needs to weigh a reader's doubts by itself, offline.

The page has the draws of `tidings.reasons.previewing.doubting_engine`: their unknowns, the rates of
their simulated paths, and what each item pushes and says. ``reports/living.js`` does with them what
`tidings.reasons.previewing` does, so that both give the same numbers (a test holds them equal).
Long arrays are kept in 16 bits; what that rounds off is far below Monte Carlo error.
"""

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidings._templates import source
from tidings.evidence.ledger import Item
from tidings.evidence.pressure import FEW, MOST
from tidings.evidence.readings import Reading
from tidings.forecasting.tables import K_LIMIT
from tidings.mechanism.model_data import exposure_of, outlook_of, whitened_of
from tidings.mechanism.situation import Situation, half_lives_of
from tidings.names import ANY, RETAINED, STATUS_QUO, Var
from tidings.question.yardsticks import LEDGER
from tidings.reasons.draws import at_horizons
from tidings.reasons.previewing import short_step
from tidings.reasons.reweighting import Reweighting
from tidings.reporting.findings import Findings, story_label
from tidings.reporting.sentences import item_words, prior_words
from tidings.reporting.wording import day_words

SCRIPT = "living.js"
_PLACE = '"the data of the run"'
_CODES = 65534
_NOTHING = 65535
"""The code of the logarithm of 0."""
_PRIORS = 6
_FIRST = 8
"""Stories that stand open on the page."""

Array = NDArray[np.float64]


def write_living(found: Findings, folder: Path) -> str:
    """Write the script of a living report, with its data, into a bundle.

    Returns
    -------
    str
        What the page's policy calls it: its digest.
    """
    code = source(SCRIPT).read_text(encoding="utf-8")
    data = json.dumps(_data(found), ensure_ascii=True).replace("<", "\\u003c")
    filled = code.replace(_PLACE, data)
    (folder / SCRIPT).write_text(filled, encoding="utf-8", newline="\n")
    return "sha256-" + base64.b64encode(hashlib.sha256(filled.encode()).digest()).decode()


def _data(found: Findings) -> Mapping[str, Any]:
    weighing = found.doubting.first
    situation = weighing.posterior.situation
    arrays = _arrays(weighing)
    priors = _main_priors(found)
    z = weighing.posterior.standardised()
    arrays["z"] = _plain(np.stack([z[name] for name in priors])) if priors else _plain(np.zeros(0))
    header = {name: one[0] for name, one in arrays.items()}
    blob = gzip.compress(b"".join(one[1] for one in arrays.values()), 6, mtime=0)
    return {
        "run": found.run.manifest.run,
        "outcomes": _outcomes(found),
        "headline": list(_horizons(situation)).index(found.run.manifest.headline),
        "horizons": [day_words(day) for day in _horizons(situation).values()],
        "situation": _situation(situation),
        "items": [_item(item, situation) for item in situation.items],
        "readings": _readings(situation),
        "stories": _stories(found),
        "priors": [_prior(name, situation) for name in priors],
        "arrays": header,
        "draws": weighing.parameters.draws,
        "limit": K_LIMIT,
        "blob": base64.b64encode(blob).decode(),
    }


def _horizons(situation: Situation) -> Mapping[str, Any]:
    """Return the horizons up to that of the headline: the page goes no further."""
    config = situation.question.config
    horizons = outlook_of(situation).calendar.horizons
    last = horizons[f"{config.headline_months}mo"]
    return {name: day for name, day in horizons.items() if day <= last}


Packed = tuple[dict[str, Any], bytes]


def _arrays(weighing: Reweighting) -> dict[str, Packed]:
    posterior, parameters = weighing.posterior, weighing.parameters
    situation = posterior.situation
    steps = _marks(situation)[-1]
    factor = parameters.factor[:, : situation.timeline.states]
    futures = weighing.futures(situation)
    with np.errstate(divide="ignore"):
        neutral = np.log(futures.neutral_rates()[:steps, ..., 0].astype(float))
    arriving = np.moveaxis(futures.arriving()[:steps, ..., 0].astype(float), 0, -1)
    scalars = [*(parameters.rate[name] for name in _RATES), *(parameters.scale[n] for n in _SCALES)]
    stored = at_horizons(posterior.incidence, situation)[..., : len(_horizons(situation))]
    return {
        "neutral": _short(neutral.transpose(1, 2, 0)),
        "arriving": _short(arriving.reshape(-1, *arriving.shape[2:]))
        if arriving.size
        else _plain(np.zeros(0)),
        "factor": _short(factor.swapaxes(1, 2), short_step(parameters.factor)),
        "level": _plain(parameters.level_logit),
        "binding": _plain(parameters.binding),
        "bias": _plain(parameters.voice_bias),
        "precedent": _plain(parameters.precedent_log),
        "scalars": _plain(np.stack(scalars)),
        "stored": _plain(stored.transpose(1, 2, 0)),
    }


_RATES = (
    Var.BASE_RATE.value,
    Var.PUSH_SLOPE.value,
    Var.COUNTER_SLOPE.value,
    Var.CONSENT_SLOPE.value,
    Var.SHARE_OTHER.value,
)
_SCALES = (Var.NOISE_SCALE.value, Var.STORY_SD.value)


def _plain(array: NDArray[Any]) -> Packed:
    return {"shape": array.shape}, _planes(np.ascontiguousarray(array, "<f4").view(np.uint8), 4)


def _short(array: Array, step: float | None = None) -> Packed:
    """Pack an array in 16 bits, each row of its first axis on a scale of its own, or in steps.

    Neighbours along the last axis are alike: their differences are kept, which compresses better.
    """
    rows = array.reshape(len(array), -1)
    finite = np.where(np.isfinite(rows), rows, np.nan)
    lows = np.nan_to_num(np.nanmin(finite, axis=1))
    highs = np.nan_to_num(np.nanmax(finite, axis=1))
    each = np.where(highs > lows, (highs - lows) / _CODES if step is None else step, 1.0)
    codes = np.where(
        np.isfinite(rows), np.rint((rows - lows[:, None]) / each[:, None]), _NOTHING
    ).reshape(array.shape)
    steps = np.diff(codes, axis=-1, prepend=0.0).astype(np.int64).astype("<u2")
    header = {"shape": array.shape, "lows": lows.tolist(), "each": each.tolist()}
    return header, _planes(steps.view(np.uint8), 2)


def _planes(array: NDArray[np.uint8], size: int) -> bytes:
    """Return first all first bytes, then all second ones: alike bytes lie together."""
    return array.reshape(-1, size).T.tobytes()


def _marks(situation: Situation) -> list[int]:
    """Return the edge of the outlook's steps that each horizon stands on."""
    calendar = outlook_of(situation).calendar
    _, marks = calendar.edges()
    return [int(marks[calendar.dates.index(day)]) for day in _horizons(situation).values()]


def _situation(situation: Situation) -> dict[str, Any]:
    outlook, config = outlook_of(situation), situation.question.config
    structure, grades = situation.structure, config.grades
    edges, _ = outlook.calendar.edges()
    return {
        "ends": structure.ends,
        "all": [ANY, RETAINED, STATUS_QUO],
        "pairs": [
            [
                structure.dynamic.index(actor) if actor in structure.dynamic else -1,
                structure.named.index(outcome),
            ]
            for actor, outcome in structure.pairs
        ],
        "reference": config.consent_reference,
        "few": FEW,
        "most": MOST,
        "halfLives": half_lives_of(config),
        "edges": situation.timeline.exposed_edges().tolist(),
        "years": exposure_of(situation).years.tolist(),
        "middles": ((edges[:-1] + edges[1:]) / 2).tolist()[: _marks(situation)[-1]],
        "lengths": outlook.exposed_years().tolist()[: _marks(situation)[-1]],
        "marks": _marks(situation),
        "weights": [dict(grades.reliability_weight), dict(grades.credibility_weight)],
        "sds": [dict(grades.reliability_sd), dict(grades.credibility_sd)],
    }


def _outcomes(found: Findings) -> list[dict[str, Any]]:
    """Return each outcome's published numbers, by horizon."""
    run = found.run
    names = list(_horizons(found.situation))
    known = (RETAINED, *found.situation.structure.ends)
    rows = [run.at(name) for name in names]
    return [
        {
            "id": one.id,
            "title": one.title,
            "place": known.index(one.id),
            "mean": [row[one.id].mean for row in rows],
            "low": [row[one.id].q05 for row in rows],
            "high": [row[one.id].q95 for row in rows],
            "error": [row[one.id].mcse for row in rows],
            "effective": [row[one.id].ess for row in rows],
            "widening": [row[one.id].widening for row in rows],
        }
        for one in run.manifest.outcomes
    ]


def _item(item: Item, situation: Situation) -> dict[str, Any]:
    words = situation.question.yardsticks
    face = 0.0 if item.face_value is None else words.normal(LEDGER, item.face_value).sd
    expected = item.expected_by or item.known
    return {
        "id": item.id,
        "story": item.story,
        "known": item.known.toordinal(),
        "held": max(item.known, expected).toordinal(),
        "outcomes": item.outcomes,
        "push": item.push or 0,
        "grade": f"{item.source_reliability}{item.credibility}",
        "face": face,
        "says": item.claim,
        "words": f"{day_words(item.known)}, {item.source}; {item_words(item, situation.question)}",
    }


def _readings(situation: Situation) -> list[dict[str, Any]]:
    """Return what each reading is of: ``z = (y - sign (levels + factor + bias)) / sd``."""
    rows, structure = whitened_of(situation), situation.structure
    places = {item.id: place for place, item in enumerate(situation.items)}
    config, words = situation.question.config, situation.question.yardsticks

    def told(number: int, reading: Reading) -> dict[str, Any]:
        scale = reading.sign / reading.sd_logit
        levels = rows.levels[number] / scale
        item = situation.items[places[reading.item]]
        assert item.face_value is not None
        alone = (
            words.normal(LEDGER, item.face_value).sd ** 2
            + config.grades.reliability_sd[item.source_reliability] ** 2  # type: ignore[index]
            + config.grades.credibility_sd[item.credibility] ** 2  # type: ignore[index]
        )
        dynamic = structure.dynamic
        return {
            "item": places[reading.item],
            "group": f"{reading.story}\n{reading.actor}",
            "y": reading.y_logit,
            "sign": reading.sign,
            "times": reading.sd_logit**2 / alone,
            "levels": [[int(p), float(levels[p])] for p in np.flatnonzero(levels)],
            "actor": dynamic.index(reading.actor) if reading.actor in dynamic else -1,
            "state": reading.state,
            "side": -1 if reading.side is None else structure.sides.index(reading.side),
        }

    return [told(number, reading) for number, reading in enumerate(situation.readings)]


def _stories(found: Findings) -> list[dict[str, Any]]:
    """Return the stories, those that move the leading outcome most first, then the newest."""
    felt = {story.name: abs(story.effect.change) for story in found.stories if story.effect}
    ranked = sorted(found.stories, key=lambda story: -felt.get(story.name, 0.0))
    return [
        {"id": story.name, "label": story_label(story.items), "leads": place < _FIRST}
        for place, story in enumerate(ranked)
    ]


def _main_priors(found: Findings) -> list[str]:
    """Return the priors that move the forecast most, but precedents: they divide readings too."""
    names = [swing.prior for swing in found.swings if not swing.prior.startswith("precedent.")]
    return names[:_PRIORS]


def _prior(name: str, situation: Situation) -> dict[str, Any]:
    prior = situation.question.priors[name]
    words = prior_words(name, situation.question)
    return {"id": name, "words": words, "mean": prior.mean, "sd": prior.sd, "link": prior.link}
