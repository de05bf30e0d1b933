"""What happens inside one process, as JSON: refits, dates, gradient, efficiency, growth."""

import json
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median
from tempfile import mkdtemp
from time import perf_counter

import numpy as np
from threadpoolctl import threadpool_limits

import tidings
from tests.benchmarks.inputs import AS_OF, changed_evidence, more_items, more_months, shipped
from tidings.forecasting.density import log_density
from tidings.forecasting.making import make_forecast
from tidings.forecasting.runs import Run
from tidings.forecasting.sampling import in_laplace_coordinates
from tidings.mechanism.model_data import graph_data
from tidings.mechanism.situation import observe

REFITS, DATES, GRADIENTS = 7, 30, 20_000


def main() -> None:
    """Print every figure."""
    inputs, folder = shipped(), Path(mkdtemp(prefix="tidings-benchmark-"))
    make_forecast(inputs, AS_OF, folder)
    found = {
        "refit": [timed(one, folder)[0] for one in changed_evidence(inputs, REFITS)],
        "dates": dates(inputs, folder),
        "gradient_us": gradient(inputs),
        **efficiency(inputs, folder),
        "growth": growth(inputs, folder),
    }
    json.dump(found, sys.stdout)


def timed(inputs: tidings.Inputs, folder: Path) -> tuple[float, Run]:
    """Return the seconds from inputs to a stored run, and the run."""
    start = perf_counter()
    run = make_forecast(inputs, AS_OF, folder)
    return perf_counter() - start, run


def dates(inputs: tidings.Inputs, folder: Path) -> float:
    """Return the seconds of forecasts as of thirty months one after the other."""
    start = perf_counter()
    for month in range(DATES):
        make_forecast(inputs, AS_OF - timedelta(days=30 * month), folder)
    return perf_counter() - start


def gradient(inputs: tidings.Inputs) -> float:
    """Return the microseconds of one log density with gradient, in the sampler's coordinates."""
    situation = observe(inputs.question, inputs.ledger, inputs.resolved, AS_OF)
    data = graph_data(situation)
    bound = in_laplace_coordinates(log_density(situation.structure, data), data)
    v = np.zeros(bound.size)
    with threadpool_limits(1, user_api="blas"):
        start = perf_counter()
        for _ in range(GRADIENTS):
            bound(v)
        return 1e6 * (perf_counter() - start) / GRADIENTS


def efficiency(inputs: tidings.Inputs, folder: Path) -> dict[str, float]:
    """Return the smallest ESS among the published probabilities, and per second of the fit."""
    runs = [timed(one, folder)[1] for one in changed_evidence(inputs, 3)]
    ess = [
        min(row.ess for h in run.manifest.horizons for row in run.at(h).values()) for run in runs
    ]
    per_second = [n / run.manifest.fit.seconds for n, run in zip(ess, runs, strict=True)]
    return {"ess": min(ess), "ess_per_second": median(per_second)}


def growth(inputs: tidings.Inputs, folder: Path) -> dict[str, dict[str, float]]:
    """Return fit and forecast in seconds for larger questions (the median of three)."""
    sizes = {
        "as shipped": inputs,
        "items ×3": more_items(inputs, 3),
        "items ×10": more_items(inputs, 10),
        "months ×3": more_months(inputs),
    }
    found = {}
    for name, grown in sizes.items():
        runs = [timed(reseeded(grown, seed), folder) for seed in range(3)]
        manifest = runs[0][1].manifest
        found[name] = {
            "items": manifest.evidence.used,
            "stories": manifest.evidence.stories,
            "fit": median(run.manifest.fit.seconds for _, run in runs),
            "all": median(seconds for seconds, _ in runs),
        }
    return found


def reseeded(inputs: tidings.Inputs, seed: int) -> tidings.Inputs:
    """Return the inputs with another root of randomness."""
    config = inputs.question.config
    fit = config.fit.model_copy(update={"seed": seed})
    changed = config.model_copy(update={"fit": fit})
    return replace(inputs, question=replace(inputs.question, config=changed))


if __name__ == "__main__":
    main()
