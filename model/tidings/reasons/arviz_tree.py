"""A run as ArviZ expects one: prior, posterior, predictions, observations and log likelihood.

A stored run keeps the draws alone; the rest is computed from them when it is asked for. Readings,
and the time without an event so far, are what is observed. Readings of one story about one actor
share an effect, which is integrated out: their log likelihood is that of the group, and leaving one
out means leaving a story out. The time without an event is one more observation.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tidings.evidence.readings import Reading
from tidings.forecasting.fitting import prior_parameters
from tidings.forecasting.runs import Run
from tidings.mechanism.likelihood import NeutralRates, log_readings, standardised_residuals
from tidings.mechanism.model_data import exposure_of, reading_rows, whitened_of
from tidings.mechanism.parameters import Parameters, named_dataset
from tidings.mechanism.situation import Situation
from tidings.names import Dim, Var
from tidings.randomness import stream
from tidings.reasons.draws import ALL_DRAWS, stored_posterior

if TYPE_CHECKING:
    import xarray as xr

_PRIOR_DRAWS = 1000
QUIET = "no end so far"
"""The name of the observation that nothing has happened."""


def datatree_of(run: Run) -> "xr.DataTree":
    """Return a run with everything that ArviZ's functions ask for.

    Returns
    -------
    xarray.DataTree
        ``posterior``, ``sample_stats``, ``forecast`` and ``prior_forecast`` as stored; ``prior``;
        ``observed_data`` and ``posterior_predictive`` with ``reading`` (logit, by reading);
        ``log_likelihood`` with ``evidence`` (by story and actor, and time without an event).

    Raises
    ------
    InputError, RunError
        If the run cannot be read.
    """
    import xarray as xr

    posterior = stored_posterior(run, ALL_DRAWS)
    situation, parameters = posterior.situation, posterior.parameters
    with run.posterior() as stored:
        groups: dict[str, Any] = {
            name: stored[name].to_dataset().load() for name in stored.children
        }
    chains = groups["posterior"].sizes["chain"]

    def by_chain(values: NDArray[np.float64]) -> NDArray[np.float64]:
        moved = np.moveaxis(values, -1, 0)
        return moved.reshape(chains, -1, *moved.shape[1:])

    readings = situation.readings
    items = [f"{one.item}: {one.actor}, {one.outcome or 'any'}" for one in readings]
    observed = np.array([one.y_logit for one in readings])
    predicted = _predicted(parameters, situation, observed)
    evidence = _log_likelihood(parameters, situation)
    few = prior_parameters(situation, _PRIOR_DRAWS)
    groups["prior"] = named_dataset(
        few.each(lambda array: array[..., None, :]), situation.structure, _first_states(few)
    ).drop_dims(Dim.STATE.value)
    groups["observed_data"] = xr.Dataset({"reading": ("item", observed)}, {"item": items})
    sample = ("chain", "draw")
    groups["posterior_predictive"] = xr.Dataset(
        {"reading": ((*sample, "item"), by_chain(predicted))}, {"item": items}
    )
    groups["log_likelihood"] = xr.Dataset(
        {"evidence": ((*sample, "story"), by_chain(np.array(list(evidence.values()))))},
        {"story": list(evidence)},
    )
    return xr.DataTree.from_dict(groups)


def _first_states(parameters: Parameters) -> list[str]:
    return [str(place) for place in range(parameters.factor.shape[1])]


def _predicted(
    parameters: Parameters, situation: Situation, observed: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return readings as they might have been, logit, shape (reading, draw)."""
    readings = situation.readings
    if not readings:
        return np.zeros((0, parameters.draws))
    generator = stream(situation.question.config.fit.seed, "readings as they might have been")
    sds = np.array([one.sd_logit for one in readings])[:, None]
    residual, sd = standardised_residuals(parameters, whitened_of(situation))
    expected = observed[:, None] - residual * sd * sds
    noise = parameters.scale[Var.NOISE_SCALE] * generator.standard_normal(expected.shape)
    shared = {(one.story, one.actor): number for number, one in enumerate(readings)}
    effects = generator.standard_normal((len(readings), parameters.draws))
    story = np.array([effects[shared[one.story, one.actor]] for one in readings])
    sign = np.array([one.sign for one in readings])[:, None]
    return np.asarray(expected + sds * noise + sign * parameters.scale[Var.STORY_SD] * story)


def _log_likelihood(
    parameters: Parameters, situation: Situation
) -> Mapping[str, NDArray[np.float64]]:
    """Return the log likelihood of each story about each actor, and of the quiet, by draw."""
    groups: dict[str, list[Reading]] = {}
    for one in situation.readings:
        groups.setdefault(f"{one.story}, {one.actor}", []).append(one)
    told = {
        name: log_readings(parameters, reading_rows(replace(situation, readings=tuple(group))))
        for name, group in groups.items()
    }
    reference = situation.question.config.consent_reference
    rates = NeutralRates(parameters, situation.structure, reference)
    return {**told, QUIET: rates.log_survival(exposure_of(situation))}
