"""Templates, styles and words of probability: in the package, or in the project's folders."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

_PACKAGED = Path(__file__).parent / "sources"
_PROJECT = Path(__file__).parents[2]
_FOLDERS = (
    (_PACKAGED,)
    if _PACKAGED.is_dir()
    else (_PROJECT / "reports", _PROJECT / "priors", _PROJECT / "data")
)


def source(name: str) -> Path:
    """Return where a template, a style or a table of words stands."""
    return next(folder / name for folder in _FOLDERS if (folder / name).is_file())


def template(name: str, filters: Mapping[str, Any]) -> Template:
    """Return a template that refuses what it is not given; it escapes only what its filters do."""
    environment = Environment(
        loader=FileSystemLoader(source(name).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
        # Pandoc writes identifiers as {#name}.
        comment_start_string="{##",
        comment_end_string="##}",
        keep_trailing_newline=True,
    )
    environment.filters |= filters
    return environment.get_template(name)
