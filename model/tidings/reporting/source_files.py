"""Where the sources of documents stand: templates and styles."""

from pathlib import Path

__all__ = ["source_folder"]


def source_folder() -> Path:
    """Return where the templates stand: in the package, or in the project when run from it."""
    packaged = Path(__file__).parent / "sources"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "reports"
