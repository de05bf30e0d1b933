"""The NumPy formulas of the forecast against the PyMC graph itself."""

import numpy as np
import pytest
from scipy.special import expit
from tests.helpers import AS_OF

from tidings.forecasting.density import log_density
from tidings.mechanism.graph import build
from tidings.mechanism.model_data import graph_data
from tidings.mechanism.parameters import constrained
from tidings.mechanism.situation import observe
from tidings.mechanism.unknowns import free_shapes


@pytest.fixture(scope="module")
def situation(inputs):
    return observe(inputs.question, inputs.ledger, inputs.resolved, AS_OF)


@pytest.fixture(scope="module")
def point(situation):
    """The data, the free variables at some point, and the same as one vector."""
    data = graph_data(situation)
    generator = np.random.default_rng(4)
    shapes = free_shapes(situation.structure, data.paths.modes)
    free = {name: generator.normal(size=shape) for name, shape in shapes.items()}
    return data, free, np.concatenate([value.ravel() for value in free.values()])


def test_natural_scales_are_those_of_the_graph(situation, point):
    data, free, _ = point
    model = build(situation.structure, data)
    ours = constrained(free, data, situation.structure)
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
        value = variable.eval({model[name]: value for name, value in free.items()
                               if model[name] in list(ancestors_of(variable))})  # fmt: skip
        np.testing.assert_allclose(value, expected[variable.name], rtol=1e-10, atol=1e-12)


def ancestors_of(variable):
    from pytensor.graph.traversal import ancestors

    return ancestors([variable])


def test_the_log_density_is_that_of_the_design(situation, point):
    """Normal readings with a shared story effect, survival, and the unknowns' own normals."""
    from scipy.stats import multivariate_normal, norm

    data, free, x = point
    structure, timeline = situation.structure, situation.timeline
    p = constrained(free, data, structure)
    config = situation.question.config
    medians = {k: np.exp(situation.question.priors[f"precedent.{k}"].mean) for k in structure.named}
    shares = {k: value / sum(medians.values()) for k, value in medians.items()}
    total = norm.logpdf(free["prior_z"]).sum()
    medians_of_sd = [situation.question.priors[f"factor_sd.{a}"].mean for a in structure.dynamic]
    w = (p.factor_sd / np.exp(medians_of_sd))[:, None] ** data.values["factor_centring"]
    total += norm.logpdf(free["factor_u"], scale=w).sum()
    bias_median = np.exp(situation.question.priors["voice_bias_sd"].mean)
    w = (p.scale["voice_bias_sd"] / bias_median) ** data.values["voice_bias_centring"]
    total += norm.logpdf(free["voice_bias_u"], scale=w).sum()
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
        for i, k in enumerate(structure.ends):
            rate = p.rate["base_rate"] * consent[k] / agreed
            rate *= np.exp(p.rate["consent_slope"] * (np.log(agreed) - config.consent_reference))
            towards, against = data.values["pressure"][:, i, state]
            pushed = np.exp(p.rate["push_slope"] * towards - p.rate["counter_slope"] * against)
            total -= rate * (pushed * data.values["exposure_years"][state]).sum()
    value, _ = log_density(structure, data).bind(data)(x)
    assert value == pytest.approx(total, rel=1e-9)


def test_the_machine_code_is_pymcs_own_density_and_gradient(situation, point):
    """Against PyMC compiled in Python mode, and in other coordinates as the chain rule says."""
    data, free, x = point
    model = build(situation.structure, data)
    function = model.compile_fn([model.logp(), model.dlogp()], mode="FAST_COMPILE")
    expected, gradient = function(free)
    density = log_density(situation.structure, data)
    value, found = density.bind(data)(x)
    assert value == pytest.approx(float(expected), rel=1e-11)
    np.testing.assert_allclose(found, gradient, rtol=1e-8, atol=1e-9)

    generator = np.random.default_rng(9)
    location, scale = generator.normal(size=len(x)), generator.normal(size=(len(x), len(x)))
    scale = np.eye(len(x)) + 0.01 * scale
    value, along = density.bind(data, location, scale)(np.linalg.solve(scale, x - location))
    assert value == pytest.approx(float(expected), rel=1e-9)
    np.testing.assert_allclose(along, scale.T @ gradient, rtol=1e-6, atol=1e-6)


def test_the_peer_of_the_benchmarks_is_the_same_model(situation):
    """What both say of the quiet so far, at the middle of all priors."""
    from tests.benchmarks.plain_pymc import build as plain

    def survival(model):
        [potential] = [one for one in model.potentials if one.name == "survival"]
        [value] = model.replace_rvs_by_values([potential])
        told = model.compile_fn(
            value, inputs=model.value_vars, mode="FAST_COMPILE", on_unused_input="ignore"
        )
        return float(told(model.initial_point()))

    ours = survival(build(situation.structure, graph_data(situation)))
    assert ours < -0.1
    assert survival(plain(situation)) == pytest.approx(ours, rel=1e-12)
