"""Compiled code kept on disk: what is damaged, stale or cannot be kept costs time, no number."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from tests.helpers import AS_OF

from tidings.errors import FitError
from tidings.forecasting import density as density_module
from tidings.forecasting.density import cache_folder, keep, kept, log_density
from tidings.mechanism.model_data import graph_data
from tidings.mechanism.situation import observe


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


def test_code_of_somebody_else_or_that_others_may_write_is_not_used(kept_name, monkeypatch):
    """What is kept is run: it is the user's own, or it is compiled anew."""
    name, structure = kept_name
    path = cache_folder() / f"{name}.bin"
    for mode, used in ((0o600, True), (0o644, True), (0o660, False), (0o606, False)):
        path.chmod(mode)
        assert (density_module._from_disk(name, structure) is not None) == used, oct(mode)
    path.chmod(0o600)
    other = os.getuid() + 1
    monkeypatch.setattr(os, "getuid", lambda: other)
    assert density_module._from_disk(name, structure) is None


def test_a_user_without_a_home_has_a_cache_too(monkeypatch):
    def nowhere():
        raise RuntimeError("Could not determine home directory.")

    for name in ("TIDINGS_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", nowhere)
    assert cache_folder().name == f"tidings-{os.getuid()}"


def test_a_new_cache_is_closed_to_others(kept_name, tmp_path, monkeypatch):
    codes, probe = kept(kept_name[0])
    monkeypatch.setenv("TIDINGS_CACHE", str(tmp_path / "new"))
    keep("any", codes, probe)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "new" / "any.bin").stat().st_mode & 0o077 == 0


@pytest.fixture
def compiling(monkeypatch):
    """What the compiling process would be started with."""
    asked = {}

    def start(command, **how):
        asked.update(how, command=command)
        raise FitError("not now")

    monkeypatch.setattr(density_module, "subprocess", SimpleNamespace(run=start))
    with pytest.raises(FitError, match="not now"):
        density_module._compile_in_own_process(None, None)
    return asked


def test_the_compiler_imports_nothing_of_the_working_folder(compiling):
    assert "-P" in compiling["command"]
    paths = compiling["env"]["PYTHONPATH"].split(os.pathsep)
    assert str(Path.cwd()) not in paths and "" not in paths


def test_the_compiler_needs_no_home(compiling, tmp_path):
    """PyTensor makes a folder when it is imported; in the home of nobody it cannot."""
    environment = {**compiling["env"], "HOME": "/proc"}
    code = "import pytensor; print(pytensor.config.compiledir)"
    done = subprocess.run([sys.executable, "-P", "-c", code], env=environment, text=True,
                          capture_output=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    flags = compiling["env"]["PYTENSOR_FLAGS"].rpartition("base_compiledir=")[2]
    assert done.stdout.startswith(flags)


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
