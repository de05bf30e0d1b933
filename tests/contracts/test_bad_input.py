"""Bad input: every fault at once, each with its place; exit 1; nothing stored.

What each broken file is told is in `tests/robustness/broken_files.csv`.
"""

import subprocess
import sys

import pytest

import tidings


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return text[: text.index(old)].count("\n") + 1


EVIDENCE, QUESTION, CLAIMS = "data/evidence.csv", "priors/turkey-s400.toml", "seeds/turkey-s400.csv"


def test_a_learned_setting_needs_the_file_of_what_was_learned(project):
    edit(project / QUESTION, 'learned = "learned/turkey-s400.toml"', "# nothing learned")
    text = (project / QUESTION).read_text()
    with pytest.raises(tidings.InputError) as caught:
        tidings.check(project / QUESTION)
    [fault] = caught.value.faults
    assert (fault.field, fault.got) == ("news.half_life_days", "'learned'")
    assert "files.learned" in fault.expected
    assert text.splitlines()[fault.line - 1].startswith("half_life_days")


@pytest.mark.parametrize(
    ("file", "old", "new", "what"),
    [
        ("data/cases.csv", "Owner preferred to scrap", "The owner preferred to scrap", "cases"),
        ("data/resolved/uae-f35.csv", ",B,2,opening-2020", ",C,2,opening-2020", "resolved"),
        (QUESTION, "trust = 0.5", "trust = 0.6", "settings"),
        (QUESTION, "C = 0.7, D = 0.45, E = 0.2, F = 0.3 }", "C = 0.6, D = 0.45, E = 0.2, F = 0.3 }",
         "settings"),
    ],
)  # fmt: skip
def test_what_was_learned_from_other_data_is_a_fault(project, file, old, new, what):
    edit(project / file, old, new)
    with pytest.raises(tidings.InputError) as caught:
        tidings.check(project / QUESTION)
    [fault] = caught.value.faults
    assert fault.field == f"digests.{what}"
    assert fault.remedy == "learn"


@pytest.mark.parametrize("as_of", ["9999-12-31", "2200-01-01", "1800-01-01"])
def test_a_day_out_of_reach_is_refused_before_anything_is_built(project, as_of):
    with pytest.raises(tidings.InputError, match=r"as_of: got .* expected a date (before|from)"):
        tidings.forecast(project / QUESTION, as_of, project / "runs")
    assert not (project / "runs").exists()


RESOLVED_FAULTS = {
    "an end before the start": ("date: '2023-10-17'", "date: '2021-10-17'", "resolved.date",
                                "after at_risk_from"),
    "an actor that is not there": ("  - ukraine\n", "  - ukrain\n", "requires",
                                   "did you mean 'ukraine'"),
    "an end that is no outcome": ("outcome: delivered", "outcome: delivred", "resolved.outcome",
                                  "did you mean 'delivered'"),
    "no status quo": ("id: status_quo", "id: nothing", "outcomes", "'status_quo'"),
}  # fmt: skip


@pytest.mark.parametrize("name", RESOLVED_FAULTS)
def test_a_fault_of_a_resolved_question_names_its_key(project, name):
    old, new, field, expected = RESOLVED_FAULTS[name]
    edit(project / "data" / "resolved" / "usa-atacms.yaml", old, new)
    with pytest.raises(tidings.InputError) as caught:
        tidings.exam(project / "data" / "resolved", project / QUESTION, leave_one_out=True)
    assert any(field in fault.field and expected in fault.expected for fault in caught.value.faults)


@pytest.mark.slow
def test_an_examination_without_anything_to_score_says_so(project):
    folder = project / "examined"
    folder.mkdir()
    text = (project / "data/resolved/usa-atacms.yaml").read_text()
    text = text.replace("id: usa-atacms", "id: new", 1)
    (folder / "new.yaml").write_text(text[: text.index("forecast_dates")] + "forecast_dates: []\n")
    header = (project / "data/resolved/usa-atacms.csv").read_text().splitlines()[0]
    (folder / "new.csv").write_text(header + "\n")
    with pytest.raises(tidings.UsageError, match="nothing to score"):
        tidings.exam(folder, project / QUESTION)


def test_a_duplicate_id_is_named_with_both_lines(project):
    path = project / EVIDENCE
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines, lines[1]]))
    with pytest.raises(tidings.InputError) as caught:
        tidings.check(project / QUESTION)
    [fault] = caught.value.faults
    assert (fault.line, fault.field) == (len(lines) + 1, "id")
    assert "line 2" in fault.expected


@pytest.mark.parametrize("file", [EVIDENCE, CLAIMS, "data/yardsticks.csv", "data/cases.csv"])
def test_a_missing_file_is_a_fault(project, file):
    (project / file).unlink()
    with pytest.raises(tidings.InputError) as caught:
        tidings.check(project / QUESTION)
    assert any(fault.file.resolve() == project / file for fault in caught.value.faults)


def test_all_faults_come_at_once_and_no_run_is_stored(project):
    edit(project / EVIDENCE, ",own,moscow,", ",own,moskow,")
    edit(project / EVIDENCE, "2017-09-12,day", "2017-09-31,day")
    done = subprocess.run(
        [sys.executable, "-m", "tidings", "forecast"],
        cwd=project, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 2
    assert all(line.startswith("data/evidence.csv:") and "expected" in line for line in lines)
    assert not (project / "data" / "runs").exists()


def test_wrong_use_is_exit_code_two(project):
    for arguments in (["report", "nope"], ["forecast", "--as-of", "soon"], ["nonsense"]):
        done = subprocess.run(
            [sys.executable, "-m", "tidings", *arguments],
            cwd=project, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr


def test_a_date_before_the_clock_is_refused(project):
    from datetime import date

    with pytest.raises(tidings.InputError, match="2019-07-12"):
        tidings.forecast(project / QUESTION, date(2019, 1, 1), project / "runs")
    assert not (project / "runs").exists()


def test_a_status_known_beyond_today_is_refused(project):
    edit(project / QUESTION, "# status_known_to = 2025-11-15", "status_known_to = 2150-01-01")
    with pytest.raises(tidings.InputError, match=r"status_known_to: got 2150-01-01; .*today"):
        tidings.forecast(project / QUESTION, "2025-11-30", project / "runs")
    assert not (project / "runs").exists()
