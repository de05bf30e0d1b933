"""The peer: the same model as a script such as a PyMC user would write, with `pm.sample`.

The inputs come from the package; the model is plain PyMC: a factor a state, a story effect a story
and actor, and everything in one function. No futures, no checks, no stored run.
"""

import json
import sys
from time import perf_counter

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from tests.benchmarks.inputs import AS_OF, changed_evidence, shipped
from tidings.mechanism.model_data import graph_data
from tidings.mechanism.situation import observe


def main(changes: int) -> None:
    """Fit the evidence with some items more, and print how long it took."""
    *_, inputs = changed_evidence(shipped(), changes)
    situation = observe(inputs.question, inputs.ledger, inputs.resolved, AS_OF)
    start = perf_counter()
    with build(situation):
        trace = pm.sample(chains=4, random_seed=1, progressbar=False)
    seconds = perf_counter() - start
    ess = pm.stats.ess(trace, var_names=["log_base", "push_slope", "level", "precedent", "sd"])
    worst = min(float(ess[name].min()) for name in ess.data_vars)
    json.dump({"seconds": seconds, "ess_of_worst_parameter": worst}, sys.stdout)


def build(situation) -> pm.Model:
    """Write the model down."""
    structure, timeline = situation.structure, situation.timeline
    priors, values = situation.question.priors, graph_data(situation).values
    readings = situation.readings
    actors, named, pairs, sides = (
        structure.dynamic, structure.named, structure.pairs, structure.sides
    )  # fmt: skip
    groups = sorted({(r.story, r.actor) for r in readings})
    medians = np.exp([priors[f"precedent.{k}"].mean for k in named])
    weights = medians / medians.sum()

    def normal(name, keys):
        means, sds = [priors[k].mean for k in keys], [priors[k].sd for k in keys]
        return pm.Normal(name, np.array(means), np.maximum(sds, 1e-6), shape=len(keys))

    with pm.Model() as model:
        base = normal("log_base", ["base_rate"])[0]
        push, counter = pt.exp(normal("push_slope", ["push_slope", "counter_slope"]))
        slope = normal("consent_slope", ["consent_slope"])[0]
        other = normal("logit_other", ["share_other"])[0]
        noise = pt.exp(normal("log_noise", ["noise_scale"])[0])
        story_sd = pt.exp(normal("log_story_sd", ["story_sd"])[0])
        bias_sd = pt.exp(normal("log_bias_sd", ["voice_bias_sd"])[0])
        sd = pt.exp(normal("sd", [f"factor_sd.{a}" for a in actors]))
        precedent = normal("precedent", [f"precedent.{k}" for k in named])
        level = normal("level", [f"willingness.{a}.{k}" for a, k in pairs])
        binding = pt.sigmoid(normal("binding", [f"binding.{a}.{k}" for a, k in pairs]))
        bias = bias_sd * pm.Normal("bias", shape=len(sides))
        story = story_sd * pm.Normal("story", shape=len(groups))
        z = pm.Normal("z", shape=(len(actors), timeline.states))
        factor = sd[:, None] * pt.dot(z, timeline.factor_cholesky().T)

        means = []
        for r in readings:
            of = [i for i, (a, _) in enumerate(pairs) if a == r.actor]
            if r.outcome is None:
                mean = sum(weights[named.index(pairs[i][1])] * level[i] for i in of)
            else:
                mean = level[pairs.index((r.actor, r.outcome))]
            if r.actor in actors:
                mean = mean + factor[actors.index(r.actor), r.state]
            if r.side is not None:
                mean = mean + bias[sides.index(r.side)]
            means.append(r.sign * (mean + story[groups.index((r.story, r.actor))]))
        sds = np.array([r.sd_logit for r in readings])
        pm.Normal("y", pt.stack(means), noise * sds, observed=[r.y_logit for r in readings])

        moving = pt.stack(
            [
                factor[actors.index(a)] if a in actors else pt.zeros(timeline.states)
                for a, _ in pairs
            ]
        )
        log_w = pt.log(pt.sigmoid(level[:, None] + moving))
        consent = pt.stack([
            precedent[k] + sum(binding[i] * log_w[i] for i, (_, o) in enumerate(pairs) if o == name)
            for k, name in enumerate(named)
        ])  # fmt: skip
        share = pt.sigmoid(other)
        agreed = pt.logsumexp(consent, axis=0) - pt.log1p(-share)
        shares = pt.concatenate([pt.exp(consent - agreed), pt.ones((1, timeline.states)) * share])
        rate = pt.exp(base + slope * (agreed - values["consent_reference"]))
        towards, against = values["pressure"]
        pushed = pt.exp(push * towards - counter * against) * values["exposure_years"]
        pm.Potential("survival", -pt.sum(rate * shares * pushed.sum(axis=2)))
    return model


if __name__ == "__main__":
    main(int(sys.argv[1]))
