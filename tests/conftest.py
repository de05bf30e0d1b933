"""What the tests share: the shipped question, and ways to change it without touching its files."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

import tidings
from tests.helpers import (
    AS_OF,
    INPUTS,
    PROJECT,
    QUESTION,
    Alter,
    copy_project,
    kept_on_disk,
    lighten,
)
from tidings.evidence.ledger import Item
from tidings.forecasting.runs import Run, find_run
from tidings.question.normal import LinkNormal, fixed_normal


def pytest_report_header() -> str | None:
    """Say whether the inputs tested are not those that stand here."""
    told = "priors, data and seeds as committed: they have been changed since"
    return None if INPUTS == PROJECT else f"{told} (TIDINGS_TEST_INPUTS=working tests those)"


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two workers for what fits, none for the units, which are done before a worker has begun."""
    return 0 if all("units" in str(argument) for argument in config.args) else 2


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no worker waits for it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session")
def inputs() -> tidings.Inputs:
    """The shipped question with everything it names."""
    return tidings.check(QUESTION)


@pytest.fixture(scope="session")
def shipped_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The forecast of the shipped question, made once for all workers, and for later sessions."""

    def make(folder: Path) -> None:
        tidings.forecast(QUESTION, AS_OF, folder / "runs")

    kept = kept_on_disk("shipped", make)
    runs = shutil.copytree(kept / "runs", tmp_path_factory.mktemp("shipped") / "runs")
    return find_run(runs, None)


@pytest.fixture(scope="session")
def light_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The shipped question with a third of the draws, where many posteriors are drawn anew."""

    def make(folder: Path) -> None:
        question = lighten(copy_project(folder) / "priors" / "turkey-s400.toml")
        tidings.forecast(question, AS_OF, folder / "data" / "runs")

    kept = kept_on_disk("light", make)
    project = tmp_path_factory.mktemp("light") / "project"
    shutil.copytree(kept, project)
    return find_run(project / "data" / "runs", None)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the shipped inputs that a test may break."""
    return copy_project(tmp_path)


@pytest.fixture(scope="session")
def alter(inputs: tidings.Inputs) -> Iterator[Alter]:
    """Return the shipped inputs with priors fixed, config changed, or other items."""

    def altered(
        fixed: Mapping[str, float] | None = None,
        items: Sequence[Item] | None = None,
        **config: object,
    ) -> tidings.Inputs:
        question = inputs.question
        priors: dict[str, LinkNormal] = dict(question.priors)
        for name, value in (fixed or {}).items():
            priors[name] = fixed_normal(value, priors[name].link)
        changed = question.config.model_copy(update=config)
        ledger = inputs.ledger if items is None else replace(inputs.ledger, items=tuple(items))
        return replace(
            inputs, question=replace(question, config=changed, priors=priors), ledger=ledger
        )

    yield altered


@pytest.fixture(scope="session")
def new_item(inputs: tidings.Inputs) -> Callable[..., Item]:
    """Return an item like those of the ledger, well graded, with some fields changed."""
    model = inputs.ledger.items[0]

    def make(**changes: object) -> Item:
        fields = {
            "id": "new-item",
            "story": "new-story",
            "date": AS_OF,
            "date_precision": "day",
            "published": AS_OF,
            "voice": "own",
            "actor": "moscow",
            "outcomes": ("returned_to_russia",),
            "face_value": None,
            "push": None,
            "source_reliability": "A",
            "credibility": "1",
        }
        return replace(model, **{**fields, **changes})

    return make
