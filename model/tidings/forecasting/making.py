"""One forecast from inputs to a stored run: fit, simulate forward, check, store."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tidings.errors import FitError
from tidings.evidence.inputs import Inputs
from tidings.forecasting.checks import (
    Diagnostics,
    check_run,
    conflict_check,
    diagnose,
    filled_check,
    fresh_check,
    independent,
    predictive_check,
    publishable,
)
from tidings.forecasting.fitting import Fitted, fit, incidence_of, prior_incidence_of
from tidings.forecasting.level_checks import level_checks
from tidings.forecasting.runs import EvidenceCounts, FitRecord, OutcomeName, Run
from tidings.forecasting.sampling import Progress
from tidings.forecasting.storing import write_run
from tidings.forecasting.tables import QUANTILES, Basis, Check, ForecastRow
from tidings.mechanism.model_data import outlook_of
from tidings.mechanism.parameters import named_dataset
from tidings.mechanism.situation import Situation, observe, priors_alone
from tidings.mechanism.unknowns import prior_names
from tidings.names import RETAINED, Dim
from tidings.question.timeline import DAYS_PER_YEAR, Calendar

if TYPE_CHECKING:
    import xarray as xr

_PACKAGES = (
    "tidings",
    "pymc",
    "pytensor",
    "nutpie",
    "numba",
    "arviz-stats",
    "numpy",
    "scipy",
    "pandas",
    "xarray",
)


def make_forecast(
    inputs: Inputs,
    as_of: date,
    folder: Path,
    progress: Progress | None = None,
    *,
    prior_only: bool = False,
) -> Run:
    """Fit, simulate forward, check and store.

    Parameters
    ----------
    prior_only : bool
        Whether to leave out all news, and what the time without an event so far tells.

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
    situation = (
        priors_alone(inputs.question, inputs.resolved, as_of)
        if prior_only
        else observe(inputs.question, inputs.ledger, inputs.resolved, as_of)
    )
    with _timed(timings, "fit"):
        fitted = fit(situation, progress)
    with _timed(timings, "forecast"):
        incidence, prior = incidence_of(fitted), prior_incidence_of(situation)
    with _timed(timings, "checks"):
        calendar = outlook_of(situation).calendar
        diagnosed = _diagnosed(incidence, calendar, diagnose)
        rows = [
            *_rows(incidence, calendar, "posterior", diagnosed),
            *_rows(prior, calendar, "prior", _diagnosed(prior, calendar, independent)),
        ]
        at_horizons = [row for row in rows if row.horizon and row.basis == "posterior"]
        published = [(diagnosed[str(row.date), row.outcome], row.sd) for row in at_horizons]
        evidence = _evidence_checks(fitted, _years_watched(inputs))
        checks = check_run(published, fitted.sampled.stats, evidence)
    _check_finite(rows)
    facts = _facts(situation, rows, checks, timings)
    draws = _tree(fitted, incidence, prior)
    return write_run(folder, facts, (inputs.question.path, inputs.files()), (rows, checks), draws)


def _check_finite(rows: Sequence[ForecastRow]) -> None:
    """Raise FitError if any probability is not finite.

    Raises
    ------
    FitError
        If one is not; nothing is stored.
    """
    lost = [row for row in rows if not row.finite]
    if lost:
        raise FitError(
            f"no forecast: {len(lost)} of {len(rows)} probabilities are no numbers (the first: "
            f"{lost[0].outcome} by {lost[0].date}); look for a prior, or for a burst of news, that "
            "puts the rates out of reach"
        )


def rows_of_priors(situation: Situation) -> list[ForecastRow]:
    """Return what the priors alone say on the date of a situation, by date and outcome."""
    prior, calendar = prior_incidence_of(situation), outlook_of(situation).calendar
    return list(_rows(prior, calendar, "prior", _diagnosed(prior, calendar, independent)))


@contextmanager
def _timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    start = perf_counter()
    yield
    timings[stage] = round(perf_counter() - start, 3)


def _diagnosed(
    incidence: "xr.DataArray",
    calendar: Calendar,
    diagnostics_of: Callable[[NDArray[np.float64]], Diagnostics],
) -> dict[tuple[str, str], Diagnostics]:
    """Return diagnostics of what is published, by date and outcome."""
    published = set(map(str, calendar.horizons.values()))
    return {
        (str(day), str(outcome)): diagnostics_of(incidence.values[:, :, d, k])
        for d, day in enumerate(incidence[Dim.DATE.value].values)
        for k, outcome in enumerate(incidence[Dim.OUTCOME.value].values)
        if str(day) in published
    }


def _rows(
    incidence: "xr.DataArray",
    calendar: Calendar,
    basis: Basis,
    diagnosed: Mapping[tuple[str, str], Diagnostics],
) -> Iterator[ForecastRow]:
    """Yield the table's rows: one for each horizon and each date of the figures, by outcome."""
    names: dict[str, list[str]] = {}
    for name, when in calendar.horizons.items():
        names.setdefault(str(when), []).append(name)
    along = (0, 1)
    means, sds = incidence.values.mean(along), incidence.values.std(along)
    quantiles = np.quantile(incidence.values, list(QUANTILES.values()), axis=along)
    days, outcomes = (incidence[dim.value].values for dim in (Dim.DATE, Dim.OUTCOME))
    for d, k in np.ndindex(means.shape):
        day, outcome = str(days[d]), str(outcomes[k])
        known = diagnosed.get((day, outcome))
        for name in names.get(day, [""]):
            yield ForecastRow(
                basis,
                name,
                date.fromisoformat(day),
                outcome,
                mean=float(means[d, k]),
                sd=float(sds[d, k]),
                ess=None if known is None else known.ess_bulk,
                mcse=None if known is None else known.mcse,
                **dict(zip(QUANTILES, map(float, quantiles[:, d, k]), strict=True)),
            )


def _evidence_checks(fitted: Fitted, watched: Sequence[float]) -> list[Check]:
    """Return the checks of what the forecast rests on; without evidence most are not run."""
    situation = fitted.situation
    checks = [
        predictive_check(fitted.parameters.flat(), fitted.data),
        conflict_check(fitted.sampled.draws, prior_names(situation.structure)),
        fresh_check(situation.as_of, situation.newest_by_actor),
        *level_checks(fitted, watched),
    ]
    if not situation.time_tells:
        says = "no evidence is used"
        checks = [
            one
            if one.name == "as_old"
            else Check(one.name, "not_run", None, one.limit, False, says)
            for one in checks
        ]
    return [*checks, filled_check(situation.question)]


def _years_watched(inputs: Inputs) -> list[float]:
    learned = inputs.question.learned
    names = () if learned is None else learned.resolved
    watched = (one for one in inputs.resolved if one.id in names)
    return [(one.ended - one.at_risk_from).days / DAYS_PER_YEAR for one in watched]


def _tree(fitted: Fitted, incidence: "xr.DataArray", prior: "xr.DataArray") -> "xr.DataTree":
    import arviz_base as azb
    import xarray as xr

    timeline = fitted.situation.timeline
    states = [
        str(timeline.start + timedelta(days=timeline.state_days * index))
        for index in range(timeline.states)
    ]
    posterior = named_dataset(fitted.parameters, fitted.situation.structure, states)
    groups = {
        "posterior": posterior,
        "sample_stats": fitted.sampled.stats,
        "forecast": incidence.to_dataset(),
        "prior_forecast": prior.to_dataset(),
    }
    return azb.convert_to_datatree(xr.DataTree.from_dict(groups))


def _facts(
    situation: Situation,
    rows: Sequence[ForecastRow],
    checks: tuple[Check, ...],
    timings: Mapping[str, float],
) -> dict[str, Any]:
    """Return the fields of a manifest that are not about how the run is stored."""
    config, calendar = situation.question.config, outlook_of(situation).calendar
    settings = config.fit
    return {
        "question": config.id,
        "title": config.title,
        "as_of": situation.as_of,
        "publishable": publishable(checks),
        "outcomes": _outcome_names(situation, rows),
        "horizons": calendar.horizons,
        "headline": f"{config.headline_months}mo",
        "yardstick": config.yardstick,
        "prior_only": not situation.time_tells,
        "status_known_to": situation.status_known_to,
        "newest_item": situation.newest,
        "newest_by_actor": situation.newest_by_actor,
        "evidence": _counts(situation),
        "already_happened": _already_happened(situation, rows),
        "news_pace_per_year": round(situation.arrivals.mean_pace, 3),
        "notes": tuple(_notes(situation)),
        "seed": settings.seed,
        "fit": FitRecord(
            seconds=timings["fit"],
            draws=settings.draws,
            chains=settings.chains,
            tune=settings.tune,
            futures=settings.futures,
            stride=settings.stride,
        ),
        "versions": {"python": python_version(), **{name: version(name) for name in _PACKAGES}},
        "timings_seconds": dict(timings),
    }


def _outcome_names(situation: Situation, rows: Sequence[ForecastRow]) -> tuple[OutcomeName, ...]:
    titles = {outcome.id: outcome.title for outcome in situation.question.config.outcomes}
    shown = dict.fromkeys(row.outcome for row in rows)
    return tuple(OutcomeName(id=name, title=titles[name]) for name in shown)


def _counts(situation: Situation) -> EvidenceCounts:
    return EvidenceCounts(
        used=len(situation.items),
        later=situation.later,
        retracted=situation.retracted,
        ungraded=situation.ungraded,
        stories=len({item.story for item in situation.items}),
    )


def _already_happened(situation: Situation, rows: Sequence[ForecastRow]) -> float:
    return next(
        1.0 - row.mean
        for row in rows
        if (row.basis, row.outcome, row.date) == ("posterior", RETAINED, situation.as_of)
    )


def _notes(situation: Situation) -> Iterator[str]:
    """Yield what a reader must know of how this run came about."""
    if not situation.time_tells:
        yield "This is what the priors alone say: neither news nor the quiet so far is used."
    elif not situation.items:
        yield (
            "No item of evidence is known by the as-of date: "
            "the forecast is the prior updated by time alone."
        )
    fresh = fresh_check(situation.as_of, situation.newest_by_actor)
    if fresh.value is not None and fresh.status != "pass":
        yield (
            f"The newest item is {fresh.value:.0f} days old: "
            "no recent items does not mean that nothing happened."
        )
    if situation.as_of > date.today():
        yield "The as-of date is after the day it was made on: what comes in between is not known."
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
            "their news is not used, but the priors were written knowing how they ended."
        )


def _items(count: int) -> str:
    return "1 item is" if count == 1 else f"{count} items are"
