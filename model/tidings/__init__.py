"""Bayesian forecasts that move with the news.

Each function does what the command of the same name does, and returns values; ``draft`` completes
and checks items for ``add`` and ``preview``.
"""

from tidings.commands import (
    Draft,
    Inputs,
    add,
    check,
    diff,
    draft,
    draft_file,
    edit_prior,
    exam,
    explain,
    forecast,
    history,
    learn,
    preview,
    preview_prior,
    preview_retraction,
    priors,
    report,
    retract,
    run,
    sensitivity,
    watch,
)
from tidings.errors import (
    Fault,
    FitError,
    InputError,
    RenderError,
    RunError,
    TidingsError,
    UsageError,
)
from tidings.runs import Run

__all__ = [
    "Draft",
    "Fault",
    "FitError",
    "InputError",
    "Inputs",
    "RenderError",
    "Run",
    "RunError",
    "TidingsError",
    "UsageError",
    "add",
    "check",
    "diff",
    "draft",
    "draft_file",
    "edit_prior",
    "exam",
    "explain",
    "forecast",
    "history",
    "learn",
    "preview",
    "preview_prior",
    "preview_retraction",
    "priors",
    "report",
    "retract",
    "run",
    "sensitivity",
    "watch",
]
