"""Without evidence, the forecast is direct Monte Carlo from the priors, weighted by survival."""

from math import hypot

import numpy as np
import pytest
from scipy.special import expit
from tests.helpers import AS_OF

from tidings.forecasting.checks import diagnose
from tidings.forecasting.fitting import consent_reference, fit, incidence_of
from tidings.mechanism.situation import observe

DRAWS, CHUNK = 60_000, 5_000


def _started(edges, days, start, tau, late):
    """Sum 1 - exp(-age / tau) over the days of each step, one by one: nothing ends at once."""
    started = np.zeros_like(days)
    for step, count in enumerate(days):
        low = edges[step + 1] - count if late else edges[step]
        if late and step + 2 == len(edges):
            low = edges[step]
        ages = (low + np.arange(0.5, count, 1.0) - start.toordinal()) / 365.25
        started[step] = np.sum(1 - np.exp(-ages / tau)) * (count / max(len(ages), 1))
    return started


def direct(situation, months, generator):
    """Simulate priors and factors to the horizon; weight each draw by its survival until now.

    Returns the weighted mean incidence of every named outcome and ``other``, and its Monte Carlo
    error (Owen 2013, Monte Carlo theory, methods and examples, eq. 9.8).
    """
    config, priors = situation.question.config, situation.question.priors
    structure, timeline = situation.structure, situation.timeline
    day = situation.as_of.replace(year=situation.as_of.year + months // 12)
    edges = np.arange(timeline.start.toordinal(), day.toordinal() + 28, 28.0)
    past = np.clip(np.minimum(edges[1:], situation.as_of.toordinal()) - edges[:-1], 0, None)
    ahead = np.clip(
        np.minimum(edges[1:], day.toordinal())
        - np.maximum(edges[:-1], situation.as_of.toordinal()), 0, None,
    )  # fmt: skip
    rho = 0.5 ** (28 / timeline.factor_half_life_days)
    past, ahead = (_started(edges, days, timeline.start, config.time.start_up_years, late)
                   for days, late in ((past, False), (ahead, True)))  # fmt: skip

    def draw(name, link=lambda x: x):
        return link(priors[name].mean + priors[name].sd * generator.normal(size=CHUNK))

    weights, values = [], []
    for _ in range(DRAWS // CHUNK):
        base, slope = draw("base_rate", np.exp), draw("consent_slope")
        other = draw("share_other", expit)
        sd = {a: draw(f"factor_sd.{a}", np.exp) for a in structure.dynamic}
        level = {p: draw(f"willingness.{p[0]}.{p[1]}") for p in structure.pairs}
        bind = {p: draw(f"binding.{p[0]}.{p[1]}", expit) for p in structure.pairs}
        prec = {k: draw(f"precedent.{k}", np.exp) for k in structure.named}
        f = {a: sd[a] * generator.normal(size=CHUNK) for a in structure.dynamic}
        log_weight, survival = np.zeros(CHUNK), np.ones(CHUNK)
        ended = np.zeros((CHUNK, len(structure.named) + 1))
        for step in range(len(edges) - 1):
            if step:
                for a, before in f.items():
                    shock = np.sqrt(1 - rho**2) * generator.normal(size=CHUNK)
                    f[a] = rho * before + sd[a] * shock
            consent = np.array([
                prec[k] * np.prod([
                    expit(level[a, k] + f.get(a, 0.0)) ** bind[a, k]
                    for a, o in structure.pairs if o == k
                ], axis=0)
                for k in structure.named
            ])  # fmt: skip
            agreed = consent.sum(0) / (1 - other)
            total = base * np.exp(slope * (np.log(agreed) - config.consent_reference))
            share = np.vstack([consent / agreed, other]).T
            log_weight -= total * past[step] / 365.25
            gone = survival * -np.expm1(-total * ahead[step] / 365.25)
            ended += gone[:, None] * share
            survival -= gone
        weights.append(np.exp(log_weight))
        values.append(ended)
    w, v = np.concatenate(weights), np.concatenate(values)
    mean = w @ v / w.sum()
    return mean, np.sqrt((w**2) @ (v - mean) ** 2) / w.sum()


def test_the_forecast_without_evidence_is_the_prior_weighted_by_survival(alter):
    news = alter().question.config.news.model_copy(update={"simulate": False})
    one = alter(items=(), news=news)
    situation = observe(one.question, one.ledger, one.resolved, AS_OF)
    incidence = incidence_of(fit(situation)).isel(date=12)
    expected, error = direct(situation, 12, np.random.default_rng(8))
    for place, outcome in enumerate(situation.structure.ends):
        values = incidence.sel(outcome=outcome).values
        tolerance = 5 * hypot(diagnose(values).mcse, error[place])
        assert abs(values.mean() - expected[place]) <= tolerance, outcome


def test_the_consent_reference_in_config_is_the_prior_mean_of_consent(inputs):
    situation = observe(inputs.question, inputs.ledger, inputs.resolved, AS_OF)
    found = consent_reference(situation)
    assert found == pytest.approx(inputs.question.config.consent_reference, abs=0.005)
