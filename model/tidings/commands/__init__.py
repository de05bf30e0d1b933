"""What the command line does, as functions that return values."""

from tidings.commands.defaults import QUESTION, RENDERED, RUNS
from tidings.commands.forecasts import (
    Inputs,
    Progress,
    check,
    forecast,
    history,
    report,
    run,
    unreadable,
)
from tidings.commands.lessons import exam, learn
from tidings.commands.news import (
    Draft,
    add,
    draft,
    draft_file,
    preview,
    preview_retraction,
    retract,
)
from tidings.commands.prior_rows import PriorsShown, edit_prior, plot_priors, preview_prior, priors
from tidings.commands.questions import new
from tidings.commands.reasons import SensitivityShown, diff, explain, sensitivity, watch

__all__ = [
    "QUESTION",
    "RENDERED",
    "RUNS",
    "Draft",
    "Inputs",
    "PriorsShown",
    "Progress",
    "SensitivityShown",
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
    "new",
    "plot_priors",
    "preview",
    "preview_prior",
    "preview_retraction",
    "priors",
    "report",
    "retract",
    "run",
    "sensitivity",
    "unreadable",
    "watch",
]
