"""Preview: what hypothetical items, or a reader's doubts, would do to a run; and how it looks."""

from collections.abc import Callable, Mapping, Sequence
from math import isfinite, nan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

import tidings
from tidings.api.project import QUESTION, RUNS, changed_since
from tidings.cli.asking import effect_of
from tidings.cli.forecasts import show_age
from tidings.cli.options import AsCsv, AsJson, QuestionFile, RunName, RunsFolder, show
from tidings.cli.telling import said
from tidings.errors import UsageError
from tidings.evidence.drafting import HYPOTHETICAL, with_grade
from tidings.evidence.ledger import ITEM_COLUMNS
from tidings.forecasting.tables import K_LIMIT
from tidings.reporting import views
from tidings.reporting.wording import inside_noise, moved, percent, points

if TYPE_CHECKING:
    from tidings.forecasting.runs import Run
    from tidings.reasons.engine import Refit
    from tidings.reasons.estimates import Effect
    from tidings.reasons.previewing import Preview


Actor = Annotated[str, typer.Option(help="Whose willingness it is about, or deal.")]
Outcomes = Annotated[str, typer.Option(help="With ; between them, or any, or retained.")]
Claim = Annotated[str, typer.Option(help="What it says, in your own words.")]
FaceValue = Annotated[str, typer.Option(help="A ledger word; its beginning is enough.")]
Push = Annotated[str, typer.Option(help="-3 to 3; blank: not graded.")]
Grade = Annotated[str, typer.Option(help="Source and item on the Admiralty scale, like B2.")]
Speaker = Annotated[str, typer.Option(help="Who said or did it.")]
Voice = Annotated[str, typer.Option(help="own, counterpart, party, observer.")]
When = Annotated[str, typer.Option("--date", help="When it was said or done.")]
Published = Annotated[str, typer.Option(help="When it could first be used.")]
Source = Annotated[str, typer.Option(help="Who reported it.")]
Url = Annotated[str, typer.Option(help="Where it was read.")]
Story = Annotated[str, typer.Option(help="Items of one event share it.")]
ExpectedBy = Annotated[str, typer.Option(help="The day by which what it announces is due.")]
FromFile = Annotated[
    Path | None,
    typer.Option("--from", help="A CSV file or an Excel workbook with columns of the ledger."),
]


_RENAMED = {"when": "date", "identifier": "id"}


def given_cells(context: typer.Context) -> dict[str, str]:
    """Return the columns that flags gave, without the blank ones."""
    flags = {_RENAMED.get(name, name): value for name, value in context.params.items()}
    flags = {name: value for name, value in flags.items() if isinstance(value, str)}
    flags = with_grade(flags)
    if "outcomes" in flags:
        flags["outcomes"] = flags["outcomes"].replace(",", ";")
    return {name: flags[name] for name in ITEM_COLUMNS if flags.get(name)}


def show_preview(
    console: Console, preview: "Preview", question: Path, title: str = "what it would do"
) -> None:
    """Show what a change of the ledger would do to each outcome at the headline horizon."""
    run, effect, horizon = preview.run, preview.effect, preview.run.manifest.headline
    at = list(preview.horizons).index(horizon)
    console.print(
        f"[bold]{title}[/] as of {preview.as_of}, by {preview.horizons[horizon]} ({horizon}), "
        f"to run {run.manifest.run}"
    )
    if not isfinite(effect.k):
        console.print(
            "[bold red]it cannot be told from the draws of that run[/]: what was certain is not, "
            "or becomes so; fit again with --refit"
        )
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("outcome")
    since, errors = bool(preview.since.any()), preview.rerun_error[:, at]
    for column in ("now", *(["since the run"] * since), "then", "", "change, points", ""):
        table.add_column(column, justify="right")
    for row, outcome in enumerate(run.manifest.outcomes):
        passed = [points(preview.since[row, at])] if since else []
        change, error = effect.at(row, at)
        table.add_row(
            said(outcome.title),
            percent(preview.now[row, at]),
            *passed,
            percent(preview.then[row, at]),
            f"[dim]± {errors[row] * 100:.2g}[/]",
            moved(change, error),
            "[dim]noise[/]" if inside_noise(change, error) else "",
        )
    console.print(table)
    sums = "then = now + since the run (time, and items added since) + change; " if since else ""
    console.print(f"[dim]{sums}± beside then: how far a rerun may be from it, in points[/]")
    _show_trust(console, effect)
    _show_changed(console, run, question)
    show_age(console, run)


_NAMED = 5


def _show_changed(console: Console, run: "Run", question: Path) -> None:
    """Show what has changed in the question file since the run."""
    changed = changed_since(run, question)
    if changed:
        others = f" and {len(changed) - _NAMED} more" if len(changed) > _NAMED else ""
        console.print(
            f"[yellow]note[/] changed since that run, and not in these numbers: "
            f"{', '.join(changed[:_NAMED])}{others}; rerun first for those of now"
        )


def _show_trust(console: Console, effect: "Effect") -> None:
    """Show whether the numbers of an effect can be relied on."""
    if effect.refitted:
        console.print("[dim]fitted again[/]")
    elif effect.trusted:
        console.print(f"[dim]reweighted; Pareto k {effect.k:.2f}, below {K_LIMIT}[/]")
    else:
        console.print(
            f"[bold red]these numbers cannot be trusted[/]: Pareto k {effect.k:.2f} is above "
            f"{K_LIMIT}; fit again with --refit"
        )


def shown_effect(
    console: Console, find: Callable[[], "Preview"], question: Path, title: str = "what it would do"
) -> "Preview | None":
    """Show what a change would do, where that can be told, and return it."""
    effect = effect_of(console, find)
    if effect is not None:
        show_preview(console, effect, question, title)
    return effect


Without = Annotated[
    list[str] | None,
    typer.Option("--without", help="A story or an item that is not believed; may be repeated."),
]
Graded = Annotated[
    list[str] | None,
    typer.Option("--graded", help="An item held otherwise, like its-id=C3; may be repeated."),
]
Shifted = Annotated[
    list[str] | None,
    typer.Option("--shift", help="A prior moved by sds of itself, like base_rate=+1."),
]


def preview(
    context: typer.Context,
    run: RunName = None,
    actor: Actor = "",
    outcomes: Outcomes = "",
    claim: Claim = "",
    face_value: FaceValue = "",
    push: Push = "",
    grade: Grade = "",
    speaker: Speaker = "",
    voice: Voice = "",
    when: When = "",
    story: Story = "",
    expected_by: ExpectedBy = "",
    file: FromFile = None,
    without: Without = None,
    graded: Graded = None,
    shift: Shifted = None,
    refit: Annotated[bool, typer.Option("--refit", help="Fit again, not reweight.")] = False,
    question: QuestionFile = QUESTION,
    runs: RunsFolder = RUNS,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show what hypothetical items would do to a run, or doubts: without a refit.

    Of an item what is left out is filled in as by: tidings add.
    """
    flags = given_cells(context)
    how: Refit = "always" if refit else "never"
    if without or graded or shift:
        if flags or file is not None:
            raise UsageError("got an item and doubts; expected one of them", "without")
        doubts = (without or (), _pairs(graded, "graded"), _shifts(shift))
        effect = tidings.preview_doubts(*doubts, name=run, runs=runs, question=question, refit=how)
    else:
        draft = drafted({**HYPOTHETICAL, **flags}, file, question)
        effect = tidings.preview(draft.items, run, question, runs, refit=how)
    show(
        (as_json, as_csv),
        effect.table,
        lambda: views.preview(effect),
        lambda: show_preview(Console(), effect, question),
    )


def drafted(cells: Mapping[str, str], file: Path | None, question: Path) -> tidings.Draft:
    """Return items from flags, or those of a file."""
    return tidings.draft([cells], question) if file is None else tidings.draft_file(file, question)


def _pairs(told: Sequence[str] | None, flag: str) -> dict[str, str]:
    """Return what stands on both sides of ``=``."""
    pairs = {}
    for one in told or ():
        name, equals, value = one.partition("=")
        if not equals:
            raise UsageError(f"got {one!r}; expected a name, = and a value", flag)
        pairs[name] = value
    return pairs


def _shifts(told: Sequence[str] | None) -> dict[str, float]:
    """Return by how many sds each prior is moved."""
    return {name: _number(name, value) for name, value in _pairs(told, "shift").items()}


def _number(name: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = nan
    if not isfinite(number):
        raise UsageError(f"got {value!r} for {name}; expected how many sds, like +1", "shift")
    return number
