"""The report: same numbers as the run, whole offline, and in both formats."""

import re
import shutil

import pytest

from tidings.reporting.rendering import QUARTO_AT_LEAST, find_quarto, render
from tidings.reporting.wording import percent


@pytest.fixture(scope="module")
def rendered(shipped_run, tmp_path_factory):
    return render(shipped_run, ("html", "pdf"), tmp_path_factory.mktemp("rendered"))


def test_html_shows_every_number_of_the_table(shipped_run, rendered):
    html = rendered[0].read_text(encoding="utf-8")
    for horizon in shipped_run.manifest.horizons:
        for row in shipped_run.at(horizon).values():
            assert percent(row.mean) in html
    assert shipped_run.manifest.run in html
    assert "15 days before the as-of date" in html
    assert percent(shipped_run.manifest.already_happened) in html


def test_html_is_whole_offline(rendered):
    html = rendered[0].read_text(encoding="utf-8")
    loaded = re.findall(r'(?:src|<link[^>]+href)="([^"]+)"', html)
    assert loaded
    assert all(address.startswith("data:") for address in loaded)


def test_pdf_is_a_tagged_pdf(rendered):
    content = rendered[1].read_bytes()
    assert content.startswith(b"%PDF-")
    assert b"/StructTreeRoot" in content or b"/MarkInfo" in content


def test_a_run_that_is_not_publishable_says_so(shipped_run, tmp_path):
    from dataclasses import replace

    failed = replace(shipped_run.checks[0], status="fail")
    manifest = shipped_run.manifest.model_copy(update={"publishable": False})
    run = replace(shipped_run, checks=(failed, *shipped_run.checks[1:]), manifest=manifest)
    [html] = render(run, ("html",), tmp_path)
    assert "Not publishable" in html.read_text(encoding="utf-8")


def test_quarto_renders_the_same_source(shipped_run, tmp_path):
    if find_quarto() is None:
        pytest.skip(f"Quarto {'.'.join(map(str, QUARTO_AT_LEAST))} or newer is not installed")
    assert all(path.is_file() for path in render(shipped_run, ("html", "pdf"), tmp_path))


@pytest.mark.browser
def test_html_in_a_browser_fits_its_width_and_shows_its_figures(rendered):
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1000, "height": 800})
        page.goto(rendered[0].as_uri())
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        widths = page.eval_on_selector_all("img", "all => all.map(one => one.naturalWidth)")
        browser.close()
    assert len(widths) == 3
    assert all(width > 0 for width in widths)


def test_a_report_since_an_earlier_run_adds_up_by_column(inputs, shipped_run, tmp_path):
    from datetime import date

    from tidings.forecasting.making import make_forecast
    from tidings.reasons.moves import explain_moves
    from tidings.reporting.since import table_of_moves

    old = make_forecast(inputs, date(2025, 9, 15), tmp_path)
    moves = explain_moves(old, shipped_run)
    items = {item.id: item for item in inputs.ledger.items}
    table = table_of_moves(moves, items)
    at = moves.horizons.index(table.horizon)
    for row, _ in enumerate(moves.outcomes):
        cells = [one.cells[row].partition(" ±")[0].strip("()") for one in table.rows[1:-1]]
        decimals = max(len(cell.partition(".")[2]) for cell in cells)
        told = sum(0.0 if cell == "·" else float(cell) for cell in cells)
        change = (moves.after[row, at] - moves.before[row, at]) * 100
        assert abs(told - change) <= 0.5 * 10**-decimals * (len(cells) + 1)
    [html] = render(shipped_run, ("html",), tmp_path, moves)
    text = html.read_text(encoding="utf-8")
    assert "What moved since 2025-09-15" in text
    assert percent(float(moves.before[0, at])) in text
    shown = [one.item.url for one in table.rows if one.item]
    assert shown and all(url in text for url in shown)
