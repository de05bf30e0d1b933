"""What was learned from past questions and cases, as `tidings priors learn` wrote it to a file.

The file is TOML: the digests of the data it was learned from, settings that a question file may
take as ``"learned"``, quantities that a prior may name, and scores. It is read, never edited.
"""

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tidings.errors import Fault, InputError
from tidings.normal import Link, LinkNormal

__all__ = [
    "ClassScoreRow",
    "FitRow",
    "Learned",
    "Quantity",
    "ScoreRow",
    "digest_of_files",
    "digest_of_settings",
    "digest_of_text",
    "learned_text",
    "read_learned",
]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Quantity(_Closed):
    """A quantity as a normal on its link scale."""

    meaning: str
    link: Link
    mean: float
    sd: Annotated[float, Field(gt=0)]
    fit_error: Annotated[float, Field(ge=0)]
    """Largest distance between the 5, 50 and 95 % quantiles of normal and draws, in their span."""

    @property
    def normal(self) -> LinkNormal:
        """The normal that a prior takes."""
        return LinkNormal(self.mean, self.sd, self.link, self.fit_error)


class ScoreRow(_Closed):
    """Scores of the resolved questions at one horizon, each left out of what it was learned from.

    The fields are those of `tidings.scoring.mean_scores`.
    """

    months: int
    brier: float
    log: float
    brier_event: float
    log_event: float
    brier_base: float
    log_base: float
    brier_status_quo: float
    log_gain: float
    log_gain_se: float | None = None
    """None where there is one question only."""
    n: int
    questions: int


class ClassScoreRow(_Closed):
    """Log scores of cases predicted without their owner's, beside the pooled base rate."""

    part: str
    model: float
    pooled: float
    gain_se: float
    n: int
    owners: int


class FitRow(_Closed):
    """How a fit fared."""

    r_hat: float
    ess_bulk: float
    divergences: float


class Learned(_Closed):
    """All that was learned for one question."""

    format: Literal[1] = 1
    question: str
    """The question at hand, which is never among those learned from."""
    resolved: tuple[str, ...]
    """The resolved questions learned from."""
    cases: int
    """How many cases."""
    trust: float
    """The power to which the cases' likelihood was raised."""
    slope_correlation: float
    """Between push and consent slope: what readings and pushes tell is shared between them."""
    digests: dict[Literal["resolved", "cases", "settings"], str]
    settings: dict[
        Literal["half_life_days", "age_exponent", "pace_weight_items", "size_weight_items"], float
    ]
    quantities: dict[str, Quantity]
    scores: tuple[ScoreRow, ...]
    class_scores: tuple[ClassScoreRow, ...]
    fits: dict[Literal["resolved", "cases"], FitRow]
    draws: str
    """The digest of the draws, which stand beside this file in a CSV of the same stem."""

    @model_validator(mode="after")
    def _names(self) -> Self:
        for name in self.quantities:
            if not name.startswith(("resolved.", "cases.")):
                raise ValueError(f"quantities named resolved.… or cases.… (got {name!r})")
        return self

    @property
    def normals(self) -> dict[str, LinkNormal]:
        """The quantities by name, as normals."""
        return {name: one.normal for name, one in self.quantities.items()}


def read_learned(path: Path) -> Learned:
    """Read what was learned.

    Parameters
    ----------
    path : Path
        As `tidings priors learn` wrote it.

    Raises
    ------
    InputError
        If it is missing, or not such a file.
    """
    remedy = "the file that this writes: tidings priors learn"
    try:
        return Learned.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise InputError([Fault(path, None, "file", "nothing", remedy)]) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError([Fault(path, None, "file", str(error).splitlines()[0], remedy)]) from None
    except ValidationError as error:
        raise InputError(
            [
                Fault(path, None, ".".join(map(str, one["loc"])), one["msg"].lower(), remedy)
                for one in error.errors()
            ]
        ) from None


def learned_text(learned: Learned) -> str:
    """Return what was learned as it is written: TOML, one table a quantity."""
    import tomlkit

    document = tomlkit.document()
    document.add(tomlkit.comment("Written by: tidings priors learn. Not edited by hand: it would "))
    document.add(tomlkit.comment("no longer say what the data say, and the next time it is gone."))
    for key, value in learned.model_dump(mode="json", exclude_none=True).items():
        document.add(key, tomlkit.item(value))
    return tomlkit.dumps(document)


def digest_of_files(paths: Iterable[Path]) -> str:
    """Return one SHA-256 of some files' names and contents, whatever their order."""
    found = hashlib.sha256()
    for path in sorted(paths, key=lambda one: one.name):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        found.update(f"{path.name} {content}\n".encode())
    return found.hexdigest()


def digest_of_text(text: str) -> str:
    """Return the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def digest_of_settings(settings: Mapping[str, object]) -> str:
    """Return the SHA-256 of settings that can be written as JSON."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
