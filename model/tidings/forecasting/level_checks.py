"""Checks of the level: whether priors, news to come and readings can be what they are.

A sampler can be flawless on a model that the evidence refutes. These checks ask what the priors
made of what has happened so far, whether the news that was could come again, and whether priors and
readings can both be right.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincc, ndtr

from tidings.evidence.arrivals import Arrivals
from tidings.evidence.pressure import mean_pressure, pressure_at, saturated
from tidings.forecasting.fitting import Fitted, prior_parameters
from tidings.forecasting.tables import Check, Status
from tidings.mechanism.likelihood import NeutralRates, standardised_residuals
from tidings.mechanism.model_data import exposure_of
from tidings.mechanism.news_to_come import BLOCK_DAYS, NewsToCome
from tidings.mechanism.parameters import Parameters, RateParts
from tidings.mechanism.rows import ReadingRows
from tidings.mechanism.situation import Situation, half_lives_of
from tidings.names import Var
from tidings.question.timeline import DAYS_PER_YEAR
from tidings.randomness import stream

Array = NDArray[np.float64]

SURVIVAL_WARN, SURVIVAL_FAIL = 0.05, 0.001
NEWS_WARN = 0.05
NOISE_WARN = 1.5
CONFLICT_WARN, CONFLICT_FAIL = 0.05, 0.001
SURPRISE_TAIL, SURPRISE_WARN = 0.05, 0.15
BOTH_WAYS_WARN = 3.0
_FUTURES, _PRIOR_DRAWS = 400, 1000
_STEP_DAYS = BLOCK_DAYS / 7
"""Steps that blocks hold whole, so that all of them have one table."""
_RIDGE = 0.5
"""Share of a prior's variance that evidence must have taken for a direction to weigh half."""


def level_checks(fitted: Fitted, watched: Sequence[float]) -> list[Check]:
    """Return all checks of the level.

    Parameters
    ----------
    watched : sequence of float
        Years for which each question learned from was watched.
    """
    situation, parameters = fitted.situation, fitted.parameters.flat()
    slopes = (Var.PUSH_SLOPE, Var.COUNTER_SLOPE)
    up, down = (float(parameters.rate[name].mean()) for name in slopes)
    z = fitted.sampled.draws[Var.PRIOR.z].to_numpy()
    return [
        survival_check(prior_parameters(situation, _PRIOR_DRAWS, "survival so far"), situation),
        prior_conflict_check(z.reshape(-1, z.shape[-1])),
        news_check(situation, situation.arrivals, (up, down)),
        both_ways_check(situation),
        noise_check(parameters),
        surprise_check(parameters, fitted.data.rows),
        age_check(situation.question.config.clock_start, situation.as_of, watched),
    ]


def survival_check(prior: RateParts, situation: Situation) -> Check:
    """Check how likely the priors made it that nothing has happened so far."""
    states = situation.timeline.states
    still = np.repeat(prior.factor[:, :1], states, axis=1)
    reference = situation.question.config.consent_reference
    rates = NeutralRates(replace(prior, factor=still), situation.structure, reference)
    value = float(np.exp(rates.log_survival(exposure_of(situation))).mean())
    status: Status = "pass" if value >= SURVIVAL_WARN else "warn"
    if value < SURVIVAL_FAIL:
        status = "fail"
    says = "how likely the priors made it that nothing would have happened by now"
    return Check("survival_so_far", status, value, SURVIVAL_FAIL, True, says)


def news_check(situation: Situation, arrivals: Arrivals, slopes: tuple[float, float]) -> Check:
    """Check whether the observed news looks like the news that is simulated.

    Two statistics over the time watched: the mean factor by which news multiplied rates, and the sd
    of the net pressure, each as the mean over outcomes.

    Parameters
    ----------
    slopes : tuple of (float, float)
        Log rate that a step of push is worth, towards an outcome and against it.
    """
    name, says = "news_to_come", "chance of news as unusual as that which came, if it was simulated"
    days = (situation.watched_to - situation.question.config.clock_start).days
    if arrivals.mean_pace == 0.0 or days < DAYS_PER_YEAR / 2:
        return Check(name, "not_run", None, NEWS_WARN, False, "no news to compare with")
    tails = news_tails(situation, arrivals, slopes)
    # Two sides of each statistic, any of which would do (Bonferroni).
    value = min(1.0, 2 * tails.size * float(tails.min()))
    status: Status = "pass" if value >= NEWS_WARN else "warn"
    return Check(name, status, value, NEWS_WARN, False, says)


def news_tails(situation: Situation, arrivals: Arrivals, slopes: tuple[float, float]) -> Array:
    """Return the one-sided tail of each statistic of `news_check` among simulated histories."""
    config, ends = situation.question.config, situation.structure.ends
    start = float(config.clock_start.toordinal())
    edges = np.arange(start, situation.watched_to.toordinal(), _STEP_DAYS)
    middles, half_lives = (edges[:-1] + edges[1:]) / 2 - start, half_lives_of(config)
    own = tuple(pulse for pulse in situation.pulses if pulse.known >= start)
    real = mean_pressure(own, edges, half_lives, ends)
    coming = NewsToCome(arrivals, ends, middles, half_lives)
    generator = stream(config.fit.seed, "histories of news")
    sums = np.stack(list(coming.draw(generator, 1, _FUTURES)), axis=2)[..., 0, :]
    simulated = saturated(sums)
    mine = _news_statistics(real[..., None], slopes)[:, 0]
    theirs = _news_statistics(simulated, slopes)
    below = np.mean(theirs <= mine[:, None], axis=1)
    above = np.mean(theirs >= mine[:, None], axis=1)
    return np.asarray(np.minimum(below, above))


def _news_statistics(pressure: NDArray[np.floating], slopes: tuple[float, float]) -> Array:
    """Return mean factor and sd of the net pressure, shape (2, future).

    Of pressure of shape (way, end, step, future).
    """
    towards, against = pressure
    factor = np.exp(slopes[0] * towards - slopes[1] * against).mean(axis=(0, 1))
    return np.array([factor, (towards - against).std(axis=1).mean(axis=0)])


def both_ways_check(situation: Situation) -> Check:
    """Check whether an outcome has strong news for it and against it at once.

    A step towards an end and one against it are not worth the same, so that the two need not
    cancel: a reader should know which outcome is what it is because it is contested.
    """
    ends, today = situation.structure.ends, np.array([float(situation.as_of.toordinal())])
    felt = pressure_at(situation.pulses, today, half_lives_of(situation.question.config), ends)
    contested = felt[..., 0].min(axis=0)
    most = int(contested.argmax())
    says = f"steps of push felt both towards one outcome and against it ({ends[most]})"
    value = float(contested[most])
    status: Status = "pass" if value <= BOTH_WAYS_WARN else "warn"
    if status == "warn":
        says += "; they need not cancel, since a step each way is not worth the same"
    return Check("news_both_ways", status, value, BOTH_WAYS_WARN, False, says)


def noise_check(parameters: Parameters) -> Check:
    """Check whether readings scatter much more than their words and grades say."""
    value = float(parameters.scale[Var.NOISE_SCALE].mean())
    status: Status = "pass" if value <= NOISE_WARN else "warn"
    says = "how much more readings scatter than their words and grades say"
    return Check("noise_scale", status, value, NOISE_WARN, False, says)


def surprise_check(parameters: Parameters, rows: ReadingRows) -> Check:
    """Check how many rows of readings are surprising when left out, one at a time.

    The rows are those of `tidings.mechanism.rows`: what the readings of a story share is one of
    them, and how they differ from each other are the rest, so that all are independent. Leaving
    one out is by importance weights (Gelfand, Dey & Chang 1992); one in twenty is expected.
    """
    name = "surprises"
    says = "share of what was said that the rest would not have expected, each story counted once"
    if not rows.count.sum():
        return Check(name, "not_run", None, SURPRISE_WARN, False, "no readings to compare with")
    residual, sd = standardised_residuals(parameters, rows)
    log_weight = residual**2 / 2 + np.log(sd)
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    below = (weight * ndtr(residual)).sum(axis=1) / weight.sum(axis=1)
    tail = 2 * np.minimum(below, 1 - below)
    value = float(np.mean(tail[rows.count > 0] < SURPRISE_TAIL))
    status: Status = "pass" if value <= SURPRISE_WARN else "warn"
    return Check(name, status, value, SURPRISE_WARN, False, says)


def prior_conflict_check(z: Array) -> Check:
    """Check all priors together for conflict with the evidence.

    Where evidence moves a normal prior from N(0, I) to N(m, C), ``m`` was to be N(0, T) with
    ``T = I - C``, what evidence took of the variance (Evans & Moshonov 2006,
    doi:10.1214/06-BA129). ``m' (T + r I)^-1 m`` is a sum of chi-squares, each weighed by
    ``t / (t + r)``, taken as one of the same mean and variance (Satterthwaite 1946). The ridge r
    keeps directions of which little was taken, and whose share is mostly the noise of the draws,
    from deciding; a move that took no variance at all counts by the ridge alone.

    Parameters
    ----------
    z : ndarray, shape (draw, prior)
        Standard normal under the priors.
    """
    mean, covariance = z.mean(axis=0), np.cov(z, rowvar=False)
    values, directions = np.linalg.eigh(covariance)
    taken = np.maximum(1 - values, 0.0)
    weights = taken / (taken + _RIDGE)
    distance = float(np.sum((directions.T @ mean) ** 2 / (taken + _RIDGE)))
    total, squares = float(weights.sum()), float(np.sum(weights**2))
    value, count = 1.0, 0.0
    if total > 0:
        count = total**2 / squares
        value = float(gammaincc(count / 2, distance * total / squares / 2))
    status: Status = "pass" if value >= CONFLICT_WARN else "warn"
    if value < CONFLICT_FAIL:
        status = "fail"
    says = f"chance of evidence this far from the priors (over {count:.0f} combinations of priors)"
    return Check("priors_and_evidence", status, value, CONFLICT_FAIL, True, says)


def age_check(clock_start: date, as_of: date, watched: Sequence[float]) -> Check:
    """Count the questions learned from that were watched as long as this one.

    Parameters
    ----------
    watched : sequence of float
        Years for which each of the others was watched.
    """
    age = (as_of - clock_start).days / DAYS_PER_YEAR
    if not watched:
        return Check("as_old", "not_run", None, 1.0, False, "no questions were learned from")
    value = float(sum(years >= age for years in watched))
    status: Status = "pass" if value >= 1 else "warn"
    says = f"questions learned from that were watched as long as this one ({age:.1f} years)"
    return Check("as_old", status, value, 1.0, False, says)
