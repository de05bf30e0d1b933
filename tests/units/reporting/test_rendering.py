"""Rendering: what a program says is handed on, and letters without a font are spelt out."""

import sys
from types import SimpleNamespace

import pytest

from tidings.errors import RenderError, RenderWarning, UsageError
from tidings.reporting.rendering import _with_quarto, render

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
    with pytest.raises(RenderError, match="quarto could not render pdf: first error line"):
        _with_quarto(
            quarto(tmp_path, "processing\n\x1b[31mfirst error line\x1b[39m\nat a.js:1"),
            document,
            "pdf",
        )
    assert document.read_text(encoding="utf-8") == TEXT


def broken(folder, monkeypatch):
    """Write a Quarto that makes the HTML and no PDF, and name it by Quarto's own variable."""
    program = folder / "elsewhere"
    program.write_text(
        f"#!{sys.executable}\n"
        "import pathlib, sys\n"
        "if '--version' in sys.argv: sys.exit(print('1.11.3'))\n"
        "if 'typst' in sys.argv: sys.exit('\x1b[31mERROR: no font\x1b[39m\\n    at run.js:7')\n"
        "pathlib.Path('forecast.html').write_text('made by Quarto')\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setenv("QUARTO_PATH", str(program))


@pytest.fixture
def document(tmp_path, monkeypatch):
    """A bundle of one line in place of a report's."""

    def bundle(run, work, since, form):
        path = work / "forecast.qmd"
        path.write_text("# A report\n", encoding="utf-8")
        return path

    monkeypatch.setattr("tidings.reporting.rendering._bundle", bundle)
    monkeypatch.setattr(
        "tidings.reporting.rendering._embedded",
        lambda path, one: path.with_suffix(f".{one}")
        if path.with_suffix(f".{one}").write_text("made without") else None,
    )  # fmt: skip
    broken(tmp_path, monkeypatch)
    run = SimpleNamespace(manifest=SimpleNamespace(run="a-run"))
    return run, tmp_path / "out"


def test_where_quarto_fails_the_embedded_renderer_makes_the_report_and_says_so(document):
    run, folder = document
    with pytest.warns(RenderWarning, match="ERROR: no font; the embedded renderer made the pdf"):
        html, pdf = render(run, ("html", "pdf"), folder)
    assert html.read_text() == "made by Quarto" and pdf.read_text() == "made without"


def test_what_quarto_made_is_kept_where_it_is_asked_for_alone(document):
    run, folder = document
    with pytest.raises(RenderError, match="quarto could not render pdf: ERROR: no font") as error:
        render(run, ("html", "pdf"), folder, renderer="quarto")
    assert error.value.remedy == "render without Quarto" and "\x1b" not in str(error.value)
    assert (folder / "a-run.html").read_text() == "made by Quarto"


def test_quarto_is_left_alone_where_it_is_not_wanted(document):
    run, folder = document
    [html] = render(run, ("html",), folder, renderer="embedded")
    assert html.read_text() == "made without"
    with pytest.raises(UsageError, match="expected one of auto, quarto, embedded"):
        render(run, ("html",), folder, renderer="latex")
