"""One warm forecast in a fresh process, stage by stage, as JSON."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from time import perf_counter

LIBRARIES, SAMPLE = "import the libraries", "sample"
stages: dict[str, float] = {}


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Add the time within to a stage."""
    start = perf_counter()
    yield
    stages[name] = stages.get(name, 0.0) + perf_counter() - start


def main() -> None:
    """Go the way of `tidings forecast` and print the seconds of each stage."""
    with stage("start the command line"):
        import tidings.cli
    with stage("read and check the inputs"):
        import tidings
        from tests.benchmarks.inputs import AS_OF, QUESTION

        inputs = tidings.check(QUESTION)
    with stage(LIBRARIES):
        from tidings.forecasting import fitting, making, sampling
        from tidings.forecasting.density import log_density
        from tidings.mechanism.model_data import graph_data
        from tidings.mechanism.situation import observe
    settings = inputs.question.config.fit
    with stage("gather the data, load the code"):
        situation = observe(inputs.question, inputs.ledger, inputs.resolved, AS_OF)
        data = graph_data(situation)
        density = log_density(situation.structure, data)
    with stage("find the mode and its curvature"):
        bound = sampling.in_laplace_coordinates(density, data)
    with stage(SAMPLE):
        sampled = sampling.draw(bound, settings)
    with stage("carry the posterior forward"):
        fitting.incidence_of(fitting.Fitted(situation, data, sampled))
    with stage("carry the priors forward"):
        fitting.prior_incidence_of(situation)
    start = perf_counter()
    run = making.make_forecast(inputs, AS_OF, Path(mkdtemp(prefix="tidings-benchmark-")))
    timings = run.manifest.timings_seconds
    stages["tables and checks"] = timings["checks"]
    stages["store the run"] = perf_counter() - start - sum(timings.values())
    steps = int(sampled.stats["n_steps"].sum()) * (settings.tune + settings.draws) / settings.draws
    json.dump({"stages": stages, "gradients": steps, "unknowns": bound.size}, sys.stdout)


if __name__ == "__main__":
    main()
