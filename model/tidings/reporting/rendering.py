"""Rendering: Quarto where it is installed, else Pandoc and Typst from their Python packages."""

import os
import re
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import category

from tidings._templates import source
from tidings.errors import RenderError, RenderWarning, UsageError, nearest
from tidings.forecasting.runs import FORECAST, Run
from tidings.reasons.attribution import Moves
from tidings.reporting.document import write_source
from tidings.reporting.findings import find
from tidings.reporting.living import write_living
from tidings.reporting.pictures import draw_pictures

if TYPE_CHECKING:
    pass


FORMATS = ("html", "pdf")
PAPERS = {"a4": "a4", "letter": "us-letter"}
"""Papers, and what Typst calls them."""
RENDERERS = ("auto", "quarto", "embedded")
"""Quarto where it is installed and works; Quarto or an error; never Quarto."""
QUARTO_AT_LEAST = (1, 9)
_PROJECT = (
    "_quarto.yml",
    "_brand.yml",
    "report.html",
    "report.css",
    "report.typ",
    "report.lua",
    "tables.lua",
)
"""What a bundle has beside the document, its figures and its data."""
_STEM = "forecast"
_TRIES = 100
_OF_QUARTO = shutil.ignore_patterns(".quarto", ".gitignore", f"{_STEM}_files")


def render(
    run: Run,
    to: Sequence[str],
    folder: Path,
    since: Moves | None = None,
    *,
    brief: bool = False,
    paper: str = "a4",
    renderer: str = "auto",
) -> tuple[Path, ...]:
    """Render a stored run, and keep the bundle that it was rendered from.

    Returns
    -------
    tuple of Path
        The reports, in the order of ``to``.

    Raises
    ------
    UsageError
        If a format, a paper or a renderer is not known, or Quarto is asked for and not there.
    InputError, RunError
        If the run cannot be read.
    RenderError
        If a report cannot be rendered or written; the other format is kept if it was made, and a
        report that is there already is left as it is.

    Warns
    -----
    RenderWarning
        If Quarto failed and the embedded renderer made the report.
    """
    for one in to:
        _check_one_of("to", one, FORMATS)
    _check_one_of("paper", paper, PAPERS)
    _check_one_of("renderer", renderer, RENDERERS)
    quarto = None if renderer == "embedded" else find_quarto()
    if renderer == "quarto" and quarto is None:
        least = ".".join(map(str, QUARTO_AT_LEAST))
        raise UsageError(f"no Quarto {least} or newer on PATH or at QUARTO_PATH", "renderer")
    made_by = _Renderer(quarto, falls_back=renderer == "auto")
    try:
        return _render(run, to, folder, since, (brief, PAPERS[paper]), made_by)
    except OSError as error:
        place = error.filename2 or error.filename or tempfile.gettempdir()
        raise RenderError(f"{place}: cannot be written ({error.strerror or error})") from error


def _check_one_of(argument: str, got: str, valid: Collection[str]) -> None:
    if got not in valid:
        raise UsageError(f"got {got!r}; expected {nearest(got, valid)}", argument)


def _render(
    run: Run,
    to: Sequence[str],
    folder: Path,
    since: Moves | None,
    form: tuple[bool, str],
    renderer: "_Renderer",
) -> tuple[Path, ...]:
    """Render into a temporary folder, and put what was made in its place."""
    name = name_of(run, since, brief=form[0])
    with tempfile.TemporaryDirectory(prefix="tidings-") as temporary:
        work = Path(temporary) / name
        work.mkdir()
        document = _bundle(run, work, since, form)
        # Quarto keeps files of its own in the folder: one format after the other.
        with ThreadPoolExecutor(1 if renderer.quarto else len(FORMATS)) as threads:
            results = list(threads.map(partial(renderer.result, document), to))
        made = [result for result in results if isinstance(result, Path)]
        folder.mkdir(parents=True, exist_ok=True)
        reports = tuple(_place(path, folder / f"{name}{path.suffix}") for path in made)
        for path in (*made, document.with_suffix(".typ")):
            path.unlink(missing_ok=True)
        _place_folder(work, folder / f"{name}-source")
    for result in results:
        if isinstance(result, RenderError):
            raise result
    return reports


@dataclass(frozen=True)
class _Renderer:
    """Quarto, where there is one, and what is done where it fails."""

    quarto: str | None
    falls_back: bool

    def result(self, document: Path, one: str) -> Path | RenderError:
        """Return a report in one format, or why there is none."""
        if self.quarto is None:
            return _or_error(_embedded, document, one)
        made = _or_error(partial(_with_quarto, self.quarto), document, one)
        if isinstance(made, Path):
            return made
        if not self.falls_back:
            return RenderError(made.says, remedy="render without Quarto")
        message = f"{made.says}; the embedded renderer made the {one} (--renderer embedded)"
        warnings.warn(message, RenderWarning, stacklevel=2)
        return _or_error(_embedded, document, one)


def _or_error(make: Callable[[Path, str], Path], document: Path, one: str) -> Path | RenderError:
    try:
        return make(document, one)
    except RenderError as error:
        return error


def name_of(run: Run, since: Moves | None, *, brief: bool) -> str:
    """Return what a report is called: after its run, what it compares with, and how long it is."""
    compared = f"-since-{since.old.manifest.run}" if since else ""
    return f"{run.manifest.run}{compared}{'-brief' if brief else ''}"


def _bundle(run: Run, work: Path, since: Moves | None, form: tuple[bool, str]) -> Path:
    """Lay the document, its figures and data into a folder that Quarto renders as it is."""
    for name in _PROJECT:
        shutil.copyfile(source(name), work / name)
    found = find(run, since)
    data = work / "data"
    data.mkdir()
    shutil.copyfile(run.path / FORECAST, data / FORECAST)
    evidence = found.question.file("evidence")
    if evidence is not None:
        shutil.copyfile(evidence, data / "evidence.csv")
    brief, paper = form
    alts = draw_pictures(found, work, brief=brief)
    living = "" if brief or run.manifest.prior_only else write_living(found, work)
    return write_source(found, alts, work, brief=brief, paper=paper, living=living)


def _place(path: Path, target: Path) -> Path:
    """Copy a finished report beside its place, and then into it, so that none is half-written."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".writing-") as name:
        beside = Path(name) / target.name
        shutil.copyfile(path, beside)
        return beside.replace(target)


def _place_folder(folder: Path, target: Path) -> None:
    """Copy a bundle beside its place, and put it in the place of an older one."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".writing-") as name:
        beside = Path(name) / "new"
        shutil.copytree(folder, beside, ignore=_OF_QUARTO)
        for number in range(_TRIES):
            with suppress(FileNotFoundError):
                target.rename(Path(name) / f"old-{number}")
            try:
                beside.rename(target)
            except OSError:
                # Somebody else has put theirs there in between.
                if number + 1 == _TRIES:
                    raise
            else:
                return


def find_quarto() -> str | None:
    """Return the Quarto program, or None where it is missing or older than `QUARTO_AT_LEAST`.

    It is where Quarto's own variable ``QUARTO_PATH`` says, else on the path.
    """
    program = shutil.which(os.environ.get("QUARTO_PATH") or "quarto")
    if program is None:
        return None
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    version = re.match(r"(\d+)\.(\d+)", answer.stdout)
    return program if version and tuple(map(int, version.groups())) >= QUARTO_AT_LEAST else None


def _with_quarto(program: str, document: Path, one: str) -> Path:
    to = {"html": "html", "pdf": "typst"}[one]
    command = [program, "render", document.name, "--to", to, "-o", f"{_STEM}.{one}"]

    def made(here: Path) -> str:
        answer = subprocess.run(
            command, cwd=here.parent, capture_output=True, text=True, check=False
        )
        done = answer.returncode == 0 and here.with_suffix(f".{one}").is_file()
        return "" if done else answer.stderr.strip() or "no message"

    if wrong := made(document) if one == "html" else _with_every_letter(document, made):
        raise RenderError(f"quarto could not render {one}: {_first_error(wrong)}")
    return document.with_suffix(f".{one}")


def _embedded(document: Path, one: str) -> Path:
    return _html(document) if one == "html" else _pdf(document)


def _html(document: Path) -> Path:
    target = document.with_suffix(".html")
    extra = ("--template=report.html", "--css=report.css", "--embed-resources", "--mathml")
    _pandoc(document, "html", target, (*extra, "--section-divs", "--shift-heading-level-by=1"))
    return target


def _pdf(document: Path) -> Path:
    import typst

    typed = document.with_suffix(".typ")
    _pandoc(document, "typst", typed, ["--include-in-header=report.typ"])

    def made(here: Path) -> str:
        target, root = str(here.with_suffix(".pdf")), str(here.parent)
        try:
            typst.compile(str(here), output=target, root=root, pdf_standards=["ua-1"])
        except typst.TypstError as error:
            return str(error).strip() or "no message"
        return ""

    if wrong := _with_every_letter(typed, made):
        raise RenderError(f"typst could not make the PDF: {_first_error(wrong)}")
    return typed.with_suffix(".pdf")


def _with_every_letter(document: Path, made: Callable[[Path], str]) -> str:
    """Make a PDF beside a document; where a font lacks letters, of a copy that spells them out.

    Returns
    -------
    str
        What is wrong in the end; empty where the PDF was made.
    """
    wrong = made(document)
    if not _NO_GLYPH.search(wrong):
        return wrong
    with tempfile.TemporaryDirectory(prefix="tidings-") as name:
        copy = Path(name) / "spelt" / document.name
        shutil.copytree(document.parent, copy.parent)
        for tried in range(_MOST_FONT_TRIES):
            missing = _NO_GLYPH.search(wrong)
            if missing is None:
                break
            for path in (copy, *copy.parent.glob("*.svg")):
                _spell_out(path, missing[1], everything=tried == 0)
            wrong = made(copy)
        if not wrong:
            shutil.copyfile(copy.with_suffix(".pdf"), document.with_suffix(".pdf"))
    return wrong


_NO_GLYPH = re.compile(r'the text `?"(.+?)"`? could not be displayed', re.DOTALL)
_MOST_FONT_TRIES = 8
_LETTERS = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "So"})
_USUAL = 0x0530
"""Letters before it are Latin, Greek and Cyrillic, which the fonts that come with Typst have."""


def _spell_out(path: Path, missing: str, *, everything: bool) -> None:
    """Write letters for which no font is installed as their code points: ``⟨U+65E5⟩``.

    Parameters
    ----------
    missing : str
        Letters that could not be displayed.
    """

    def spelt(letter: str) -> str:
        unusual = everything and ord(letter) >= _USUAL and category(letter)[:2] in _LETTERS
        return f"⟨U+{ord(letter):04X}⟩" if unusual or letter in missing else letter

    text = path.read_text(encoding="utf-8")
    path.write_text("".join(map(spelt, text)), encoding="utf-8")


def _pandoc(document: Path, to: str, target: Path, extra: Sequence[str]) -> None:
    import pypandoc

    command = [
        pypandoc.get_pandoc_path(),
        document.name,
        "--from=markdown",
        f"--to={to}",
        "--wrap=none",
        "--standalone",
        "--lua-filter=report.lua",
        "--lua-filter=tables.lua",
    ]
    answer = subprocess.run(
        [*command, f"--output={target.name}", *extra],
        cwd=document.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise RenderError(f"pandoc could not write {to}: {_first_error(answer.stderr)}")


def _first_error(text: str) -> str:
    """Return the first line that tells of an error, else the last one, without escape codes."""
    lines = [line.strip() for line in _ESCAPES.sub("", text).splitlines() if line.strip()]
    errors = [line for line in lines if re.search("error|exception", line, re.IGNORECASE)]
    return next(iter([*errors, *lines[-1:]]), "no message")


_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07")
