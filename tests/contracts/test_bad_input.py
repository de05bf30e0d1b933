"""Bad input: one line each with file, line, field, got and expected; exit 1; nothing stored."""

import subprocess
import sys

import pytest

import tidings


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return text[: text.index(old)].count("\n") + 1


OTHER = "quantiles = { p05 = 0.02, p50 = 0.06, p95 = 0.17 }"


def pooled(second):
    """A pool of the shipped share of other ends and another source, on one line."""
    reason = 'because = "A reason in words."'
    return f"pool = [{{ {OTHER}, {reason} }}, {{ {second}, {reason} }}]"


EVIDENCE, QUESTION, CLAIMS = "data/evidence.csv", "priors/turkey-s400.toml", "seeds/turkey-s400.csv"

BROKEN = {
    "unknown column": (EVIDENCE, "id,date,date_precision", "id,date,date_precison", "header",
                       "'date_precison'", "date_precision"),
    "unknown actor": (EVIDENCE, ",own,moscow,", ",own,moskow,", "actor", "'moskow'",
                      "did you mean 'moscow'"),
    "unknown outcome": (EVIDENCE, ",ankara,retained,", ",ankara,retaned,", "outcomes", "'retaned'",
                        "did you mean 'retained'"),
    "unknown word": (EVIDENCE, ",very_likely,-1,", ",very_likly,-1,", "face_value",
                     "'very_likly'", "did you mean 'very_likely'"),
    "impossible date": (EVIDENCE, "2017-09-12,day", "2017-09-31,day", "date", "'2017-09-31'",
                        "a day that exists"),
    "push out of scale": (EVIDENCE, ",very_likely,-1,", ",very_likely,-4,", "push", "'-4'",
                          "a whole number from -3 to 3"),
    "unknown key": (QUESTION, "step_days = 14", "step_dayz = 14", "time.step_dayz",
                    "unknown key 'step_dayz'", "did you mean 'step_days'"),
    "unknown prior": (QUESTION, "[priors.precedent.ukraine]", "[priors.precedent.ukrain]",
                      "priors.precedent.ukrain", "unknown name 'ukrain'",
                      "did you mean 'ukraine'"),
    "missing claim": (QUESTION, '"tass-ukraine-least-likely"', '"tass-ukraine-least-likly"',
                      "claims", "'tass-ukraine-least-likly'",
                      "did you mean 'tass-ukraine-least-likely'"),
    "quantiles out of order": (QUESTION, "p05 = 0.02, p50 = 0.06, p95 = 0.17",
                               "p05 = 0.2, p50 = 0.06, p95 = 0.17", "priors.share_other.quantiles",
                               "0.2", "rising order"),
    "word of no yardstick": (QUESTION, 'word = "almost no chance"', 'word = "almost no chanse"',
                             "word", "'almost no chanse'", "did you mean 'almost no chance'"),
    "word and quantiles": (QUESTION, OTHER, OTHER + '\nword = "likely"', "priors.share_other",
                           "this table", "exactly one of word, quantiles, learned, fixed, pool"),
    "quantiles that no normal fits": (QUESTION, OTHER,
                                      "quantiles = { p05 = 0.02, p50 = 0.5, p95 = 0.57 }",
                                      "priors.share_other.quantiles", "p50 = 0.5", "misses by"),
    "yardstick without that word": (QUESTION, 'word = "almost no chance"\nyardstick = "icd203"',
                                    'word = "almost no chance"\nyardstick = "ipcc"', "word",
                                    "'almost no chance'", "on ipcc"),
    "pool of one": (QUESTION, OTHER, "pool = []", "priors.share_other.pool", "", "at least 2"),
    "bad source in a pool": (QUESTION, OTHER, pooled("quantiles = { p05 = 2.0, p95 = 1.0 }"),
                             "priors.share_other.pool.1.quantiles", "2.0", "rising order"),
    "claim of a source in a pool": (QUESTION, OTHER,
                                    pooled('quantiles = { p05 = 0.1, p95 = 0.4 }, claims = ["x"]'),
                                    "priors.share_other.pool.1.claims", "'x'", "one of"),
    "learned quantity": (QUESTION, 'learned = "resolved.base_rate"',
                         'learned = "resolved.bas_rate"',
                         "priors.base_rate.learned", "'resolved.bas_rate'",
                         "did you mean 'resolved.base_rate'"),
    "learned quantity of another scale": (QUESTION, 'learned = "resolved.base_rate"',
                                          'learned = "resolved.consent_slope"',
                                          "priors.base_rate.learned", "'resolved.consent_slope'",
                                          "on the log scale"),
    "likeness to cases": (QUESTION, "air_defence = true", "air_defense = true", "cases.like",
                          "air_defense", "air_defence"),
    "trust in cases": (QUESTION, "trust = 0.5", "trust = 0", "cases.trust", "0", "greater than 0"),
    "status of a claim": (CLAIMS, ",supported,", ",suported,", "status", "'suported'",
                          "did you mean 'supported'"),
    "one quantile twice": (QUESTION, OTHER, "quantiles = { p05 = 0.1, p5 = 0.2, p95 = 0.4 }",
                           "priors.share_other.quantiles", "'p5'", "each quantile once"),
    "infinite quantile": (QUESTION, OTHER, "quantiles = { p05 = 0.1, p95 = inf }",
                          "priors.share_other.quantiles.p95", "inf", "finite number"),
    "no number": (QUESTION, "factor_half_life_days = 365.25", "factor_half_life_days = nan",
                  "time.factor_half_life_days", "nan", "finite number"),
    "seed below zero": (QUESTION, "seed = 20190712", "seed = -1", "fit.seed", "-1",
                        "greater than or equal to 0"),
    "more draws than memory": (QUESTION, "draws = 750", "draws = 1000000000000", "fit.draws",
                               "1000000000000", "less than or equal to 50000"),
    "clock in another age": (QUESTION, "clock_start = 2019-07-12", "clock_start = 1800-01-01",
                             "clock_start", "", "1900-01-01"),
    "horizon in another age": (QUESTION, 'yardstick = "icd203" ',
                               'horizon_dates = [9999-12-31]\nyardstick = "icd203" ',
                               "horizon_dates.0", "", "2200-01-01"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_fault_names_its_place_and_the_remedy(project, name):
    file, old, new, field, got, expected = BROKEN[name]
    line = edit(project / file, old, new)
    with pytest.raises(tidings.InputError) as caught:
        tidings.check(project / QUESTION)
    here = [fault for fault in caught.value.faults if fault.file.resolve() == project / file]
    matching = [fault for fault in here if got in fault.got and expected in fault.expected]
    assert matching, str(caught.value)
    assert field in matching[0].field
    assert matching[0].line is not None
    assert abs(matching[0].line - line) <= 1


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
