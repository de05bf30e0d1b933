"""The report: same numbers as the run in both formats, whole offline, right for its readers."""

import html
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import date
from math import prod
from pathlib import Path

import pytest
import yaml

from tidings.forecasting.making import make_forecast
from tidings.reasons.attribution import explain_moves
from tidings.reporting import views
from tidings.reporting.annex import told_stories
from tidings.reporting.briefing import brief_of
from tidings.reporting.confidence import grounds_of, past_sentence, to_come_sentence
from tidings.reporting.document import TITLES, write_source
from tidings.reporting.findings import find
from tidings.reporting.moves import move_bars, movers, rest_sentence, time_sentence
from tidings.reporting.rendering import QUARTO_AT_LEAST, find_quarto, render
from tidings.reporting.wording import chance, chance_range, day_words, signed

MOST_HTML, MOST_PDF = 3_000_000, 2_000_000


@pytest.fixture(scope="module")
def rendered(shipped_run, tmp_path_factory):
    return render(shipped_run, ("html", "pdf"), tmp_path_factory.mktemp("rendered"))


@pytest.fixture(scope="module")
def page(rendered):
    """The page without the script of the living report."""
    text = rendered[0].read_text(encoding="utf-8")
    return re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)


@pytest.fixture(scope="module")
def sheets(rendered):
    """The text of the PDF, blanks and breaks as single blanks."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    done = subprocess.run(["pdftotext", "-layout", rendered[1], "-"], capture_output=True,
                          text=True, check=True)  # fmt: skip
    return plain(done.stdout)


def plain(text):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split()).replace("\u00a0", " ")


def told(page, tag):
    found = re.findall(rf"<{tag}[^>]*>(.*?)</{tag}>", page, flags=re.DOTALL)
    return [plain(one) for one in found]


def test_the_numbers_of_the_run_stand_in_both_formats(shipped_run, page, sheets):
    view = views.forecast(shipped_run)
    [table] = re.findall(r"<table.*?Table.1:.*?</table>", page, flags=re.DOTALL)
    rows = {cells[0]: cells[1:] for cells in (told(row, "t[hd]") for row in table.split("<tr"))
            if cells}  # fmt: skip
    titles = {one.id: one.title for one in shipped_run.manifest.outcomes}
    for outcome, title in titles.items():
        values = [one["outcomes"][outcome] for one in view["horizons"].values()]
        headline = view["horizons"][shipped_run.manifest.headline]["outcomes"][outcome]
        shown = [plain(chance(one["mean"])) for one in values]
        span = plain(chance_range(headline["q05"], headline["q95"]))
        assert rows[title] == [*shown, span]
        assert " ".join(shown) in sheets
    assert shipped_run.manifest.run in page and shipped_run.manifest.run in sheets


def test_both_formats_have_the_same_headings_and_captions(page, sheets):
    headings = [one for level in ("h2", "h3") for one in told(page, level)]
    wanted = [title for name, title in TITLES.items() if name != "moved"]
    assert set(wanted) <= set(headings)
    assert all(one in sheets for one in headings)
    captions = told(page, "figcaption") + told(page, "caption")
    assert len(captions) >= 9
    together = sheets.replace("- ", "").replace(" ", "")
    for caption in captions:
        assert re.match(r"(Figure|Table) \d+: ", caption)
        assert caption.replace("- ", "").replace(" ", "")[:70] in together


@pytest.mark.slow
def test_every_figure_says_what_it_shows_in_both_formats(page, rendered):
    images = re.findall(r"<img[^>]*>", page)
    alts = {
        html.unescape(found[1]) for one in images if (found := re.search(r'alt="([^"]+)"', one))
    }
    assert len(images) == 2 * len(alts)
    done = subprocess.run(["pdfinfo", "-struct-text", rendered[1]], capture_output=True, text=True,
                          check=True)  # fmt: skip
    assert done.stdout.count("Figure") >= len(alts)
    assert b"pdfuaid" in rendered[1].read_bytes()


def test_the_page_is_whole_offline_under_its_own_policy(page, rendered):
    loaded = re.findall(r'(?:src|<link[^>]+href)="([^"]+)"', page)
    assert loaded and all(address.startswith("data:") for address in loaded)
    [policy] = re.findall(r'Content-Security-Policy" content="([^"]+)"', page)
    assert "default-src 'none'" in html.unescape(policy) and "http" not in policy
    assert rendered[0].stat().st_size < MOST_HTML and rendered[1].stat().st_size < MOST_PDF


def test_the_bundle_is_a_quarto_project_without_python(rendered):
    bundle = rendered[0].with_name(f"{rendered[0].stem}-source")
    project = yaml.safe_load((bundle / "_quarto.yml").read_text())
    assert set(project["format"]) == {"html", "typst"}
    text = (bundle / "forecast.qmd").read_text()
    assert "```{python}" not in text and "{{" not in text
    assert (bundle / "living.js").is_file()
    used = set(re.findall(r"\(([\w-]+\.svg)\)", text))
    assert used and all((bundle / name).is_file() for name in used)
    assert (bundle / "data" / "forecast.csv").is_file()


def test_page_one_gives_the_answer_and_its_doubt_apart(page):
    first = plain(page.partition('id="why"')[0])
    assert "Kept by Turkey is what to expect by 30 November 2026: about" in first
    assert "model range" in first and "Confidence in what it rests on is" in first
    for sentence in first.split(". "):
        assert not ("Confidence" in sentence and "model range" in sentence)
    assert "Made later than it is dated" in first


def test_no_machine_words_reach_a_reader(page):
    text = plain(page)
    for word in ("us_congress", "push 0", "12mo", "r_hat", "us_base", "nan"):
        assert not re.search(rf"\b{word}\b", text), word


@pytest.mark.slow
def test_a_report_knows_no_forecast_of_a_later_day(inputs, shipped_run, tmp_path):
    early = make_forecast(inputs, date(2024, 6, 30), tmp_path)
    late = make_forecast(inputs, date(2025, 3, 31), tmp_path)
    found = find(early)
    assert [day for day, _ in found.published] == [date(2024, 6, 30)]
    assert found.before is None and not found.since
    # The later one knows the earlier, and says what came in between and what of it is felt.
    found = find(late)
    assert found.before is not None and found.before.manifest.run == early.manifest.run
    between = {item.story for item in found.situation.items if item.known > date(2024, 6, 30)}
    assert {story.name for story in found.since} == between
    said = brief_of(found).news
    assert f"News has come since in {len(between)} stories" in said
    most = max((one.effect for one in found.since if one.effect), key=lambda bar: abs(bar.change))
    assert f"({signed(most.change)} points, {most.label}): {most.says}" in said


def test_page_one_names_the_news_that_would_secure_the_status_quo(shipped_run):
    found = find(shipped_run)
    then = {(one.actor, one.outcome): one.adverse.then[found.place] for one in found.watch.news}
    best = found.securing
    assert best is not None and then[best.actor, best.outcome] == max(then.values())
    now = shipped_run.at(shipped_run.manifest.headline)["retained"].mean
    assert max(then.values()) > now
    said = brief_of(found).watch[-1]
    assert (
        f"would raise “Kept by Turkey” from {chance(now)} to {chance(max(then.values()))}" in said
    )
    assert f"(a chance of {chance(best.adverse.probability)} within a month)" in said


def test_sentences_of_past_forecasts_know_what_their_date_knew(inputs, shipped_run):
    found = find(shipped_run)
    rows = inputs.question.learned.hindcasts
    known = [row for row in rows if row.until <= shipped_run.manifest.as_of]
    assert 10 < len(known) < len(rows)
    expected = sum(row.until_next for row in known)
    none = chance(prod(1 - row.until_next for row in known))
    said = past_sentence(found)
    assert (
        f"On {len(known)} evenly spaced dates" in said
        and f"expected {expected:.1f} changes" in said
    )
    assert f"a chance of {none}" in said and day_words(known[-1].until) in said
    # What other models say was worked out for a later day than the report's.
    assert to_come_sentence(found) == ""
    later = shipped_run.manifest.model_copy(update={"as_of": rows[-1].until})
    said = to_come_sentence(replace(found, run=replace(shipped_run, manifest=later)))
    a_year = {row.model: chance(row.a_year) for row in inputs.question.learned.other_models}
    assert a_year["as it is"] in said and a_year["no news to come"] in said
    early = shipped_run.manifest.model_copy(update={"as_of": date(2019, 8, 1)})
    assert past_sentence(replace(found, run=replace(shipped_run, manifest=early))) == ""


def test_the_bars_and_what_they_leave_out_make_the_whole_way(shipped_run):
    found = find(shipped_run)
    now = shipped_run.at(shipped_run.manifest.headline)["retained"].mean
    shown = sum(bar.change for bar in (*found.against, *found.towards))
    asked = "prior", "retained", shipped_run.manifest.headline
    [before] = [row.mean for row in shipped_run.rows
                if (row.basis, row.outcome, row.horizon) == asked]  # fmt: skip
    said = rest_sentence(found)
    for part in (shown, now - before, now - before - shown):
        assert f"{signed(part)}" in said
    assert rest_sentence(replace(found, leading="ukraine")) == ""


class Alts(dict):
    """What every figure shows, where none is drawn."""

    def __missing__(self, name):
        return name


def test_a_section_stands_only_where_there_is_something_to_show(shipped_run, tmp_path):
    found = find(shipped_run)
    whole = write_source(found, Alts({"over-time": "x"}), tmp_path).read_text(encoding="utf-8")
    assert "{#over-time}" in whole and "{#actors}" in whole
    early = shipped_run.manifest.model_copy(update={"as_of": date(2019, 8, 1)})
    unheard = tuple(replace(one, said=[]) for one in found.willing)
    without = replace(found, willing=unheard, run=replace(shipped_run, manifest=early))
    bare = write_source(without, Alts(), tmp_path).read_text(encoding="utf-8")
    assert "{#over-time}" not in bare and "{#actors}" not in bare
    for title in (TITLES["over-time"], TITLES["actors"]):
        assert title in whole and title not in bare


def test_confidence_names_what_lowers_it(shipped_run):
    found = find(shipped_run)
    # How many stories a single source tells is near half: which of them are felt is set here.
    many = tuple(one for one in found.stories if one.effect is None or not one.one_voice)
    alone = tuple(one for one in found.stories if one.effect is None or one.one_voice)
    said = brief_of(replace(found, stories=alone)).confidence
    assert "is moderate, since " in said and "resting on a single source" in said
    found = replace(found, stories=many)
    assert not [ground for ground in grounds_of(found) if not ground.good]
    assert "is high: the newest news is 15 days old" in brief_of(found).confidence
    old = shipped_run.manifest.model_copy(update={"newest_item": date(2025, 9, 1)})
    said = brief_of(replace(found, run=replace(shipped_run, manifest=old))).confidence
    assert "is moderate, since the newest news is 90 days old" in said and "In its favour: " in said
    none = shipped_run.manifest.model_copy(update={"newest_item": None, "prior_only": True})
    said = brief_of(replace(found, run=replace(shipped_run, manifest=none))).confidence
    assert "is low, since the news is left out" in said
    # None watched as long as this is a ground against.
    checks = [replace(one, status="warn", value=0.0) if one.name == "as_old" else one
              for one in shipped_run.checks]  # fmt: skip
    young = replace(found, run=replace(shipped_run, checks=tuple(checks)))
    said = brief_of(young).confidence
    assert "is moderate, since it has learned" in said and "none watched as long as this" in said


def test_the_checks_say_what_they_found_and_whom_they_speak_of(page):
    [table] = re.findall(r"<table.*?The forecast is publishable.*?</table>", page, flags=re.DOTALL)
    text = plain(table)
    assert (
        "(at most 1.01)" in text
        and "(at least 400)" in text
        and "days since the newest item (" in text
    )
    assert not re.search(r"\b(ankara|moscow|us_congress)\b", text)
    assert "United States" in text or "Turkey" in text


def test_an_annex_has_room_for_so_many_stories_and_for_those_that_are_felt(shipped_run):
    found = find(shipped_run)
    first = found.stories[0]
    many = [replace(first, name=f"story-{n}", effect=None) for n in range(500)]
    felt = next(story for story in found.stories if story.effect is not None)
    told = told_stories(replace(found, stories=(*many, felt)))
    assert len(told["newest_stories"]) == 10 and len(told["older_stories"]) == 291
    assert told["older_stories"][-1] is felt and told["stories_left"] == "200"
    shipped = told_stories(found)
    assert shipped["stories_left"] == ""
    assert len(shipped["newest_stories"]) + len(shipped["older_stories"]) == len(found.stories)


@pytest.mark.parametrize(("paper", "size"), [("a4", "A4"), ("letter", "letter")])
def test_a_brief_is_page_one_alone(shipped_run, tmp_path, paper, size):
    [made] = render(shipped_run, ("pdf",), tmp_path, brief=True, paper=paper)
    assert made.name == f"{shipped_run.manifest.run}-brief.pdf"
    done = subprocess.run(["pdfinfo", made], capture_output=True, text=True, check=True)
    assert re.search(r"Pages:\s+1\b", done.stdout) and f"({size})" in done.stdout


def test_a_run_that_is_not_publishable_says_so(shipped_run, tmp_path):
    failed = replace(shipped_run.checks[0], status="fail", required=True)
    manifest = shipped_run.manifest.model_copy(update={"publishable": False})
    run = replace(shipped_run, checks=(failed, *shipped_run.checks[1:]), manifest=manifest)
    [made] = render(run, ("html",), tmp_path, brief=True)
    assert "Not publishable" in made.read_text(encoding="utf-8")


def test_quarto_renders_the_same_source(shipped_run, rendered, page, tmp_path):
    if find_quarto() is None:
        pytest.skip(f"Quarto {'.'.join(map(str, QUARTO_AT_LEAST))} or newer is not installed")
    made = render(shipped_run, ("html", "pdf"), tmp_path)
    other = made[0].read_text(encoding="utf-8")
    for tag in ("h2", "h3", "figcaption", "caption"):
        assert told(other, tag) == told(page, tag)


LINES = """all => all.filter(one => one.innerText && one.innerText.length <= 6).map(one => {
    const range = document.createRange();
    range.selectNodeContents(one);
    return range.getBoundingClientRect().height / parseFloat(getComputedStyle(one).fontSize);
})"""
"""How high short cells are, in letters."""


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_in_a_browser_nothing_overflows_fails_or_is_fetched(rendered, scheme):
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        context = browser.new_context(color_scheme=scheme, offline=True)
        said, asked = [], []
        for width in (360, 768, 1400):
            view = context.new_page()
            view.set_viewport_size({"width": width, "height": 800})
            view.on("console", lambda one: said.append(one.text))
            view.on("pageerror", lambda one: said.append(str(one)))
            view.on("request", lambda one: asked.append(one.url))
            view.goto(rendered[0].as_uri())
            view.wait_for_selector("#living table")
            for fold in view.query_selector_all("summary"):
                fold.click()
            assert view.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
            shown = view.eval_on_selector_all(
                "img", "all => all.filter(one => one.offsetParent).map(one => one.naturalWidth)"
            )
            assert len(shown) >= 7 and all(size > 0 for size in shown)
            bold = view.query_selector_all("td strong")
            assert bold and all(cell.is_visible() for cell in bold)
            lines = view.eval_on_selector_all("main td", LINES)
            assert len(lines) > 20 and max(lines) < 2, "a short number is broken"
        browser.close()
    assert said == []
    assert {address.partition(":")[0] for address in asked} <= {"file", "data"}


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_mend(rendered, scheme):
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is not installed")
    import axe_playwright_python
    from playwright.sync_api import sync_playwright

    axe = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        context = browser.new_context(color_scheme=scheme)
        for width in (360, 1400):
            view = context.new_page()
            view.set_viewport_size({"width": width, "height": 800})
            view.goto(rendered[0].as_uri())
            view.wait_for_selector("#living table")
            for fold in view.query_selector_all("summary")[: None if width == 360 else 30]:
                fold.click()
            view.evaluate(axe)
            found = view.evaluate("axe.run()")
            assert len(found["passes"]) > 15
            assert [one["id"] for one in found["violations"]] == []
        browser.close()


@pytest.mark.slow
def test_a_report_since_an_earlier_run_shows_moves_that_add_up(inputs, shipped_run, tmp_path):
    old = make_forecast(inputs, date(2025, 9, 15), tmp_path)
    moves = explain_moves(old, shipped_run)
    found = find(shipped_run, moves)
    at = moves.horizons.index(shipped_run.manifest.headline)
    for outcome in movers(found):
        bars, row = move_bars(found, outcome), moves.outcomes.index(outcome)
        change = moves.after[row, at] - moves.before[row, at]
        assert sum(bar.change for bar in bars) == pytest.approx(change, abs=1e-12)
    said = time_sentence(found)
    named = {move.kind for outcome in movers(found) for move in found.telling(outcome)}
    assert ("76 days without any news" in said) == ("time" in named)
    [made] = render(shipped_run, ("html",), tmp_path, moves)
    assert made.stem == f"{shipped_run.manifest.run}-since-{old.manifest.run}"
    text = made.read_text(encoding="utf-8")
    shape = r"Of the others, .*?\. Any change by .*? then, .*? now\."
    changed = re.findall(shape, plain(text))[0]
    assert found.title(movers(found)[1]) in changed
    assert TITLES["moved"] in told(text, "h2")
    assert "15 September 2025" in plain(text)
    # The figure's items stand below it with their sources.
    shown = {move.id for outcome in movers(found) for move in found.telling(outcome)}
    items = [item for item in inputs.ledger.items if item.id in shown]
    assert items and all(html.escape(item.url) in text for item in items)
