"""Pooled priors against the product of densities, computed on a grid."""

import numpy as np
import pytest
from scipy.integrate import trapezoid
from scipy.stats import norm

import tidings
from tidings.question.normal import LinkNormal, fixed_normal, pooled_normal, to_link
from tidings.question.priors import link_of

PARTS = [LinkNormal(-2.0, 0.6, "logit", 0.02), LinkNormal(-0.5, 1.4, "logit"),
         LinkNormal(-1.0, 0.9, "logit", 0.05)]  # fmt: skip
WEIGHTS = (2.0, 1.0, 0.5)


def test_a_pool_is_the_product_of_the_densities_each_to_its_share():
    grid = np.linspace(-12, 10, 40_001)
    shares = np.array(WEIGHTS) / sum(WEIGHTS)
    log = sum(
        share * norm.logpdf(grid, part.mean, part.sd)
        for share, part in zip(shares, PARTS, strict=True)
    )
    density = np.exp(log - log.max())
    density /= trapezoid(density, grid)
    mean = trapezoid(grid * density, grid)
    pooled = pooled_normal(PARTS, WEIGHTS)
    assert abs(pooled.mean - mean) < 1e-8
    assert abs(pooled.sd - np.sqrt(trapezoid((grid - mean) ** 2 * density, grid))) < 1e-8
    assert pooled.fit_error == 0.05


def test_sources_that_agree_do_not_make_a_pool_narrower():
    pooled = pooled_normal([PARTS[0]] * 3, WEIGHTS)
    assert (pooled.mean, pooled.sd) == pytest.approx((PARTS[0].mean, PARTS[0].sd))
    twice = pooled_normal(PARTS, [2 * weight for weight in WEIGHTS])
    assert twice == pooled_normal(PARTS, WEIGHTS)


def test_certainty_cannot_be_pooled():
    with pytest.raises(ValueError, match="not certain"):
        pooled_normal([PARTS[0], fixed_normal(0.5, "logit")], [1, 1])


def test_a_pool_in_a_question_file_is_that_of_its_sources(project):
    path = project / "priors" / "turkey-s400.toml"
    alone = tidings.check(path).question
    name = "willingness.moscow.third_country"
    text = path.read_text()
    row = text.index(f"[priors.{name}]")
    old = 'word = "very unlikely"\nyardstick = "icd203"\n'
    new = """pool = [
  { word = "very unlikely", yardstick = "icd203", weight = 2.0, because = "What the text says." },
  { word = "unlikely", yardstick = "survey", because = "A friendly buyer is thinkable." },
]
"""
    place = text.index(old, row)
    path.write_text(text[:place] + new + text[place + len(old) :])
    question = tidings.check(path).question
    words = question.yardsticks
    parts = [words.normal("icd203", "very unlikely"), words.normal("survey", "unlikely")]
    assert question.priors[name] == pooled_normal(parts, [2.0, 1.0])
    assert alone.priors[name].mean < question.priors[name].mean < parts[1].mean


def test_quantiles_are_fitted_as_scipy_fits_them(inputs):
    """Least squares on the link scale, for every prior of the config that is given by quantiles."""
    from scipy.optimize import curve_fit
    from scipy.stats import norm

    seen = 0
    for name, row in inputs.question.rows:
        if row.quantiles is None:
            continue
        link = link_of(name)
        asked = {float(key[1:]) / 100: value for key, value in row.quantiles.items()}
        scores = norm.ppf(list(asked))
        linked = [to_link(value, link) for value in asked.values()]
        (mean, sd), _ = curve_fit(lambda z, m, s: m + s * z, scores, linked, p0=(0.0, 1.0))
        prior = inputs.question.priors[name]
        assert (prior.mean, prior.sd) == pytest.approx((mean, sd), rel=1e-6, abs=1e-9)
        seen += 1
    assert seen > 10
