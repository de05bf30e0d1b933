"""Nothing is lost: a change of one row leaves the others, and runs made at once are all kept."""

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import pytest
from tests.helpers import AS_OF

import tidings
from tidings.forecasting.runs import list_runs
from tidings.forecasting.storing import write_run

BREAKS = {
    "line separator": "\u2028", "paragraph separator": "\u2029", "next line": "\u0085",
    "vertical tab": "\v", "form feed": "\f", "file separator": "\x1c", "carriage return": "\r",
}  # fmt: skip


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return {row["id"]: row for row in csv.DictReader(stream)}


@pytest.mark.parametrize("break_", BREAKS.values(), ids=BREAKS)
def test_a_retraction_leaves_every_other_row_as_it_was(project, break_):
    question, ledger = project / "priors/turkey-s400.toml", project / "data/evidence.csv"
    before = rows_of(ledger)
    first, second, *_, last = before
    with ledger.open(encoding="utf-8", newline="") as stream:
        columns = csv.DictReader(stream).fieldnames
    before[first]["claim"] = f"one{break_}two{break_}three{break_}four"
    written = io.StringIO()
    writer = csv.DictWriter(written, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(before.values())
    ledger.write_text(written.getvalue(), encoding="utf-8", newline="")
    before = rows_of(ledger)
    for name in (last, second):
        tidings.retract(name, "withdrawn by its source", date(2026, 6, 1), question)
    after = rows_of(ledger)
    assert list(after) == list(before)
    for name, row in after.items():
        withdrawn = row.pop("retracted"), row.pop("retracted_why")
        kept = {column: cell for column, cell in before[name].items() if column in row}
        assert row == kept
        assert bool(withdrawn[0]) == bool(withdrawn[1]) == (name in (last, second))


def test_runs_stored_at_once_are_all_kept(shipped_run, tmp_path):
    """What is left after the race is as many whole runs as were stored."""
    kept = ("run", "created", "inputs", "question_file", "format")
    facts = {name: value for name, value in shipped_run.manifest if name not in kept}
    inputs = tidings.check(shipped_run.question_file)
    draws = shipped_run.posterior()

    def store(_):
        files = (shipped_run.question_file, inputs.files()[:1])
        return write_run(tmp_path, facts, files, (shipped_run.rows, shipped_run.checks), draws)

    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(store, range(12)))
    assert len({run.manifest.run for run in made}) == len(made)
    assert {run.manifest.run for run in list_runs(tmp_path)} == {run.manifest.run for run in made}
    assert not list(tmp_path.glob(".writing-*"))


def test_reports_of_one_run_made_at_once_are_whole(shipped_run, tmp_path):
    from tidings.reporting.rendering import _place

    contents = [str(number) * 400_000 for number in range(6)]
    for number, content in enumerate(contents):
        (tmp_path / f"{number}.html").write_text(content)
    target = tmp_path / "out" / "report.html"
    target.parent.mkdir()
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda n: _place(tmp_path / f"{n}.html", target), range(6)))
    assert target.read_text() in contents
    assert list(target.parent.iterdir()) == [target]


def test_bundles_of_one_run_put_in_place_at_once_are_whole(tmp_path):
    from tidings.reporting.rendering import _place_folder

    bundle = tmp_path / "bundle"
    bundle.mkdir()
    (bundle / "forecast.qmd").write_text("x" * 9**5)
    for number in range(20):
        target = tmp_path / str(number) / "report-source"
        target.parent.mkdir()
        with ThreadPoolExecutor(6) as threads:
            list(threads.map(lambda _, target=target: _place_folder(bundle, target), range(6)))
        assert list(target.parent.iterdir()) == [target]
        assert (target / "forecast.qmd").stat().st_size == 9**5


def test_no_run_is_stored_with_a_value_that_is_no_number(inputs, tmp_path, monkeypatch):
    from tidings.forecasting import making

    made = making._rows

    def rows(incidence, calendar, basis, diagnosed):
        first, *others = made(incidence, calendar, basis, diagnosed)
        return [replace(first, mean=float("nan")), *others]

    monkeypatch.setattr(making, "_rows", rows)
    with pytest.raises(tidings.FitError, match=r"2 of \d+ probabilities are no numbers"):
        making.make_forecast(inputs, AS_OF, tmp_path / "runs")
    assert not list_runs(tmp_path / "runs") and not list(tmp_path.rglob("manifest.json"))
