"""The shipped forecast: what a run promises."""

from dataclasses import replace
from datetime import date
from math import hypot

import numpy as np
import pytest
from tests.helpers import AS_OF, QUESTION

import tidings
from tidings.forecasting.checks import diagnose
from tidings.forecasting.fitting import fit, incidence_of
from tidings.forecasting.making import make_forecast
from tidings.mechanism.model_data import graph_data
from tidings.mechanism.situation import observe
from tidings.reporting import views


def change_by(incidence, months_index):
    """Chance of any change by the n-th published date: mean and Monte Carlo error."""
    values = 1.0 - incidence.isel(date=months_index).sel(outcome="retained").values
    return values.mean(), diagnose(values).mcse


def outcome_by(incidence, outcome, months_index):
    values = incidence.isel(date=months_index).sel(outcome=outcome).values
    return values.mean(), diagnose(values).mcse


def test_outcomes_sum_to_one_at_every_horizon_and_draw(shipped_run):
    for horizon in shipped_run.manifest.horizons:
        total = sum(row.mean for row in shipped_run.at(horizon).values())
        assert abs(total - 1.0) <= 1e-9
    with shipped_run.posterior() as tree:
        by_draw = tree["forecast"]["incidence"].sum("outcome")
        assert float(np.abs(by_draw - 1.0).max()) <= 1e-9


def test_all_required_checks_pass(shipped_run):
    required = [check for check in shipped_run.checks if check.required]
    assert {check.name for check in required} == {
        "r_hat", "ess_bulk", "ess_tail", "mcse", "divergences", "e_bfmi", "survival_so_far",
        "priors_and_evidence", "filled_in",
    }  # fmt: skip
    assert {check.status for check in required} == {"pass"}
    assert shipped_run.manifest.publishable


def test_the_same_seed_gives_identical_numbers(shipped_run, tmp_path):
    again = tidings.forecast(QUESTION, AS_OF, tmp_path)
    assert again.rows == shipped_run.rows


def test_another_seed_agrees_within_monte_carlo_error(shipped_run, tmp_path):
    other = tidings.forecast(QUESTION, AS_OF, tmp_path, seed=7)
    for horizon in shipped_run.manifest.horizons:
        for outcome, row in shipped_run.at(horizon).items():
            twin = other.at(horizon)[outcome]
            assert twin.mean != row.mean
            assert abs(twin.mean - row.mean) <= 5 * hypot(twin.mcse, row.mcse)


def test_items_known_later_change_no_number(shipped_run, alter, new_item, inputs, tmp_path):
    absurd = [
        new_item(
            id=f"absurd-{n}", story=f"absurd-{n}", push=3, face_value="nearly_certain",
            date=date(2025, 12, 1 + n), published=date(2025, 12, 1 + n), outcomes=("ukraine",),
        )
        for n in range(20)
    ]  # fmt: skip
    # Dated before the as-of date, but known only after it.
    absurd.append(new_item(id="late", story="late", push=3, published=date(2025, 12, 1)))
    later = make_forecast(alter(items=[*inputs.ledger.items, *absurd]), AS_OF, tmp_path)
    assert later.manifest.evidence.later == shipped_run.manifest.evidence.later + len(absurd)
    assert later.rows == shipped_run.rows


@pytest.mark.slow
def test_without_slopes_no_item_changes_the_chance_of_change(alter):
    fixed = {"push_slope": 0.0, "counter_slope": 0.0, "consent_slope": 0.0}
    known = {"status_known_to": date(2025, 11, 15)}
    with_items, without = (
        incidence_of(fit(observe(one.question, one.ledger, one.resolved, AS_OF)))
        for one in (alter(fixed, **known), alter(fixed, items=(), **known))
    )
    for months in (3, 12, 24):
        (a, a_error), (b, b_error) = change_by(with_items, months), change_by(without, months)
        assert abs(a - b) <= 5 * hypot(a_error, b_error)


@pytest.mark.slow
def test_with_slopes_items_do_change_the_chance_of_change(alter):
    """The twin of the test above: the tolerance would notice."""
    known = {"status_known_to": date(2025, 11, 15)}
    fixed = {"push_slope": 1.2, "consent_slope": 1.0}
    with_items, without = (
        incidence_of(fit(observe(one.question, one.ledger, one.resolved, AS_OF)))
        for one in (alter(fixed, **known), alter(fixed, items=(), **known))
    )
    (a, a_error), (b, b_error) = change_by(with_items, 12), change_by(without, 12)
    assert abs(a - b) > 5 * hypot(a_error, b_error)


@pytest.mark.slow
def test_repeating_an_item_in_its_story_moves_little(alter, new_item, inputs):
    known = {"status_known_to": date(2025, 11, 15)}
    items = inputs.ledger.items
    item = new_item(push=1, face_value="very_likely")
    same = [replace(item, id=f"n{n}") for n in range(5)]
    apart = [replace(item, id=f"n{n}", story=f"s{n}") for n in range(5)]
    base, repeated, separate = (
        outcome_by(
            incidence_of(fit(observe(one.question, one.ledger, one.resolved, AS_OF))),
            "returned_to_russia",
            12,
        )
        for one in (alter(items=[*items, *more], **known) for more in ([item], same, apart))
    )
    moved = separate[0] - base[0]
    assert moved > 10 * hypot(separate[1], base[1])
    assert abs(repeated[0] - base[0]) <= moved / 4


@pytest.mark.slow
def test_time_with_unknown_status_adds_no_survival(alter, tmp_path):
    early = date(2024, 11, 30)
    one = alter(status_known_to=early)
    data = graph_data(observe(one.question, one.ledger, one.resolved, AS_OF))
    days = (early - one.question.config.clock_start).days
    # Nothing ends at once: the integral of 1 - exp(-age / T) over what counts, which after the day
    # is as much as silence would tell.
    config, whole = one.question.config, (AS_OF - one.question.config.clock_start).days / 365.25
    tau, noticed, years = config.time.start_up_years, config.silence.noticed, days / 365.25

    def started(age):
        return age - tau * (1 - np.exp(-age / tau))

    aged = started(years) + noticed * (started(whole) - started(years))
    assert data.values["exposure_years"].sum() == pytest.approx(aged, rel=1e-4)
    run = make_forecast(one, AS_OF, tmp_path)
    assert run.manifest.status_known_to == early
    assert 0.0001 < run.manifest.already_happened < 0.02
    at_once = next(r for r in run.rows if r.outcome == "retained" and r.date == AS_OF)
    assert run.manifest.already_happened == pytest.approx(1 - at_once.mean)


def test_zero_items_is_the_prior_updated_by_time_and_says_so(alter, tmp_path):
    inputs = alter(items=())
    run = make_forecast(inputs, AS_OF, tmp_path)
    assert run.manifest.evidence.used == 0
    assert any("updated by time alone" in note for note in run.manifest.notes)
    with run.posterior() as tree:
        base_rate = np.log(tree["posterior"]["base_rate"].values)
    prior = inputs.question.priors["base_rate"]
    assert base_rate.mean() < prior.mean - 5 * diagnose(base_rate).mcse


def test_a_fixed_horizon_on_the_day_of_a_month_keeps_both_names(alter, tmp_path):
    one = alter(items=(), horizon_dates=(date(2026, 11, 30), date(2026, 12, 31)))
    run = make_forecast(one, AS_OF, tmp_path)
    assert list(views.forecast(run)["horizons"])[-2:] == ["2026-11-30", "2026-12-31"]
    assert {k: row.mean for k, row in run.at("2026-11-30").items()} == {
        k: row.mean for k, row in run.at("12mo").items()
    }
    assert run.at("2026-12-31")["retained"].mean < run.at("12mo")["retained"].mean
