"""Reports of stored runs, HTML and PDF from one source."""

from tidings.reporting.rendering import render

__all__ = ["render"]
