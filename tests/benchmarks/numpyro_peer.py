"""The peer in NumPyro: the same model with its NUTS, chains in parallel, defaults otherwise."""

import json
import sys
from time import perf_counter

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from numpyro.diagnostics import effective_sample_size
from numpyro.infer import MCMC, NUTS

from tests.benchmarks.inputs import AS_OF, changed_evidence, shipped
from tidings.mechanism.model_data import graph_data
from tidings.mechanism.situation import observe
from tidings.mechanism.unknowns import prior_slices

CHAINS = 4


def main(changes: int) -> None:
    """Fit the evidence with some items more, and print how long it took."""
    numpyro.set_host_device_count(CHAINS)
    jax.config.update("jax_enable_x64", True)
    *_, inputs = changed_evidence(shipped(), changes)
    situation = observe(inputs.question, inputs.ledger, inputs.resolved, AS_OF)
    data = graph_data(situation)
    start = perf_counter()
    sampler = MCMC(
        NUTS(model), num_warmup=1000, num_samples=1000, num_chains=CHAINS, progress_bar=False
    )
    sampler.run(jax.random.PRNGKey(1), *arguments(situation, data))
    draws = sampler.get_samples(group_by_chain=True)
    seconds = perf_counter() - start
    worst = min(float(np.min(effective_sample_size(np.asarray(x)))) for x in draws.values())
    json.dump({"seconds": seconds, "ess_of_worst_parameter": worst}, sys.stdout)


def arguments(situation, data) -> tuple:
    """Return what the model takes."""
    structure, timeline = situation.structure, situation.timeline
    rows = data.rows
    return (
        data.values,
        {str(name): (s.start, s.stop) for name, s in prior_slices(structure).items()},
        (rows.y, rows.design, rows.story_load),
        timeline.factor_cholesky(),
        (structure.actor_of_pair(), structure.pairs_of_outcome()),
        len(structure.sides),
    )


def model(values, slices, readings, cholesky, onehots, sides) -> None:
    """Write the model down, non-centred."""
    z = numpyro.sample("z", dist.Normal().expand(values["prior_mean"].shape).to_event(1))
    linked = values["prior_mean"] + values["prior_sd"] * z
    family = {name: linked[start:stop] for name, (start, stop) in slices.items()}
    noise, story_sd, bias_sd = jnp.exp(family["scale"])
    base, push, counter, slope, other = family["rate"]
    path = numpyro.sample(
        "path", dist.Normal().expand((len(family["factor_sd"]), len(cholesky))).to_event(2)
    )
    factor = jnp.exp(family["factor_sd"])[:, None] * (path @ cholesky.T)
    bias = bias_sd * numpyro.sample("bias", dist.Normal().expand((sides,)).to_event(1))
    level = family["willingness_level"]

    y, design, load = readings
    mean = design @ jnp.concatenate([level, factor.ravel(), bias])
    sd = jnp.sqrt(noise**2 + story_sd**2 * load)
    numpyro.sample("y", dist.Normal(mean, sd).to_event(1), obs=y)

    log_w = jax.nn.log_sigmoid(level[:, None] + onehots[0] @ factor)
    binding = jax.nn.sigmoid(family["binding"])
    consent = family["precedent"][:, None] + onehots[1] @ (binding[:, None] * log_w)
    agreed = jax.nn.logsumexp(consent, axis=0) + jax.nn.softplus(other)
    share = jnp.vstack([jnp.exp(consent - agreed), jnp.full_like(agreed, jax.nn.sigmoid(other))])
    rate = jnp.exp(base + slope * (agreed - values["consent_reference"]))
    towards, against = values["pressure"]
    news = jnp.exp(jnp.exp(push) * towards - jnp.exp(counter) * against)
    pushed = (news * values["exposure_years"]).sum(axis=2)
    numpyro.factor("survival", -(rate * share * pushed).sum())


if __name__ == "__main__":
    main(int(sys.argv[1]))
