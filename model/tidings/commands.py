"""What the command line does, as functions that return values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tidings.drafting import Likeness, completed, likenesses
from tidings.errors import UsageError
from tidings.evidence import ITEM_COLUMNS, Item, Ledger, read_items
from tidings.inputs import Inputs, read_inputs
from tidings.question import Question, load_question
from tidings.recording import add_items, retract_item
from tidings.runs import Run, find_run, list_runs
from tidings.tables import read_loosely

if TYPE_CHECKING:
    from tidings.editing import Edit
    from tidings.explaining import Explanation
    from tidings.inference import ChainState
    from tidings.moves import Moves
    from tidings.previewing import Preview
    from tidings.prior_cards import PriorCard
    from tidings.watching import Watch

__all__ = [
    "Draft",
    "Inputs",
    "PriorsShown",
    "add",
    "check",
    "diff",
    "draft",
    "draft_file",
    "edit_prior",
    "explain",
    "forecast",
    "history",
    "preview",
    "preview_prior",
    "preview_retraction",
    "priors",
    "report",
    "retract",
    "run",
    "watch",
]

QUESTION = Path("priors/turkey-s400.toml")
RUNS = Path("data/runs")
RENDERED = Path("reports/rendered")

Progress = Callable[[Sequence["ChainState"]], None]


def check(question: Path = QUESTION) -> Inputs:
    """Validate every input of a question.

    Parameters
    ----------
    question : Path
        The question file.

    Returns
    -------
    Inputs
        Everything it names, read.

    Raises
    ------
    InputError
        With every fault of every file.
    """
    return read_inputs(question)


def forecast(
    question: Path = QUESTION,
    as_of: date | None = None,
    runs: Path = RUNS,
    seed: int | None = None,
    progress: Progress | None = None,
) -> Run:
    """Fit, check and store a forecast.

    Parameters
    ----------
    question : Path
        The question file.
    as_of : date, optional
        When the forecast is made; today if not given.
    runs : Path
        Where runs are kept.
    seed : int, optional
        Root of all randomness, in place of the config's.
    progress : callable, optional
        Called with the state of every chain while it samples.

    Returns
    -------
    Run
        As stored.

    Raises
    ------
    InputError
        If an input has a fault.
    FitError
        If the sampler stopped.
    RunError
        If the run cannot be stored.
    """
    from tidings.forecasting import make_forecast

    inputs = check(question)
    if seed is not None:
        inputs = inputs.seeded(seed)
    return make_forecast(inputs, as_of or date.today(), runs, progress)


def report(
    name: str | None = None,
    runs: Path = RUNS,
    to: Sequence[str] = ("html", "pdf"),
    rendered: Path = RENDERED,
    since: str | None = None,
) -> tuple[Path, ...]:
    """Render a stored run.

    Parameters
    ----------
    name : str, optional
        The run's id, the beginning of it, or its folder; the newest if not given.
    runs : Path
        Where runs are kept.
    to : sequence of {"html", "pdf"}
        Formats.
    rendered : Path
        Where the reports go.
    since : str, optional
        An earlier run: the report then says what moved since.

    Returns
    -------
    tuple of Path
        The reports, in the order of ``to``.

    Raises
    ------
    UsageError
        If there is no such run or format.
    RunError, FitError
        If a run cannot be read, or drawn anew.
    RenderError
        If a report cannot be rendered.
    """
    from tidings.reporting import render

    found = find_run(runs, name)
    moves = None if since is None else diff(since, str(found.path), runs)
    return render(found, to, rendered, moves)


def run(
    question: Path = QUESTION,
    as_of: date | None = None,
    runs: Path = RUNS,
    seed: int | None = None,
    progress: Progress | None = None,
    rendered: Path = RENDERED,
) -> tuple[Run, tuple[Path, ...]]:
    """Check, forecast and report: the main job.

    Parameters
    ----------
    question, as_of, runs, seed, progress
        As for `forecast`.
    rendered : Path
        Where the reports go.

    Returns
    -------
    tuple of (Run, tuple of Path)
        The stored run, and its HTML and PDF reports.

    Raises
    ------
    InputError, FitError, RunError, RenderError
        As for `forecast` and `report`.
    """
    made = forecast(question, as_of, runs, seed, progress)
    return made, report(str(made.path), runs, rendered=rendered)


def history(runs: Path = RUNS) -> tuple[Run, ...]:
    """Return all stored runs, the oldest first.

    Parameters
    ----------
    runs : Path
        Where runs are kept.

    Raises
    ------
    RunError
        If one of them cannot be read.
    """
    return list_runs(runs)


@dataclass(frozen=True)
class Draft:
    """Items that are not in the ledger yet.

    Attributes
    ----------
    question : Question
        The question they are about.
    ledger : Ledger
        As it stands.
    items : tuple of Item
        Valid, completed.
    alike : tuple of list of Likeness
        For each of them, items of other stories that may be about the same event.
    """

    question: Question
    ledger: Ledger
    items: tuple[Item, ...]
    alike: tuple[list[Likeness], ...]


def draft(
    records: Sequence[Mapping[str, str]],
    question: Path = QUESTION,
    place: Path = Path("new item"),
    lines: Sequence[int] | None = None,
) -> Draft:
    """Complete and check items that are to be recorded or tried out.

    Parameters
    ----------
    records : sequence of mapping of str to str
        The columns of the ledger that are given.
    question : Path
        The question file.
    place : Path
        What faults call the place where the records stand.
    lines : sequence of int, optional
        Their lines there.

    Raises
    ------
    InputError
        With every fault of every item, or of the ledger.
    """
    inputs = read_inputs(question)
    ledger, words = inputs.ledger, inputs.question.yardsticks
    full: list[tuple[int | None, dict[str, str]]] = []
    for number, cells in enumerate(records):
        taken = [one["id"] for _, one in full]
        line = None if lines is None else lines[number]
        full.append((line, completed(cells, ledger, words, date.today(), taken)))
    items = read_items(place, full, ledger, inputs.question.config, words)
    alike = tuple(likenesses(item, ledger) for item in items)
    return Draft(inputs.question, ledger, items, alike)


def draft_file(path: Path, question: Path = QUESTION) -> Draft:
    """Complete and check the items of a CSV file that has some or all columns of the ledger.

    Raises
    ------
    InputError
        With every fault of the file, or of the ledger.
    """
    records = read_loosely(path, ITEM_COLUMNS)
    return draft([cells for _, cells in records], question, path, [line for line, _ in records])


def add(items: Sequence[Item], question: Path = QUESTION) -> Path:
    """Record items at the end of the ledger, all or none; returns the ledger.

    Parameters
    ----------
    items : sequence of Item
        As `draft` makes them.
    question : Path
        The question file.

    Raises
    ------
    InputError
        If an id has been taken in the meantime, or the ledger is not valid.
    RunError
        If the ledger cannot be written.
    """
    asked = load_question(question)
    path = _ledger_path(asked)
    add_items(path, items, asked.config, asked.yardsticks)
    return path


def retract(identifier: str, why: str, on: date | None = None, question: Path = QUESTION) -> Path:
    """Mark an item as withdrawn, from today or another day on; returns the ledger.

    Raises
    ------
    UsageError
        If there is no such item, it is withdrawn already, or there is no reason.
    InputError
        If the day lies before the item was known, or the ledger is not valid.
    RunError
        If the ledger cannot be written.
    """
    asked = load_question(question)
    path = _ledger_path(asked)
    retract_item(path, identifier, (on or date.today(), why), asked.config, asked.yardsticks)
    return path


def preview(
    items: Sequence[Item],
    name: str | None = None,
    question: Path = QUESTION,
    runs: Path = RUNS,
    *,
    refit: bool = False,
) -> "Preview":
    """Say what items would do to a stored run.

    Parameters
    ----------
    items : sequence of Item
        As `draft` makes them, of the same ledger.
    name : str, optional
        The run; the newest of the question if not given.
    question : Path
        The question file; its ledger as it stands now is what the items are added to.
    runs : Path
        Where runs are kept.
    refit : bool
        Whether to fit again, where weights cannot be trusted.

    Raises
    ------
    UsageError
        If there is no such run.
    InputError, RunError
        If the run or the inputs cannot be read.
    FitError
        If a refit stopped.
    """
    from tidings.previewing import preview_items, refit_items

    inputs = read_inputs(question)
    found = find_run(runs, name, inputs.question.config.id)
    look = refit_items if refit else preview_items
    return look(found, items, inputs.ledger)


def preview_retraction(
    identifier: str,
    on: date | None = None,
    question: Path = QUESTION,
    runs: Path = RUNS,
) -> "Preview":
    """Say what the withdrawal of an item would do to the newest run, without a refit."""
    from tidings.previewing import preview_ledger

    inputs = read_inputs(question)
    found = find_run(runs, None, inputs.question.config.id)
    day, ledger = on or date.today(), inputs.ledger
    without = tuple(
        replace(item, retracted=day, retracted_why="preview") if item.id == identifier else item
        for item in ledger.items
    )
    after = replace(ledger, items=without)
    return preview_ledger(found, ledger, after, day)


def diff(old: str | None = None, new: str | None = None, runs: Path = RUNS) -> "Moves":
    """Split the difference of two runs into moves that add up.

    Parameters
    ----------
    old : str, optional
        The earlier run; the one made before ``new`` if not given.
    new : str, optional
        The later run; the newest of that question if not given.
    runs : Path
        Where runs are kept.

    Raises
    ------
    UsageError
        If there are no two such runs.
    InputError, RunError, FitError
        If a run cannot be read, or drawn anew.
    """
    from tidings.moves import explain_moves

    first = None if old is None else find_run(runs, old)
    last = find_run(runs, new, first.manifest.question if first else None)
    return explain_moves(first or _run_before(last, runs), last)


def explain(name: str | None = None, runs: Path = RUNS) -> "Explanation":
    """Say what a run rests on: its stories, actors, voices, the quiet time, and its conflicts.

    Parameters
    ----------
    name : str, optional
        The run; the newest if not given.
    runs : Path
        Where runs are kept.

    Raises
    ------
    UsageError
        If there is no such run.
    InputError, RunError, FitError
        If it cannot be read, or drawn anew without a part.
    """
    from tidings.explaining import explain_run

    return explain_run(find_run(runs, name))


def watch(name: str | None = None, runs: Path = RUNS) -> "Watch":
    """Say which news would matter most next.

    Parameters
    ----------
    name : str, optional
        The run; the newest if not given.
    runs : Path
        Where runs are kept.

    Raises
    ------
    UsageError
        If there is no such run.
    InputError, RunError
        If it cannot be read.
    """
    from tidings.watching import watch_run

    return watch_run(find_run(runs, name))


@dataclass(frozen=True)
class PriorsShown:
    """Priors with what a run made of them; no run where there is none yet."""

    question: Question
    cards: "list[PriorCard]"
    run: Run | None


def priors(
    name: str | None = None,
    run: str | None = None,
    question: Path = QUESTION,
    runs: Path = RUNS,
) -> PriorsShown:
    """Say where each prior comes from, and what the evidence made of it.

    Parameters
    ----------
    name : str, optional
        One prior, or the beginning of several; all if not given.
    run : str, optional
        Whose posterior; the newest run of the question if not given.
    question : Path
        The question file.
    runs : Path
        Where runs are kept.

    Raises
    ------
    InputError
        If the question has a fault.
    UsageError
        If there is no such prior, or no such run.
    RunError
        If the run cannot be read.
    """
    from tidings.prior_cards import cards_of

    asked = load_question(question)
    if run is not None:
        found: Run | None = find_run(runs, run)
    else:
        of_it = [one for one in list_runs(runs) if one.manifest.question == asked.config.id]
        found = of_it[-1] if of_it else None
    return PriorsShown(asked, cards_of(asked, name, found), found)


def edit_prior(
    name: str,
    value: str,
    because: str,
    yardstick: str | None = None,
    claims: Sequence[str] | None = None,
    question: Path = QUESTION,
) -> "Edit":
    """Make and check an edit of a prior; its ``write`` method writes it.

    Parameters
    ----------
    name : str
        The prior: ``willingness.moscow.ukraine``.
    value : str
        A word, quantiles like ``p05=0.03,p50=0.13,p95=0.57``, or a number taken as certain.
    because : str
        The reason.
    yardstick : str, optional
        Whose word it is; that of the row, or the report's, if not given.
    claims : sequence of str, optional
        In place of those of the row.
    question : Path
        The question file.

    Raises
    ------
    UsageError
        If there is no such prior, or no reason.
    InputError
        If the question has a fault, or would have one.
    """
    from tidings.editing import edit_prior as edit

    return edit(question, name, value, because, yardstick, claims)


def preview_prior(edit: "Edit", runs: Path = RUNS, *, refit: bool = False) -> "Preview":
    """Say what an edit of a prior would do to the newest run of the question.

    Raises
    ------
    UsageError
        If there is no run.
    InputError, RunError
        If the run cannot be read.
    FitError
        If a refit stopped.
    """
    from tidings.previewing import preview_prior as look

    found = find_run(runs, None, edit.question.config.id)
    return look(found, edit.name, edit.question.priors[edit.name], refit=refit)


def _run_before(run: Run, runs: Path) -> Run:
    same = [one for one in list_runs(runs) if one.manifest.question == run.manifest.question]
    names = [one.manifest.run for one in same]
    place = names.index(run.manifest.run) if run.manifest.run in names else 0
    if place == 0:
        raise UsageError(f"{runs}: no run of {run.manifest.question!r} before {run.manifest.run}")
    return same[place - 1]


def _ledger_path(question: Question) -> Path:
    path = question.file("evidence")
    if path is None:
        raise UsageError(f"{question.path}: names no file of evidence")
    return path
