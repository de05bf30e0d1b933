"""Moves add up, leave only noise over, and do not depend on the order of the changes."""

import csv
import io
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.helpers import AS_OF, copy_project, known_rows, lighten

import tidings
from tidings.reasons.attribution import explain_moves, shapley_values
from tidings.reasons.draws import stored_posterior
from tidings.reasons.engine import Engine
from tidings.reasons.scenarios import evidence_of, news_and_priors

pytestmark = pytest.mark.slow

HELD_BACK = 12
"""The newest items, which a change may bring."""
RETRACTABLE = ("trump-truth-social-sep2025", "suciu-buyback-war-use-sep2025")
EDITS = {
    "priors.base_rate": (
        'learned = "resolved.base_rate"',
        "quantiles = { p05 = 0.04, p50 = 0.13, p95 = 0.42 }",
    ),
    "priors.willingness.moscow.ukraine": (
        '[priors.willingness.moscow.ukraine]\nword = "almost no chance"',
        '[priors.willingness.moscow.ukraine]\nword = "very unlikely"',
    ),
    "half_life_days": ('half_life_days = "learned"', "half_life_days = 80.0"),
}


def rows_of(path):
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))


def write_rows(path, rows):
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)


class Base:
    """A project whose ledger ends before its newest items, those items, and a run."""

    def __init__(self, project, held_back, run):
        self.project, self.held_back, self.run = project, held_back, run

    def __repr__(self):
        return "Base"


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    project = copy_project(tmp_path_factory.mktemp("base"))
    path = project / "data" / "evidence.csv"
    rows = known_rows(rows_of(path))
    write_rows(path, rows[:-HELD_BACK])
    question = lighten(project / "priors" / "turkey-s400.toml")
    run = tidings.forecast(question, AS_OF, project / "data" / "runs")
    return Base(project, rows[-HELD_BACK:], run)


changes = st.fixed_dictionaries(
    {
        "items": st.sets(st.integers(0, HELD_BACK - 1)),
        "retracted": st.sets(st.sampled_from(RETRACTABLE)),
        "edits": st.sets(st.sampled_from(sorted(EDITS))),
        "days": st.integers(0, 45),
    }
)


def changed(project, held_back, made):
    """Write a set of changes into a project, and run it."""
    ledger, question = project / "data" / "evidence.csv", project / "priors" / "turkey-s400.toml"
    rows = rows_of(ledger) + [held_back[place] for place in sorted(made["items"])]
    for row in rows:
        if row[0] in made["retracted"]:
            row[-2:] = [str(AS_OF), "withdrawn by its source"]
    write_rows(ledger, rows)
    text = question.read_text(encoding="utf-8")
    for name in made["edits"]:
        assert EDITS[name][0] in text
        text = text.replace(*EDITS[name])
    question.write_text(text, encoding="utf-8")
    return tidings.forecast(question, AS_OF + timedelta(days=made["days"]), project / "runs")


@settings(
    max_examples=5, deadline=None, derandomize=True, phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(made=changes)
def test_moves_add_up_and_the_rest_is_noise(base, tmp_path_factory, made):
    project, held_back, old = base.project, base.held_back, base.run
    new = changed(copy_project(tmp_path_factory.mktemp("new"), project), held_back, made)
    moves = explain_moves(old, new)
    told = np.sum([move.effect.change for move in moves.moves], axis=0)
    np.testing.assert_allclose(told, moves.after - moves.before, rtol=0, atol=1e-9)
    noise = moves.moves[-1]
    assert noise.kind == "noise"
    # Where all moves come from common draws nothing is left but rounding.
    off = np.abs(noise.effect.change) / (noise.effect.mcse + 1e-12)
    assert off.max() < 5
    named = {(move.kind, move.id) for move in moves.moves}
    assert {("item", held_back[place][0]) for place in made["items"]} <= named
    assert {("retraction", name) for name in made["retracted"]} <= named
    print(sorted(named), f"off by {off.max():.1f} MCSE", moves.order_free, moves.refits)
    assert moves.k <= 0.7


def test_the_order_of_changes_leaves_order_free_moves_alone(base, tmp_path_factory):
    project, held_back, old = base.project, base.held_back, base.run
    made = {"items": {3, 8, 10}, "retracted": set(RETRACTABLE[:1]), "edits": {"priors.base_rate"}}
    copy = copy_project(tmp_path_factory.mktemp("order"), project)
    posteriors = [stored_posterior(old)]
    posteriors.append(stored_posterior(changed(copy, held_back, {**made, "days": 0})))
    start, end = map(evidence_of, posteriors)
    start = replace(start, moment=end.moment)
    listed = news_and_priors(start, end)
    assert len(listed) == 5
    swapped = [listed[1], listed[0], *reversed(listed[2:])]
    found = []
    for order in (listed, swapped):
        pool = Engine(posteriors[0].inputs, posteriors, end.situation())
        effects = shapley_values(pool, start, order)
        assert pool.refits == 0
        found.append({change.id: one for change, one in zip(order, effects, strict=True)})
    for name, effect in found[0].items():
        np.testing.assert_allclose(effect.mean, found[1][name].mean, rtol=0, atol=1e-12)
        np.testing.assert_allclose(effect.mcse(), found[1][name].mcse(), rtol=1e-9, atol=1e-15)
    total = sum(effect.mean for effect in found[0].values())
    ends = [pool.at(world.situation()).mean for world in (start, end)]
    np.testing.assert_allclose(total, ends[1] - ends[0], rtol=0, atol=1e-12)
    assert np.abs(total).max() > 1e-3


def test_what_other_code_made_is_a_move_of_its_own(base, tmp_path_factory):
    project, held_back, old = base.project, base.held_back, base.run
    copy = copy_project(tmp_path_factory.mktemp("model"), project)
    made = {"items": {8}, "retracted": set(), "edits": set(), "days": 0}
    new = changed(copy, held_back, made)
    versions = {**old.manifest.versions, "tidings": "0.0.1"}
    before = replace(old, manifest=old.manifest.model_copy(update={"versions": versions}))
    moves = explain_moves(before, new)
    kinds = [move.kind for move in moves.moves]
    assert kinds == ["time", "time", "item", "model", "noise"]
    assert moves.moves[1].id == "news to come, as learned by then"
    assert moves.moves[-2].id == f"0.0.1 to {new.manifest.versions['tidings']}"
    told = np.sum([move.effect.change for move in moves.moves], axis=0)
    np.testing.assert_allclose(told, moves.after - moves.before, rtol=0, atol=1e-9)
    # The code is the same in truth: what it seems to have changed is within Monte Carlo error.
    for move in moves.moves[-2:]:
        assert (np.abs(move.effect.change) < 5 * move.effect.mcse).all()


def test_a_question_with_other_outcomes_has_one_move(base, tmp_path_factory):
    project, held_back, old = base.project, base.held_back, base.run
    copy = copy_project(tmp_path_factory.mktemp("outcomes"), project)
    question = copy / "priors" / "turkey-s400.toml"
    text = question.read_text(encoding="utf-8")
    for start, end in (
        ('[[outcomes]]\nid = "other"', "# ---"),
        ("[priors.share_other]", "[priors."),
    ):
        first = text.index(start)
        text = text[:first] + text[text.index(end, first + 1) :]
    question.write_text(text, encoding="utf-8")
    made = {"items": {8}, "retracted": set(), "edits": set(), "days": 0}
    moves = explain_moves(old, changed(copy, held_back, made))
    assert "other" not in moves.outcomes
    assert [(move.kind, move.id) for move in moves.moves] == [
        ("prior", "the question's outcomes or actors"), ("noise", "error of the split"),
    ]  # fmt: skip
    told = np.sum([move.effect.change for move in moves.moves], axis=0)
    np.testing.assert_allclose(told, moves.after - moves.before, rtol=0, atol=1e-9)
