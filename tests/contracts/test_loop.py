"""The analyst's loop: correct, take back, record a batch twice, and answer prompts."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from datetime import date, timedelta

import pytest
from rich.console import Console
from rich.prompt import Prompt
from tests.helpers import INPUTS, as_committed, copy_project, lighten

import tidings
from tidings.cli.asking import _Asker, _recent
from tidings.evidence.recording import cells_of

ITEM = "putin-request-ashgabat-dec2025"
CELLS = {
    "url": "https://tass.com/defense/1", "speaker": "Dmitry Peskov", "actor": "moscow",
    "outcomes": "returned_to_russia", "face_value": "even", "push": "1", "credibility": "2",
    "claim": "Peskov said that Moscow would look at an offer.",
}  # fmt: skip


@pytest.fixture
def question(project):
    return project / "priors" / "turkey-s400.toml"


@pytest.fixture
def ledger(project):
    return project / "data" / "evidence.csv"


def command(question, *arguments, **how):
    return subprocess.run(
        [sys.executable, "-m", "tidings", *arguments, "--question", str(question)],
        capture_output=True, text=True, check=False, cwd=question.parents[1], **how,
    )  # fmt: skip


def rows_of(ledger):
    with ledger.open(encoding="utf-8", newline="") as stream:
        return {row["id"]: row for row in csv.DictReader(stream)}


def some_item(question):
    return next(item for item in tidings.check(question).ledger.items if item.push == 1)


def test_an_edit_changes_one_row_and_keeps_what_it_was(question, ledger):
    before, item = rows_of(ledger), some_item(question)
    done = command(question, "edit", item.id, "--push", "2", "--why", "read again", "--yes")
    assert done.returncode == 0, done.stderr
    after = rows_of(ledger)
    assert after[item.id]["push"] == "2"
    assert "push 1; read again" in after[item.id]["note"]
    assert str(date.today()) in after[item.id]["note"]
    others = [name for name in before if name != item.id]
    assert all(after[name] == before[name] for name in others)
    assert "tidings undo" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(("--push", "9"), "push: got '9'"), ((), "nothing is changed"),
     (("--actor", "mosco"), "did you mean 'moscow'")],
)  # fmt: skip
def test_an_edit_that_cannot_be_is_refused_before_anything_is_shown(
    question, ledger, arguments, says
):
    before = ledger.read_bytes()
    done = command(question, "edit", some_item(question).id, *arguments, "--why", "x", "--yes")
    assert done.returncode in (1, 2) and says in done.stderr and done.stdout == ""
    assert ledger.read_bytes() == before


def test_the_last_change_is_taken_back_byte_for_byte(question, ledger):
    files = ledger.read_bytes(), question.read_bytes()
    item = some_item(question)
    tidings.retract(item.id, "wrong", None, question)
    assert tidings.undo(question).what == f"withdrew {item.id}"
    assert ledger.read_bytes() == files[0]
    with pytest.raises(tidings.UsageError, match="no change to take back"):
        tidings.undo(question)
    reason = "to see what that does"
    tidings.edit_prior("base_rate", "p05=0.01,p50=0.05,p95=0.2", reason, question=question).write()
    assert question.read_bytes() != files[1]
    assert command(question, "undo", "--yes").returncode == 0
    assert question.read_bytes() == files[1]


def test_a_file_changed_by_hand_since_is_not_put_back(question, ledger):
    tidings.retract(some_item(question).id, "wrong", None, question)
    by_hand = ledger.read_text(encoding="utf-8") + "\n"
    ledger.write_text(by_hand, encoding="utf-8")
    with pytest.raises(tidings.RunError, match="changed by hand since"):
        tidings.undo(question)
    assert ledger.read_text(encoding="utf-8") == by_hand


def test_a_batch_may_hold_what_is_there_and_a_grade(question, tmp_path):
    items = tidings.check(question).ledger.items
    batch = tmp_path / "batch.csv"
    columns = ["id", "url", "claim", "date", "speaker", "actor", "outcomes", "push", "grade"]
    with batch.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, extrasaction="ignore")
        writer.writeheader()
        for item in items[:2]:
            grade = item.source_reliability + item.credibility
            writer.writerow({**cells_of(item), "grade": grade})
        writer.writerow({**CELLS, "id": "new-one", "date": "2026-03-20", "grade": "B3"})
    draft = tidings.draft_file(batch, question)
    assert draft.skipped == tuple(item.id for item in items[:2])
    [new] = draft.items
    assert (new.id, new.source_reliability, new.credibility) == ("new-one", "B", "3")
    changed = batch.read_text(encoding="utf-8").replace(items[0].claim[:12], "Other words ", 1)
    batch.write_text(changed, encoding="utf-8")
    with pytest.raises(tidings.InputError, match="an id not used before"):
        tidings.draft_file(batch, question)


def test_an_item_of_tomorrow_is_said_and_hints_name_the_question(question):
    day = str(date.today() + timedelta(days=9))
    flags = [flag for name, value in CELLS.items() if name not in ("credibility",)
             for flag in (f"--{name.replace('_', '-')}", value)]  # fmt: skip
    done = command(question, "add", *flags, "--grade", "B2", "--date", day, "--yes")
    assert done.returncode == 0, done.stderr
    assert "after today" in " ".join(done.stdout.split())
    assert f"--question {question}" in done.stdout.replace("\n", "")


@pytest.mark.parametrize("command_", [("retract",), ("edit", "--push", "2")])
def test_an_item_that_is_not_there_is_refused_before_anything_is_shown(question, command_):
    name = some_item(question).id
    done = command(question, command_[0], name[:-1], *command_[1:], "--why", "wrong one", "--yes")
    assert done.returncode == 2 and f"did you mean '{name}'" in done.stderr and done.stdout == ""


@pytest.mark.slow
def test_where_weights_do_not_carry_a_prior_is_fitted_again_without_being_told(light_run, project):
    question = lighten(project / "priors" / "turkey-s400.toml")
    done = command(
        question, "priors", "set", "factor_sd.ankara", "p05=3,p50=5,p95=8", "--because",
        "The sd of latent states, whose draws cannot be moved.", "--yes", "--json",
        "--runs", str(light_run.path.parent),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "fitted again" in done.stderr and "cannot be trusted" not in done.stderr
    # What is previewed next is held against a run that did not know the prior: that is said.
    preview = ("preview", "--without", "eurofighter-oct2025", "--runs", str(light_run.path.parent))
    shown = [
        " ".join(command(asked, *preview).stdout.split())
        for asked in (question, light_run.path.parents[2] / "priors" / "turkey-s400.toml")
    ]
    assert "changed since that run, and not in these numbers: factor_sd.ankara;" in shown[0]
    assert "what it would do" in shown[1] and "changed since" not in shown[1]


def test_a_withdrawn_item_is_refused_before_anything_is_shown(question):
    item = some_item(question)
    tidings.retract(item.id, "wrong", None, question)
    done = command(question, "retract", item.id, "--why", "again", "--yes")
    assert done.returncode == 2 and "was withdrawn on" in done.stderr and done.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [("retract", ITEM, "--why", "wrong"), ("edit", ITEM, "--push", "2", "--why", "read again"),
     ("priors", "set", "share_other", "p05=0.01,p95=0.1", "--because", "a trial"),
     ("add", "--claim", "Something.")],
)  # fmt: skip
def test_where_nobody_can_agree_nothing_is_worked_out(question, ledger, arguments):
    before = ledger.read_bytes(), question.read_bytes()
    done = command(question, *arguments, stdin=subprocess.DEVNULL)
    assert done.returncode == 2 and "say it with --yes" in done.stderr and done.stdout == ""
    assert (ledger.read_bytes(), question.read_bytes()) == before


def test_what_was_known_before_leaves_the_scale_on_the_screen(question):
    items = tidings.check(question).ledger.items
    cells = {"date": "2025-12-20", "actor": "moscow", "outcomes": "ukraine;third_country"}
    shown, left = _recent(items, cells)
    near = [item for item in items if "2025-10-21" <= str(item.date) <= "2025-12-20"]
    assert len(shown) == 8 and left == len(near) - 8 > 0
    assert [item.date for item in shown] == sorted(item.date for item in shown)
    about = {"ukraine", "third_country"}
    assert all(item.actor == "moscow" or about & set(item.outcomes) for item in shown)
    old, none = _recent(items, {**cells, "date": "2021-01-20"})
    assert len(old) >= 1 and none >= 0 and all(str(item.date) <= "2021-01-20" for item in old)


def test_prompts_check_each_answer_and_keep_them(question, ledger, monkeypatch):
    answers = iter(["javascript:alert(1)", "https://tass.com/1", "soon", "2026-03-20"])
    monkeypatch.setattr(Prompt, "ask", lambda *_, **__: next(answers))
    shown = Console(record=True, width=300, file=io.StringIO())
    asker = _Asker(shown, tidings.check(question), {})
    asker.ask("url", "link")
    asker.ask("date", "day")
    assert asker.cells == {"url": "https://tass.com/1", "date": "2026-03-20"}
    text = shown.export_text()
    assert "url: got" in text and "date: got 'soon'; expected a day that exists" in text
    assert json.loads(asker.kept.read_text()) == asker.cells
    monkeypatch.setattr("tidings.cli.asking.Confirm.ask", lambda *_, **__: True)
    again = _Asker(shown, tidings.check(question), {"date": "2026-03-21"})
    assert again.cells == {"url": "https://tass.com/1", "date": "2026-03-21"}


def test_files_and_days_may_be_texts(project, question):
    assert len(tidings.check(str(question)).ledger.items) > 100
    assert tidings.history(str(project / "nowhere")) == ()
    with pytest.raises(tidings.UsageError, match="a day that exists"):
        tidings.forecast(str(question), "2025-02-30")
    assert tidings.__version__.count(".") == 2


def test_a_ledger_with_semicolons_is_refused_and_a_batch_with_them_is_read(project):
    question, ledger = project / "priors" / "turkey-s400.toml", project / "data" / "evidence.csv"
    batch = project / "batch.csv"
    batch.write_text(
        "actor;outcomes;claim;push;grade;date;source;url\n"
        'Moscow;ukraine;"A claim; with a semicolon";1;b2;30 Nov 2025;Reuters;https://a.b/c\n',
        encoding="utf-8",
    )
    [item] = tidings.draft_file(batch, question).items
    assert (item.actor, item.source_reliability, str(item.date)) == ("moscow", "B", "2025-11-30")
    assert item.claim == "A claim; with a semicolon"
    head, _, rest = ledger.read_text(encoding="utf-8").partition("\n")
    ledger.write_text(head.replace(",", ";") + "\n" + rest, encoding="utf-8")
    with pytest.raises(tidings.InputError, match="semicolons between the cells; expected commas"):
        tidings.check(question)


def test_faults_of_the_question_and_of_its_evidence_are_told_at_once(project):
    question, ledger = project / "priors" / "turkey-s400.toml", project / "data" / "evidence.csv"
    text = question.read_text(encoding="utf-8")
    assert 'word = "almost no chance"' in text
    question.write_text(text.replace('word = "almost no chance"', 'word = "hardly"', 1))
    lines = ledger.read_text(encoding="utf-8").splitlines(keepends=True)
    lines[3] = lines[3].replace(",2017-", ",2017_", 1)
    ledger.write_text("".join(lines), encoding="utf-8")
    with pytest.raises(tidings.InputError) as told:
        tidings.check(question)
    places = {fault.file.name for fault in told.value.faults}
    assert places == {"turkey-s400.toml", "evidence.csv"}


def test_tables_come_out_as_csv_without_formulas(shipped_run, capsys):
    import pandas as pd

    from tidings.cli.options import print_csv

    print_csv(pd.DataFrame({"claim": ["=1+1", "plain", "-x"], "change": [-0.5, 0.1, 0.0]}))
    assert capsys.readouterr().out.splitlines()[1:] == ["'=1+1,-0.5", "plain,0.1", "'-x,0.0"]
    done = subprocess.run(
        [sys.executable, "-m", "tidings", "watch", "--csv", "--runs", str(shipped_run.path.parent)],
        cwd=INPUTS, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith("actor,") or "," in done.stdout.splitlines()[0]
    table = pd.read_csv(io.StringIO(done.stdout))
    assert {"outcome", "horizon", "change", "mcse", "k"} <= set(table.columns) and len(table) > 50


def test_history_fits_80_columns_and_is_drawn(shipped_run, tmp_path):
    runs, narrow = str(shipped_run.path.parent), {**os.environ, "COLUMNS": "80"}
    arguments = ["history", "--plot", "--runs", runs, "--out", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "tidings", *arguments],
        cwd=INPUTS, capture_output=True, text=True, check=True, env=narrow,
    )  # fmt: skip
    table = done.stdout.partition("figure")[0].splitlines()
    assert max(map(len, table)) <= 80 and "…" not in done.stdout
    [row] = [line for line in table if line.startswith(str(shipped_run.manifest.as_of))][:1]
    assert row.count("%") == len(shipped_run.manifest.outcomes)
    [figure] = tmp_path.glob("*.svg")
    for outcome in shipped_run.manifest.outcomes:
        assert outcome.title.split()[0] in figure.read_text(encoding="utf-8")


def test_what_commands_leave_beside_the_data_is_not_taken_along(project, tmp_path):
    for name in (".evidence.csv.lock", ".evidence.csv.undo", ".evidence.csv.draft"):
        (project / "data" / name).touch()
    copy = copy_project(tmp_path / "copy", project)
    assert (copy / "data" / "evidence.csv").is_file()
    assert not list(copy.rglob(".evidence.csv*"))


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_what_commands_do_here_fails_no_test(project, question, ledger, monkeypatch):
    """The suite holds to the inputs as committed, unless it is asked for those that stand here."""
    monkeypatch.delenv("TIDINGS_TEST_INPUTS", raising=False)
    git = ["git", "-C", str(project), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "As shipped."]):
        subprocess.run([*git, *arguments], check=True)
    assert as_committed(project) == project
    shipped = ledger.read_bytes()
    done = command(
        question, "edit", some_item(question).id, "--push", "2", "--why", "x y z", "--yes"
    )
    assert done.returncode == 0, done.stderr
    assert ledger.read_bytes() != shipped
    kept = as_committed(project)
    assert kept != project and (kept / "data/evidence.csv").read_bytes() == shipped
    monkeypatch.setenv("TIDINGS_TEST_INPUTS", "working")
    assert as_committed(project) == project
