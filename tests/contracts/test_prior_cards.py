"""What is printed about a prior is what stands in the config, and what a run made of it."""

import json
import subprocess
import sys
import tomllib

import numpy as np
import pytest
from tests.helpers import INPUTS, QUESTION

import tidings


def rows(tree, name=""):
    """Yield the dotted name and the row of each prior of a TOML tree."""
    if "because" in tree:
        yield name, tree
        return
    for key, child in tree.items():
        yield from rows(child, f"{name}.{key}".removeprefix("."))


def shown(*arguments, runs):
    return subprocess.run(
        [sys.executable, "-m", "tidings", "priors", "show", *arguments, "--runs", str(runs)],
        cwd=INPUTS, capture_output=True, text=True, check=False,
        env={"COLUMNS": "400", "PATH": ""},
    )  # fmt: skip


def assert_is_learned(source, name):
    """The numbers of a learned source are those of the file that ``priors learn`` wrote."""
    learned = tomllib.loads((INPUTS / "priors/learned/turkey-s400.toml").read_text())
    quantity = learned["quantities"][name]
    back = {"log": np.exp, "identity": lambda x: x, "logit": lambda x: 1 / (1 + np.exp(-x))}
    median = back[quantity["link"]](quantity["mean"])
    assert source["q50"] == pytest.approx(median)
    assert source["value"].startswith(name)


def test_every_prior_is_shown_with_what_stands_in_its_row(shipped_run):
    done = shown("--json", runs=shipped_run.path.parent)
    printed = json.loads(done.stdout)
    assert printed["run"] == shipped_run.manifest.run
    written = dict(rows(tomllib.loads(QUESTION.read_text())["priors"]))
    assert {card["name"] for card in printed["priors"]} == set(written)
    for card in printed["priors"]:
        row = written[card["name"]]
        assert card["because"] == row["because"]
        written_sources = row.get("pool", [row])
        assert len(card["sources"]) == len(written_sources)
        for source, one in zip(card["sources"], written_sources, strict=True):
            assert source["because"] == one["because"]
            assert [claim["id"] for claim in source["claims"]] == one.get("claims", [])
            assert source["weight"] == one.get("weight", 1.0)
            if "word" in one:
                assert source["value"].startswith(one["word"])
            if "learned" in one:
                assert_is_learned(source, one["learned"])
            for key, value in one.get("quantiles", {}).items():
                assert f"{key} = {value:g}" in source["value"]
                if f"q{key[1:]}" in source:
                    span = max(one["quantiles"].values())
                    assert abs(source[f"q{key[1:]}"] - value) < 0.16 * span
        if "fixed" in row:
            assert card["prior"] == pytest.approx(
                dict.fromkeys(("q05", "q50", "q95"), row["fixed"])
            )


def test_the_posterior_is_that_of_the_run(shipped_run):
    question = shipped_run.question_file
    cards = tidings.priors("base_rate", str(shipped_run.path), question).cards
    draws = shipped_run.stored("posterior")["base_rate"]
    assert cards[0].posterior.q50 == pytest.approx(float(np.median(draws)), rel=1e-3)
    assert cards[0].moved < -0.3


def test_a_prior_edited_since_the_run_has_no_posterior_of_it(project, shipped_run):
    path = project / "priors" / "turkey-s400.toml"
    path.write_text(path.read_text().replace("p50 = 0.06, p95 = 0.17", "p50 = 0.07, p95 = 0.17"))
    found = tidings.priors(None, str(shipped_run.path), path)
    without = {card.name for card in found.cards if card.posterior is None}
    assert without == {"share_other"}


def test_a_card_names_the_words_of_the_text_behind_moscows_refusal(shipped_run):
    done = shown("willingness.moscow.ukraine", runs=shipped_run.path.parent)
    for part in ("almost no chance (icd203: 1–5 %)", "tass-ukraine-least-likely", "TASS",
                 "least probable", "posterior"):  # fmt: skip
        assert part in done.stdout


def test_priors_without_a_run_and_a_wrong_name(tmp_path):
    done = shown("precedent", runs=tmp_path)
    assert done.returncode == 0 and "no run with this prior" in done.stdout
    wrong = shown("willingnes.moscow", runs=tmp_path)
    assert wrong.returncode == 2
    assert "did you mean 'willingness.moscow" in wrong.stderr
