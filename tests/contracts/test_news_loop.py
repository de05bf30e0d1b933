"""News recorded one by one or at once, withdrawn again, and told apart afterwards."""

import csv
import io

import numpy as np
import pytest
from tests.helpers import AS_OF, copy_project, known_rows, lighten

import tidings
from tidings.reasons.previewing import preview_items

pytestmark = pytest.mark.slow

COUNT = 30
"""So many of the newest shipped items are recorded anew."""


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    """A project whose ledger ends before the newest items; the items as a file; its run."""
    project = copy_project(tmp_path_factory.mktemp("before"))
    path = project / "data" / "evidence.csv"
    lines = known_rows(list(csv.reader(io.StringIO(path.read_text(encoding="utf-8")))))

    def write(target, rows):
        with target.open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream, lineterminator="\n").writerows(rows)

    write(project / "news.csv", [lines[0], *lines[-COUNT:]])
    write(path, lines[:-COUNT])
    run = tidings.forecast(lighten(question(project)), AS_OF, project / "data" / "runs")
    return project, run


def question(project):
    return project / "priors" / "turkey-s400.toml"


def numbers(run):
    return [row.statistics() for row in run.rows]


def test_one_by_one_and_at_once_end_in_the_same_ledger_forecast_and_moves(before, tmp_path_factory):
    project, old = before
    ends = []
    for together in (True, False):
        copy = copy_project(tmp_path_factory.mktemp("end"), project)
        drafted = tidings.draft_file(copy / "news.csv", question(copy)).items
        assert len(drafted) == COUNT
        for items in [drafted] if together else [[item] for item in drafted]:
            tidings.add(items, question(copy))
        ends.append((copy, tidings.forecast(question(copy), AS_OF, copy / "data" / "runs")))
    first, second = ((copy / "data" / "evidence.csv").read_bytes() for copy, _ in ends)
    assert first == second
    assert numbers(ends[0][1]) == numbers(ends[1][1])
    # A batch too large for weights is fitted again without being told, and agrees with the rerun.
    preview = preview_items(old, drafted, refit="needed")
    rerun = ends[0][1].at_horizons(lambda row: row.mean)
    assert preview.effect.trusted
    assert np.abs((preview.then - rerun) / preview.rerun_error).max() < 5
    moves = tidings.diff(str(old.path), str(ends[0][1].path))
    named = [move.id for move in moves.moves if move.kind == "item"]
    assert sorted(named) == sorted(item.id for item in drafted)
    assert not moves.order_free
    change = np.sum([move.effect.change for move in moves.moves], axis=0)
    np.testing.assert_allclose(change, moves.after - moves.before, rtol=0, atol=1e-9)


def test_a_retraction_restores_the_forecast_exactly(before, tmp_path_factory, new_item):
    project, old = before
    copy = copy_project(tmp_path_factory.mktemp("retracted"), project)
    false = new_item(push=3, face_value="very_likely", published=old.manifest.newest_item)
    false = false.__class__(**{**vars(false), "date": old.manifest.newest_item})
    tidings.add([false], question(copy))
    moved = tidings.forecast(question(copy), AS_OF, copy / "data" / "runs")
    tidings.retract(false.id, "the agency withdrew it", AS_OF, question(copy))
    restored = tidings.forecast(question(copy), AS_OF, copy / "data" / "runs")
    assert numbers(moved) != numbers(old)
    assert numbers(restored) == numbers(old)
    moves = tidings.diff(str(moved.path), str(restored.path))
    assert {(move.kind, move.id) for move in moves.moves} >= {("retraction", false.id)}
