"""Questions that ended in a change are collected more readily: the offset undoes that.

Parameters are drawn from the prior, questions simulated and collected, and the shipped graph is
fitted to them. Without a fault the rank of each true value among its draws is uniform (simulation-
based calibration; Talts et al. 2018, arXiv:1804.06788).
"""

import os

import numpy as np
import pytest
from scipy.stats import chi2

from tidings.forecasting.sampling import compile_model
from tidings.past.histories import HALF_LIVES, Histories
from tidings.past.rates import CHANGE_ODDS, build_rates, data_of

pytestmark = pytest.mark.slow

REPEATS = int(os.environ.get("TIDINGS_SELECTION_REPEATS", "16"))
"""Enough to find a fault of the size of the offset; with 200 the test takes some minutes."""
QUESTIONS, CELLS, ODDS = 24, 6, 5.0
BINS = 4 if REPEATS < 40 else 8
"""At least five ranks are expected in each."""
WATCHED = ("log_base_rate", "spread", "push_slope", "counter_slope", "start_up")
DRAWS = 400


def drawn(generator):
    """Return one draw of the prior."""
    push = abs(generator.normal(0, 0.5))
    return {
        "log_base_rate": generator.normal(np.log(0.2), 1.0),
        "spread": np.exp(generator.normal(np.log(0.6), 0.5)),
        "push_slope": push,
        "counter_slope": push * np.exp(generator.normal(0, 0.7)),
        "start_up": np.exp(generator.normal(np.log(0.5), 0.8)),
    }


def one_question(true, generator):
    """Return watched years, pressure, and the age at which it ended, or None.

    Its news never changes, so that its hazard is its level times 1 - exp(-age / start_up); the age
    of the end is found by inverting the cumulative hazard on a fine grid.
    """
    watched = np.exp(generator.normal(np.log(3.0), 0.5))
    pressure = generator.exponential(0.7, size=2)
    log_level = true["log_base_rate"] + true["spread"] * generator.normal()
    log_level += true["push_slope"] * pressure[0] - true["counter_slope"] * pressure[1]
    ages, tau = np.linspace(0.0, watched, 4001), true["start_up"]
    hazard = np.exp(log_level) * (ages - tau * (1 - np.exp(-ages / tau)))
    mark = generator.exponential()
    ended = None if mark > hazard[-1] else float(np.interp(mark, hazard, ages))
    return watched, pressure, ended


def collected(true, generator):
    """Return questions: those with a change all of them, of the others one in `ODDS`."""
    kept = []
    while len(kept) < QUESTIONS:
        one = one_question(true, generator)
        if one[2] is not None or generator.random() < 1 / ODDS:
            kept.append(one)
    return kept


def histories(questions):
    happened = np.array([float(ended is not None) for _, _, ended in questions])
    watched = np.array([one[0] for one in questions])
    risk = np.array([watched if ended is None else ended for watched, _, ended in questions])
    edges = risk[:, None] * np.linspace(0, 1, CELLS + 1)
    pressure = np.array([one[1] for one in questions]).T[:, None]
    shape = (2, len(HALF_LIVES), QUESTIONS)
    at_end = np.broadcast_to(pressure, shape).copy()
    zeros = np.zeros(QUESTIONS)
    return Histories(
        tuple(f"q{place}" for place in range(QUESTIONS)),
        happened,
        watched,
        np.repeat(np.arange(QUESTIONS), CELLS),
        np.diff(edges, axis=1).ravel(),
        np.array([edges[:, :-1].ravel(), edges[:, 1:].ravel()]),
        np.repeat(at_end, CELLS, axis=2),
        np.zeros(QUESTIONS * CELLS),
        np.zeros(QUESTIONS * CELLS),
        risk,
        zeros,
        zeros,
        at_end,
    )


def rank(values, true):
    """Return the share of every eighth draw below the truth: hardly any correlation is left."""
    return float(np.mean(values.ravel()[::8] < true))


def furthest_from_uniform(ranks):
    """Return the largest chi-square of the ranks' histograms, over variables."""
    return max(
        float(((np.histogram(one, BINS, (0, 1))[0] - REPEATS / BINS) ** 2).sum() / (REPEATS / BINS))
        for one in ranks.T
    )


def test_ranks_are_uniform_with_the_offset_and_not_without_it():
    generator = np.random.default_rng(11)
    compiled, ranks = None, {ODDS: [], 1.0: []}
    for repeat in range(REPEATS):
        true = drawn(generator)
        seen = histories(collected(true, generator))
        compiled = compiled or compile_model(build_rates(seen))
        for odds, found in ranks.items():
            data = {**data_of(seen), CHANGE_ODDS: np.array(odds)}
            posterior, _ = compiled.sample(repeat, "selection", data, DRAWS)
            found.append([rank(posterior[name].values, true[name]) for name in WATCHED])
    limit = chi2.isf(0.01 / len(WATCHED), BINS - 1)
    with_it, without = (furthest_from_uniform(np.array(ranks[odds])) for odds in (ODDS, 1.0))
    print(f"chi-square at most {with_it:.1f} with it, {without:.1f} without; limit {limit:.1f}")
    assert with_it < limit < without
