"""Rendering: what a program says is handed on, and letters without a font are spelt out."""

import sys

import pytest

from tidings.errors import RenderError
from tidings.reporting.rendering import _with_quarto

TEXT = "# 日本語 and Ω\n"
NO_FONT = 'error: the text "日" could not be displayed with font "libertinus serif"'


def quarto(folder, says):
    """Write a program that fails while a letter is in the document, as Quarto without a font."""
    program = folder / "quarto"
    program.write_text(
        f"#!{sys.executable}\n"
        "import pathlib, sys\n"
        "text = pathlib.Path('forecast.qmd').read_text(encoding='utf-8')\n"
        "told = ''.join(one.read_text('utf-8') for one in pathlib.Path().glob('*.svg'))\n"
        f"if '日' in text + told: sys.exit({says!r})\n"
        "pathlib.Path('forecast.pdf').write_text(text, encoding='utf-8')\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    return str(program)


def test_letters_without_a_font_are_spelt_out_for_one_pdf_only(tmp_path):
    document, figure = tmp_path / "forecast.qmd", tmp_path / "why.svg"
    document.write_text(TEXT, encoding="utf-8")
    figure.write_text("<svg><text>日</text></svg>", encoding="utf-8")
    made = _with_quarto(quarto(tmp_path, NO_FONT), document, "pdf")
    assert made.read_text(encoding="utf-8") == "# ⟨U+65E5⟩⟨U+672C⟩⟨U+8A9E⟩ and Ω\n"
    assert document.read_text(encoding="utf-8") == TEXT
    assert "日" in figure.read_text(encoding="utf-8")


def test_what_else_is_wrong_is_said_and_the_document_is_kept(tmp_path):
    document = tmp_path / "forecast.qmd"
    document.write_text(TEXT, encoding="utf-8")
    with pytest.raises(RenderError, match="quarto could not render pdf: no such luck"):
        _with_quarto(quarto(tmp_path, "first line\nno such luck"), document, "pdf")
    assert document.read_text(encoding="utf-8") == TEXT
