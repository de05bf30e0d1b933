"""One forecast from inputs to a stored run: fit, carry forward, check, store."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from time import perf_counter
from typing import TYPE_CHECKING

import arviz_base as azb
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from tidings.checks import (
    LIMITS,
    check_run,
    conflict_check,
    diagnose,
    fresh_check,
    predictive_check,
    publishable,
)
from tidings.graph import RATE_PARTS, SCALES, GraphData
from tidings.incidence import Calendar, cumulative_incidence
from tidings.inference import Sampled, compile_density, sample
from tidings.names import RETAINED, Dim, Var
from tidings.parameters import Parameters, log_consent, named_dataset, natural, standard_normals
from tidings.randomness import stream
from tidings.runs import EvidenceCounts, FitRecord, Manifest, OutcomeName, Run, write_run
from tidings.situation import Situation, graph_data, observe, outlook_of, prior_outlook
from tidings.summary import QUANTILES, Basis, Check, ForecastRow

if TYPE_CHECKING:
    from tidings.commands import Inputs, Progress

__all__ = [
    "Fitted",
    "consent_reference",
    "fit",
    "incidence_of",
    "make_forecast",
    "prior_parameters",
]

_PACKAGES = (
    "tidings", "pymc", "pytensor", "nutpie", "numba", "arviz", "numpy", "scipy", "pandas", "xarray",
)  # fmt: skip
_PRIOR_DRAWS = 1000
_REFERENCE_DRAWS = 400_000


@dataclass(frozen=True)
class Fitted:
    """A posterior of one situation.

    Attributes
    ----------
    situation : Situation
        What it rests on.
    data : GraphData
        What entered the graph.
    sampled : Sampled
        Draws of the graph's standard normals, and how the sampler fared.
    """

    situation: Situation
    data: GraphData
    sampled: Sampled

    def parameters(self, every: int = 1) -> Parameters:
        """Return the draws on natural scales, leading axes chain and draw, thinned."""
        z = {str(name): draws.values[:, ::every] for name, draws in self.sampled.draws.items()}
        return natural(z, self.data)


def fit(situation: Situation, progress: "Progress | None" = None) -> Fitted:
    """Draw from the posterior of a situation.

    Parameters
    ----------
    situation : Situation
        What is known.
    progress : callable, optional
        Called with the state of every chain while it samples.

    Raises
    ------
    FitError
        If the sampler stopped.
    """
    data = graph_data(situation)
    density = compile_density(situation.structure, data)
    sampled = sample(density, data, situation.question.config.fit, progress)
    return Fitted(situation, data, sampled)


def incidence_of(fitted: Fitted) -> xr.DataArray:
    """Return a posterior's forecast, dims chain, draw, date, outcome; outcomes sum to 1."""
    settings = fitted.situation.question.config.fit
    every = max(1, settings.chains * settings.draws // settings.forecast_draws)
    parameters = fitted.parameters(every)
    outlook = outlook_of(fitted.situation)
    values = cumulative_incidence(parameters.flat(), outlook, settings.seed)
    shape = parameters.factor_sd.shape[:2]
    return _named_incidence(values.reshape(*shape, *values.shape[1:]), fitted.situation)


def prior_parameters(situation: Situation, draws: int, stage: str = "prior") -> Parameters:
    """Draw from the priors, with the factors at one time only.

    Parameters
    ----------
    situation : Situation
        Has the priors; its evidence is not used.
    draws : int
        How many.
    stage : str
        The random stream.
    """
    data = graph_data(situation)
    alone = GraphData({**data.values, "cholesky": np.ones((1, 1))}, 1)
    seed = situation.question.config.fit.seed
    shapes = _free_shapes(situation)
    return natural(standard_normals(shapes, draws, stream(seed, stage)), alone)


def _free_shapes(situation: Situation) -> dict[str, tuple[int, ...]]:
    structure = situation.structure
    return {
        f"{Dim.RATE_PART}_z": (len(RATE_PARTS),),
        f"{Dim.SCALE}_z": (len(SCALES),),
        Var.FACTOR_SD.z: (len(structure.dynamic),),
        Var.PRECEDENT.z: (len(structure.named),),
        Var.LEVEL.z: (len(structure.pairs),),
        Var.BINDING.z: (len(structure.pairs),),
        Var.FACTOR.z: (len(structure.dynamic), 1),
        Var.VOICE_BIAS.z: (len(structure.sides),),
    }


def prior_incidence_of(situation: Situation) -> xr.DataArray:
    """Return the forecast that the priors alone would make on the same date."""
    parameters = prior_parameters(situation, _PRIOR_DRAWS)
    seed = situation.question.config.fit.seed
    values = cumulative_incidence(parameters, prior_outlook(situation), seed, "prior futures")
    return _named_incidence(values[None], situation)


def consent_reference(situation: Situation) -> float:
    """Return A0, the log of the prior mean of exp(A), for the config of a new question."""
    parameters = prior_parameters(situation, _REFERENCE_DRAWS, "consent reference")
    _, agreement = log_consent(parameters, parameters.factor[..., 0], situation.structure)
    return float(np.log(np.mean(np.exp(agreement))))


def _named_incidence(values: NDArray[np.float64], situation: Situation) -> xr.DataArray:
    outcomes = (RETAINED, *situation.structure.change)
    calendar = outlook_of(situation).calendar
    named = xr.DataArray(
        values,
        dims=(Dim.CHAIN.value, Dim.DRAW.value, Dim.DATE.value, Dim.OUTCOME.value),
        coords={
            Dim.CHAIN.value: np.arange(values.shape[0]),
            Dim.DRAW.value: np.arange(values.shape[1]),
            Dim.DATE.value: [str(day) for day in calendar.dates],
            Dim.OUTCOME.value: list(outcomes),
        },
        name=Var.INCIDENCE.value,
    )
    asked = situation.question.config.outcome_ids
    return named.sel({Dim.OUTCOME.value: [name for name in outcomes if name in asked]})


def make_forecast(
    inputs: "Inputs", as_of: date, folder: Path, progress: "Progress | None" = None
) -> Run:
    """Fit, carry forward, check and store.

    Parameters
    ----------
    inputs : Inputs
        Valid inputs.
    as_of : date
        When the forecast is made.
    folder : Path
        Where runs are kept.
    progress : callable, optional
        Called with the state of every chain while it samples.

    Returns
    -------
    Run
        As stored.

    Raises
    ------
    InputError
        If no forecast can be made on that date.
    FitError
        If the sampler stopped.
    RunError
        If the run cannot be stored.
    """
    timings: dict[str, float] = {}
    situation = observe(inputs.question, inputs.ledger, inputs.resolved, as_of)
    with _timed(timings, "fit"):
        fitted = fit(situation, progress)
    with _timed(timings, "forecast"):
        incidence, prior = incidence_of(fitted), prior_incidence_of(situation)
    with _timed(timings, "checks"):
        calendar = outlook_of(situation).calendar
        rows = [
            *_rows(incidence, calendar, "posterior"),
            *_rows(prior, calendar, "prior"),
        ]
        checks = _checks(fitted, incidence, calendar)
    draws = _tree(fitted, incidence, prior)

    def manifest(
        run: str, created: datetime, digests: dict[str, str], question_file: str
    ) -> Manifest:
        facts = _Facts(situation, rows, checks, timings)
        return facts.manifest(run, created, digests, question_file)

    return write_run(
        folder, manifest, (inputs.question.path, inputs.files()), (rows, checks), draws
    )


@contextmanager
def _timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    start = perf_counter()
    yield
    timings[stage] = round(perf_counter() - start, 3)


def _rows(incidence: xr.DataArray, calendar: Calendar, basis: Basis) -> Iterator[ForecastRow]:
    """Yield the table's rows: one for each horizon and each date of the figures, by outcome."""
    names: dict[str, list[str]] = {}
    for name, when in calendar.horizons.items():
        names.setdefault(str(when), []).append(name)
    for day in incidence[Dim.DATE.value].values:
        for outcome in incidence[Dim.OUTCOME.value].values:
            values = incidence.sel({Dim.DATE.value: day, Dim.OUTCOME.value: outcome}).values
            found = diagnose(values)
            quantiles = np.quantile(values, list(QUANTILES.values()))
            q05, q25, q50, q75, q95 = (float(quantile) for quantile in quantiles)
            for name in names.get(str(day), [""]):
                yield ForecastRow(
                    basis,
                    name,
                    date.fromisoformat(str(day)),
                    str(outcome),
                    mean=float(values.mean()),
                    sd=float(values.std()),
                    q05=q05, q25=q25, q50=q50, q75=q75, q95=q95,
                    ess=found.ess_bulk,
                    mcse=found.mcse,
                )  # fmt: skip


def _checks(fitted: Fitted, incidence: xr.DataArray, calendar: Calendar) -> tuple[Check, ...]:
    situation = fitted.situation
    published = incidence.sel({Dim.DATE.value: [str(day) for day in calendar.horizons.values()]})
    evidence = [
        predictive_check(fitted.parameters().flat(), fitted.data),
        conflict_check(fitted.sampled.draws),
        fresh_check(situation.newest, situation.as_of),
    ]
    return check_run(published, fitted.sampled.stats, evidence, situation.question.config.fit)


def _tree(fitted: Fitted, incidence: xr.DataArray, prior: xr.DataArray) -> xr.DataTree:
    timeline = fitted.situation.timeline
    states = [
        str(timeline.start + timedelta(days=timeline.state_days * index))
        for index in range(timeline.used_states)
    ]
    posterior = named_dataset(fitted.parameters(), fitted.situation.structure, states)
    groups = {
        "posterior": posterior,
        "sample_stats": fitted.sampled.stats,
        "forecast": incidence.to_dataset(),
        "prior_forecast": prior.to_dataset(),
    }
    return azb.convert_to_datatree(xr.DataTree.from_dict(groups))


@dataclass(frozen=True)
class _Facts:
    """All that a manifest is made of, but the run's name."""

    situation: Situation
    rows: Sequence[ForecastRow]
    checks: tuple[Check, ...]
    timings: dict[str, float]

    def manifest(
        self, run: str, created: datetime, digests: dict[str, str], question_file: str
    ) -> Manifest:
        situation = self.situation
        config, calendar = situation.question.config, outlook_of(situation).calendar
        settings = config.fit
        return Manifest(
            run=run,
            question=config.id,
            title=config.title,
            as_of=situation.as_of,
            created=created,
            publishable=publishable(self.checks),
            outcomes=self._outcome_names(),
            horizons=calendar.horizons,
            headline=f"{config.headline_months}mo",
            yardstick=config.yardstick,
            status_known_to=situation.status_known_to,
            newest_item=situation.newest,
            evidence=self._counts(),
            already_happened=self._already_happened(),
            news_pace_per_year=round(situation.arrivals.mean_pace, 3),
            notes=tuple(_notes(situation)),
            seed=settings.seed,
            fit=FitRecord(
                seconds=self.timings["fit"],
                draws=settings.draws,
                chains=settings.chains,
                tune=settings.tune,
                futures=settings.futures,
            ),
            inputs=digests,
            question_file=question_file,
            versions={
                "python": python_version(),
                **{name: version(name) for name in _PACKAGES},
            },
            timings_seconds=self.timings,
        )

    def _outcome_names(self) -> tuple[OutcomeName, ...]:
        config = self.situation.question.config
        titles = {outcome.id: outcome.title for outcome in config.outcomes}
        shown = dict.fromkeys(row.outcome for row in self.rows)
        return tuple(OutcomeName(id=name, title=titles[name]) for name in shown)

    def _counts(self) -> EvidenceCounts:
        situation = self.situation
        return EvidenceCounts(
            used=len(situation.items),
            later=situation.later,
            retracted=situation.retracted,
            ungraded=situation.ungraded,
            stories=len({item.story for item in situation.items}),
        )

    def _already_happened(self) -> float:
        return next(
            1.0 - row.mean
            for row in self.rows
            if (row.basis, row.outcome, row.date) == ("posterior", RETAINED, self.situation.as_of)
        )


def _notes(situation: Situation) -> Iterator[str]:
    """Yield what a reader must know of how this run came about."""
    if not situation.items:
        yield (
            "No item of evidence is known by the as-of date: "
            "the forecast is the prior updated by time alone."
        )
    age = 0 if situation.newest is None else (situation.as_of - situation.newest).days
    if age > LIMITS["newest_item"]:
        yield f"The newest item is {age} days old: no news is recorded since, which is not no news."
    if situation.later:
        yield f"{_items(situation.later)} known only after the as-of date: left out."
    if situation.retracted:
        yield f"{_items(situation.retracted)} withdrawn by the as-of date: left out."
    if situation.ungraded:
        yield f"{_items(situation.ungraded)} without a push: they have no pressure."
    if situation.arrivals.mean_pace == 0.0:
        yield "News yet to come is not simulated."
    if situation.resolved_later:
        yield (
            f"{len(situation.resolved_later)} resolved questions ended only after the as-of date: "
            "their news is not used, but the config's priors were written knowing how they ended."
        )


def _items(count: int) -> str:
    return "1 item is" if count == 1 else f"{count} items are"
