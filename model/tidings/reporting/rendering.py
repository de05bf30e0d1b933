"""Rendering: Quarto where it is installed, else Pandoc and Typst from their Python packages."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tidings._templates import source
from tidings.errors import RenderError, UsageError, nearest
from tidings.evidence.inputs import Inputs
from tidings.forecasting.runs import Run
from tidings.mechanism.situation import observe
from tidings.reasons.moves import Moves
from tidings.reporting.document import likeliest_change, write_source
from tidings.reporting.figures import draw_incidence, draw_priors, draw_tornado

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tidings.reporting.cards import PriorCard


FORMATS = ("html", "pdf")
QUARTO_AT_LEAST = (1, 9)


def render(
    run: Run, to: Sequence[str], folder: Path, since: Moves | None = None
) -> tuple[Path, ...]:
    """Render a stored run.

    Parameters
    ----------
    run : Run
        What is reported.
    to : sequence of {"html", "pdf"}
        Formats.
    folder : Path
        Where the reports go, named after the run.
    since : Moves, optional
        What moved since an earlier run.

    Returns
    -------
    tuple of Path
        The reports, in the order of ``to``.

    Raises
    ------
    UsageError
        If a format is not known.
    RenderError
        If a report cannot be rendered or written; one that is there already is left as it is.
    """
    for one in to:
        if one not in FORMATS:
            raise UsageError(f"got {one!r}; expected {nearest(one, FORMATS)}", "to")
    quarto = find_quarto()
    with tempfile.TemporaryDirectory(prefix="tidings-") as name:
        work = Path(name)
        document = _prepare(run, work, since)
        made = [
            _with_quarto(quarto, document, one) if quarto else _embedded(document, one)
            for one in to
        ]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            return tuple(_place(path, folder / f"{run.manifest.run}{path.suffix}") for path in made)
        except OSError as error:
            raise RenderError(f"{folder}: cannot be written ({error.strerror})") from error


def _prepare(run: Run, work: Path, since: Moves | None) -> Path:
    for name in ("report.css", "report.typ"):
        shutil.copyfile(source(name), work / name)
    draw_incidence(run, work / "incidence.svg")
    draw_priors(run, work / "priors.svg")
    draw_tornado(run, likeliest_change(run), work / "tornado.svg")
    return write_source(run, work, since)


def _place(path: Path, target: Path) -> Path:
    """Copy a finished report beside its place, and then into it, so that none is half-written."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".writing-") as name:
        beside = Path(name) / target.name
        shutil.copyfile(path, beside)
        return beside.replace(target)


def find_quarto() -> str | None:
    """Return the Quarto program, or None where it is missing or older than `QUARTO_AT_LEAST`."""
    program = shutil.which("quarto")
    if program is None:
        return None
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    version = re.match(r"(\d+)\.(\d+)", answer.stdout)
    return program if version and tuple(map(int, version.groups())) >= QUARTO_AT_LEAST else None


def _with_quarto(program: str, source: Path, one: str) -> Path:
    to = {"html": "html", "pdf": "typst"}[one]
    command = [program, "render", source.name, "--to", to, "-o", f"forecast.{one}"]
    answer = subprocess.run(command, cwd=source.parent, capture_output=True, text=True, check=False)
    target = source.with_suffix(f".{one}")
    if answer.returncode != 0 or not target.is_file():
        raise RenderError(f"quarto could not render {one}: {_last(answer.stderr)}")
    return target


def _embedded(source: Path, one: str) -> Path:
    return _html(source) if one == "html" else _pdf(source)


def _html(source: Path) -> Path:
    target = source.with_suffix(".html")
    extra = ["--standalone", "--embed-resources", "--css=report.css", "--section-divs"]
    _pandoc(source, "html", target, extra)
    return target


def _pdf(source: Path) -> Path:
    import typst

    typed = source.with_suffix(".typ")
    _pandoc(source, "typst", typed, ["--standalone", "--include-in-header=report.typ"])
    target = source.with_suffix(".pdf")
    try:
        typst.compile(str(typed), output=str(target), root=str(source.parent))
    except typst.TypstError as error:
        raise RenderError(f"typst could not make the PDF: {_last(str(error))}") from error
    return target


def _pandoc(source: Path, to: str, target: Path, extra: Sequence[str]) -> None:
    import pypandoc

    command = [
        pypandoc.get_pandoc_path(),
        source.name,
        "--from=markdown",
        f"--to={to}",
        "--wrap=none",
    ]
    answer = subprocess.run(
        [*command, f"--output={target.name}", *extra],
        cwd=source.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise RenderError(f"pandoc could not write {to}: {_last(answer.stderr)}")


def _last(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1] if lines else "no message"


def draw_priors_of(
    shown: "tuple[Inputs, Sequence[PriorCard], Run | None]",
    draws: "Mapping[str, NDArray[np.float64]]",
    folder: Path,
    to: str,
) -> tuple[Path, ...]:
    """Draw priors, their words, and what they alone say of the outcomes.

    Parameters
    ----------
    shown : tuple of (Inputs, sequence of PriorCard, Run or None)
        The inputs, the priors to draw, and whose posterior stands beside them.
    draws : mapping of str to ndarray, shape (draw,)
        The run's draws on the link scale.
    folder : Path
        Where the figures go.
    to : {"svg", "png", "pdf"}
        Format.

    Raises
    ------
    RenderError
        If a figure cannot be written.
    """
    from tidings.forecasting.making import rows_of_priors
    from tidings.reporting.figures import draw_priors
    from tidings.reporting.prior_figures import draw_densities, draw_words

    inputs, cards, run = shown
    question = inputs.question
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-") as name:
            work = Path(name)
            draw_densities(cards, question, draws, work / f"priors-densities.{to}")
            if any(source.word for card in cards for source in card.sources):
                draw_words(cards, question, work / f"priors-words.{to}")
            if run is not None:
                situation = observe(question, inputs.ledger, inputs.resolved, run.manifest.as_of)
                alone = {
                    row.outcome: row
                    for row in rows_of_priors(situation)
                    if row.horizon == run.manifest.headline
                }
                draw_priors(run, work / f"priors-outcomes.{to}", alone)
            made = sorted(work.iterdir())
            return tuple(path.replace(folder / path.name) for path in made)
    except OSError as error:
        raise RenderError(f"{folder}: cannot be written ({error.strerror or error})") from error
