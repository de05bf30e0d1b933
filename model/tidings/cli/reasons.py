"""Explain, watch, sensitivity: commands that say why, and how a person sees it."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

import tidings
from tidings.api.project import RUNS
from tidings.cli.forecasts import show_age
from tidings.cli.options import (
    AsCsv,
    AsJson,
    AskedQuestion,
    Horizon,
    RunName,
    RunsFolder,
    horizon_of,
    show,
)
from tidings.cli.telling import said
from tidings.names import DEAL
from tidings.question.loading import load_question
from tidings.reporting import views
from tidings.reporting.sentences import (
    item_tip_sentence,
    prior_tip_sentence,
    target_words,
    watch_sentences,
)
from tidings.reporting.wording import inside_noise, moved, percent, points

if TYPE_CHECKING:
    from tidings.reasons.explaining import Explanation, Part
    from tidings.reasons.sensitivity import Sensitivity, Shift
    from tidings.reasons.surprises import Surprise
    from tidings.reasons.tipping import PriorTip, Tipping
    from tidings.reasons.watching import Watch

_OUTCOMES = 3
"""So many outcomes are named beside each part."""


def show_explanation(console: Console, explanation: "Explanation", horizon: str) -> None:
    """Show what a run rests on at one horizon."""
    manifest, at = explanation.run.manifest, list(explanation.run.manifest.horizons).index(horizon)
    console.print(f"[bold]what the forecast rests on[/], {horizon}, run {manifest.run}")
    naive = ", ".join(
        f"{said(one.title)} {percent(float(value))}"
        for one, value in zip(manifest.outcomes, explanation.naive[:, at], strict=True)
    )
    console.print(
        f"{explanation.articles} articles, {explanation.stories} independent reports. "
        f"Counting every article by itself would say: {naive}."
    )
    console.print("\nThe forecast minus that without each part, in points:", highlight=False)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("part", "items", "changes the chance of"):
        table.add_column(column)
    quiet: dict[str, int] = {}
    for part in (
        *explanation.of("time"),
        *explanation.of("actor"),
        *explanation.of("voice"),
        *explanation.of("story"),
    ):
        told = "; ".join(_largest(explanation, part, at))
        if told:
            table.add_row(f"{part.basis} {part.id}", str(len(part.items) or ""), told)
        else:
            quiet[part.basis] = quiet.get(part.basis, 0) + 1
    console.print(table)
    for basis, count in quiet.items():
        console.print(f"[dim]{basis}: {count} more, all inside Monte Carlo noise[/]")
    _show_surprises(console, explanation)
    again = f"; posterior refitted {explanation.refits} times" if explanation.refits else ""
    console.print(f"\n[dim]largest Pareto k {explanation.k:.2f}{again}[/]")
    show_age(console, explanation.run)


def _largest(explanation: "Explanation", part: "Part", at: int) -> Iterator[str]:
    """Yield the outcomes that a part changes most, outside noise."""
    change, mcse = part.effect.change[:, at], part.effect.mcse[:, at]
    ordered = sorted(range(len(change)), key=lambda row: -abs(change[row]))
    outside = [row for row in ordered if not inside_noise(change[row], mcse[row])]
    for row in outside[:_OUTCOMES]:
        title = explanation.run.manifest.outcomes[row].title
        yield f"{said(title)} {moved(float(change[row]), float(mcse[row]))}"


def _show_surprises(console: Console, explanation: "Explanation") -> None:
    by_chance = explanation.examined * explanation.limit
    console.print(
        f"\nItems that conflict with the others: {len(explanation.surprises)} of "
        f"{explanation.examined} are "
        f"less than {percent(explanation.limit)} probable given all the others, "
        f"where {by_chance:.0f} would be by chance."
    )
    for one in explanation.surprises:
        console.print(f"  {one.item}  {_verdict(one)}")
        console.print(f"    [dim]{said(explanation.claims[one.item])}[/]", highlight=False)


def _verdict(one: "Surprise") -> str:
    way = "more" if one.higher else "less"
    against = f"; conflicts with {', '.join(one.conflicts)}" if one.conflicts else ""
    return f"{percent(one.probability)} probable: {way} willing than the others say{against}"


def show_watch(console: Console, seen: "Watch", horizon: str, count: int) -> None:
    """Show which news would matter most next, in words."""
    manifest, at = seen.run.manifest, list(seen.run.manifest.horizons).index(horizon)
    question = load_question(seen.run.question_file)
    console.print(
        f"[bold]which news would matter most next[/], {horizon}, run {manifest.run}\n"
        "[dim]first what would tell most, by its size and how likely it is within a month[/]"
    )
    for place, one in enumerate(seen.news[:count], start=1):
        console.print(
            f"\n{place}. {said(watch_sentences(one, seen, question, at))}", highlight=False
        )
        if not one.trusted:
            console.print("   [red]weights cannot be trusted; try tidings preview[/]")
    left = len(seen.news) - count
    if left > 0:
        console.print(f"\n[dim]{left} more with --all[/]")
    show_age(console, seen.run)


_BAR = 8


def show_sensitivity(
    console: Console, sensitivity: "Sensitivity", tipping: "Tipping", count: int
) -> None:
    """Show what a run depends on, for one outcome at one horizon."""
    manifest = sensitivity.run.manifest
    now = percent(sensitivity.run.at(tipping.horizon)[tipping.outcome].mean)
    title = next(outcome.title for outcome in manifest.outcomes if outcome.id == tipping.outcome)
    console.print(
        f"[bold]{said(title)}[/] {now} by {manifest.horizons[tipping.horizon]}, run {manifest.run}",
        highlight=False,
    )
    _show_tornado(console, sensitivity, (tipping.outcome, tipping.horizon), count)
    _show_scaled(console, sensitivity)
    _show_tipping(console, sensitivity, tipping)


def _show_tornado(
    console: Console, sensitivity: "Sensitivity", at: tuple[str, str], count: int
) -> None:
    row, column = sensitivity.place(*at)
    pairs = sensitivity.tornado(*at)
    largest = max(abs(float(one.effect.change[row, column])) for pair in pairs for one in pair)
    console.print("\nEach prior moved by one sd of itself, in points:")
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("prior", min_width=42, overflow="fold")
    for heading in ("down", "", "", "up"):
        table.add_column(heading, justify="right" if heading != "up" else "left")
    shown = [pair for pair in pairs if any(_telling(one, row, column) for one in pair)]
    for pair in shown[:count]:
        changes = [float(one.effect.change[row, column]) for one in pair]
        bars = ["█" * max(1, round(_BAR * abs(value) / largest)) for value in changes]
        colours = ["#D55E00" if value < 0 else "#0072B2" for value in changes]
        cells = [_cell(one, row, column) for one in pair]
        table.add_row(
            pair[0].prior,
            cells[0],
            f"[{colours[0]}]{bars[0]}[/]",
            f"[{colours[1]}]{bars[1]}[/]",
            cells[1],
        )
    console.print(table)
    rest = len(pairs) - len(shown[:count])
    if rest:
        console.print(f"[dim]{rest} priors move it less[/]")
    worst = max(tilt.effect.k for tilt in sensitivity.shifts)
    again = [tilt for tilt in sensitivity.shifts if not tilt.effect.trusted]
    told = f"; {len(again)} cannot be trusted (marked ?): --refit fits them again" if again else ""
    console.print(f"[dim]largest Pareto k {worst:.2f}{told}[/]")


def _telling(one: "Shift", row: int, column: int) -> bool:
    return not inside_noise(*one.effect.at(row, column))


def _cell(one: "Shift", row: int, column: int) -> str:
    return points(float(one.effect.change[row, column])) + ("" if one.effect.trusted else " ?")


def _show_scaled(console: Console, sensitivity: "Sensitivity") -> None:
    conflicts = [prior for prior in sensitivity.priors if prior.verdict == "conflict"]
    console.print("\nPriors and evidence (power-scaling, as ArviZ's psense):")
    for one in conflicts:
        console.print(
            f"  [yellow]conflict[/] {one.name}: the evidence moved it by {one.moved_sd:+.1f} prior "
            f"sds, and it hangs on both (prior {one.prior:.2f}, likelihood {one.likelihood:.2f}, "
            f"k {one.k:.2f})",
            highlight=False,
        )
    if not conflicts:
        console.print("  no conflict between a prior and the evidence")
    alone = [prior.name for prior in sensitivity.priors if prior.verdict == "prior"]
    if alone:
        console.print(f"  the evidence tells nothing of {len(alone)}: {', '.join(alone)}")
    each = "; ".join(
        f"{outcome.name} {outcome.prior:.2f} and {outcome.likelihood:.2f}"
        for outcome in sensitivity.outcomes
    )
    console.print(
        f"  sensitivity of the forecasts to priors and to likelihood: {each}", highlight=False
    )


def _show_tipping(console: Console, sensitivity: "Sensitivity", tipping: "Tipping") -> None:
    titles = {outcome.id: outcome.title for outcome in sensitivity.run.manifest.outcomes}
    actors = load_question(sensitivity.run.question_file).config
    for target in tipping.targets:
        console.print(f"\n[bold]{said(target_words(target, titles))}[/]", highlight=False)
        tips = [prior for prior in tipping.priors if prior.target == target]
        for tip in sorted((one for one in tips if one.value is not None), key=_distance):
            console.print(f"  {prior_tip_sentence(tip)}", highlight=False)
        _show_cannot(console, [one for one in tips if one.value is None])
        for item in (one for one in tipping.items if one.target == target):
            who = "the deal" if item.actor == DEAL else actors.actor(item.actor).title
            console.print(
                f"  {said(item_tip_sentence(item, who.partition(':')[0]))}", highlight=False
            )


def _distance(tip: "PriorTip") -> float:
    """Return how much of the way to the end of its reach a prior has to go."""
    end = tip.high if tip.above else tip.low
    return abs((tip.value or 0.0) - tip.now) / max(abs(end - tip.now), 1e-12)


def _show_cannot(console: Console, tips: Sequence["PriorTip"]) -> None:
    sure = [tip for tip in tips if tip.trusted]
    unsure = [tip.prior for tip in tips if not tip.trusted]
    if sure:
        console.print(
            f"  no value within three prior sds (fewer where the evidence speaks "
            f"against it) of {len(sure)} other priors does it"
        )
    if unsure:
        console.print(f"  weights cannot tell of {', '.join(unsure)}")


_SHOWN = 10


def explain(
    run: RunName = None,
    horizon: Horizon = "",
    question: AskedQuestion = None,
    runs: RunsFolder = RUNS,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show what a run rests on: stories, actors, voices, time; and items that conflict."""
    explanation = tidings.explain(run, runs, question)
    named = horizon_of(horizon, explanation.run, tuple(explanation.run.manifest.horizons))
    show(
        (as_json, as_csv),
        explanation.table,
        lambda: views.explain(explanation, named),
        lambda: show_explanation(Console(), explanation, named),
    )


def watch(
    run: RunName = None,
    horizon: Horizon = "",
    every: Annotated[bool, typer.Option("--all", help="Show all, not the first ten.")] = False,
    question: AskedQuestion = None,
    runs: RunsFolder = RUNS,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show which news would matter most next."""
    seen = tidings.watch(run, runs, question)
    named = horizon_of(horizon, seen.run, tuple(seen.run.manifest.horizons))
    count = len(seen.news) if every else _SHOWN
    show(
        (as_json, as_csv),
        seen.table,
        lambda: views.watch(seen, named),
        lambda: show_watch(Console(), seen, named, count),
    )


def sensitivity(
    run: RunName = None,
    outcome: Annotated[str, typer.Option(help="Whose forecast [the likeliest change].")] = "",
    horizon: Horizon = "",
    threshold: Annotated[
        float, typer.Option(help="The chance that it is to pass, for tipping points.", min=0, max=1)
    ] = 0.05,
    refit: Annotated[bool, typer.Option("--refit", help="Fit again where weights fail.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Show all, not the first ten.")] = False,
    question: AskedQuestion = None,
    runs: RunsFolder = RUNS,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show which priors a run depends on, conflicts with evidence, and tipping points."""
    asked, at = outcome or None, horizon or None
    shown = tidings.sensitivity(run, asked, at, threshold, runs, question=question, refit=refit)
    count = len(shown.priors.shifts) if every else _SHOWN
    show(
        (as_json, as_csv),
        shown.priors.table,
        lambda: views.sensitivity(shown.priors, shown.tipping),
        lambda: show_sensitivity(Console(), shown.priors, shown.tipping, count),
    )
