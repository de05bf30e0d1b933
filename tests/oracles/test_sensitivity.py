"""Sensitivity and tipping points, against posteriors drawn anew and ArviZ itself."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import arviz_stats
import numpy as np
import pytest
import xarray as xr
from tests.helpers import AS_OF, INPUTS, drawn

import tidings
from tidings.forecasting.making import make_forecast
from tidings.forecasting.tables import K_LIMIT
from tidings.mechanism.situation import observe
from tidings.question.normal import to_link
from tidings.reasons.draws import ALL_DRAWS, stored_posterior
from tidings.reasons.engine import Engine, engine_of
from tidings.reasons.previewing import Doubts, preview_doubts, preview_items
from tidings.reasons.sensitivity import sensitivity_of
from tidings.reasons.tipping import past_bounds, tipping_points

pytestmark = pytest.mark.slow

AT = "12mo"


@pytest.fixture(scope="module")
def posterior(shipped_run):
    return stored_posterior(shipped_run, ALL_DRAWS, futures=1)


@pytest.fixture(scope="module")
def engine(shipped_run):
    return engine_of(shipped_run)


@pytest.fixture(scope="module")
def found(shipped_run, engine):
    return sensitivity_of(shipped_run, engine)


@pytest.fixture(scope="module")
def tips(shipped_run, posterior):
    """At a fifth more than it is: where many priors can tip it."""
    now = shipped_run.at(AT)["ukraine"].mean
    return tipping_points(shipped_run, posterior, "ukraine", AT, 1.2 * now)


def place(run):
    """Where the outcome and the horizon of these tests stand in arrays."""
    outcomes = [one.id for one in run.manifest.outcomes]
    return outcomes.index("ukraine"), list(run.manifest.horizons).index(AT)


def anew(posterior, name, prior):
    """The forecast with another prior, drawn with a seed of its own."""
    question = posterior.situation.question
    fit = question.config.fit.model_copy(update={"seed": 99})
    config = question.config.model_copy(update={"fit": fit})
    changed = replace(question, config=config, priors={**question.priors, name: prior})
    situation = replace(posterior.situation, question=changed)
    return drawn(posterior.inputs, situation)


@pytest.mark.parametrize("rank", [0, 1, 2])
def test_the_longest_bars_of_the_tornado_are_what_refits_say(posterior, found, rank):
    tilt = found.tornado("ukraine", AT)[rank][1]
    assert tilt.effect.trusted
    prior = posterior.situation.question.priors[tilt.prior]
    refit = anew(posterior, tilt.prior, replace(prior, mean=prior.mean + tilt.sign * prior.sd))
    now = found.run.at_horizons(lambda row: row.mean)
    errors = found.run.at_horizons(lambda row: row.mcse)
    off = np.abs(now + tilt.effect.change - refit.mean) / np.sqrt(
        tilt.effect.mcse**2 + errors**2 + refit.mcse() ** 2
    )
    print(tilt.prior, f"k {tilt.effect.k:.2f}, off by {off.max():.1f} combined MCSE")
    assert off.max() < 5


def test_every_prior_that_is_not_fixed_is_moved_both_ways(posterior, found):
    priors = posterior.situation.question.priors
    moved = [one.prior for one in found.shifts]
    loose = [name for name, prior in priors.items() if prior.sd > 0]
    assert sorted(moved) == sorted([*loose, *loose])
    assert all(abs(float(one.effect.change.sum(axis=0).max())) < 1e-9 for one in found.shifts)


def test_power_scaling_is_that_of_arviz(posterior, found):
    """One prior, its own density handed to ArviZ's psense as a user would."""
    name = "willingness.washington.disabled_in_place"
    [one] = [scaled for scaled in found.priors if scaled.name == name]
    prior = posterior.situation.question.priors[name]
    pairs = posterior.situation.structure.pairs
    pair = pairs.index(("washington", "disabled_in_place"))
    z = (posterior.parameters.level_logit[pair] - prior.mean) / prior.sd
    tree = xr.DataTree.from_dict({
        "posterior": xr.Dataset({"z": (("chain", "draw"), z[None])}),
        "log_prior": xr.Dataset({"z": (("chain", "draw"), -0.5 * z[None] ** 2)}),
    })  # fmt: skip
    assert one.prior == pytest.approx(float(arviz_stats.psense(tree)["z"]))
    assert one.moved_sd == pytest.approx(z.mean())


def test_a_conflict_is_named_where_there_is_one(inputs, new_item, tmp_path):
    """For years observers of the best grade call Moscow nearly certain to agree; its prior: no.

    So many of them that the verdict is clear: no number near its limit decides.
    """
    days = [AS_OF - timedelta(days=54 * n) for n in range(40)]
    items = [
        new_item(id=f"yes-{n}", story=f"yes-{n}", outcomes=("ukraine",), push=0, voice="observer",
                 face_value="nearly_certain", date=day, published=day)
        for n, day in enumerate(days)
    ]  # fmt: skip
    ledger = replace(inputs.ledger, items=(*inputs.ledger.items, *items))
    run = make_forecast(replace(inputs, ledger=ledger), AS_OF, tmp_path)
    # The stored copy of the ledger lacks the items: they are handed over with the draws.
    situation = observe(inputs.question, ledger, inputs.resolved, AS_OF)
    posterior = replace(stored_posterior(run, ALL_DRAWS), situation=situation)
    engine = Engine(inputs, [posterior], refit="never", control_variate=True)
    named = {one.name: one for one in sensitivity_of(run, engine).priors}
    ukraine = named["willingness.moscow.ukraine"]
    assert ukraine.verdict == "conflict"
    assert min(ukraine.prior, ukraine.likelihood) > 0.1
    assert ukraine.moved_sd > 2


def test_a_tipping_point_tips_where_the_prior_is_moved_there(shipped_run, posterior, tips):
    """Beyond the point the refit has passed the threshold, and short of it has not."""
    told = [tip for tip in tips.priors if tip.value is not None and tip.target.threshold]
    assert len(told) >= 5 and all(tip.low <= tip.value <= tip.high for tip in told)
    [tip] = [one for one in told if one.prior == "binding.moscow.ukraine"]
    prior, (row, column) = posterior.situation.question.priors[tip.prior], place(shipped_run)
    assert not tip.above and tip.trusted and tip.moves
    steps = (to_link(tip.value, prior.link) - prior.mean) / prior.sd
    chances = [
        float(anew(posterior, tip.prior, replace(prior, mean=prior.mean + share * steps * prior.sd))
              .mean[row, column])
        for share in (0.4, 2.0)
    ]  # fmt: skip
    print(f"tips at {tip.value:.2f} (now {tip.now:.2f}): {chances}")
    assert chances[0] < tip.target.threshold < chances[1]


def test_command_report_and_preview_have_one_tipping_point(shipped_run, posterior):
    """For a precedent too, which divides what items say."""
    outcome, headline = "us_base", shipped_run.manifest.headline
    threshold = 1.2 * shipped_run.at(headline)[outcome].mean
    told = tipping_points(shipped_run, posterior, outcome, headline, threshold).priors
    of_command = {tip.prior: tip for tip in told if tip.target.threshold == threshold}
    names = [name for name, tip in of_command.items() if tip.value is not None][:6]
    assert "precedent.us_base" in names and "base_rate" in names
    of_report = past_bounds(shipped_run, posterior, outcome, [threshold], names)
    assert [tip.prior for tip in of_report] == names
    outcomes = [one.id for one in shipped_run.manifest.outcomes]
    row, column = outcomes.index(outcome), list(shipped_run.manifest.horizons).index(headline)
    for tip in of_report:
        told = of_command[tip.prior]
        assert (tip.value, tip.now, tip.k) == (told.value, told.now, told.k)
        prior = posterior.situation.question.priors[tip.prior]
        steps = (to_link(tip.value, prior.link) - prior.mean) / prior.sd
        short, there = (
            preview_doubts(shipped_run, Doubts(shifts={tip.prior: share * steps}))
            for share in (0.95, 1.0)
        )
        # Where weights in place fail and draws are moved, a forecast has a step.
        assert short.then[row, column] < threshold < there.then[row, column]


def test_a_push_tips_that_the_preview_says_tips(shipped_run, posterior, new_item):
    """Half of what the strongest item does is a threshold that a weaker push reaches."""
    item = new_item(actor="deal", outcomes=("ukraine",), push=3, voice="observer")
    preview = preview_items(shipped_run, [item])
    row, column = place(shipped_run)
    now, then = float(preview.now[row, column]), float(preview.then[row, column])
    assert then - now > 10 * preview.effect.mcse[row, column]

    def push_to(share):
        threshold = now + share * (then - now)
        told = tipping_points(shipped_run, posterior, "ukraine", AT, threshold).items
        [tip] = [one for one in told if one.actor == "deal" and one.target.threshold]
        return tip.push

    assert 0 < push_to(0.5) < 3
    assert push_to(2.0) is None


def test_the_command_prints_any_outcome_and_horizon(shipped_run):
    runs = str(shipped_run.path.parent)

    def command(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "tidings", "sensitivity", "--runs", runs, *arguments],
            cwd=INPUTS, capture_output=True, text=True, check=False,
        )  # fmt: skip

    printed = json.loads(
        command("--outcome", "retained", "--horizon", "3mo", "--threshold", "0.9", "--json").stdout
    )
    assert printed["outcome"] == "retained" and printed["horizon"] == "3mo"
    assert {"tornado", "power_scaling", "tipping_points"} <= set(printed)
    assert all(bar["down"]["k"] <= K_LIMIT for bar in printed["tornado"] if bar["down"]["trusted"])
    wrong = command("--outcome", "ukrain")
    assert wrong.returncode == 2 and "did you mean 'ukraine'" in wrong.stderr
    with pytest.raises(tidings.UsageError, match="did you mean '12mo'"):
        tidings.sensitivity(str(shipped_run.path), horizon="12m")
