"""Reports of stored runs, HTML and PDF from one source; figures of priors; what was learned."""

from tidings.reporting.lesson_files import write_lessons
from tidings.reporting.prior_files import draw_priors_of
from tidings.reporting.rendering import render

__all__ = ["draw_priors_of", "render", "write_lessons"]
