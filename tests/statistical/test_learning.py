"""Learning from resolved questions: leaving one out, nothing of it or of later news gets in."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from tests.helpers import INPUTS

import tidings
from tidings.past.questions import Past
from tidings.past.rate_fits import Teacher, lesson_of_stored, pasts_of
from tidings.past.rates import COUNTED, build_rates
from tidings.trust.cross_validation import MONTHS, Examination, examine, plain_lesson
from tidings.trust.scoring import MEASURES

pytestmark = pytest.mark.slow

RESOLVED = INPUTS / "data" / "resolved"
FEW = ("france-mistral", "syria-s300", "uae-f35")
"""Enough to leave one out in a test; the whole folder takes minutes, and its scores are kept."""
PEER = {1: 0.178, 3: 0.385, 6: 0.566, 12: 0.753}
"""Log scores of a two-parameter model on the same 24 questions, without shrinkage or hierarchy."""
CONSTANT = {1: 0.207, 3: 0.393, 6: 0.545, 12: 0.683}
"""Log scores of the best constant in hindsight on them."""


def run(*arguments, cwd=INPUTS):
    return subprocess.run(
        [sys.executable, "-m", "tidings", *arguments],
        cwd=cwd, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def left_out(tmp_path_factory):
    """What ``tidings exam FOLDER --leave-one-out --json`` prints of a few questions."""
    folder = tmp_path_factory.mktemp("few")
    for name in FEW:
        for ending in ("yaml", "csv"):
            shutil.copy(RESOLVED / f"{name}.{ending}", folder)
    done = run("exam", str(folder), "--leave-one-out", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def teacher(inputs):
    return Teacher(pasts_of(inputs.resolved, inputs.question.config, inputs.question.yardsticks),
                   inputs.question.config.fit.seed)  # fmt: skip


def test_leaving_one_out_beat_the_constants_and_the_peer(inputs):
    """The scores kept with what was learned, by ``tidings priors learn`` on all 24.

    The dates given lie near ends: 43 % of their years saw a change, where 24 % of all did. A
    constant that knows that is beaten there up to six months, and on monthly dates always.
    """
    learned = inputs.question.learned
    assert [row.months for row in learned.scores] == list(MONTHS)
    for row in learned.scores:
        assert row.questions >= 23
        known = CONSTANT[row.months] if row.months < 12 else row.log_base
        assert row.log_event < min(row.log_base, PEER[row.months], known)
    assert {row.dates for row in learned.levels} == {"given", "every month"}
    for row in learned.levels:
        if row.dates == "every month":
            assert row.log_event < row.log_constant
        if row.dates == "given":
            assert row.log_event < row.log_two_parameters
            assert row.log_constant == pytest.approx(CONSTANT[row.months], abs=2e-3)


def test_a_question_left_out_scores_again_what_was_kept(inputs, teacher):
    """Same seed, same draws: the page has the gain of each question to three digits."""
    place, name = next(
        (place, past.question.id)
        for place, past in enumerate(teacher.pasts)
        if past.question.id == "usa-caatsa-turkey"
    )
    posterior, _ = teacher.posterior(name)
    lesson = teacher.lesson(posterior, name)
    plain = plain_lesson(teacher.histories, lesson.questions, place)
    rows = examine(teacher.pasts[place], lesson, plain)
    gain = Examination(tuple(rows)).gains().loc[name]
    page = (INPUTS / "priors" / "learned" / "turkey-s400.md").read_text()
    line = next(one for one in page.splitlines() if one.startswith(f"| {name} |"))
    kept = [float(cell) for cell in line.strip("| ").split("|")[1:]]
    # Another processor draws other chains: what is left is the error of a fit.
    assert gain.to_numpy() == pytest.approx(kept, abs=0.02)


def test_the_json_has_the_contracts_keys(left_out):
    assert set(left_out["horizons"]) == {f"{months}mo" for months in MONTHS}
    for found in left_out["horizons"].values():
        assert {*MEASURES, "n"} <= set(found)
    assert [one["id"] for one in left_out["questions"]] == sorted(FEW)
    for dates in ("given", "every_month"):
        for found in left_out["levels"][dates].values():
            assert {"expected", "seen", "log_constant", "calibration_slope", "auc"} <= set(found)


def test_questions_learned_from_are_refused_under_any_name(tmp_path):
    done = run("exam", "data/resolved")
    assert done.returncode == 2 and "--leave-one-out" in done.stderr
    for ending in ("yaml", "csv"):
        shutil.copy(RESOLVED / f"uae-f35.{ending}", tmp_path / f"renamed.{ending}")
    path = tmp_path / "renamed.yaml"
    path.write_text(path.read_text().replace("id: uae-f35", "id: renamed", 1))
    done = run("exam", str(tmp_path))
    assert done.returncode == 2 and "has learned from renamed" in done.stderr


def renamed(question):
    """The same question under names that the model has not learned from."""
    items = tuple(replace(item, id=f"new-{item.id}") for item in question.items)
    return replace(question, id=f"new-{question.id}", items=items)


@pytest.fixture(scope="module")
def stored(inputs):
    import pandas as pd

    draws = pd.read_csv(INPUTS / "priors" / "learned" / "turkey-s400.csv")
    return lesson_of_stored(inputs.question.learned, draws, inputs.resolved)


def past_of(question, inputs):
    [past] = pasts_of([question], inputs.question.config, inputs.question.yardsticks)
    return past


@pytest.mark.parametrize("name", ["france-mistral", "uae-f35"])
def test_forecasts_are_blind_to_what_was_published_later(inputs, stored, name):
    """Absurd items after a forecast date change nothing of it, those before it do."""
    question = next(one for one in inputs.resolved if one.id == name)
    made = question.forecast_dates[1]
    alone = replace(question, forecast_dates=(made,))
    absurd = replace(
        question.items[0], id="absurd", story="absurd", push=3, published=made + timedelta(days=1),
        source_reliability="A", credibility="1", face_value="nearly_certain",
    )  # fmt: skip

    def forecasts(*more):
        past = past_of(replace(alone, items=(*question.items, *more)), inputs)
        return [row["forecast"] for row in examine(past, stored, stored)]

    assert forecasts(absurd) == forecasts()
    assert forecasts(replace(absurd, published=made)) != forecasts()


def test_news_of_the_day_of_the_end_tells_nothing_of_that_end(inputs):
    question = next(one for one in inputs.resolved if one.id == "usa-atacms")
    last = replace(question.items[0], id="on-the-day", story="on-the-day", push=3,
                   published=question.ended)  # fmt: skip
    with_it = replace(question, items=(*question.items, last))
    pulses = [past_of(one, inputs).pulses(question.ended) for one in (question, with_it)]
    assert pulses[0] == pulses[1]


def test_the_question_at_hand_is_never_learned_from(inputs, teacher):
    config = inputs.question.config.model_copy(update={"id": "uae-f35"})
    names = {past.question.id for past in
             pasts_of(inputs.resolved, config, inputs.question.yardsticks)}  # fmt: skip
    assert names == {one.id for one in inputs.resolved} - {"uae-f35"}


def test_a_question_left_out_has_no_say(inputs, teacher):
    """Ten times its pressure changes nothing of the density, and does if it counts."""
    import pymc as pm

    histories = teacher.histories
    place = histories.names.index("usa-caatsa-turkey")
    model = build_rates(histories)
    density, point = model.compile_logp(mode="FAST_COMPILE"), model.initial_point()
    mine = np.where(histories.cell_question == place, 10.0, 1.0)

    def with_pressure(times, counts):
        counted = np.where(np.arange(len(histories.names)) == place, counts, 1.0)
        with model:
            pm.set_data({"cell_pressure": histories.cell_pressure * times, COUNTED: counted})
        return float(density(point))

    assert with_pressure(mine, 0.0) == with_pressure(1.0, 0.0)
    assert with_pressure(mine, 1.0) != with_pressure(1.0, 1.0)


def test_slopes_are_shrunk_and_their_correlation_is_told(inputs):
    learned = inputs.question.learned
    assert abs(learned.slope_correlation) < 1
    assert learned.quantities["resolved.consent_slope"].sd < 0.1 + 0.01
    assert learned.quantities["resolved.push_slope"].sd < 0.5


def test_willingness_is_exact_gaussian_regression(inputs):
    """Draws moved by readings have the mean and sd of the posterior in closed form."""
    past: Past = past_of(next(q for q in inputs.resolved if q.id == "uae-f35"), inputs)
    to = past.question.forecast_dates[2]
    states, draws = past.timeline(to).states, 20_000
    moved = past.willing(to, past.prior_willing(draws, states))
    rows = past.rows(to, states)
    rho = past.timeline(to).correlation(past.timeline(to).state_days)
    lags = np.abs(np.subtract.outer(np.arange(states), np.arange(states)))
    blocks = [1.5**2 * np.eye(len(past.structure.pairs))]
    blocks += [0.7**2 * rho**lags for _ in past.structure.dynamic]
    blocks += [0.7**2 * np.eye(len(past.structure.sides))]
    size = sum(len(block) for block in blocks)
    prior, start = np.zeros((size, size)), 0
    for block in blocks:
        prior[start : start + len(block), start : start + len(block)] = block
        start += len(block)
    design, noise = rows.design, 1.0 + 0.5**2 * rows.story_load
    gain = prior @ design.T @ np.linalg.inv(design @ prior @ design.T + np.diag(noise))
    mean, covariance = gain @ rows.y, prior - gain @ design @ prior
    pairs = len(past.structure.pairs)
    sd = np.sqrt(np.diag(covariance))[:pairs]
    error = sd / np.sqrt(draws)
    assert (np.abs(moved.level_logit.mean(axis=0) - mean[:pairs]) < 5 * error).all()
    assert (np.abs(moved.level_logit.std(axis=0) - sd) < 5 * error).all()
    assert sd.min() < 0.8 * 1.5


def test_exam_of_questions_not_learned_from_prints_scores(tmp_path, inputs):
    """A question whose items have other names stands for one that is new to the model."""
    import csv

    shutil.copy(RESOLVED / "france-mistral.yaml", tmp_path / "other.yaml")
    path = tmp_path / "other.yaml"
    path.write_text(path.read_text().replace("id: france-mistral", "id: other", 1))
    rows = list(csv.DictReader((RESOLVED / "france-mistral.csv").read_text().splitlines()))
    with (tmp_path / "other.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows({**row, "id": f"other-{row['id']}"} for row in rows)
    done = run("exam", str(tmp_path), "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["questions"][0]["id"] == "other"
    assert found["horizons"]["3mo"]["log_gain_se"] is None
    done = run("exam", str(tmp_path))
    assert done.returncode == 0 and "gain in log score" in done.stdout


def test_learning_needs_a_place_and_something_to_learn_from(project):
    path = project / "priors" / "turkey-s400.toml"
    text = path.read_text()
    path.write_text(text.replace('learned = "learned/turkey-s400.toml"', "#"))
    with pytest.raises(tidings.UsageError, match=r"files\.learned"):
        tidings.learn(path)
