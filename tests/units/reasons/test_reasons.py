"""Reasons from stored draws: weights, the pool, worlds, watching; nothing is fitted."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from tests.units.conftest import AS_OF, DRAWS

from tidings.mechanism.situation import observe
from tidings.reasons.estimates import Effect
from tidings.reasons.pareto import smoothed_weights
from tidings.reasons.pool import Pool
from tidings.reasons.reweighting import left_of, weights_of
from tidings.reasons.sensitivity import moved_prior, tilts_of
from tidings.reasons.watching import at_least_one
from tidings.reasons.worlds import changes_between, world_of


def test_equal_weights_need_no_smoothing_and_near_equal_ones_are_trusted():
    weights, k = weights_of(np.zeros(DRAWS))
    assert k == 0 and (weights == 1).all()
    near = 0.01 * np.random.default_rng(0).normal(size=1000)
    weights, k = weights_of(near)
    assert k == 0 and left_of(weights) > 0.98
    far = 4 * np.random.default_rng(0).normal(size=1000)
    assert weights_of(far)[1] == smoothed_weights(far)[1] > 0.7


@pytest.fixture
def pool(toy, posterior):
    return Pool(toy, [posterior], refit="never")


def test_a_situation_is_its_own(pool, situation):
    here = pool.at(situation)
    nothing = here.minus(pool.at(situation)).effect
    assert (nothing.change == 0).all() and (nothing.mcse == 0).all()
    assert nothing.trusted and not nothing.refitted


def test_errors_of_a_difference_cancel_what_both_share(pool, situation, toy):
    ledger = replace(toy.ledger, items=tuple(
        item for item in toy.ledger.items if item.id != "refusal-2020"
    ))  # fmt: skip
    without = observe(toy.question, ledger, (), AS_OF, situation.watched_to, situation.items)
    before, after = pool.step(without, situation)
    effect = after.minus(before).effect
    assert np.abs(effect.change.sum(axis=0)).max() < 1e-12
    assert (effect.mcse < np.hypot(before.mcse(), after.mcse())).all()
    row, column = effect.at(1, 3)
    assert (row, column) == (effect.change[1, 3], effect.mcse[1, 3])


def test_a_fixed_prior_cannot_be_weighed(pool, situation):
    priors = dict(situation.question.priors)
    priors["base_rate"] = replace(priors["base_rate"], sd=0.0)
    certain = replace(situation, question=replace(situation.question, priors=priors))
    assert not pool.at(certain).effect.trusted


def test_every_prior_is_tilted_both_ways_and_moves_sum_to_nothing(posterior, toy):
    tilts = tilts_of(Pool(posterior.inputs, [posterior], refit="never"))
    loose = [name for name, prior in toy.question.priors.items() if prior.sd > 0]
    assert sorted(tilt.prior for tilt in tilts) == sorted([*loose, *loose])
    for tilt in tilts:
        assert np.abs(tilt.effect.change.sum(axis=0)).max() < 1e-12
    [up] = [tilt for tilt in tilts if (tilt.prior, tilt.sign) == ("base_rate", 1)]
    assert up.effect.change[0, 3] < 0 < up.effect.change[1, 3]
    prior = toy.question.priors["base_rate"]
    assert moved_prior(prior, 1).mean == prior.mean + prior.sd


def test_worlds_differ_by_what_acts_and_a_change_leads_from_one_to_the_other(posterior):
    old = world_of(posterior)
    item = old.items["refusal-2020"]
    told_again = replace(item, claim="Other words.")
    louder = replace(item, push=-3)
    assert changes_between(old, replace(old, items={**old.items, item.id: told_again})) == []
    new = replace(old, items={**old.items, item.id: louder})
    [change] = changes_between(old, new)
    assert (change.kind, change.id) == ("item", "refusal-2020")
    assert change.made(old).items == new.items


def test_a_later_moment_needs_more_states(toy, posterior):
    later = observe(toy.question, toy.ledger, (), AS_OF + timedelta(days=400))
    moved = replace(later, timeline=replace(later.timeline, end=AS_OF + timedelta(days=200)))
    pool = Pool(toy, [posterior], moved, refit="never")
    assert np.isfinite(pool.at(moved).mean).all()


def test_a_story_is_likelier_the_larger_its_share(situation):
    chances = [at_least_one(situation.arrivals, 1, share) for share in (0.1, 0.5, 1.0)]
    assert 0 < chances[0] < chances[1] < chances[2] < 1


def test_an_effect_of_infinite_k_is_not_trusted():
    assert not Effect(np.zeros((1, 1)), np.zeros((1, 1)), np.inf).trusted
