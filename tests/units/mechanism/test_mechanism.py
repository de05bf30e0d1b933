"""The mechanism: rows, rate law, survival, incidence; hand calculations on the toy question."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from scipy.special import expit
from tests.units.conftest import DRAWS

from tidings.evidence.arrivals import Arrivals, Record, Source
from tidings.evidence.pressure import MOST, Pulse
from tidings.mechanism.incidence import SimulatedPaths, cumulative_incidence
from tidings.mechanism.likelihood import NeutralRates, log_prior, log_readings
from tidings.mechanism.model_data import exposure_of, graph_data, outlook_of, reading_rows
from tidings.mechanism.parameters import (
    log_consent,
    named_dataset,
    neutral_rates,
    of_stored,
    unconstrained_priors,
)
from tidings.mechanism.paths import path_basis
from tidings.mechanism.unknowns import prior_names


def test_the_rate_law_by_hand(posterior, situation):
    """One draw: consent, A and the rates, written out outcome by outcome."""
    parts, structure = posterior.parameters, situation.structure
    reference = situation.question.config.consent_reference
    rates = neutral_rates(parts, parts.factor[:, 0], structure, reference)
    one = {name: float(value[7]) for name, value in parts.rate.items()}
    consent = {}
    for place, outcome in enumerate(structure.named):
        product = np.exp(parts.precedent_log[place, 7])
        for pair, (actor, its) in enumerate(structure.pairs):
            if its == outcome:
                factor = parts.factor[structure.dynamic.index(actor), 0, 7]
                willing = expit(parts.level_logit[pair, 7] + factor)
                product *= willing ** parts.binding[pair, 7]
        consent[outcome] = product
    agreed = sum(consent.values()) / (1 - one["share_other"])
    whole = one["base_rate"] * np.exp(one["consent_slope"] * (np.log(agreed) - reference))
    by_hand = [whole * consent[outcome] / agreed for outcome in structure.named]
    assert rates[:, 7] == pytest.approx([*by_hand, whole * one["share_other"]])


def test_nothing_named_comes_where_it_is_certain_that_a_binding_refusal_stands(
    posterior, situation
):
    """Whatever consent is worth elsewhere; an end that nobody has named needs nobody's."""
    parts, structure = posterior.parameters, situation.structure
    never = replace(
        parts,
        level_logit=np.full_like(parts.level_logit, -40.0),
        binding=np.ones_like(parts.binding),
    )
    reference = situation.question.config.consent_reference
    rates = neutral_rates(never, np.zeros_like(parts.factor[:, 0]), structure, reference)
    assert np.all(rates[:-1].sum(axis=0) < 1e-6 * parts.rate["base_rate"])
    assert np.all(rates[-1] > 0.0)


def test_survival_is_exp_of_minus_the_summed_rates(posterior, situation):
    parts, structure = posterior.parameters, situation.structure
    reference = situation.question.config.consent_reference
    exposure = exposure_of(situation)
    found = NeutralRates(parts, structure, reference).log_survival(exposure)
    total = np.zeros(DRAWS)
    for state in range(situation.timeline.states):
        rates = neutral_rates(parts, parts.factor[:, state], structure, reference)
        for step, years in enumerate(exposure.years[state]):
            towards, against = exposure.pressure[:, :, state, step, None]
            pushed = np.exp(
                parts.rate["push_slope"] * towards - parts.rate["counter_slope"] * against
            )
            total -= np.sum(rates * pushed, axis=0) * years
    assert found == pytest.approx(total)


def test_rows_have_the_density_of_readings_with_a_shared_story_effect(posterior, situation):
    """One draw: a multivariate normal, story by story, without rotation."""
    parts, structure = posterior.parameters, situation.structure
    noise, story = (float(parts.scale[name][3]) for name in ("noise_scale", "story_sd"))
    rows = reading_rows(situation)
    whitened = np.concatenate([
        parts.level_logit[:, 3],
        parts.factor[:, :, 3].ravel(),
        parts.voice_bias[:, 3],
    ])  # fmt: skip
    found = log_readings(parts, rows)[3]
    groups = {}
    for reading in situation.readings:
        groups.setdefault((reading.story, reading.actor), []).append(reading)
    share = {"sold": 0.5, "scrapped": 0.5}
    expected = 0.0
    for readings in groups.values():
        residual = []
        for one in readings:
            mean = 0.0
            for pair, (actor, outcome) in enumerate(structure.pairs):
                if actor == one.actor and one.outcome in (None, outcome):
                    weight = share[outcome] if one.outcome is None else 1.0
                    mean += weight * parts.level_logit[pair, 3]
            mean += parts.factor[structure.dynamic.index(one.actor), one.state, 3]
            if one.side is not None:
                mean += parts.voice_bias[structure.sides.index(one.side), 3]
            residual.append((one.y_logit - one.sign * mean) / one.sd_logit)
        load = np.array([one.sign / one.sd_logit for one in readings])
        covariance = noise**2 * np.eye(len(load)) + story**2 * np.outer(load, load)
        _, log_det = np.linalg.slogdet(covariance)
        expected -= 0.5 * (np.array(residual) @ np.linalg.solve(covariance, residual) + log_det)
    assert found == pytest.approx(expected)
    assert len(whitened) == rows.design.shape[1]


def test_incidence_adds_up_and_only_rises(posterior, situation):
    outlook = replace(outlook_of(situation), futures=5)
    carried = cumulative_incidence(posterior.parameters, outlook, 3)
    assert carried.sum(axis=2) == pytest.approx(1.0)
    assert (np.diff(carried[:, :, 1:], axis=1) >= -1e-12).all()


def test_kept_futures_are_those_of_the_forecast(posterior, situation):
    outlook = replace(outlook_of(situation), futures=5)
    kept = SimulatedPaths(posterior.parameters, outlook, 3)
    again = kept.incidence(situation.pulses)
    assert np.array_equal(again, cumulative_incidence(posterior.parameters, outlook, 3))
    without = kept.incidence(())
    assert not np.array_equal(again, without)


def test_stored_draws_come_back_bit_for_bit(posterior, situation):
    """Also at the edge: a willingness of one has no logit on the natural scale."""
    parts = posterior.parameters
    linked = np.array(parts.unconstrained)
    linked[prior_names(situation.structure).index("willingness.owner.sold")] = 40.0
    edge = replace(parts, unconstrained=linked).each(
        lambda array: array.reshape(*array.shape[:-1], 2, -1)
    )
    states = [str(n) for n in range(situation.timeline.states)]
    stored = named_dataset(edge, situation.structure, states)
    assert np.isfinite(stored["linked"].values).all()
    back = of_stored({name: stored[name].values for name in stored}, situation.structure)
    assert np.array_equal(back.unconstrained, edge.unconstrained)
    assert np.array_equal(back.factor, edge.factor)
    assert np.isfinite(back.level_logit).all()


def test_a_fixed_prior_adds_no_density_and_others_do(posterior, situation, toy):
    names = unconstrained_priors(posterior.parameters, situation.structure)
    prior = toy.question.priors["base_rate"]
    density = log_prior(posterior.parameters, situation.structure, {"base_rate": prior})
    z = (names["base_rate"] - prior.mean) / prior.sd
    assert density == pytest.approx(-0.5 * z**2 - np.log(prior.sd))


def test_paths_of_informed_directions_and_the_rest_are_the_whole(situation):
    cholesky = situation.timeline.factor_cholesky()
    precision = np.zeros((1, situation.timeline.states))
    precision[0, 2] = 4.0
    basis = path_basis(cholesky, precision)
    every = np.concatenate([basis.informed[0], basis.rest[0]], axis=1)
    assert every @ every.T == pytest.approx(cholesky @ cholesky.T)
    assert basis.modes == 1


def test_consent_is_a_share(posterior, situation):
    parts = posterior.parameters
    consent, agreed = log_consent(parts, parts.factor[:, 0], situation.structure)
    shares = np.exp(consent - agreed).sum(axis=0) + parts.rate["share_other"]
    assert shares == pytest.approx(1.0)


def test_the_graphs_data_have_the_priors_in_their_order(situation, toy):
    data = graph_data(situation)
    names = prior_names(situation.structure)
    place = names.index("willingness.maker.sold")
    assert data.values["prior_mean"][place] == toy.question.priors["willingness.maker.sold"].mean


@pytest.mark.parametrize("base_rate", (0.1, 20.0))
def test_forecasts_are_probabilities_however_likely_change_is(posterior, situation, base_rate):
    """One minus a sum of single-precision parts once was -5e-9, and its logarithm an error."""
    outlook = replace(outlook_of(situation), futures=5)
    rate = {**posterior.parameters.rate, "base_rate": np.full(DRAWS, base_rate)}
    carried = cumulative_incidence(replace(posterior.parameters, rate=rate), outlook, 1)
    assert (carried >= 0).all() and (carried <= 1).all()
    np.testing.assert_allclose(carried.sum(axis=2), 1, rtol=0, atol=1e-12)


def test_known_news_and_news_to_come_saturate_together(posterior, situation):
    """However much is known and comes, an outcome is pressed by no more than five steps."""
    structure, parameters = situation.structure, posterior.parameters
    start, place = situation.question.config.clock_start, structure.ends.index("sold")
    records = tuple(
        Record(float(start.toordinal() + day), np.inf, -np.inf, 3.0, ("sold",))
        for day in range(0, 200, 2)
    )
    source = Source(records, start, start + timedelta(days=200), structure.ends)
    loud = Arrivals((source,), np.ones(1), ((("sold",), 1.0),))
    day = float(situation.as_of.toordinal())
    burst = [Pulse(f"i{n}", f"s{n}", "sold", 3.0, day) for n in range(5)]
    outlook = replace(outlook_of(situation), futures=5, arrivals=loud, news_from=situation.as_of)
    futures = SimulatedPaths(parameters, outlook, 1)
    assert futures.arriving()[:, 0, place].max() > 3 * MOST
    ended = futures.incidence(burst)[:, -1, 1 + place]
    factor = np.exp(parameters.rate["push_slope"] * MOST)
    years = outlook.exposed_years()[:, None, None]
    expected = (futures.neutral_rates()[:, place] * years).sum(axis=0).mean(axis=1) * factor
    assert (ended <= 1 - np.exp(-1.01 * expected)).all()
