"""Bayesian forecasts that move with the news.

Each function does what the command of the same name does, and returns values; ``draft`` completes
and checks items for ``add`` and ``preview``. Everything is imported when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tidings.api.checking import Diagnosis, check, clear, doctor
    from tidings.api.forecasts import forecast, history, plot_history, report, run, unreadable
    from tidings.api.learning import exam, learn, new
    from tidings.api.news import (
        Draft,
        add,
        draft,
        draft_file,
        edit,
        last,
        preview,
        preview_edit,
        preview_retraction,
        record_edit,
        retract,
        undo,
    )
    from tidings.api.priors import edit_prior, plot_priors, preview_prior, priors
    from tidings.api.reasons import datatree, diff, explain, preview_doubts, sensitivity, watch
    from tidings.errors import (
        Fault,
        FitError,
        InputError,
        RenderError,
        RunError,
        TidingsError,
        UsageError,
    )
    from tidings.evidence.inputs import Inputs
    from tidings.forecasting.runs import Run

__all__ = [
    "Diagnosis",
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
    "clear",
    "datatree",
    "diff",
    "doctor",
    "draft",
    "draft_file",
    "edit",
    "edit_prior",
    "exam",
    "explain",
    "forecast",
    "history",
    "last",
    "learn",
    "new",
    "plot_history",
    "plot_priors",
    "preview",
    "preview_doubts",
    "preview_edit",
    "preview_prior",
    "preview_retraction",
    "priors",
    "record_edit",
    "report",
    "retract",
    "run",
    "sensitivity",
    "undo",
    "unreadable",
    "watch",
]

_WHERE = {
    "api.checking": ("Diagnosis", "check", "clear", "doctor"),
    "api.forecasts": ("forecast", "history", "plot_history", "report", "run", "unreadable"),
    "api.learning": ("exam", "learn", "new"),
    "api.news": (
        "Draft",
        "add",
        "draft",
        "draft_file",
        "edit",
        "last",
        "preview",
        "preview_edit",
        "preview_retraction",
        "record_edit",
        "retract",
        "undo",
    ),
    "api.priors": ("edit_prior", "plot_priors", "preview_prior", "priors"),
    "api.reasons": ("datatree", "diff", "explain", "preview_doubts", "sensitivity", "watch"),
    "evidence.inputs": ("Inputs",),
    "forecasting.runs": ("Run",),
}


def __getattr__(name: str) -> object:
    if name == "__version__":
        return import_module("importlib.metadata").version("tidings")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    place = next((where for where, names in _WHERE.items() if name in names), "errors")
    return getattr(import_module(f"tidings.{place}"), name)


def __dir__() -> list[str]:
    return __all__
