"""Bayesian forecasts that move with the news.

``check``, ``forecast``, ``report``, ``run`` and ``history`` do what the commands of the same names
do, and return values.
"""

from tidings.commands import Inputs, check, forecast, history, report, run
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
    "Fault",
    "FitError",
    "InputError",
    "Inputs",
    "RenderError",
    "Run",
    "RunError",
    "TidingsError",
    "UsageError",
    "check",
    "forecast",
    "history",
    "report",
    "run",
]
