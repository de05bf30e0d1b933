"""TOML: read with every fault told by its line, and the line of a key found."""

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tidings.errors import Fault, InputError

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"^\s*([A-Za-z0-9_\-\"'. ]+?)\s*=")

Part = str | int


def parse_toml(path: Path, text: str) -> dict[str, Any]:
    """Return the tables of a TOML document.

    Raises
    ------
    InputError
        If it is none.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message, _, place = _TUPLE.sub(_dotted, str(error)).partition(" (at ")
        line = int(place.split()[1].rstrip(",")) if place.startswith("line") else None
        raise InputError([Fault(path, line, "syntax", message.lower(), "valid TOML")]) from None


_TUPLE = re.compile(r"\((?:'[^']*'(?:, |,(?=\))|(?=\))))+\)")
"""How tomllib names a key: ('fit', 'seed')."""


def _dotted(keys: re.Match[str]) -> str:
    return ".".join(re.findall(r"'([^']*)'", keys[0]))


def line_of(text: str, path: Sequence[Part]) -> int | None:
    """Return the line of the deepest key of ``path`` that stands in the text.

    Returns
    -------
    int or None
        Counted from 1; None where no part of the path is found.
    """
    best, best_depth = None, 0
    for number, here in _places(text):
        depth = _shared(here, path)
        # A key inside the table is worth more than the table's header, and so comes later.
        if depth == len(here) and depth > best_depth:
            best, best_depth = number, depth
    return best


def _places(text: str) -> list[tuple[int, tuple[Part, ...]]]:
    places: list[tuple[int, tuple[Part, ...]]] = []
    table: tuple[Part, ...] = ()
    counts: dict[tuple[Part, ...], int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if header := _HEADER.match(line):
            table = _split(header[2])
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            places.append((number, table))
        elif key := _KEY.match(line):
            places.append((number, (*table, *_split(key[1]))))
    return places


def _split(dotted: str) -> tuple[Part, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _shared(here: Sequence[Part], path: Sequence[Part]) -> int:
    depth = 0
    for a, b in zip(here, path, strict=False):
        if a != b:
            break
        depth += 1
    return depth
