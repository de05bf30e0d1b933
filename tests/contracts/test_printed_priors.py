"""Numbers printed about priors, in docs, report and terminal, are those of the config."""

import re
import subprocess
import sys
import tomllib
from itertools import pairwise

import pytest
from tests.helpers import INPUTS, PROJECT, QUESTION

import tidings
from tidings._text import markdown as escape
from tidings.reporting.annex import source_words
from tidings.reporting.document import TITLES, write_source
from tidings.reporting.findings import find
from tidings.reporting.learned_page import quantiles_of
from tidings.reporting.prior_cards import cards_of
from tidings.reporting.sentences import prior_words
from tidings.reporting.wording import percent, spread_words

LEARNED = INPUTS / "priors" / "learned" / "turkey-s400.toml"
PAGE = LEARNED.with_suffix(".md")


@pytest.fixture(scope="module")
def cards(inputs, shipped_run):
    return cards_of(inputs.question, None, shipped_run)


def test_the_readmes_row_is_that_of_the_config():
    """The TOML block of the README stands in the question file, word for word."""
    blocks = re.findall(r"```toml\n(.*?)```", (PROJECT / "README.md").read_text(), flags=re.DOTALL)
    assert len(blocks) == 1
    assert blocks[0].strip() in QUESTION.read_text()


def test_reasons_state_no_number_that_a_learned_or_fitted_prior_has():
    """A reason that repeats a number would be wrong as soon as the number changes."""

    def rows(node):
        if isinstance(node, dict):
            if "because" in node:
                yield node
            for child in node.values():
                yield from rows(child)
        elif isinstance(node, list):
            for child in node:
                yield from rows(child)

    priors = tomllib.loads(QUESTION.read_text())["priors"]
    numbers = {
        row["because"]: re.findall(r"\d*\.\d+|\d+ %", row["because"]) for row in rows(priors)
    }
    assert len(numbers) > 20
    assert {because for because, found in numbers.items() if found} == set()


class Anything(dict):
    """What every figure shows, where none is drawn."""

    def __missing__(self, name):
        return name


def test_the_report_has_every_prior_with_its_own_numbers(shipped_run, cards, tmp_path):
    found = find(shipped_run)
    source = write_source(found, Anything(), tmp_path, brief=False).read_text(encoding="utf-8")
    annex = source[source.rindex(TITLES["priors"]) : source.rindex(TITLES["checks"])].splitlines()
    lines = {title: line for title, line in pairwise(annex) if line.startswith(":   ")}
    for card in cards:
        line = lines[escape(prior_words(card.name, found.question))]
        assert escape(spread_words(card.name, card.prior)) in line
        assert escape(card.because) in line
        for one in card.sources:
            assert escape(source_words(one)) in line or card.fixed
    assert len(lines) == len(cards)


def test_the_report_has_the_scores_that_were_learned(inputs, shipped_run, tmp_path):
    found = find(shipped_run)
    source = write_source(found, Anything(), tmp_path, brief=False).read_text(encoding="utf-8")
    for row in inputs.question.learned.scores:
        assert f"{row.log_event:.3f} | {row.log_base:.3f} | {row.log_gain:+.3f}" in source


def test_the_page_of_what_was_learned_has_the_numbers_of_its_file(inputs):
    page, learned = PAGE.read_text(encoding="utf-8"), inputs.question.learned
    for name, quantity in learned.quantities.items():
        low, middle, high = quantiles_of(quantity)
        assert f"| `{name}` | {middle:.2g} | {low:.2g} – {high:.2g} |" in page
    assert f"fades to half in {learned.settings['half_life_days']:.0f} days" in page
    for row in learned.class_scores:
        assert f"| {row.part} | {row.model:.3f} | {row.pooled:.3f} |" in page
    config = inputs.question.config
    assert config.news.half_life_days == learned.settings["half_life_days"]
    assert config.news.counter_half_life_days == learned.settings["counter_half_life_days"]
    assert config.time.start_up_years == learned.settings["start_up_years"]


def test_the_terminal_prints_each_prior_as_its_card_has_it(shipped_run, cards):
    done = subprocess.run(
        [sys.executable, "-m", "tidings", "priors", "show", "--runs",
         str(shipped_run.path.parent)],
        cwd=INPUTS, capture_output=True, text=True, check=True,
        env={"COLUMNS": "200", "PATH": ""},
    )  # fmt: skip
    lines, family = {}, ""
    for line in filter(str.strip, done.stdout.splitlines()):
        first = line.split()[0]
        family = first if first.endswith(".") else family if line.startswith("  ") else ""
        lines[first if first == family else family + first] = line
    for card in cards:
        assert spread_words(card.name, card.prior).split(",")[0] in lines[card.name]
    one = next(card for card in cards if card.name == "willingness.moscow.ukraine")
    assert percent(one.posterior.q50) in lines[one.name]


@pytest.mark.parametrize("to", ["svg", "png"])
def test_priors_are_drawn(shipped_run, tmp_path, to):
    runs = shipped_run.path.parent
    made = tidings.plot_priors("willingness.moscow", None, QUESTION, runs, tmp_path, to)
    assert [path.name for path in made] == [
        f"priors-densities.{to}", f"priors-outcomes.{to}", f"priors-words.{to}",
    ]  # fmt: skip
    assert all(path.stat().st_size > 5000 for path in made)
    assert sorted(tmp_path.iterdir()) == sorted(made)


def test_a_figure_that_cannot_be_drawn_says_why(shipped_run, tmp_path):
    runs = shipped_run.path.parent
    with pytest.raises(tidings.UsageError, match="all fixed"):
        tidings.plot_priors("binding.ankara", None, QUESTION, runs, tmp_path)
    with pytest.raises(tidings.UsageError, match="did you mean 'png'"):
        tidings.plot_priors(None, None, QUESTION, runs, tmp_path, "pnk")


def test_the_ranges_in_the_question_files_comment_are_those_of_the_yardstick(inputs):
    head = " ".join(line.strip("# ") for line in QUESTION.read_text().splitlines()[:20])
    told = re.findall(r"([a-z][a-z ]+?) (\d+)-(\d+)", head[head.index("Words of ICD 203") :])
    bands = inputs.question.yardsticks.bands["icd203"]
    found = {word.strip(): (int(low) / 100, int(high) / 100) for word, low, high in told}
    assert len(found) == 7
    for word, band in found.items():
        assert band == pytest.approx(bands[word]), word
