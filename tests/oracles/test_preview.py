"""Previews by reweighting against refits, for the real items that moved most."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from tests.helpers import AS_OF, light

from tidings.cli.asking import yearly_factors
from tidings.evidence.ledger import Ledger
from tidings.forecasting.making import make_forecast
from tidings.forecasting.tables import K_LIMIT
from tidings.reasons.previewing import preview_items

pytestmark = pytest.mark.slow

ITEMS = 6
"""The strongest items of as many stories of 2020 to 2025."""


def strongest(items):
    """The item of each story with the largest push, the strongest stories first."""
    first = {}
    since = [item for item in items if item.known.year >= 2020 and item.push]
    for item in sorted(since, key=lambda one: (-abs(one.push), one.source_reliability, one.known)):
        first.setdefault(item.story, item)
    return list(first.values())[:ITEMS]


def of_ledger(inputs, keep):
    items = tuple(item for item in inputs.ledger.items if keep(item))
    return replace(inputs, ledger=Ledger(inputs.ledger.path, items))


@pytest.mark.parametrize("place", range(ITEMS))
def test_a_preview_agrees_with_the_refit(inputs, tmp_path, place):
    item = strongest(inputs.ledger.items)[place]
    before = of_ledger(inputs, lambda one: one.known < item.known)
    run = make_forecast(light(inputs), item.known - timedelta(days=1), tmp_path)
    preview = preview_items(run, [item], before.ledger)
    assert preview.effect.k < K_LIMIT
    after = of_ledger(inputs, lambda one: one.known < item.known or one.id == item.id)
    refit = make_forecast(light(after), item.known, tmp_path)
    expected, errors = (
        refit.at_horizons(lambda row, n=n: getattr(row, n)) for n in ("mean", "mcse")
    )
    off = np.abs(preview.then - expected) / np.hypot(errors, preview.mcse_then)
    at = list(preview.horizons).index("12mo")
    print(item.id, f"k {preview.effect.k:.2f}, off by {off[:, at].max():.1f} combined MCSE")
    assert off[:, at].max() < 5


def effect(run, item):
    preview = preview_items(run, [item])
    at = list(preview.horizons).index("12mo")
    return preview.effect.change[:, at], preview.effect.mcse[:, at]


def test_a_rumour_moves_next_to_nothing_and_a_confirmed_report_does(shipped_run, new_item):
    """On the newest day that is known; a later one says until when the ledger lacks nothing."""
    newest = shipped_run.manifest.newest_item
    news = {"push": 3, "date": newest, "published": newest}
    rumour, _ = effect(shipped_run, new_item(**news, source_reliability="E", credibility="5"))
    sure, error = effect(shipped_run, new_item(**news, source_reliability="A", credibility="1"))
    at = [one.id for one in shipped_run.manifest.outcomes].index("returned_to_russia")
    assert np.abs(rumour).max() < 0.005
    assert sure[at] > 5 * error[at]


def test_an_item_that_says_nothing_moves_nothing(shipped_run, new_item):
    newest = shipped_run.manifest.newest_item
    change, _ = effect(shipped_run, new_item(push=0, date=newest, published=newest))
    assert np.abs(change).max() < 1e-12


def test_what_passed_since_the_run_is_the_same_for_any_item_of_a_day(shipped_run, new_item):
    day = AS_OF + timedelta(days=20)
    items = [new_item(id=f"one-{push}", push=push, date=day, published=day) for push in (-2, 1, 3)]
    since = [preview_items(shipped_run, [item]).since for item in items]
    assert np.abs(since[0]).max() > 0
    for other in since[1:]:
        np.testing.assert_array_equal(since[0], other)


def test_a_signed_agreement_with_a_date_moves_its_outcome_as_the_prompt_says(
    shipped_run, inputs, new_item
):
    """It is held until the day by which it is due, so that it does at least as much."""
    due = AS_OF + timedelta(days=120)
    plain = new_item(push=3, face_value="nearly_certain")
    dated = replace(plain, id="dated", expected_by=due)
    at = list(shipped_run.manifest.horizons).index("12mo")
    row = [one.id for one in shipped_run.manifest.outcomes].index(plain.outcomes[0])
    then = [preview_items(shipped_run, [item], refit="needed").then[row, at]
            for item in (plain, dated)]  # fmt: skip
    now = shipped_run.at("12mo")[plain.outcomes[0]].mean
    odds = [one / (1 - one) / (now / (1 - now)) for one in then]
    print(f"from {now:.3f} to {then[0]:.3f}, with a date {then[1]:.3f}")
    assert yearly_factors(inputs.question)[3] / 1.6 < odds[0] < odds[1]


@pytest.mark.parametrize("push", [-3, -2, -1, 1, 2, 3])
def test_a_push_does_what_the_prompt_says_that_it_has_come_to(shipped_run, inputs, new_item, push):
    """Near an outcome's odds within a year, where little else presses on it."""
    promised = yearly_factors(inputs.question)[push]
    item = new_item(push=push, face_value=None, source_reliability="A", credibility="1")
    preview = preview_items(shipped_run, [item])
    at = list(preview.horizons).index("12mo")
    row = preview.outcomes.index(item.outcomes[0])
    before, after = (preview.then - preview.effect.change)[row, at], preview.then[row, at]
    found = after / (1 - after) / (before / (1 - before))
    print(f"{push:+d}: odds x{found:.2f}, promised x{promised:.2f}")
    assert (found > 1) == (push > 0)
    assert promised / 1.6 < found < promised * 1.6
