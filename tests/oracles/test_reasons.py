"""What a forecast rests on and what to watch for, against posteriors drawn anew."""

from dataclasses import replace

import numpy as np
import pytest
from tests.helpers import AS_OF, drawn

from tidings.evidence.ledger import Ledger
from tidings.mechanism.situation import observe
from tidings.randomness import stream
from tidings.reasons.draws import stored_posterior
from tidings.reasons.engine import Engine, refitted
from tidings.reasons.explaining import explain_run
from tidings.reasons.scenarios import evidence_of
from tidings.reasons.surprises import SURPRISING, Residuals, surprises
from tidings.reasons.watching import Lookout, at_least_one, watch_run

pytestmark = pytest.mark.slow

HORIZON = 3  # 12 months
OTHER_SEED = 99


@pytest.fixture(scope="module")
def posterior(light_run):
    return stored_posterior(light_run)


@pytest.fixture(scope="module")
def explanation(light_run):
    return explain_run(light_run)


@pytest.fixture(scope="module")
def watch(light_run):
    return watch_run(light_run)


def anew(posterior, situation):
    """The forecast of a posterior drawn with a seed of its own."""
    question = situation.question
    fit = question.config.fit.model_copy(update={"seed": OTHER_SEED})
    config = question.config.model_copy(update={"fit": fit})
    situation = replace(situation, question=replace(question, config=config))
    return drawn(posterior.inputs, situation)


def off_by(found, error, first, second):
    """How many combined Monte Carlo errors an effect is off that of two fits."""
    expected = second.mean - first.mean
    errors = np.sqrt(error**2 + first.mcse() ** 2 + second.mcse() ** 2)
    return (np.abs(found - expected) / errors)[:, HORIZON].max()


@pytest.mark.parametrize("place", range(3))
def test_the_effect_of_a_story_is_that_of_leaving_it_out(posterior, explanation, place):
    world = evidence_of(posterior)
    part = explanation.of("story")[place]
    effect = part.effect
    kept = {name: item for name, item in world.items.items() if name not in part.items}
    without = anew(posterior, replace(world, items=kept).situation())
    found = off_by(effect.change, effect.mcse, without, anew(posterior, world.situation()))
    print(part.id, f"off by {found:.1f} combined MCSE")
    assert found < 5


def test_the_quiet_time_speaks_for_the_status_quo(posterior, explanation):
    [part] = explanation.of("time")
    effect = part.effect
    whole = evidence_of(posterior).situation()
    without = anew(posterior, replace(whole, time_tells=False))
    assert off_by(effect.change, effect.mcse, without, anew(posterior, whole)) < 5
    assert effect.change[0, HORIZON] > 5 * effect.mcse[0, HORIZON]
    assert (effect.change[1:, HORIZON] < 0).all()


def test_every_item_is_explained_once_by_story_actor_and_voice(explanation, inputs):
    used = sorted(item.id for item in inputs.ledger.known(AS_OF))
    for basis in ("story", "actor", "voice"):
        assert sorted(name for one in explanation.of(basis) for name in one.items) == used
    assert explanation.articles == len(used)
    assert explanation.stories == len(explanation.of("story")) < explanation.articles


def test_a_naive_count_is_the_forecast_of_items_without_stories(posterior, explanation):
    world = evidence_of(posterior)
    alone = {name: replace(item, story=name) for name, item in world.items.items()}
    expected = anew(posterior, replace(world, items=alone).situation())
    [part] = explanation.of("naive")
    effect = part.effect
    errors = np.sqrt(
        effect.mcse**2
        + expected.mcse() ** 2
        + explanation.run.at_horizons(lambda row: row.mcse) ** 2
    )
    assert (np.abs(explanation.naive - expected.mean) / errors)[:, HORIZON].max() < 5


def test_leaving_an_item_out_by_weights_agrees_with_fitting_without_it(posterior):
    found, examined = surprises(posterior, lambda one: refitted(posterior.inputs, one))
    assert examined == len({reading.item for reading in posterior.situation.readings})
    assert found and all(one.probability < SURPRISING for one in found)
    for one in found[:2]:
        without = refitted(posterior.inputs, posterior.situation.without_reading(one.item), 1000)
        residuals = Residuals(without.parameters, posterior.situation)
        draws = without.parameters.draws
        generator = np.random.default_rng(1)
        again = [
            residuals.tail(one.item, generator.multinomial(draws, np.full(draws, 1 / draws)))[0]
            for _ in range(50)
        ]
        # The weights leave about a third of the draws effective: their error is larger.
        error = np.std(again) * np.hypot(1, np.sqrt(3))
        assert abs(np.mean(again) - one.probability) < 5 * error


def test_an_item_against_all_others_is_found_with_those_it_conflicts_with(inputs, new_item):
    claim = new_item(
        id="sudden-consent", outcomes=("ukraine",), face_value="nearly_certain", push=0
    )
    ledger = Ledger(inputs.ledger.path, (*inputs.ledger.items, claim))
    situation = observe(inputs.question, ledger, inputs.resolved, claim.known)
    posterior = refitted(inputs, situation, 1000)
    found, _ = surprises(posterior, lambda one: refitted(inputs, one, 1000))
    [one] = [one for one in found if one.item == "sudden-consent"]
    assert one.higher and one.probability < 0.01
    about = {item.id: (item.actor, item.outcomes) for item in inputs.ledger.items}
    assert one.conflicts
    assert all(about[name][0] == "moscow" for name in one.conflicts)
    assert any("ukraine" in about[name][1] for name in one.conflicts)


def test_few_suspects_tell_the_conflicts_that_all_items_tell(posterior, monkeypatch):
    few = posterior.thinned(500)
    every, _ = surprises(few)
    assert len(every) >= 3 and any(one.conflicts for one in every[:3])
    monkeypatch.setattr("tidings.reasons.surprises._WEIGHED", 15)
    told, _ = surprises(few, most=3)
    assert [(one.item, one.probability) for one in told] == [
        (one.item, one.probability) for one in every[:3]
    ]
    assert [one.conflicts[:1] for one in told] == [one.conflicts[:1] for one in every[:3]]


@pytest.mark.parametrize("place", range(3))
def test_news_to_watch_moves_as_the_refit_with_it_does(posterior, watch, place):
    one = watch.news[place]
    lookout = Lookout(watch.run, Engine(posterior.inputs, [posterior], refit="never"))
    whole = anew(posterior, posterior.situation)
    for news in (one.favourable, one.adverse):
        story = lookout.story(one.actor, one.outcome, news.size, news.face_value)
        situation = story(lookout.scenario).situation()
        found = off_by(news.then - watch.now, news.effect.mcse, whole, anew(posterior, situation))
        assert found < 5


def test_what_to_watch_leaves_room_for_silence_and_tells_something(watch):
    for one in watch.news:
        both = one.favourable.probability + one.adverse.probability
        assert max(0.0, 1 - both) < one.silence < 1
        np.testing.assert_allclose(one.neither.sum(axis=0), 1, atol=1e-9)
        assert (one.bits > -1e-12).all()
    bits = [one.bits[HORIZON] for one in watch.news]
    assert bits == sorted(bits, reverse=True)
    outcomes = [one.id for one in watch.run.manifest.outcomes]
    for one in watch.news[:10]:
        row = 0 if one.outcome == "any" else outcomes.index(one.outcome)
        up, down = one.favourable.then[row, HORIZON], one.adverse.then[row, HORIZON]
        assert (up < down) == (one.outcome == "any")


def test_the_chance_of_a_story_is_that_of_simulated_arrivals(posterior):
    arrivals, share = posterior.situation.arrivals, 0.2
    generator = stream(1, "test")
    chosen = generator.choice(len(arrivals.sources), p=arrivals.probs, size=400_000)
    a_month = np.array([
        sum(record.size > 0 for record in source.records) / source.days * 365.25 / 12
        for source in arrivals.sources
    ])  # fmt: skip
    came = generator.poisson(a_month[chosen] * share) > 0
    error = came.std() / np.sqrt(len(came))
    assert abs(came.mean() - at_least_one(arrivals, 1, share)) < 5 * error
