"""Reports of stored runs, HTML and PDF from one source, and the page of what was learned."""

from tidings.reporting.lesson_files import write_lessons
from tidings.reporting.rendering import render

__all__ = ["render", "write_lessons"]
