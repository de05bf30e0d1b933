"""Forecasting without a fit: diagnostics, checks, tables, runs written and read back."""

import io
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
import xarray as xr
from rich.console import Console
from tests.units.conftest import AS_OF, TOY

import tidings
from tidings.api.project import Project
from tidings.cli.history import show_history
from tidings.evidence.pressure import FEW, MOST, Pulse
from tidings.forecasting.checks import (
    STALE_DAYS,
    diagnose,
    filled_check,
    fresh_check,
    predictive_check,
    publishable,
)
from tidings.forecasting.level_checks import both_ways_check
from tidings.forecasting.making import _facts, _notes, _rows
from tidings.forecasting.runs import find_run, list_runs, runs_before
from tidings.forecasting.storing import write_run
from tidings.forecasting.tables import Check, ForecastRow, row_from_text
from tidings.mechanism.model_data import graph_data, outlook_of
from tidings.question.schema import TO_BE_REPLACED


def test_independent_draws_pass_and_chains_apart_do_not():
    draws = np.random.default_rng(0).normal(size=(4, 500))
    good = diagnose(draws)
    assert good.r_hat < 1.01 and good.ess_bulk > 1500
    assert diagnose(draws + np.arange(4)[:, None]).r_hat > 1.5
    assert diagnose(np.ones((4, 500))).mcse == 0


def test_a_run_is_publishable_unless_a_required_check_failed():
    check = Check("r_hat", "pass", 1.0, 1.01, True, "chains agree")
    assert publishable([check, replace(check, required=False, status="fail")])
    assert not publishable([check, replace(check, status="not_run")])


def test_the_age_of_the_newest_item_is_said_by_actor():
    known = fresh_check(AS_OF, {"owner": date(2022, 2, 1), "maker": None})
    assert (known.status, known.value) == ("pass", 28.0)
    assert "maker never" in known.says
    assert fresh_check(AS_OF, {"owner": date(2021, 2, 1)}).status == "warn"


def test_news_of_years_ago_makes_no_forecast_to_publish():
    year = timedelta(days=365)
    for years, may in ((1, True), (4, True), (6, False), (10, False)):
        check = fresh_check(AS_OF, {"owner": AS_OF - years * year, "maker": None})
        assert publishable((check,)) == may, years
    assert (check.status, check.value, check.limit) == ("fail", 3650.0, STALE_DAYS)


def test_what_a_new_question_leaves_open_stands_in_the_way(toy):
    assert filled_check(toy.question).status == "pass"
    config = toy.question.config
    ends = tuple(
        one.model_copy(update={"resolution": f"{TO_BE_REPLACED}: what counts."})
        for one in config.outcomes[:1]
    )
    undefined = config.model_copy(update={"outcomes": (*ends, *config.outcomes[1:])})
    check = filled_check(replace(toy.question, config=undefined))
    assert not publishable((check,)) and check.value == 1.0
    assert TO_BE_REPLACED in check.says and config.outcomes[0].id in check.says


def test_strong_news_both_ways_is_named_with_its_outcome(situation):
    assert both_ways_check(replace(situation, pulses=())).value == 0.0
    day, end = float(situation.as_of.toordinal()), situation.structure.named[-1]
    burst = [
        Pulse(f"{way}{n}", f"{way}{n}", end, way * 3.0, day) for way in (1, -1) for n in range(40)
    ]
    one_way = both_ways_check(replace(situation, pulses=tuple(burst[:40])))
    both = both_ways_check(replace(situation, pulses=tuple(burst)))
    assert one_way.status == "pass" and both.status == "warn"
    assert f"({end})" in both.says and "need not cancel" in both.says
    # Forty of each are felt as the strongest few of each.
    few = both_ways_check(replace(situation, pulses=(*burst[:FEW], *burst[40 : 40 + FEW])))
    assert both.value == pytest.approx(few.value) and both.value <= MOST


def test_a_day_to_come_is_said_to_be_one(situation):
    def notes(as_of):
        return " ".join(_notes(replace(situation, as_of=as_of)))

    today = date.today()
    assert "is not known" in notes(today + timedelta(days=30))
    assert "is not known" not in notes(today)


def test_errors_of_skewed_probabilities_hold_at_three():
    """Means of log-normal draws, as those of small probabilities are, beside their true mean."""
    draws, sd = 1000, 1.2
    made = np.exp(np.random.default_rng(3).normal(size=(4000, draws)) * sd - 6.0 - sd**2 / 2)
    truth = np.exp(-6.0)
    off, errors = np.abs(made.mean(axis=1) - truth), made.std(axis=1) / np.sqrt(draws)
    widened = [
        error * row_of(mean, spread, draws).widening
        for error, mean, spread in zip(errors, made.mean(axis=1), made.std(axis=1), strict=True)
    ]
    plain, wide = np.mean(off > 3 * errors), np.mean(off > 3 * np.array(widened))
    print(f"outside three errors: {plain:.4f} plain, {wide:.4f} widened")
    assert plain > 0.008 and wide < 0.006
    assert row_of(0.5, 0.1, 3000.0).widening < 1.02
    assert row_of(0.0, 0.0, None).widening == 1.0


def row_of(mean, sd, ess):
    numbers = dict.fromkeys(("q05", "q25", "q50", "q75", "q95"), mean)
    return ForecastRow("posterior", "12mo", AS_OF, "sold", mean=mean, sd=sd, ess=ess, mcse=0.0,
                       **numbers)  # fmt: skip


def test_a_reading_that_the_model_cannot_have_is_found(posterior, situation):
    rows = graph_data(situation)
    odd = replace(rows.rows, y=rows.rows.y + np.eye(len(rows.rows.y))[0] * 60)
    assert predictive_check(posterior.parameters, rows).status == "pass"
    assert predictive_check(posterior.parameters, replace(rows, rows=odd)).status == "warn"


@pytest.fixture
def stored(posterior, situation, tmp_path):
    """A run of the toy question, from draws of its priors."""
    calendar = outlook_of(situation).calendar
    outcomes = list(situation.question.config.outcome_ids)
    incidence = xr.DataArray(
        posterior.incidence[None], dims=("chain", "draw", "date", "outcome"),
        coords={"date": [str(day) for day in calendar.dates], "outcome": outcomes},
    )  # fmt: skip
    days = {str(day) for day in calendar.horizons.values()}
    diagnosed = {(day, k): diagnose(posterior.incidence[None, :, 0, 0]) for day in days for k in
                 outcomes}  # fmt: skip
    rows = list(_rows(incidence, calendar, "posterior", diagnosed))
    checks = (Check("r_hat", "pass", 1.0, 1.01, True, "chains agree"),)
    facts = _facts(situation, rows, checks, {"fit": 0.1})
    draws = xr.DataTree.from_dict({"forecast": incidence.to_dataset(name="incidence")})
    files = TOY, [TOY.with_suffix(".csv")]
    run = write_run(tmp_path / "runs", facts, files, (rows, checks), draws)
    for question, as_of in (("toy", date(2020, 3, 1)), ("zoo", date(2022, 4, 1))):
        # Made later: of an earlier date, and of another question.
        write_run(tmp_path / "more", {**facts, "question": question, "as_of": as_of}, files,
                  (rows, checks), draws)  # fmt: skip
    return run


def test_a_run_comes_back_as_it_was_written(stored, posterior, situation):
    again = find_run(stored.path.parent, None, "toy")
    assert again.manifest == stored.manifest
    assert again.rows == stored.rows
    assert again.checks == stored.checks
    at = outlook_of(situation).calendar.dates.index(again.manifest.horizons["12mo"])
    mean = posterior.incidence[:, at].mean(axis=0)
    assert [row.mean for row in again.at("12mo").values()] == pytest.approx(mean)
    assert again.stored("forecast")["incidence"].shape[1:] == posterior.incidence.shape


def test_dates_of_the_figures_alone_publish_no_error(stored):
    for row in stored.rows:
        assert (row.ess is None) == (row.mcse is None) == (row.horizon == "")
    cells = {
        name: "" if value is None else str(value) for name, value in vars(stored.rows[0]).items()
    }
    assert row_from_text(cells) == stored.rows[0]


def test_a_run_of_another_question_is_not_taken(stored):
    with pytest.raises(tidings.UsageError, match="no run of 'other'"):
        find_run(stored.path.parent, None, "other")
    assert len(list_runs(stored.path.parent)) == 1


def test_the_run_to_build_on_is_the_newest_date_of_the_question(stored, monkeypatch):
    """A backtest of an early date, made later, and runs of other questions are not taken."""
    more = stored.path.parents[1] / "more"
    stored.path.rename(more / stored.path.name)
    monkeypatch.chdir(more)
    with pytest.raises(tidings.UsageError, match="runs of toy, zoo; expected a run"):
        Project.of(None, more).run()
    assert Project.of(TOY, more).run().manifest.run == stored.manifest.run
    early, newest = tidings.history(more, TOY)
    assert early.manifest.as_of < newest.manifest.as_of
    assert early.manifest.created >= newest.manifest.created
    assert runs_before(newest, more) == (early,) and runs_before(early, more) == ()
    assert (
        Project.of(None, more).run(early.manifest.run[:10]).manifest.as_of == early.manifest.as_of
    )
    shown = Console(record=True, width=200, file=io.StringIO())
    show_history(shown, tidings.history(more))
    text = shown.export_text()
    assert text.count("as of") == 2 and "toy" in text and "zoo" in text
