"""The files of what was learned: written together, each whole or not at all."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tidings.errors import RunError
from tidings.learned import learned_text

if TYPE_CHECKING:
    from tidings.learning.lessons import Lessons

__all__ = ["write_lessons"]


def write_lessons(lessons: "Lessons", path: Path) -> tuple[Path, ...]:
    """Write what was learned, its draws, and its page with figures.

    Parameters
    ----------
    lessons : Lessons
        What was learned.
    path : Path
        The TOML file; the others stand beside it, under the same stem.

    Returns
    -------
    tuple of Path
        The files, the TOML last: until it is in place, what was learned before holds.

    Raises
    ------
    RunError
        If they cannot be written.
    """
    from tidings.learning.lessons import draws_text
    from tidings.reporting.lessons import draw_groups, draw_incidence_of_cases, page_of

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".writing-") as name:
            work = Path(name)
            (work / f"{path.stem}.csv").write_text(draws_text(lessons.draws), encoding="utf-8")
            if lessons.cases is not None and lessons.curves is not None:
                incidence = work / f"{path.stem}-incidence.svg"
                draw_incidence_of_cases(lessons.cases, lessons.curves, incidence)
                draw_groups(lessons.groups, work / f"{path.stem}-groups.svg")
            (work / f"{path.stem}.md").write_text(page_of(lessons, path.stem), encoding="utf-8")
            made = sorted(work.iterdir())
            (work / path.name).write_text(learned_text(lessons.learned), encoding="utf-8")
            return tuple(one.replace(path.parent / one.name) for one in [*made, work / path.name])
    except OSError as error:
        raise RunError(f"{path}: cannot be written ({error.strerror or error})") from error
