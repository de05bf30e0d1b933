"""A drawing as an SVG file: marks and words by class, so that one style recolours them all.

Words stay words: a reader can search and enlarge them, a page in the dark recolours them, and the
font is the page's. Nothing is measured by the font, so that a drawing is the same everywhere.
"""

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Sequence
from math import ceil, floor, log, log10
from pathlib import Path

from tidings._text import visible

COLOURS = ("#4D4D4D", "#0072B2", "#B06F00", "#5B2A86", "#D55E00", "#00785A", "#B5598F")
"""After Okabe & Ito (2008), separated with every kind of colour blindness; darkened so that words
in them can be read on white. The status quo is grey."""
DARK = ("#C4C4C4", "#5CB3E8", "#E9B44C", "#D6CBFF", "#F08B4B", "#3CC79E", "#E39AC6")
"""The same on a dark page."""
WIDE, NARROW = 720, 340
"""Widths in pixels: of a page, and of a telephone."""

_FONTS = "system-ui, -apple-system, Segoe UI, DejaVu Sans, Libertinus Serif, sans-serif"
"""The last but one is the PDF's own."""
_PLAIN = {
    ".ink": "#1c1c1c",
    ".soft": "#5a5a5a",
    ".rule": "#8a8a8a",
    ".grid": "#dedede",
    ".paper": "#ffffff",
    ".up": "#00548a",
    ".down": "#a13d00",
}
_NIGHT = {
    ".ink": "#ececec",
    ".soft": "#b5b5b5",
    ".rule": "#8f8f8f",
    ".grid": "#3d3d3d",
    ".paper": "#161616",
    ".up": "#7cc4f5",
    ".down": "#f5a26b",
}


def outcome_class(place: int) -> str:
    """Return the class of an outcome's marks: its place in the question decides."""
    return f"k{place % len(COLOURS)}"


def _rules(plain: dict[str, str], colours: Sequence[str]) -> Iterable[str]:
    named = {**plain, **{f".k{place}": colour for place, colour in enumerate(colours)}}
    for name, colour in named.items():
        yield f"{name}{{fill:{colour};stroke:none}}"
        yield f"{name}.line{{stroke:{colour};fill:none}}"


_STYLE = (
    "".join(_rules(_PLAIN, COLOURS))
    + "@media (prefers-color-scheme: dark){"
    + "".join(_rules(_NIGHT, DARK))
    + "}"
)


class Drawing:
    """Marks and words on a sheet; lengths in pixels, from the upper left."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self._root = ET.Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "viewBox": f"0 0 {_short(width)} {_short(height)}",
                "width": _short(width),
                "height": _short(height),
                "font-family": _FONTS,
                "font-size": "12",
            },
        )
        ET.SubElement(self._root, "style").text = _STYLE

    def _add(self, tag: str, style: str, **attributes: float | str) -> ET.Element:
        named = {
            key.replace("_", "-"): value if isinstance(value, str) else _short(value)
            for key, value in attributes.items()
        }
        return ET.SubElement(self._root, tag, {"class": style, **named})

    def box(
        self, x: float, y: float, width: float, height: float, style: str, opacity: float = 1.0
    ) -> None:
        """Draw a filled rectangle; a negative width lies to the left."""
        left = x + min(width, 0.0)
        shown = {} if opacity == 1.0 else {"fill_opacity": opacity}
        self._add("rect", style, x=left, y=y, width=abs(width), height=height, **shown)

    def dot(self, x: float, y: float, radius: float, style: str, *, hollow: bool = False) -> None:
        """Draw a dot, filled or a ring."""
        if hollow:
            self._add("circle", "paper", cx=x, cy=y, r=radius)
            style = f"{style} line"
        self._add("circle", style, cx=x, cy=y, r=radius, stroke_width=1.5)

    def line(
        self, points: Sequence[tuple[float, float]], style: str, width: float = 1.0, dash: str = ""
    ) -> None:
        """Draw a line through points."""
        told = " ".join(f"{_short(x)},{_short(y)}" for x, y in points)
        dashed = {"stroke_dasharray": dash} if dash else {}
        self._add("polyline", f"{style} line", points=told, stroke_width=width, **dashed)

    def area(self, points: Sequence[tuple[float, float]], style: str, opacity: float) -> None:
        """Fill what points enclose."""
        told = " ".join(f"{_short(x)},{_short(y)}" for x, y in points)
        self._add("polygon", style, points=told, fill_opacity=opacity)

    def words(
        self,
        x: float,
        y: float,
        text: str,
        style: str = "ink",
        anchor: str = "start",
        *,
        size: float = 12,
        bold: bool = False,
    ) -> None:
        """Write one line of words; ``y`` is where it stands on."""
        weight = {"font_weight": "600"} if bold else {}
        element = self._add("text", style, x=x, y=y, text_anchor=anchor, font_size=size, **weight)
        element.text = visible(text)

    def text(self) -> str:
        """Return the file's text."""
        return ET.tostring(self._root, encoding="unicode") + "\n"

    def write(self, path: Path) -> None:
        """Write the file."""
        path.write_text(self.text(), encoding="utf-8")


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def fitted(text: str, width: float, size: float = 12) -> str:
    """Return as much of a text as fits into a width, cut at a blank with an ellipsis."""
    shown, most = visible(text), int(width / (size * _WIDTH))
    if len(shown) <= most:
        return shown
    cut = shown[: max(1, most - 1)]
    return (cut.rsplit(" ", 1)[0] if " " in cut[most // 2 :] else cut).rstrip(" ,;:–-") + "…"


def wrapped(text: str, width: float, size: float = 12, most: int = 2) -> list[str]:
    """Return a text in lines that fit into a width, the last cut where there are too many."""
    lines: list[str] = []
    rest = visible(text).split(" ")
    letters = int(width / (size * _WIDTH))
    while rest and len(lines) < most - 1:
        line = rest.pop(0)
        while rest and len(line) + 1 + len(rest[0]) <= letters:
            line += f" {rest.pop(0)}"
        lines.append(fitted(line, width, size))
    return [*lines, fitted(" ".join(rest), width, size)] if rest else lines


_WIDTH = 0.54
"""Width of an average letter, as a share of its height."""


class Scale:
    """Where values lie between two edges.

    Parameters
    ----------
    along : callable
        What is drawn evenly: the value itself if not given.
    """

    def __init__(
        self,
        values: tuple[float, float],
        edges: tuple[float, float],
        along: Callable[[float], float] = float,
    ) -> None:
        self.values, self.edges, self._along = values, edges, along
        self._low, self._high = (along(value) for value in values)

    def __call__(self, value: float) -> float:
        """Return where a value lies; beyond the edges, at the nearer."""
        clipped = min(max(value, min(self.values)), max(self.values))
        span = (self._high - self._low) or 1.0
        share = (self._along(clipped) - self._low) / span
        return self.edges[0] + share * (self.edges[1] - self.edges[0])

    def marks(self, most: int = 5) -> list[float]:
        """Return round values between the edges, evenly apart."""
        low, high = sorted(self.values)
        raw = (high - low) / most or 1.0
        unit = 10.0 ** floor(log10(raw))
        step = next(unit * one for one in (1, 2, 2.5, 5, 10) if unit * one >= raw * 0.999)
        first = ceil(low / step - 1e-9)
        return [n * step for n in range(first, floor(high / step + 1e-9) + 1)]


def log_odds(probability: float) -> float:
    """Return the log odds of a probability, which is neither 0 nor 1."""
    held = min(max(probability, 1e-6), 1 - 1e-6)
    return log(held / (1 - held))


ODDS_MARKS = (0.00001, 0.0001, 0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999)
"""Probabilities marked on a scale of log odds."""
