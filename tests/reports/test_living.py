"""The living report: in a browser it gives the numbers of `tidings preview`, and of a refit."""

import shutil

import numpy as np
import pytest

from tidings.reasons.draws import ALL_DRAWS, stored_posterior
from tidings.reasons.previewing import Doubts, doubting_engine, preview_doubts
from tidings.reporting.rendering import render

STORIES, PRIORS, REFITTED = 10, 2, 4


def interval(values, weights):
    """The middle 90 % of weighted values, (low and high, ...)."""
    wide = np.broadcast_to(weights[:, None], values.shape)
    return np.quantile(values, (0.05, 0.95), axis=0, weights=wide, method="inverted_cdf")


@pytest.fixture(scope="module")
def doubting(light_run):
    """The numbers of `tidings preview`, the draws read once."""
    engine = doubting_engine(stored_posterior(light_run, ALL_DRAWS, futures=1))
    scenario = engine.scenario
    at = list(light_run.manifest.horizons).index(light_run.manifest.headline)

    def told(doubts):
        now = light_run.at_horizons(lambda row: row.mean)
        effect = engine.effect(doubts.change, scenario)
        return (now + effect.change)[:, at], effect.k

    return scenario.situation(), told


@pytest.fixture(scope="module")
def living(light_run, tmp_path_factory):
    """A page of the living report, opened from disk, offline."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    [made] = render(light_run, ("html",), tmp_path_factory.mktemp("living"))
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        view = browser.new_context(offline=True).new_page()
        said = []
        view.on("console", lambda one: said.append(one.text))
        view.on("pageerror", lambda one: said.append(str(one)))
        view.goto(made.as_uri())
        view.wait_for_selector("#living table")
        yield view
        browser.close()
    assert said == []


def rows(view):
    """What the page shows once it has caught up: then, low, high, error by outcome, and k."""
    view.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    told = view.eval_on_selector_all(
        "#living tbody tr",
        "all => all.map(row => ['then', 'low', 'high', 'error'].map(name => row.dataset[name]))",
    )
    k = view.eval_on_selector("#living .light", "light => light.dataset.k")
    return np.array(told, dtype=float), float(k)


def stories(view):
    return view.eval_on_selector_all(
        "#living .story > label input", "all => all.map(box => box.value)"
    )


def each_switched_off(view):
    """Yield each story that leads with what the page shows without it."""
    view.eval_on_selector("#living fieldset > details", "fold => fold.open = true")
    view.wait_for_function(f"document.querySelectorAll('#living .story').length > {STORIES}")
    for name in stories(view)[:STORIES]:
        box = view.locator(f'#living .story > label input[value="{name}"]')
        box.uncheck()
        yield name, *rows(view)
        box.check()


@pytest.mark.browser
def test_each_story_off_is_what_preview_says_and_what_a_refit_says(living, doubting, light_run):
    _, told = doubting
    at = list(light_run.manifest.horizons).index(light_run.manifest.headline)
    published, _ = rows(living)
    seen = list(each_switched_off(living))
    assert len(seen) == STORIES
    moved, off = 0.0, []
    for place, (name, shown, k) in enumerate(seen):
        wanted, wanted_k = told(Doubts(frozenset({name})))
        assert shown[:, 0] == pytest.approx(wanted, abs=1e-6)
        # Below 0 all weights are as good as equal, and what is left of a k is rounding.
        assert max(k, 0.0) == pytest.approx(max(wanted_k, 0.0), abs=1e-3)
        moved = max(moved, float(np.abs(shown[:, 0] - published[:, 0]).max()))
        if place >= REFITTED:
            continue
        again = preview_doubts(light_run, Doubts(frozenset({name})), "always").then[:, at]
        off.extend(np.abs(shown[:, 0] - again) / shown[:, 3])
    # Each of some thirty comparisons has an error of its own, and no processor must decide.
    print(f"off by {np.sort(off)[::-1][:4].round(1)} errors at most, of {len(off)} comparisons")
    assert np.mean(np.array(off) <= 3) >= 0.95 and max(off) < 5
    assert moved > 0.01
    assert rows(living)[0] == pytest.approx(published, abs=1e-12)


@pytest.mark.browser
def test_items_grades_priors_and_their_intervals_are_those_of_preview(living, doubting, light_run):
    own, told = doubting
    told_of = {item.id: item for item in own.items}
    item = next(one for one in reversed(own.items) if one.face_value and one.push)
    living.eval_on_selector("#living fieldset > details", "fold => fold.open = true")
    box = living.locator(f'#living .story > label input[value="{item.story}"]')
    fold = box.locator("xpath=ancestor::li[@class='story']").locator("details")
    fold.evaluate("fold => fold.open = true")
    choice = fold.locator("select").last
    graded = choice.get_attribute("aria-label").removeprefix("Grade of ")
    name = next(one.id for one in told_of.values() if one.claim == graded)
    choice.select_option("E5")
    shifts = dict.fromkeys(
        living.eval_on_selector_all(
            "#living .prior input", "all => all.map(one => one.dataset.prior)"
        )[:PRIORS],
        -0.5,
    )
    for prior in shifts:
        living.locator(f'#living input[data-prior="{prior}"]').fill("-0.5")
    doubts = Doubts(frozenset(), {name: "E5"}, shifts)
    shown, _ = rows(living)
    wanted, _ = told(doubts)
    assert shown[:, 0] == pytest.approx(wanted, abs=1e-6)
    assert "tidings preview" in living.inner_text("#living .command")
    # The interval: that of the weighted draws, moved by what it lacks of the published one.
    engine = doubting_engine(stored_posterior(light_run, ALL_DRAWS, futures=1))
    weighing, after = engine.first, doubts.change(engine.scenario).situation()
    at = list(light_run.manifest.horizons).index(light_run.manifest.headline)
    weights = weighing.weigh(after).weights
    is_, was = (
        interval(weighing.carry(one)[..., at], weight)
        for one, weight in ((after, weights), (own, np.ones(len(weights))))
    )
    published = light_run.at(light_run.manifest.headline)
    for row, outcome in enumerate(light_run.manifest.outcomes):
        low = published[outcome.id].q05 + is_[0, row] - was[0, row]
        assert shown[row, 1] == pytest.approx(np.clip(low, 0, 1), abs=1e-6)
    living.click("#living button")
    assert rows(living)[1] == 0.0


@pytest.mark.browser
def test_the_keyboard_alone_reaches_every_control(living):
    living.eval_on_selector_all(
        "#living .story details", "all => all.slice(0, 8).forEach(one => one.open = true)"
    )
    living.eval_on_selector("#living fieldset > details", "fold => fold.open = false")
    controls = living.evaluate("""() => {
        const all = [...document.querySelectorAll('#living input, #living select, #living button')]
            .filter(one => one.checkVisibility());
        all.forEach((one, place) => one.dataset.place = place);
        all[0].focus();
        return all.length;
    }""")
    reached = set()
    for _ in range(3 * controls):
        place = living.evaluate("document.activeElement.dataset.place ?? null")
        if place is not None:
            reached.add(int(place))
        living.keyboard.press("Tab")
        if not living.evaluate("document.activeElement.closest('#living') !== null"):
            break
    assert controls > 20 and reached == set(range(controls))
