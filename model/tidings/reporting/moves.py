"""What moved since an earlier run, as the report tells it: outcomes, bars, and words."""

import numpy as np

from tidings.mechanism.situation import half_lives_of
from tidings.reasons.attribution import Move
from tidings.reporting.findings import Findings, story_label
from tidings.reporting.sentences import prior_words
from tidings.reporting.series import Bar
from tidings.reporting.wording import count_words, months_words, signed


def movers(found: Findings) -> list[str]:
    """Return the outcomes whose moves are shown: the likeliest, and the one that moved most."""
    if found.moves is None:
        return []
    at = found.moves.horizons.index(found.run.manifest.headline)
    change = found.moves.after[:, at] - found.moves.before[:, at]
    most = found.moves.outcomes[int(np.argmax(np.abs(change)))]
    others = [name for name in found.moves.outcomes if name != found.leading]
    if most == found.leading:
        places = [found.moves.outcomes.index(name) for name in others]
        most = others[int(np.argmax(np.abs(change[places])))]
    return [found.leading, most]


def move_bars(found: Findings, outcome: str) -> list[Bar]:
    """Return the moves of an outcome at the headline horizon, the largest first, end to end.

    Those too small to tell come together at the end, with what the split leaves open.
    """
    moves = found.moves
    assert moves is not None
    row, at = moves.outcomes.index(outcome), moves.horizons.index(found.run.manifest.headline)
    reached, end = float(moves.before[row, at]), float(moves.after[row, at])
    bars = []
    for move in found.telling(outcome):
        after = reached + move.effect.at(row, at)[0]
        label = move_label(found, move)
        bars.append(Bar(label, reached, after, doubtful=not move.effect.trusted))
        reached = after
    if reached != end:
        bars.append(Bar(_REST, reached, end))
    return bars


_REST = "everything smaller, and the error of the split"


def move_label(found: Findings, move: Move) -> str:
    """Return what moved a forecast, in words."""
    assert found.moves is not None
    items = {item.id: item for item in (*found.earlier, *found.situation.items)}
    if move.id in items:
        told = story_label([items[move.id]])
        return f"withdrawn: {told}" if move.kind == "retraction" else told
    if move.kind == "prior":
        return prior_words(move.id, found.question)
    if move.kind == "time" and move.id.startswith(_TO_COME):
        return move.id
    names = {"time": "time passing", "cases": "past cases", "model": "another version of the model"}
    return names.get(move.kind, move.id)


def rest_sentence(found: Findings) -> str:
    """Return how far the bars of why a forecast is what it is are from the whole way."""
    left = found.unshown
    if left is None:
        return ""
    bars = (*found.against, *found.towards)
    shown, others = sum(bar.change for bar in bars), len(found.stories)
    others -= sum(bar.says != "" for bar in bars)
    return (
        f"These come to {signed(shown)} points together, and the whole way from there to here is "
        f"{signed(shown + left)}: the last bar, {signed(left)}, is what the remaining "
        f"{count_words(others, 'story', 'stories')} and all that actors have said of their "
        "willingness have done, and what the stories share."
    )


def time_sentence(found: Findings) -> str:
    """Return what time alone does to a forecast, where a figure has it; nothing if none has."""
    if found.moves is None or not any(
        move.kind == "time" and not move.id.startswith(_TO_COME)
        for outcome in movers(found)
        for move in found.telling(outcome)
    ):
        return ""
    days = (found.moves.new.manifest.as_of - found.moves.old.manifest.as_of).days
    towards, against = half_lives_of(found.question.config)
    ahead = months_words(found.question.config.headline_months)
    return (
        f"Time passing is what {count_words(days, 'day')} without any news would have done: "
        f"nothing ended in them, which makes an end less likely; older news faded, that towards "
        f"an end to half in {towards:.0f} days, that against it in {against:.0f}; and the "
        f"{ahead} looked ahead begin later."
    )


_TO_COME = "news to come"


def moved_by(found: Findings, outcome: str) -> str:
    """Return what moved an outcome most since the run before; nothing if that is not told."""
    known = found.moves is not None and outcome in found.moves.outcomes
    steps = found.telling(outcome) if known else []
    return move_label(found, steps[0]) if steps else ""
