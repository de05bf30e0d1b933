"""The hierarchical PyMC model of resolved questions.

==================  ========================================  ====================================
variable            what it is                                support, unit, prior
==================  ========================================  ====================================
log_base_rate       log of a typical question's base rate     real, a year; normal(log 0.2, 1)
spread              sd between questions of their log rates   > 0; log-normal(log 0.6, 0.5)
push_slope          log rate a step of push towards           > 0; half-normal(0.5)
counter_slope       log rate a step of push against           > 0; log-normal(log push_slope, 0.7)
consent_slope       log rate a unit of A                      real; normal(0, 0.1)
start_up            age at which rates are at 1 - 1/e         > 0, years; log-normal(log 0.5, 0.8)
half_life           of pushes, by way                         grid, days; log-normal(log 120, 0.6)
==================  ========================================  ====================================

The rate of outcome ``k`` of question ``q`` is that of the forecast, with ``u`` normal between
questions::

    exp(log_base_rate + spread * u[q] + consent_slope * (A[q,t] - A0[q]) + push_slope * up[q,k,t]
        - counter_slope * down[q,k,t]) * (1 - exp(-age / start_up)) * share[q,k,t]

and each question tells its time at risk and its end, ``u`` summed out (Gauss-Hermite). The priors
of the slopes are shrunk to "no effect", since a grader could know the end.

**Selection.** Questions that ended in a change are collected more readily than those that did not:
by the odds ``r``, which are data. So each question counts as it does among those collected (a
case-control offset; Prentice & Pyke 1979, doi:10.1093/biomet/66.3.403), with ``S`` the probability
of no end while it would have been watched::

    density * r^happened / (r (1 - S) + S)

``counted`` leaves questions out without compiling anew: those with a 0 tell nothing.
"""

from collections.abc import Mapping

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from tidings.evidence.pressure import WAYS
from tidings.past.histories import HALF_LIVES, Histories

COUNTED = "counted"
"""The data that say which questions are learned from, one number from 0 to 1 a question."""
CHANGE_ODDS = "change_odds"
"""The data that say how much likelier a change is among the questions collected, as odds."""

HYPER = ("log_base_rate", "spread", "push_slope", "counter_slope", "consent_slope")
"""The variables that a new question shares with those learned from, beside settings."""

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(21)
_LOG_WEIGHTS = np.log(_WEIGHTS / _WEIGHTS.sum())


def build_rates(histories: Histories) -> pm.Model:
    """Build the hierarchical model.

    Returns
    -------
    pymc.Model
        With the variables of the table. All that is learned from is data of the graph, by its name
        in `Histories`, and so are ``counted`` and ``change_odds``.
    """
    with pm.Model(coords={"question": histories.names, "way": WAYS}) as model:
        given = {
            name: pm.Data(name, value, shape=np.shape(value))
            for name, value in data_of(histories).items()
        }
        counted = pm.Data(COUNTED, np.ones(len(histories.names)), dims="question")
        odds = pm.Data(CHANGE_ODDS, 1.0)
        of_question = np.arange(len(histories.names))[:, None] == histories.cell_question
        expected, watched, log_rate = _neutral(given, of_question.astype(float))
        base = pm.Normal("log_base_rate", np.log(0.2), 1.0)
        spread = pm.LogNormal("spread", np.log(0.6), 0.5)
        log_level = base + spread * _NODES[None, :]
        told = _told(given["happened"], log_level, expected, log_rate)
        survival = _survival(log_level, watched)
        met = pt.log(odds - (odds - 1.0) * survival)
        offset = given["happened"] * pt.log(odds) - met
        pm.Potential("histories", pt.sum((told + offset) * counted))
    return model


def data_of(histories: Histories) -> dict[str, np.ndarray]:
    """Return what the graph takes as data, by name; which cell is whose is in its structure."""
    fixed = ("names", "cell_question")
    return {name: value for name, value in vars(histories).items() if name not in fixed}


def _neutral(
    given: Mapping[str, pt.TensorVariable], of_question: np.ndarray
) -> tuple[pt.TensorVariable, pt.TensorVariable, pt.TensorVariable]:
    """Return expected ends by question and log rates at ends, both at a base rate of 1.

    The ends expected come twice: while it was at risk, and while it would have been watched, which
    goes on at the mean of its news.
    """
    push = pm.HalfNormal("push_slope", 0.5)
    counter = pm.LogNormal("counter_slope", pt.log(push), 0.7)
    consent = pm.Normal("consent_slope", 0.0, 0.1)
    start_up = pm.LogNormal("start_up", np.log(0.5), 0.8)
    half_life = pm.LogNormal("half_life", np.log(120.0), 0.6, dims="way")
    slopes = push, counter, consent
    cells = given["cell_pressure"], given["cell_agreement"], given["cell_log_share"]
    began, ended = given["cell_age"][0], given["cell_age"][1]
    lost = start_up * (pt.exp(-began / start_up) - pt.exp(-ended / start_up)) / (ended - began)
    grown = pt.exp(_log_rate(slopes, half_life, cells)) * given["cell_years"]
    expected = pt.dot(pt.constant(of_question), grown * (1.0 - lost))
    usual = pt.dot(pt.constant(of_question), grown) / given["end_age"]
    watched = given["watched_years"]
    watched = usual * (watched - start_up * (1.0 - pt.exp(-watched / start_up)))
    ends = given["end_pressure"], given["end_agreement"], given["end_log_share"]
    started = pt.log1p(-pt.exp(-given["end_age"] / start_up))
    return expected, watched, _log_rate(slopes, half_life, ends) + started


def _log_rate(
    slopes: tuple[pt.TensorVariable, ...],
    half_life: pt.TensorVariable,
    where: tuple[pt.TensorVariable, pt.TensorVariable, pt.TensorVariable],
) -> pt.TensorVariable:
    """Return the log rate of some cells at a base rate of 1, old enough."""
    push, counter, consent = slopes
    pressure, agreement, log_share = where
    towards, against = (pt.dot(_hats(half_life[way]), pressure[way]) for way in range(len(WAYS)))
    return push * towards - counter * against + consent * agreement + log_share


def _hats(half_life: pt.TensorVariable) -> pt.TensorVariable:
    """Return the weights of linear interpolation in the log of the half-life."""
    grid = np.log(HALF_LIVES)
    inside = pt.clip(pt.log(half_life), grid[0], grid[-1])
    rising = (inside - grid[:-1]) / np.diff(grid)
    up = pt.clip(rising, 0.0, 1.0)
    edge = np.ones(1)
    return pt.concatenate([edge, up]) - pt.concatenate([up, np.zeros(1)])


def _told(
    happened: pt.TensorVariable,
    log_level: pt.TensorVariable,
    expected: pt.TensorVariable,
    log_rate: pt.TensorVariable,
) -> pt.TensorVariable:
    """Return the log probability density of what came of each question."""
    ended = happened[:, None] * (log_level + log_rate[:, None])
    survived = -pt.exp(log_level) * expected[:, None]
    return pt.logsumexp(_LOG_WEIGHTS[None, :] + ended + survived, axis=1)


def _survival(log_level: pt.TensorVariable, expected: pt.TensorVariable) -> pt.TensorVariable:
    """Return the probability of no end while a question would have been watched."""
    survived = -pt.exp(log_level) * expected[:, None]
    return pt.sum(pt.exp(_LOG_WEIGHTS[None, :] + survived), axis=1)
