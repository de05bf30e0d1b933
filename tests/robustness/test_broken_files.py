"""A corpus of broken files: each gets the line it must get, with its place and the remedy.

A row of `broken_files.csv` is one file in which a text is replaced by another, and the beginning of
the line that `tidings check` then prints.
"""

import csv
import os
from pathlib import Path

import pytest
from tests.helpers import PROJECT, copy_project

import tidings
from tidings.cli.telling import told

with (PROJECT / "tests/robustness/broken_files.csv").open(newline="", encoding="utf-8") as stream:
    CORPUS = list(csv.DictReader(stream))
QUESTION = "priors/turkey-s400.toml"


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A project to break one file of, from whose folder paths are told."""
    project, before = copy_project(tmp_path_factory.mktemp("broken")), Path.cwd()
    os.chdir(project)
    yield project
    os.chdir(before)


def test_the_corpus_is_large_and_has_every_kind_of_file():
    assert len(CORPUS) > 250
    assert len({row["file"] for row in CORPUS}) == 10


@pytest.mark.parametrize("row", CORPUS, ids=[f"{n}-{row['file']}" for n, row in enumerate(CORPUS)])
def test_a_broken_file_is_told_with_its_place_and_the_remedy(here, row):
    path = here / row["file"]
    whole = path.read_bytes()
    text = whole.decode()
    assert row["old"] in text
    try:
        path.write_bytes(text.replace(row["old"], row["new"], 1).encode())
        with pytest.raises(tidings.InputError) as caught:
            tidings.check(QUESTION)
    finally:
        path.write_bytes(whole)
    lines = told(caught.value).splitlines()
    assert caught.value.exit_code == 1
    assert any(line.startswith(row["says"]) for line in lines), lines
    assert all("; expected " in line or line.startswith("and ") for line in lines)
