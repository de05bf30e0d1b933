"""The hierarchical PyMC model of resolved questions.

==================  ========================================  ====================================
variable            what it is                                support, unit, prior
==================  ========================================  ====================================
log_base_rate       log of a typical question's base rate     real, a year; normal(log 0.2, 1)
spread              sd between questions of their log rates   > 0; log-normal(log 0.6, 0.5)
question_effect     each question's own log rate, in sds      real; normal(0, 1)
push_slope          log rate a step of push                   real; normal(0, 0.5)
consent_slope       log rate a unit of A                      real; normal(0, 0.1)
age_exponent        power of the age by which rates grow      real; normal(0, 0.3)
half_life_weight    log posterior weight of each half-life    grid; log-normal(log 60 days, 0.6)
pace                arrivals of news a year, by question      > 0; gamma(pace_shape, mean_pace)
mean_pace           their mean over questions                 > 0, a year; log-normal(log 10, 1)
pace_shape          how alike the paces are                   > 0; log-normal(log 2, 0.7)
dispersion          of monthly counts beyond a Poisson's      > 0; log-normal(log 0.7, 0.7)
size_effect         each question's own mean size, in sds     real; normal(0, 1)
size_mean           mean signed size of an arrival            real, steps of push; normal(0, 0.5)
size_spread         sd between questions of their means       > 0; log-normal(log 0.3, 0.7)
size_sd             sd of sizes within a question             > 0; log-normal(log 1, 0.5)
==================  ========================================  ====================================

The rate of outcome ``k`` of question ``q`` is that of the forecast::

    exp(log_base_rate + spread * question_effect[q] + consent_slope * (A[q,t] - A0[q])
        + push_slope * N[q,k,t]) * age^age_exponent * share[q,k,t]

and each question tells its time at risk and its end. The priors of the three slopes are shrunk to
"no effect": the grades were given by people who could know the end. The half-life is summed out
over its grid, and its weights are kept. ``counted`` leaves questions out without compiling anew:
those with a 0 tell nothing, and their effects are drawn from the hierarchy.
"""

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from tidings.past.histories import HALF_LIVES, Histories

COUNTED = "counted"
"""The data that say which questions are learned from, one number from 0 to 1 a question."""

HYPER = (
    "log_base_rate",
    "spread",
    "push_slope",
    "consent_slope",
    "age_exponent",
    "mean_pace",
    "pace_shape",
    "dispersion",
    "size_mean",
    "size_spread",
    "size_sd",
)
"""The variables that a new question shares with those learned from."""

_HALF_LIFE_MEDIAN, _HALF_LIFE_SD = 60.0, 0.6


def build_rates(histories: Histories) -> pm.Model:
    """Build the hierarchical model.

    Parameters
    ----------
    histories : Histories
        What it learns from.

    Returns
    -------
    pymc.Model
        With the variables of the table, and ``counted`` as data.
    """
    coords = {"question": histories.names, "half_life": HALF_LIVES}
    with pm.Model(coords=coords) as model:
        counted = pm.Data(COUNTED, np.ones(len(histories.names)), dims="question")
        _rates(histories, counted)
        _arrivals(histories, counted)
        _sizes(histories, counted)
    return model


def _rates(histories: Histories, counted: pt.TensorVariable) -> None:
    """Add time at risk and ends, the half-life summed out over its grid."""
    base = pm.Normal("log_base_rate", np.log(0.2), 1.0)
    spread = pm.LogNormal("spread", np.log(0.6), 0.5)
    of_question = base + spread * pm.Normal("question_effect", dims="question")
    push = pm.Normal("push_slope", 0.0, 0.5)
    consent = pm.Normal("consent_slope", 0.0, 0.1)
    exponent = pm.Normal("age_exponent", 0.0, 0.3)
    neutral = (
        of_question[histories.cell_question]
        + consent * histories.cell_agreement
        + exponent * histories.cell_log_age
        + histories.cell_log_share
    )
    at_risk = histories.cell_years * counted[histories.cell_question]
    expected = pt.sum(pt.exp(neutral[None, :] + push * histories.cell_pressure) * at_risk, axis=1)
    ending = (
        of_question[histories.end_question]
        + consent * histories.end_agreement
        + exponent * histories.end_log_age
        + histories.end_log_share
    )
    came = counted[histories.end_question]
    log_rates = pt.sum((ending[None, :] + push * histories.end_pressure) * came, axis=1)
    weight = log_rates - expected + _half_life_prior()
    pm.Potential("histories", pt.logsumexp(weight))
    pm.Deterministic("half_life_weight", weight - pt.logsumexp(weight), dims="half_life")


def _half_life_prior() -> np.ndarray:
    """Return the log prior probability of each half-life of the grid."""
    standard = (np.log(HALF_LIVES) - np.log(_HALF_LIFE_MEDIAN)) / _HALF_LIFE_SD
    # Cells of a grid in the log of the half-life are as wide as their neighbours are apart.
    width = np.gradient(np.log(HALF_LIVES))
    weight = np.exp(-0.5 * standard**2) * width
    return np.asarray(np.log(weight / weight.sum()))


def _arrivals(histories: Histories, counted: pt.TensorVariable) -> None:
    """Add the counts of arrivals by month: negative binomial at each question's own pace."""
    mean = pm.LogNormal("mean_pace", np.log(10.0), 1.0)
    shape = pm.LogNormal("pace_shape", np.log(2.0), 0.7)
    pace = pm.Gamma("pace", shape, shape / mean, dims="question")
    dispersion = pm.LogNormal("dispersion", np.log(0.7), 0.7)
    monthly = pace[histories.month_question] / 12
    counts = pm.NegativeBinomial.dist(mu=monthly, alpha=1 / dispersion)
    density = pm.logp(counts, histories.month_count.astype(int))
    pm.Potential("arrivals", pt.sum(density * counted[histories.month_question]))


def _sizes(histories: Histories, counted: pt.TensorVariable) -> None:
    """Add the sizes of arrivals: normal about each question's own mean."""
    mean = pm.Normal("size_mean", 0.0, 0.5)
    spread = pm.LogNormal("size_spread", np.log(0.3), 0.7)
    sd = pm.LogNormal("size_sd", 0.0, 0.5)
    of_question = mean + spread * pm.Normal("size_effect", dims="question")
    residual = (histories.size - of_question[histories.size_question]) / sd
    density = -0.5 * residual**2 - pt.log(sd)
    pm.Potential("sizes", pt.sum(density * counted[histories.size_question]))
