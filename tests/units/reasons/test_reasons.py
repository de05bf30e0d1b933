"""Reasons from stored draws: weights, the engine, scenarios, watching; nothing is fitted."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from tests.units.conftest import AS_OF, DRAWS

from tidings.evidence.arrivals import Arrivals, Record, Source
from tidings.forecasting.fitting import prior_parameters
from tidings.mechanism.situation import observe
from tidings.question.timeline import DAYS_PER_MONTH
from tidings.reasons.engine import Engine, small_engine
from tidings.reasons.estimates import Effect
from tidings.reasons.previewing import Doubts
from tidings.reasons.reweighting import Reweighting
from tidings.reasons.scenarios import (
    changed_settings,
    evidence_of,
    known_value,
    news_and_priors,
    scenario_of,
    shifted,
)
from tidings.reasons.sensitivity import prior_shifts
from tidings.reasons.watching import at_least_one, partition
from tidings.reasons.weights import left_of, smoothed_weights, weights_of


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
    return Engine(toy, [posterior], refit="never")


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


def test_every_prior_is_shifted_both_ways_and_changes_sum_to_nothing(posterior, toy):
    shifts = prior_shifts(small_engine(posterior))
    loose = [name for name, prior in toy.question.priors.items() if prior.sd > 0]
    assert sorted(one.prior for one in shifts) == sorted([*loose, *loose])
    for one in shifts:
        assert np.abs(one.effect.change.sum(axis=0)).max() < 1e-12
    [up] = [one for one in shifts if (one.prior, one.sign) == ("base_rate", 1)]
    assert up.effect.change[0, 3] < 0 < up.effect.change[1, 3]


def test_a_shifted_prior_does_the_same_wherever_it_is_asked(posterior):
    """A precedent divides what items say too: sensitivity and preview give one number."""
    engine = small_engine(posterior)
    told = {(one.prior, one.sign): one.effect for one in prior_shifts(engine)}
    for name in ("precedent.sold", "base_rate", "willingness.maker.sold"):
        doubted = engine.effect(Doubts(shifts={name: 1.0}).change)
        np.testing.assert_array_equal(doubted.change, told[name, 1].change)


@pytest.mark.parametrize("change", [known_value("binding.maker.sold", 0.2),
                                    shifted("binding.maker.sold", -4.0)])  # fmt: skip
def test_draws_are_moved_with_a_prior_where_they_cannot_be_weighed(change, posterior, situation):
    """A value known for certain, and one far out: against draws from that prior itself."""
    evidence = scenario_of(posterior)
    wanted = change(evidence).situation()

    def weighed(own, moved):
        """The forecast from draws of the priors, weighed by all the evidence."""
        few = prior_parameters(own, 1000)
        factor = np.repeat(few.factor, own.timeline.states, axis=1)
        bare = replace(own, readings=(), time_tells=False)
        member = Reweighting(
            replace(posterior, situation=bare, parameters=replace(few, factor=factor))
        )
        found = member.weigh(wanted)
        assert (found.parameters is not member.parameters) == moved and found.k < 0.7
        return np.tensordot(found.weights, member.carry(wanted, found), 1) / len(found.weights)

    # The same standard normals are behind both: what was moved is what would have been drawn.
    here, there = weighed(situation, True), weighed(wanted, False)
    np.testing.assert_allclose(here, there, rtol=1e-9)


def test_scenarios_differ_by_what_acts_and_a_change_leads_from_one_to_the_other(posterior):
    old = evidence_of(posterior)
    item = old.items["refusal-2020"]
    told_again = replace(item, claim="Other words.")
    louder = replace(item, push=-3)
    assert news_and_priors(old, replace(old, items={**old.items, item.id: told_again})) == []
    new = replace(old, items={**old.items, item.id: louder})
    [change] = news_and_priors(old, new)
    assert (change.kind, change.id) == ("item", "refusal-2020")
    assert change.change(old).items == new.items


def test_a_later_moment_needs_more_states(toy, posterior):
    later = observe(toy.question, toy.ledger, (), AS_OF + timedelta(days=400))
    moved = replace(later, timeline=replace(later.timeline, end=AS_OF + timedelta(days=200)))
    pool = Engine(toy, [posterior], moved, refit="never")
    assert np.isfinite(pool.at(moved).mean).all()


def test_a_story_is_likelier_the_larger_its_share(situation):
    chances = [at_least_one(situation.arrivals, 1, share) for share in (0.1, 0.5, 1.0)]
    assert 0 < chances[0] < chances[1] < chances[2] < 1


def test_an_effect_of_infinite_k_is_not_trusted():
    assert not Effect(np.zeros((1, 1)), np.zeros((1, 1)), np.inf).trusted


def busy(share, a_year=213):
    """One ledger of two hundred items a year, three of five towards an end."""
    days = np.linspace(0, 364, a_year)
    records = tuple(
        Record(float(day), np.inf, -np.inf, 1.0 if place % 5 < 3 else -1.0, ("sold",))
        for place, day in enumerate(days)
    )
    source = Source(records, date(2020, 1, 1), date(2020, 12, 31), ("sold", "other"))
    return Arrivals((source,), np.ones(1), ((("sold",), 1.0),))


@pytest.mark.parametrize("share", (0.02, 0.3, 1.0))
def test_news_of_both_kinds_in_one_month_is_split_as_simulated(share):
    """A busy ledger: forecasts of a linear response, by which story of the month came first."""
    arrivals = busy(share)
    now, effects = np.array([[0.7], [0.3]]), np.array([[[-1e-3], [1e-3]], [[4e-4], [-4e-4]]])
    chances, forecasts = partition(arrivals, share, now, effects)
    generator = np.random.default_rng(1)
    pace = np.array([129, 84]) / 365 * DAYS_PER_MONTH * share
    size = 400_000
    counts = generator.poisson(pace, (size, 2))
    first = np.where(counts > 0, generator.random((size, 2)) ** (1 / np.maximum(counts, 1)), 0)
    event = np.where(counts.sum(axis=1) == 0, 2, np.argmax(first, axis=1))
    response = now[1, 0] + (counts - pace) @ effects[:, 1, 0]
    for place in range(3):
        mine = event == place
        error = np.sqrt(chances[place] * (1 - chances[place]) / size)
        assert abs(mine.mean() - chances[place]) <= 5 * error + 1e-9
        if mine.sum() > 100:
            spread = response[mine].std() / np.sqrt(mine.sum())
            assert abs(response[mine].mean() - forecasts[place, 1, 0]) <= 5 * spread + 1e-12
    assert chances.sum() == pytest.approx(1) and (chances >= 0).all()
    np.testing.assert_allclose(np.tensordot(chances, forecasts, 1), now, atol=1e-12)


def test_news_of_a_busy_month_never_leaves_what_is_possible():
    now, effects = np.array([[0.98], [0.02]]), np.array([[[-0.1], [0.1]], [[0.01], [-0.01]]])
    _, forecasts = partition(busy(1.0), 1.0, now, effects)
    assert (forecasts >= 0).all() and (forecasts <= 1).all()
    np.testing.assert_allclose(forecasts.sum(axis=1), 1, atol=1e-12)


@pytest.mark.parametrize(
    ("section", "changed"),
    [("silence", {"noticed": 0.5}), ("selection", {"change_odds": 5.0}),
     ("news", {"half_life_days": 33.0})],
)  # fmt: skip
def test_a_setting_that_acts_is_a_change_and_one_for_readers_is_none(posterior, section, changed):
    old = evidence_of(posterior)
    config = old.settings.config
    part = getattr(config, section).model_copy(update=changed)
    new = config.model_copy(update={section: part})
    assert changed_settings(config, new) == [section]
    told = config.model_copy(update={section: part.model_copy(update={"because": "Why."})})
    assert changed_settings(new, told) == []
    assert changed_settings(config, config.model_copy(update={"title": "Another?"})) == []


def test_a_deadline_is_a_change_of_an_item(posterior):
    old = evidence_of(posterior)
    item = next(iter(old.items.values()))
    later = replace(item, expected_by=item.known + timedelta(days=90))
    [change] = news_and_priors(old, replace(old, items={**old.items, item.id: later}))
    assert (change.kind, change.id) == ("item", item.id)


def test_a_chain_of_many_changes_needs_no_stored_draws(toy, posterior, situation, monkeypatch):
    """Runs of other versions of the code: no draws of theirs may be used."""
    monkeypatch.setattr("tidings.reasons.engine.refitted", lambda *_: posterior)
    without = situation.without_story(situation.items[0].story)
    changes = Engine(toy, [], situation).chain([situation, without, situation])
    assert len(changes) == 2
    np.testing.assert_allclose(changes[0].mean, -changes[1].mean, atol=1e-12)


def test_a_posterior_whose_chains_disagree_is_not_trusted(toy, posterior, situation, monkeypatch):
    lost = replace(posterior, converged=False)
    monkeypatch.setattr("tidings.reasons.engine.refitted", lambda *_: lost)
    pool = Engine(toy, [], situation, refit="always")
    estimate = pool.at(situation)
    assert estimate.refitted and not estimate.effect.trusted and np.isinf(pool.k)
    assert not pool.at(situation).effect.trusted  # nor where its draws would serve again
