"""What somebody else wrote, as data: controls made visible, Markdown escaped, links encoded."""

import re
import unicodedata
from urllib.parse import quote

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn"})
"""Categories of Unicode that have no glyph of their own: controls, directions, separators."""
_JOINERS = "\u200c\u200d\u00ad"
"""Invisible too, and part of ordinary words in some scripts."""
_SYNTAX = re.compile(r"""([\\`*_{}\[\]()#+\-.!|<>~^$@"'=:&/%;,?])""")
_OF_A_LINK = "%:/?#[]@!$&'()*+,;=-._~"


def visible(text: str) -> str:
    """Return text in one line whose controls can be seen and do nothing: ``⟨U+202E⟩``.

    A NUL byte, an escape sequence of a terminal, or a mark that turns the direction of writing
    stands as its code point; runs of blanks become one.
    """
    one_line = re.sub(r"[ \t\r\n]+", " ", text)
    return "".join(
        f"⟨U+{ord(letter):04X}⟩"
        if unicodedata.category(letter) in _HIDDEN and letter not in _JOINERS
        else letter
        for letter in one_line
    )


def markdown(text: str) -> str:
    """Return text that Pandoc and Quarto read as itself, whatever it says."""
    return _SYNTAX.sub(r"\\\1", visible(text))


def link_target(url: str) -> str:
    """Return a link as it may stand between ``<`` and ``>``: all but its own syntax encoded."""
    return quote(visible(url), safe=_OF_A_LINK)
