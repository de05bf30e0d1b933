"""Ledgers, questions and news of any content: a clear refusal, or a valid result in finite numbers.

A few examples of each in the gate; as many as `TIDINGS_FUZZ` says.
"""

import csv
import io
import math
import os
from datetime import date

import numpy as np
import pytest
import tomlkit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.helpers import AS_OF, copy_project

import tidings
from tidings.cli.telling import told
from tidings.evidence.inputs import read_inputs
from tidings.evidence.ledger import Item, read_ledger
from tidings.evidence.recording import add_items, edit_item, edited, retract_item
from tidings.question.editing import edit_prior
from tidings.question.loading import load_text
from tidings.reasons.previewing import preview_items

SHARED = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "max_examples": int(os.environ.get("TIDINGS_FUZZ", "15")),
}
JOINERS = "\n\u200c\u200d\u00ad"
"""Line ends, and what is invisible and part of ordinary words."""
ROWS = 30
"""Rows of the shipped ledger that are broken: enough for every kind, and read in an instant."""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A project whose ledger is short."""
    project = copy_project(tmp_path_factory.mktemp("fuzzed"))
    ledger = project / "data" / "evidence.csv"
    ledger.write_text("".join(ledger.read_text().splitlines(keepends=True)[: ROWS + 1]))
    return project


@pytest.fixture(scope="module")
def judges(inputs):
    return inputs.question.config, inputs.question.yardsticks


def clear(error):
    """Hold that an error is told in lines that show, each with its place."""
    text = told(error)
    assert text.strip() and "Traceback" not in text
    assert all(letter in JOINERS or letter.isprintable() for letter in text), repr(text)
    assert len(text) < 100_000
    if isinstance(error, tidings.InputError):
        assert all(fault.expected and fault.field for fault in error.faults)


# ---------------------------------------------------------------- files of any content

strange = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["nan", "inf", "-0", "1e999", "=1+1", "\u202e", "\x1b[31m", "\ufeff", '"', ","]
    ),
    st.sampled_from(["2025-13-01", "03/04/2025", "9999-12-31", "B1", "A", "7", "-3", "retained"]),
    st.integers(-(10**30), 10**30).map(str),
    st.dates(date(1, 1, 1)).map(str),
)


@settings(**SHARED)
@given(row=st.integers(0, ROWS), column=st.integers(0, 20), cell=strange)
def test_any_cell_of_a_ledger_is_read_or_refused(place, judges, row, column, cell):
    path = place / "data" / "evidence.csv"
    rows = list(csv.reader(io.StringIO(path.read_text(), newline="")))
    rows[row][column] = cell
    changed = path.with_name("changed.csv")
    with changed.open("w", encoding="utf-8", errors="surrogatepass", newline="") as stream:
        csv.writer(stream).writerows(rows)
    try:
        ledger = read_ledger(changed, *judges)
    except tidings.InputError as error:
        clear(error)
    else:
        assert len(ledger.items) == ROWS


@settings(**SHARED)
@given(at=st.floats(0, 1), removed=st.integers(0, 200), put=st.binary(max_size=60))
def test_any_bytes_in_a_ledger_are_read_or_refused(place, judges, at, removed, put):
    content = (place / "data" / "evidence.csv").read_bytes()
    begin = int(at * len(content))
    changed = place / "data" / "changed.csv"
    changed.write_bytes(content[:begin] + put + content[begin + removed :])
    try:
        read_ledger(changed, *judges)
    except tidings.InputError as error:
        clear(error)


values = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(-(2**62), 2**62),
        st.floats(),
        st.text(max_size=20),
        st.dates(date(1, 1, 1)),
        st.sampled_from(["learned", "icd203", "likely", "ukraine", "resolved.base_rate"]),
        st.floats(0, 1),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=5,
)


def leaves(tree, path=()):
    """Yield the path of every key of a tree of tables and lists."""
    inside = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in inside:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from leaves(value, (*path, key))


@settings(**SHARED)
@given(
    which=st.floats(0, 1, exclude_max=True), change=st.sampled_from(["put", "drop"]), value=values
)
def test_any_value_in_a_question_is_taken_or_refused(place, which, change, value):
    text = (place / "priors" / "turkey-s400.toml").read_text()
    tree = tomlkit.parse(text).unwrap()
    paths = list(leaves(tree))
    *way, last = paths[int(which * len(paths))]
    inner = tree
    for key in way:
        inner = inner[key]
    if change == "drop":
        del inner[last]
    else:
        inner[last] = value
    path = place / "priors" / "changed.toml"
    path.write_text(tomlkit.dumps(tree), encoding="utf-8", errors="surrogatepass")
    try:
        read = read_inputs(path)
    except tidings.InputError as error:
        clear(error)
    else:
        for normal in read.question.priors.values():
            assert math.isfinite(normal.mean) and math.isfinite(normal.sd) and normal.sd >= 0


@settings(**SHARED)
@given(at=st.floats(0, 1), removed=st.integers(0, 100), put=st.text(max_size=40))
def test_any_text_in_a_question_is_taken_or_refused(place, at, removed, put):
    text = (place / "priors" / "turkey-s400.toml").read_text()
    begin = int(at * len(text))
    try:
        load_text(
            place / "priors" / "turkey-s400.toml", text[:begin] + put + text[begin + removed :]
        )
    except tidings.InputError as error:
        clear(error)


# ---------------------------------------------------------------- news of any content

plain = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=80).map(
    lambda text: text.strip()
).filter(bool)  # fmt: skip


voices = st.sampled_from(["own", "counterpart", "party", "observer"])


@st.composite
def items(draw):
    """Draw an item that the shipped question accepts."""
    when = draw(st.dates(date(2019, 1, 1), AS_OF))
    outcome = st.sampled_from(["us_base", "third_country", "ukraine", "returned_to_russia"])
    return Item(
        id="fuzzed-" + draw(st.text("abcdefgh0123456789-_", min_size=1, max_size=20)),
        date=when, date_precision=draw(st.sampled_from(["day", "month"])), published=None,
        source=draw(plain), via=draw(st.none() | plain), url="https://example.org/a",
        speaker=draw(st.none() | plain), voice=draw(voices),
        actor=draw(st.sampled_from(["ankara", "moscow", "washington", "india", "deal"])),
        outcomes=tuple(draw(st.lists(outcome, min_size=1, max_size=3, unique=True))),
        claim=draw(plain),
        face_value=draw(st.sampled_from([None, "remote", "even", "likely", "nearly_certain"])),
        push=draw(st.sampled_from([None, *range(-3, 4)])), milestone=None,
        source_reliability=draw(st.sampled_from("ABCDEF")),
        credibility=draw(st.sampled_from("123456")),
        story="s" + draw(st.text("abc0", max_size=3)), note=draw(st.none() | plain),
        retracted=None, retracted_why=None,
    )  # fmt: skip


def unique(drawn):
    return list({item.id: item for item in drawn}.values())


@settings(**SHARED)
@given(drawn=st.lists(items(), min_size=1, max_size=5).map(unique), why=plain, note=plain)
def test_a_ledger_gives_back_what_was_written_into_it(place, judges, drawn, why, note):
    """Items added, one of them edited and withdrawn: as they were, to the letter."""
    path = place / "data" / "round.csv"
    path.write_bytes((place / "data" / "evidence.csv").read_bytes())
    before = read_ledger(path, *judges).items
    add_items(path, drawn, *judges)
    assert read_ledger(path, *judges).items == (*before, *drawn)
    changed = edited(read_ledger(path, *judges), drawn[0].id, {"claim": f"Now {note}"}, why, judges)
    edit_item(path, changed, *judges)
    assert read_ledger(path, *judges).items == (*before, changed, *drawn[1:])
    retract_item(path, changed.id, (date(2026, 1, 1), why), *judges)
    after = read_ledger(path, *judges).items
    assert after[: len(before)] == before and after[len(before) + 1 :] == tuple(drawn[1:])
    assert after[len(before)].retracted_why == why


@settings(**SHARED)
@given(why=st.text(min_size=1, max_size=60), value=st.floats(0.01, 0.99))
def test_a_prior_gives_back_the_reason_it_was_set_with(place, why, value):
    path = place / "priors" / "turkey-s400.toml"
    kept = path.read_bytes()
    try:
        edit_prior(path, "share_other", str(value), why).write()
        row = dict(load_text(path, path.read_text()).rows)["share_other"]
        assert (row.because, row.fixed) == (why, value)
        assert path.read_bytes().count(b"#") >= kept.count(b"#")
    except (tidings.InputError, tidings.UsageError) as error:
        clear(error)
    finally:
        path.write_bytes(kept)


@pytest.mark.slow
@pytest.mark.slow
@settings(**{**SHARED, "max_examples": max(4, SHARED["max_examples"] // 5)})
@given(drawn=st.lists(items(), min_size=1, max_size=40).map(unique))
def test_a_preview_of_any_news_is_in_finite_numbers(light_run, drawn):
    shown = preview_items(light_run, drawn, refit="never")
    for chances in (shown.now, shown.then):
        assert np.isfinite(chances).all()
        assert chances.min() >= 0 and np.abs(chances.sum(0) - 1).max() < 1e-9
    assert np.isfinite(shown.effect.k) or shown.effect.k == np.inf
