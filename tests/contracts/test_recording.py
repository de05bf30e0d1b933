"""The ledger is written whole or not at all, one line an item."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest
from tests.helpers import PROJECT

import tidings
from tidings import _writing as rewriting
from tidings.evidence.drafting import likenesses

CELLS = {
    "url": "https://tass.com/defense/1",
    "speaker": "Dmitry Peskov",
    "actor": "moscow",
    "outcomes": "returned_to_russia",
    "face_value": "even",
    "push": "1",
    "credibility": "2",
    "date": "2025-12-01",
    "claim": "Peskov said that Moscow would look at an offer to hand the systems back.",
}


@pytest.fixture
def question(project):
    return project / "priors" / "turkey-s400.toml"


@pytest.fixture
def ledger(project):
    return project / "data" / "evidence.csv"


def command(question, *arguments):
    """Run the command line as another process would."""
    return subprocess.run(
        [sys.executable, "-m", "tidings", *arguments, "--question", str(question), "--yes"],
        capture_output=True, text=True, check=False, cwd=question.parents[1],
    )  # fmt: skip


def test_what_is_left_out_is_completed_from_the_ledger(question):
    (item,) = tidings.draft([CELLS], question).items
    assert (item.source, item.voice, item.source_reliability) == ("TASS", "own", "B")
    assert item.story == item.id == "peskov-moscow-look-offer-hand-2025"
    (short,) = tidings.draft([{**CELLS, "face_value": "nearly"}], question).items
    assert short.face_value == "nearly_certain"


def test_an_item_is_one_line_at_the_end(question, ledger):
    before = ledger.read_bytes()
    tidings.add(tidings.draft([CELLS], question).items, question)
    after = ledger.read_bytes()
    assert after.startswith(before)
    assert after[len(before) :].count(b"\n") == 1
    assert tidings.check(question).ledger.items[-1].speaker == "Dmitry Peskov"


def test_a_retraction_changes_one_line_and_adding_again_is_refused(question, ledger):
    items = tidings.draft([CELLS], question).items
    tidings.add(items, question)
    before = ledger.read_text().splitlines()
    tidings.retract(items[0].id, "Denied the day after.", question=question)
    after = ledger.read_text().splitlines()
    assert [a == b for a, b in zip(before, after, strict=True)] == [True] * (len(after) - 1) + [
        False
    ]
    with pytest.raises(tidings.UsageError, match="was withdrawn on"):
        tidings.retract(items[0].id, "Again.", question=question)
    with pytest.raises(tidings.InputError, match="an id not used before"):
        tidings.add(items, question)


def test_a_ledger_without_the_columns_of_retraction_gets_them(question, ledger):
    lines = [line.removesuffix(",,") for line in ledger.read_text().splitlines()]
    lines[0] = lines[0].removesuffix(",retracted,retracted_why")
    ledger.write_text("\n".join(lines) + "\n")
    known = tidings.check(question).ledger.items
    tidings.retract(known[3].id, "Never said, as it turned out.", question=question)
    found = tidings.check(question).ledger.items
    assert [item.retracted_why for item in found[2:5]] == [
        None, "Never said, as it turned out.", None,
    ]  # fmt: skip
    assert len(found) == len(known)


def test_a_crash_before_the_file_is_in_place_leaves_all_as_it_was(question, ledger, monkeypatch):
    before = ledger.read_bytes()
    names = set(ledger.parent.iterdir())

    def fails(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(tidings.RunError, match=r"No space left on device.*it is as it was"):
        tidings.add(tidings.draft([CELLS], question).items, question)
    assert ledger.read_bytes() == before
    assert {path for path in ledger.parent.iterdir() if path.suffix != ".lock"} == names


def test_many_adding_at_once_lose_nothing(question, ledger):
    code = (
        "import sys, tidings; from pathlib import Path; q = Path(sys.argv[1])\n"
        f"items = tidings.draft([{{**{CELLS!r}, 'id': 'item-' + sys.argv[2]}}], q).items\n"
        "tidings.add(items, q)"
    )
    before = len(tidings.check(question).ledger.items)
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(question), str(n)], cwd=PROJECT)
        for n in range(8)
    ]
    assert [one.wait() for one in running] == [0] * 8
    found = {item.id for item in tidings.check(question).ledger.items}
    assert {f"item-{n}" for n in range(8)} <= found
    assert len(found) == before + 8


def test_a_ledger_locked_for_long_is_said(question, ledger, monkeypatch):
    monkeypatch.setattr(rewriting, "LOCK_SECONDS", 0.1)
    items = tidings.draft([CELLS], question).items
    holds = rewriting.FileLock(ledger.with_name(f".{ledger.name}.lock"))
    with holds, pytest.raises(tidings.RunError, match="nothing was written"):
        tidings.add(items, question)


def test_a_file_is_taken_whole_or_not_at_all(question, ledger, tmp_path):
    before = ledger.read_bytes()
    file = tmp_path / "news.csv"
    columns = [*CELLS, "id"]
    rows = [{**CELLS, "id": "one"}, {**CELLS, "id": "two", "actor": "moscw"},
            {**CELLS, "id": "three", "push": "9"}]  # fmt: skip
    quoted = [",".join(f'"{row[name]}"' for name in columns) for row in rows]
    file.write_text("\n".join([",".join(columns), *quoted]) + "\n")
    done = command(question, "add", "--from", str(file))
    assert done.returncode == 1
    assert f"{file}:3: actor: got 'moscw'" in done.stderr
    assert f"{file}:4: push: got '9'" in done.stderr
    assert ledger.read_bytes() == before


def test_a_resembling_item_is_offered_its_story(question):
    known = tidings.check(question).ledger.items[-1]
    cells = {**CELLS, "actor": known.actor, "outcomes": "any", "claim": known.claim,
             "date": str(known.date), "speaker": known.speaker}  # fmt: skip
    drafted = tidings.draft([cells, {**cells, "url": known.url}], question)
    assert [alike[0].item.id for alike in drafted.alike] == [known.id, known.id]
    assert [alike[0].same_link for alike in drafted.alike] == [False, True]
    different = {**CELLS, "claim": "A ship left port."}
    # Of the newest shipped items none is taken for another event than its own.
    ledger = tidings.check(question).ledger
    newest, earlier = ledger.items[-40:], replace(ledger, items=ledger.items[:-40])
    assert [one.item.id for item in newest for one in likenesses(item, earlier)] == []
    assert tidings.draft([different], question).alike == ([],)


def test_recording_works_before_the_first_run(question):
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in CELLS.items()
             if name != "credibility"]  # fmt: skip
    done = command(question, "add", *flags, "--grade=B2")
    assert done.returncode == 0, done.stderr
    assert "its effect cannot be shown" in done.stdout
    assert "recorded in" in done.stdout


def test_every_fault_of_an_item_is_named_at_once(question):
    wrong = {**CELLS, "actor": "moscw", "push": "5", "outcomes": "ukraine;turkey", "date": "soon"}
    with pytest.raises(tidings.InputError) as caught:
        tidings.draft([wrong], question)
    named = {fault.field: fault.expected for fault in caught.value.faults}
    assert set(named) == {"actor", "push", "outcomes", "date"}
    assert "did you mean 'moscow'" in named["actor"]
    assert "'turkey'" in named["outcomes"]


def test_a_batch_loaded_again_adds_nothing_however_its_cells_are_written(
    question, ledger, tmp_path
):
    """Cells are compared by value: +1 is 1, and outcomes have no order."""
    cells = {**CELLS, "outcomes": "returned_to_russia;us_base", "source_reliability": "B"}
    written = [
        cells,
        {**cells, "push": "+1", "outcomes": "us_base; returned_to_russia"},
        {**cells, "push": "1.0", "date": "1 December 2025", "face_value": "Even"},
    ]
    for number, row in enumerate(written):
        path = tmp_path / f"{number}.csv"
        path.write_text(",".join(row) + "\n" + ",".join(f'"{cell}"' for cell in row.values()))
        drafted = tidings.draft_file(path, question)
        assert len(drafted.items) == (number == 0)
        if drafted.items:
            tidings.add(drafted.items, question)
    assert len(tidings.check(question).ledger.items) == ledger.read_text().count("\n") - 1
