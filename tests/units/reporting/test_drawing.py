"""Drawings: words stay words, marks stay on the sheet, and scales are marked at round values."""

import xml.etree.ElementTree as ET
from datetime import date

import numpy as np
import pytest

from tidings._templates import source
from tidings.reporting.drawing import COLOURS, Drawing, Scale, fitted, log_odds, wrapped
from tidings.reporting.figures import cells_of, density
from tidings.reporting.reason_figures import draw_bars, draw_swings, draw_waterfall
from tidings.reporting.series import Bar, Swing, Willing
from tidings.reporting.time_figures import draw_over_time, draw_willing

BARS = [Bar("A story of some length that is told", 0.9, 0.93), Bar("<b>Another</b>", 0.95, 0.93)]


def texts(drawing):
    root = ET.fromstring(drawing.text())
    assert root.tag.endswith("svg")
    return [element for element in root.iter() if element.tag.endswith("}text")]


def test_what_is_written_is_text_and_no_markup():
    sheet = Drawing(100, 50)
    sheet.words(0, 10, "<script>alert(1)</script> & \x1b")
    [words] = texts(sheet)
    assert words.text == "<script>alert(1)</script> & ⟨U+001B⟩"
    assert "<script" not in sheet.text()


@pytest.mark.parametrize("narrow", [True, False])
def test_words_are_large_enough_and_begin_on_the_sheet(narrow):
    drawings = [
        draw_bars(BARS, 0.93, "chance", narrow=narrow),
        draw_swings([Swing("A prior", 0.1, 0.3), Swing("Another", 0.25, 0.15)], 0.2, "chance",
                    narrow=narrow),
        draw_waterfall(("then", 0.9), BARS, ("now", 0.93), narrow=narrow),
        draw_over_time([(date(2020, 1, 1), 0.1), (date(2021, 1, 1), 0.2)], [], [], narrow=narrow),
        draw_willing([Willing("Who", [date(2020, 1, 1), date(2021, 1, 1)], [0, 0.1], [0.2, 0.3],
                              [0.4, 0.9], [(date(2020, 5, 1), 0.5)])], narrow=narrow),
    ]  # fmt: skip
    for drawing in drawings:
        found = texts(drawing)
        assert found
        for one in found:
            assert float(one.get("font-size", "12")) >= 10
            assert 0 <= float(one.get("x", "0")) <= drawing.width
            assert 0 <= float(one.get("y", "0")) <= drawing.height


def test_long_words_are_cut_and_lines_are_wrapped():
    assert fitted("short", 200) == "short"
    assert fitted("a word and another and another and more", 100).endswith("…")
    assert len(wrapped("US control at a base in Turkey", 110, 11)) == 2
    assert wrapped("Abcdefghijklmnopqrstuvwxyz", 60)[-1].endswith("…")


def test_scales_hold_what_they_are_given():
    scale = Scale((0.0, 0.5), (10, 110))
    assert (scale(0.0), scale(0.25), scale(9.0)) == (10, 60, 110)
    marks = Scale((0.87, 0.97), (0, 1)).marks(4)
    assert all(0.87 <= mark <= 0.97 for mark in marks) and 2 <= len(marks) <= 6
    assert log_odds(0.5) == 0.0 and np.isfinite(log_odds(0.0))


def test_a_hundred_cells_are_a_hundred_and_nearest():
    means = [0.93, 0.0049, 0.0008, 0.0005, 0.021, 0.041, 0.0028]
    cells = cells_of(means)
    assert sum(cells) == 100
    assert max(abs(count - 100 * mean) for count, mean in zip(cells, means, strict=True)) < 1


def test_a_density_has_the_weight_of_its_draws():
    draws = np.random.default_rng(1).standard_normal(3000)
    grid = np.linspace(-4, 4, 200)
    drawn = density(draws, grid) / np.sqrt(2 * np.pi)
    assert np.trapezoid(drawn, grid) == pytest.approx(1.0, abs=0.01)
    assert drawn.max() == pytest.approx(0.399, abs=0.05)


def test_the_colours_of_figures_are_those_of_the_brand():
    import yaml

    brand = yaml.safe_load(source("_brand.yml").read_text())
    palette = brand["color"]["palette"]
    named = [palette[f"outcome-{place}"] for place in range(1, len(COLOURS) + 1)]
    assert tuple(named) == COLOURS
