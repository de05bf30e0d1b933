"""Where the shipped question, its runs and its reports are, seen from the project's folder."""

from pathlib import Path

QUESTION = Path("priors/turkey-s400.toml")
RUNS = Path("data/runs")
RENDERED = Path("reports/rendered")
