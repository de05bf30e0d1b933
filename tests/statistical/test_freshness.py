"""Old evidence is told apart from no news."""

import io
from dataclasses import replace
from datetime import date, timedelta

import pytest
from rich.console import Console

import tidings
from tidings.cli import forecasts as terminal
from tidings.cli.history import show_history
from tidings.cli.reasons import show_watch
from tidings.evidence.ledger import Ledger
from tidings.forecasting.making import make_forecast
from tidings.mechanism.situation import observe
from tidings.reporting import views
from tidings.reporting.rendering import render

SAYS = "no recent items does not mean that nothing happened"


def fresh(run):
    [check] = [check for check in run.checks if check.name == "fresh"]
    return check


@pytest.mark.slow
def test_a_year_without_items_is_said_and_counted_as_forecast(inputs, tmp_path):
    newest = max(item.known for item in inputs.ledger.items)
    run = make_forecast(inputs, newest + timedelta(days=365), tmp_path)
    check = fresh(run)
    assert (check.status, check.value, check.limit) == ("warn", 365.0, 45.0)
    assert SAYS in check.says
    assert any("365 days old" in note and SAYS in note for note in run.manifest.notes)
    assert run.manifest.publishable
    # A handover would be in every paper: only what silence cannot tell is forecast.
    assert 0.001 < run.manifest.already_happened < 0.01
    console = Console(record=True, width=300, file=io.StringIO())
    terminal.show_run(console, run)
    show_history(console, [run])
    watch = tidings.watch(str(run.path))
    show_watch(console, watch, "12mo", 1)
    assert console.export_text().count(SAYS) == 4  # the note, and the check on three surfaces
    assert views.watch(watch, "12mo")["fresh"] == "warn"
    [html] = render(run, ("html",), tmp_path)
    assert html.read_text(encoding="utf-8").count(SAYS) == 2


def test_ages_are_told_by_actor(shipped_run):
    check = fresh(shipped_run)
    assert (check.status, check.value) == ("pass", 15.0)
    newest = shipped_run.manifest.newest_by_actor
    assert list(newest) == ["ankara", "moscow", "washington", "deal"]
    assert newest["washington"] == date(2025, 11, 15)
    for actor, day in newest.items():
        age = "never" if day is None else (shipped_run.manifest.as_of - day).days
        assert f"{actor} {age}" in check.says


def test_news_of_an_actor_without_dynamics_does_not_keep_a_ledger_fresh(inputs, new_item):
    as_of = max(item.known for item in inputs.ledger.items) + timedelta(days=30)
    recent = as_of - timedelta(days=3)
    about_india = new_item(actor="india", outcomes=("third_country",), published=recent)
    ledger = Ledger(inputs.ledger.path, (*inputs.ledger.items, about_india))
    without = observe(inputs.question, inputs.ledger, inputs.resolved, as_of)
    found = observe(inputs.question, ledger, inputs.resolved, as_of)
    assert found.newest == recent
    assert found.newest_by_actor == without.newest_by_actor
    spoken = replace(about_india, id="congress", actor="us_congress")
    ledger = Ledger(inputs.ledger.path, (*inputs.ledger.items, spoken))
    heard = observe(inputs.question, ledger, inputs.resolved, as_of)
    assert heard.newest_by_actor["washington"] == recent
