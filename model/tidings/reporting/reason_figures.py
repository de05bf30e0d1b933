"""Figures of reasons: stories each way, what moved, and which priors matter.

Each is a list of rows: words on the left, or above them on a telephone, and bars on one axis.
"""

from collections.abc import Sequence

from tidings.reporting.drawing import Drawing, Scale, fitted, wrapped
from tidings.reporting.figures import page_width
from tidings.reporting.series import Bar, Swing
from tidings.reporting.wording import chance, signed

_LABEL_SHARE, _THICK = 0.46, 16
_LEAST = 0.0005
"""Changes below a twentieth of a point are told as none."""
_ROOM = 0.22
"""Room for numbers beside bars, as a share of how far they reach."""


class _Rows:
    """A sheet of labelled rows above one axis of probabilities."""

    def __init__(self, labels: Sequence[str], ends: Sequence[float], *, narrow: bool) -> None:
        self.each = 40.0 if narrow else 26.0
        self.sheet = sheet = Drawing(page_width(narrow=narrow), self.each * len(labels) + 46)
        left = 8.0 if narrow else sheet.width * _LABEL_SHARE
        reach = (max(ends) - min(ends)) * _ROOM or 0.01
        values = max(0.0, min(ends) - reach), min(1.0, max(ends) + reach)
        self.across = Scale(values, (left + 6, sheet.width - 10))
        self.bottom = self.each * len(labels) + 8
        for mark in self.across.marks(4):
            x = self.across(mark)
            sheet.line([(x, 4), (x, self.bottom)], "grid")
            sheet.words(x, self.bottom + 14, f"{mark * 100:.3g} %", "soft", "middle", size=11)
        self.tops = [self.each * place + (20 if narrow else 6) for place in range(len(labels))]
        for label, top in zip(labels, self.tops, strict=True):
            if narrow:
                sheet.words(0, top - 4, fitted(label, sheet.width))
                continue
            lines = wrapped(label, left - 18, 11)
            for number, line in enumerate(lines):
                y = top + 13 - 6 * (len(lines) - 1) + 12 * number
                sheet.words(left - 4, y, line, anchor="end", size=11)

    def bar(self, place: int, low: float, high: float, style: str) -> None:
        """Draw a bar from one probability to another."""
        begin = self.across(low)
        self.sheet.box(begin, self.tops[place], self.across(high) - begin, _THICK, style, 0.9)

    def change(self, place: int, low: float, high: float) -> None:
        """Draw a bar with its change beside it."""
        rises = high > low
        self.bar(place, low, high, "up" if rises else "down")
        x, anchor = self.across(high) + (4 if rises else -4), "start" if rises else "end"
        told = signed(high - low) if abs(high - low) >= _LEAST else "0"
        self.sheet.words(x, self.tops[place] + 13, told, "soft", anchor, size=11)

    def upright(self, value: float) -> None:
        """Draw a line at a probability through all rows."""
        x = self.across(value)
        self.sheet.line([(x, 2), (x, self.bottom)], "ink", 1.2)

    def say(self, said: str) -> Drawing:
        """Write what the axis shows, and return the sheet."""
        text = fitted(said, self.sheet.width - 10, 11)
        self.sheet.words(self.sheet.width - 10, self.bottom + 32, text, "soft", "end", size=11)
        return self.sheet


def _marked(label: str, *, doubtful: bool) -> str:
    return f"{label} ?" if doubtful else label


def draw_bars(bars: Sequence[Bar], now: float, said: str, *, narrow: bool) -> Drawing:
    """Draw changes that lead to the forecast as it is, those that lower it to the left.

    Parameters
    ----------
    bars : sequence of Bar
        From top to bottom; each is drawn from the forecast as it is.
    """
    labels = [_marked(bar.label, doubtful=bar.doubtful) for bar in bars]
    rows = _Rows(labels, [now, *(now + bar.change for bar in bars)], narrow=narrow)
    for place, bar in enumerate(bars):
        rows.change(place, now, now + bar.change)
    rows.upright(now)
    return rows.say(said)


def draw_swings(swings: Sequence[Swing], now: float, said: str, *, narrow: bool) -> Drawing:
    """Draw what a forecast becomes where a prior is moved down and up, the longest first."""
    labels = [_marked(one.label, doubtful=one.doubtful) for one in swings]
    ends = [now, *(value for one in swings for value in (one.down, one.up))]
    rows = _Rows(labels, ends, narrow=narrow)
    for place, one in enumerate(swings):
        rows.bar(place, now, one.down, "down")
        rows.bar(place, now, one.up, "up")
    rows.upright(now)
    return rows.say(said)


def draw_waterfall(
    before: tuple[str, float], steps: Sequence[Bar], after: tuple[str, float], *, narrow: bool
) -> Drawing:
    """Draw how a forecast came from what it was to what it is.

    Parameters
    ----------
    steps : sequence of Bar
        Each begins where the one before ends.
    """
    labels = [before[0], *(_marked(b.label, doubtful=b.doubtful) for b in steps), after[0]]
    ends = [before[1], after[1], *(value for bar in steps for value in (bar.low, bar.high))]
    rows = _Rows(labels, ends, narrow=narrow)
    reached = [before[1], *(bar.high for bar in steps)]
    for place, value in enumerate(reached):
        x = rows.across(value)
        rows.sheet.line([(x, rows.tops[place] + 8), (x, rows.tops[place + 1] + 8)], "rule", 0.8)
    for place, bar in enumerate(steps, start=1):
        rows.change(place, bar.low, bar.high)
    for place, value in ((0, before[1]), (len(labels) - 1, after[1])):
        x, y = rows.across(value), rows.tops[place] + 8
        rows.sheet.dot(x, y, 6, "ink")
        rows.sheet.words(x + 10, y + 5, chance(value), bold=True)
    return rows.sheet


def alt_of_bars(bars: Sequence[Bar], what: str) -> str:
    """Return what bars show in words: the longest three."""
    if not bars:
        return f"Nothing moves {what}."
    longest = sorted(bars, key=lambda bar: -abs(bar.change))[:3]
    told = "; ".join(f"{bar.label} ({signed(bar.change)} points)" for bar in longest)
    return f"What moves {what} most: {told}."


def alt_of_swings(swings: Sequence[Swing], what: str) -> str:
    """Return what swings show, in words: the longest three."""
    told = "; ".join(
        f"{one.label} (from {chance(min(one.down, one.up))} to {chance(max(one.down, one.up))})"
        for one in swings[:3]
    )
    return f"Which priors move {what} most: {told or 'none'}."
