"""From a situation to what the graph and the forecast take: rows, exposure, paths, outlook."""

import numpy as np

from tidings.evidence.pressure import WAYS, mean_pressure
from tidings.mechanism.incidence import Outlook
from tidings.mechanism.paths import INFORMED, PathBasis, path_basis, prior_basis
from tidings.mechanism.rows import ReadingRows, rows_of, whitened_rows
from tidings.mechanism.situation import Situation, half_lives_of, precedent_share
from tidings.mechanism.unknowns import Exposure, GraphData, data_of
from tidings.question.timeline import DAYS_PER_YEAR, make_calendar, make_timeline, mean_start_up


def graph_data(situation: Situation) -> GraphData:
    """Return the data of the graph."""
    question = situation.question
    return data_of(
        situation.structure,
        question.priors,
        paths_of(situation),
        reading_rows(situation),
        exposure_of(situation),
        question.config.consent_reference,
    )


def reading_rows(situation: Situation) -> ReadingRows:
    """Return the readings as rows over the states of the timeline."""
    states, share = situation.timeline.states, precedent_share(situation.question)
    return rows_of(situation.readings, situation.structure, states, share)


def whitened_of(situation: Situation) -> ReadingRows:
    """Return one row a reading, without what stories share; see `tidings.mechanism.rows`."""
    states, share = situation.timeline.states, precedent_share(situation.question)
    return whitened_rows(situation.readings, situation.structure, states, share)


def exposure_of(situation: Situation) -> Exposure:
    """Return the time that passed without an event, and the pressure over it.

    Where only silence says so, it counts as far as an end would have been noticed.
    """
    timeline, ends = situation.timeline, situation.structure.ends
    config, edges = situation.question.config, timeline.exposed_edges()
    pressure = mean_pressure(situation.pulses, edges, half_lives_of(config), ends)
    shape = (timeline.states, timeline.steps_in_state)
    known = np.diff(np.minimum(edges, float(situation.status_known_to.toordinal())))
    silent = np.diff(edges) - known
    days = known + config.silence.noticed * silent
    days *= mean_start_up(edges, config.clock_start, config.time.start_up_years)
    years = days.reshape(shape) / DAYS_PER_YEAR * situation.time_tells
    return Exposure(years, pressure.reshape(*pressure.shape[:2], *shape))


def prior_data(situation: Situation) -> GraphData:
    """Return the data of the graph without evidence and time: the factors at one moment."""
    question, structure = situation.question, situation.structure
    still = Exposure(np.zeros((1, 1)), np.zeros((len(WAYS), len(structure.ends), 1, 1)))
    rows = rows_of((), structure, 1, {})
    return data_of(
        structure,
        question.priors,
        prior_basis(len(structure.dynamic)),
        rows,
        still,
        question.config.consent_reference,
    )


def paths_of(situation: Situation, informed: float = INFORMED) -> PathBasis:
    """Return the directions of the factors' paths that readings and exposure can inform.

    Their precision is taken at its highest: large factors (95 % quantile of their sds), little
    noise (5 %), every reading a story of its own, and an exposure that tells as much as the end
    of one question (its information is below the expected number of ends).
    """
    structure, timeline = situation.structure, situation.timeline
    priors = situation.question.priors
    precision = np.zeros((len(structure.dynamic), timeline.states))
    for reading in situation.readings:
        if reading.actor in structure.dynamic:
            place = structure.dynamic.index(reading.actor), reading.state
            precision[place] += reading.sd_logit**-2
    precision /= priors["noise_scale"].quantile(0.05) ** 2
    precision += timeline.exposure_years().sum(axis=1) / max(timeline.exposed_years, 1.0)
    sds = np.array([priors[f"factor_sd.{actor}"].quantile(0.95) for actor in structure.dynamic])
    return path_basis(timeline.factor_cholesky(), sds[:, None] ** 2 * precision, informed)


def outlook_of(situation: Situation) -> Outlook:
    """Return what the forecast starts from."""
    config = situation.question.config
    calendar = make_calendar(
        situation.status_known_to, situation.as_of, config.horizons_months, config.horizon_dates
    )
    return Outlook(
        structure=situation.structure,
        timeline=situation.timeline,
        calendar=calendar,
        clock_start=config.clock_start,
        start_up_years=config.time.start_up_years,
        pulses=situation.pulses,
        half_lives=half_lives_of(config),
        arrivals=situation.arrivals,
        news_from=situation.watched_to,
        unnoticed=1 - config.silence.noticed,
        consent_reference=config.consent_reference,
        futures=config.fit.futures,
    )


def prior_outlook(situation: Situation) -> Outlook:
    """Return what a forecast of the same date starts from without evidence and time."""
    config, as_of = situation.question.config, situation.as_of
    calendar = make_calendar(as_of, as_of, config.horizons_months, config.horizon_dates)
    return Outlook(
        structure=situation.structure,
        timeline=make_timeline(config.time, as_of, as_of, as_of),
        calendar=calendar,
        clock_start=config.clock_start,
        start_up_years=config.time.start_up_years,
        pulses=(),
        half_lives=half_lives_of(config),
        arrivals=situation.arrivals,
        news_from=as_of,
        unnoticed=0.0,
        consent_reference=config.consent_reference,
        futures=config.fit.futures,
    )
