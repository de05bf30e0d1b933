"""What a person sees in the terminal."""

from tidings.terminal.lessons import show_exam, show_lessons
from tidings.terminal.news import show_item, show_likeness, show_moves, show_preview
from tidings.terminal.priors import show_priors
from tidings.terminal.reasons import show_explanation, show_watch
from tidings.terminal.runs import (
    leader,
    progress_bar,
    show_age,
    show_history,
    show_reports,
    show_run,
)
from tidings.terminal.sensitivity import show_sensitivity

__all__ = [
    "leader",
    "progress_bar",
    "show_age",
    "show_exam",
    "show_explanation",
    "show_history",
    "show_item",
    "show_lessons",
    "show_likeness",
    "show_moves",
    "show_preview",
    "show_priors",
    "show_reports",
    "show_run",
    "show_sensitivity",
    "show_watch",
]
