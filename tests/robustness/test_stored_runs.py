"""A stored run that was changed, broken or forged is named, and stops nothing else."""

import json
import os
import shutil
import subprocess
import sys

import pytest

import tidings
from tidings.forecasting.runs import list_runs, read_run, unreadable_runs


@pytest.fixture
def runs(shipped_run, tmp_path):
    """A folder with the shipped run and a copy of it to break."""
    folder = tmp_path / "runs"
    shutil.copytree(shipped_run.path, folder / shipped_run.path.name)
    shutil.copytree(shipped_run.path, folder / "2025-11-30_20251130T000000Z_abcdef")
    return folder


@pytest.fixture
def copy(runs):
    return runs / "2025-11-30_20251130T000000Z_abcdef"


def change(path, old, new):
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))


def reseal(run):
    """Give a forged run digests that fit, as somebody who forges it would."""
    from tidings.forecasting.storing import _write_sums

    _write_sums(run)


def command(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "tidings", *arguments],
        capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "240"},
    )  # fmt: skip


FORGED = {
    "nothing": lambda facts: {},
    "a key of a newer version": lambda facts: {**facts, "mood": "good"},
    "no number": lambda facts: {**facts, "already_happened": None},
    "not a number": lambda facts: {**facts, "already_happened": float("nan")},
    "a name that leaves the folder": lambda facts: {**facts, "run": "../../../x"},
    "an absolute name": lambda facts: {**facts, "run": "/tmp/x"},
    "a question outside": lambda facts: {**facts, "question_file": "../../../etc/passwd"},
    "a headline that it lacks": lambda facts: {**facts, "headline": "7mo"},
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_a_run_that_cannot_be_read_is_one_line_of_the_history(runs, copy, shipped_run, forge):
    manifest = copy / "manifest.json"
    manifest.write_text(json.dumps(forge(json.loads(manifest.read_text()))))
    reseal(copy)
    assert [run.manifest.run for run in list_runs(runs)] == [shipped_run.manifest.run]
    [fault] = unreadable_runs(runs)
    assert copy.name in str(fault)
    assert "validation error" not in str(fault) and "manifest.json: " in str(fault)
    told = command("history", "--runs", str(runs))
    assert told.returncode == 0
    assert shipped_run.manifest.run in told.stdout
    assert "not a run that can be read" in " ".join(told.stdout.split())
    answer = json.loads(command("history", "--json", "--runs", str(runs)).stdout)
    assert len(answer["runs"]) == len(answer["unreadable"]) == 1


@pytest.mark.slow
def test_a_run_that_cannot_be_read_stops_no_other_command(runs, copy, shipped_run, project):
    (copy / "manifest.json").write_text("{}")
    reseal(copy)
    question, at = project / "priors/turkey-s400.toml", ("--runs", str(runs))
    item = ["--actor", "moscow", "--outcomes", "ukraine", "--push", "1", "--grade", "B2", "--voice",
            "observer", "--claim", "Moscow would look at it.", "--source", "TASS",
            "--url", "https://tass.com/x", "--date", "2025-11-29"]  # fmt: skip
    for arguments in (
        ["report", *at, "--to", "html", "--out", str(project / "out")],
        ["priors", "show", "base_rate", *at],
        ["add", *item, "--yes", "--question", str(question), *at],
    ):
        done = command(*arguments)
        assert done.returncode == 0, done.stderr
    assert shipped_run.manifest.run in str(list((project / "out").iterdir()))
    assert "Moscow would look at it." in (project / "data/evidence.csv").read_text()


def test_a_report_of_a_forged_run_is_refused_and_writes_nothing(runs, copy, tmp_path):
    manifest = copy / "manifest.json"
    change(manifest, shipped_name(manifest), b'"run": "../../../x"')
    reseal(copy)
    with pytest.raises(tidings.RunError):
        tidings.report(str(copy), runs, rendered=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def shipped_name(manifest):
    return f'"run": "{json.loads(manifest.read_text())["run"]}"'.encode()


@pytest.mark.parametrize("name", ["forecast.csv", "checks.csv", "manifest.json"])
def test_an_edited_number_is_not_read(copy, name):
    change(copy / name, b"0.", b"1.")
    with pytest.raises(tidings.RunError, match="changed since it was written"):
        read_run(copy)


def test_edited_draws_and_inputs_are_not_used(copy):
    content = bytearray((copy / "posterior.nc").read_bytes())
    content[-1] ^= 1
    (copy / "posterior.nc").write_bytes(content)
    change(copy / "inputs/data/evidence.csv", b"2017", b"2018")
    run = read_run(copy)
    for reading in (lambda: run.stored("posterior"), run.posterior, lambda: run.question_file):
        with pytest.raises(tidings.RunError, match="changed since it was written"):
            reading()


def test_a_run_is_what_sha256sum_says(shipped_run):
    checked = subprocess.run(
        ["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=shipped_run.path, check=False
    )
    assert checked.returncode == 0
    listed = (shipped_run.path / "SHA256SUMS").read_text().count("\n")
    files = [path for path in shipped_run.path.rglob("*") if path.is_file()]
    assert listed == len(files) - 1
