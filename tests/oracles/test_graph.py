"""The NumPy formulas of the forecast against the PyMC graph itself."""

import numpy as np
import pytest
from scipy.special import expit
from tests.conftest import AS_OF

from tidings.graph import build
from tidings.inference import compile_density
from tidings.parameters import natural
from tidings.situation import graph_data, observe


@pytest.fixture(scope="module")
def situation(inputs):
    return observe(inputs.question, inputs.ledger, inputs.resolved, AS_OF)


@pytest.fixture(scope="module")
def point(situation):
    data = graph_data(situation)
    density = compile_density(situation.structure, data)
    x = np.random.default_rng(4).normal(size=density.size)
    return data, density, x, density.split(x)


def test_natural_scales_are_those_of_the_graph(situation, point):
    data, _, _, z = point
    model = build(situation.structure, data)
    ours = natural(z, data)
    expected = {
        **ours.rate,
        **ours.scale,
        "factor_sd": ours.factor_sd,
        "precedent": np.exp(ours.precedent_log),
        "willingness_level": expit(ours.level_logit),
        "binding": ours.binding,
        "factor": ours.factor,
        "voice_bias": ours.voice_bias,
    }
    assert {variable.name for variable in model.deterministics} == set(expected)
    for variable in model.deterministics:
        value = variable.eval({model[name]: value for name, value in z.items()
                               if model[name] in list(ancestors_of(variable))})  # fmt: skip
        np.testing.assert_allclose(value, expected[variable.name], rtol=1e-10, atol=1e-12)


def ancestors_of(variable):
    from pytensor.graph.traversal import ancestors

    return ancestors([variable])


def test_the_log_density_is_that_of_the_design(situation, point):
    """Normal readings with a shared story effect, survival, and standard normal unknowns."""
    from scipy.stats import multivariate_normal, norm

    data, density, x, z = point
    p, structure, timeline = natural(z, data), situation.structure, situation.timeline
    config = situation.question.config
    medians = {k: np.exp(situation.question.priors[f"precedent.{k}"].mean) for k in structure.named}
    shares = {k: value / sum(medians.values()) for k, value in medians.items()}
    total = norm.logpdf(x).sum()
    level = dict(zip(structure.pairs, p.level_logit, strict=True))
    groups = {}
    for r in situation.readings:
        groups.setdefault((r.story, r.actor), []).append(r)
    for group in groups.values():
        mean, sign = [], np.array([r.sign for r in group])
        for r in group:
            of = [a for a, _ in structure.pairs]
            assert r.actor in of
            base = (
                sum(shares[k] * level[r.actor, k] for k in structure.named)
                if r.outcome is None else level[r.actor, r.outcome]
            )  # fmt: skip
            if r.actor in structure.dynamic:
                base = base + p.factor[structure.dynamic.index(r.actor), r.state]
            if r.side is not None:
                base = base + p.voice_bias[structure.sides.index(r.side)]
            mean.append(r.sign * base)
        sds = np.array([r.sd_logit for r in group])
        covariance = p.scale["story_sd"] ** 2 * np.outer(sign, sign)
        covariance = covariance + np.diag((p.scale["noise_scale"] * sds) ** 2)
        y = [r.y_logit for r in group]
        total += multivariate_normal.logpdf(y, mean, covariance)
        # The graph leaves out constants: log sd of each reading, and log 2 pi.
        total += np.log(sds).sum() + len(group) * np.log(2 * np.pi) / 2
    for state in range(timeline.states):
        consent = {
            k: np.exp(p.precedent_log[i]) * np.prod([
                expit(level[pair] + (p.factor[structure.dynamic.index(pair[0]), state]
                                     if pair[0] in structure.dynamic else 0.0))
                ** p.binding[structure.pairs.index(pair)]
                for pair in structure.pairs if pair[1] == k
            ])
            for i, k in enumerate(structure.named)
        }  # fmt: skip
        agreed = sum(consent.values()) / (1 - p.rate["share_other"])
        consent["other"] = agreed * p.rate["share_other"]
        for i, k in enumerate(structure.change):
            rate = p.rate["base_rate"] * consent[k] / agreed
            rate *= np.exp(p.rate["consent_slope"] * (np.log(agreed) - config.consent_reference))
            pushed = np.exp(p.rate["push_slope"] * data.values["pressure"][i, state])
            total -= rate * (pushed * data.values["exposure_years"][state]).sum()
    value, _ = density.bound(data)(x)
    assert value == pytest.approx(total, rel=1e-9)
