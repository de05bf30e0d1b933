"""Old evidence is told apart from no news."""

from datetime import date

from tidings.forecasting import make_forecast


def test_a_year_without_items_is_said_and_counted_as_forecast(inputs, tmp_path):
    run = make_forecast(inputs, date(2026, 11, 15), tmp_path)
    [check] = [check for check in run.checks if check.name == "newest_item"]
    assert (check.status, check.value) == ("warn", 365.0)
    assert any("365 days old" in note for note in run.manifest.notes)
    assert run.manifest.publishable
    assert 0.05 < run.manifest.already_happened < 0.3
