"""Compiled code kept on disk: what is damaged, stale or cannot be kept costs time, no number."""

import shutil

import numpy as np
import pytest
from tests.helpers import AS_OF

from tidings.forecasting import density as density_module
from tidings.forecasting.density import cache_folder, keep, kept, log_density
from tidings.mechanism.situation import graph_data, observe


@pytest.fixture
def kept_name(inputs, tmp_path, monkeypatch):
    """The name of the shipped question's code, in a cache of its own."""
    situation = observe(inputs.question, inputs.ledger, inputs.resolved, AS_OF)
    log_density(situation.structure, graph_data(situation))
    name = f"density-{density_module._digest(situation.structure)}"
    shutil.copy(cache_folder() / f"{name}.bin", tmp_path)
    monkeypatch.setenv("TIDINGS_CACHE", str(tmp_path))
    assert density_module._from_disk(name, situation.structure) is not None
    return name, situation.structure


@pytest.mark.parametrize("place", [0, 40, -1])
def test_a_file_with_one_byte_changed_is_not_used(kept_name, place):
    name, structure = kept_name
    path = cache_folder() / f"{name}.bin"
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    assert density_module._from_disk(name, structure) is None


def test_code_that_answers_otherwise_is_not_used(kept_name):
    name, structure = kept_name
    codes, probe = kept(name)
    answer = np.nextafter(probe["answer"], np.inf)
    keep(name, codes, {**probe, "answer": answer})
    assert density_module._from_disk(name, structure) is None


def test_another_model_has_another_name(kept_name, monkeypatch):
    name, structure = kept_name
    monkeypatch.setattr(density_module, "version", lambda package: "0.0")
    assert name != f"density-{density_module._digest(structure)}"


def test_a_cache_that_cannot_be_written_is_said(kept_name, tmp_path, monkeypatch):
    codes, probe = kept(kept_name[0])
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("TIDINGS_CACHE", str(tmp_path / "file"))
    with pytest.warns(UserWarning, match="TIDINGS_CACHE"):
        keep("any", codes, probe)
    assert (tmp_path / "file").read_text() == "in the way"
