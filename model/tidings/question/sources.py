"""What priors rest on: the claims of a text, and what was learned from past questions and cases.

Claims stand in a CSV file (``seeds/``). What was learned is a TOML file: digests of the data it is
from, settings that a question file may take as ``"learned"``, quantities that a prior may name, and
scores. It is read, never edited.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from math import prod
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, field_validator, model_validator

from tidings._closed import Closed, validated
from tidings._reading import MOST_CONFIG_BYTES, check_depth, read_file
from tidings._tables import Column, choice, number, read_table, text
from tidings._toml import parse_toml
from tidings.errors import Fault, InputError, raise_if_any
from tidings.question.normal import Link, LinkNormal

Setting = Literal["half_life_days", "counter_half_life_days", "start_up_years"]
"""What a question file may take as learned beside priors."""
Status = Literal["supported", "partly", "unsupported", "garbled"]

_COLUMNS = {
    "id": Column(text),
    "paragraph": Column(number(1, 99, whole=True)),
    "sentence": Column(number(1, 99, whole=True)),
    "claim": Column(text),
    "cited": Column(text, required=False),
    "word": Column(text, required=False),
    "status": Column(choice(*get_args(Status))),
    "note": Column(text, required=False),
}


@dataclass(frozen=True)
class Claim:
    """One claim of a text, in our own words.

    Attributes
    ----------
    paragraph, sentence : int
        Where it stands in the text, counted from 1.
    cited, word : str or None
        Whom the text names as its source; the probability word that decides it.
    note : str or None
        What was found instead.
    """

    id: str
    paragraph: int
    sentence: int
    claim: str
    cited: str | None
    word: str | None
    status: str
    note: str | None


def read_claims(path: Path) -> Mapping[str, Claim]:
    """Read the claims of one text.

    Returns
    -------
    mapping of str to Claim
        The claims by id.

    Raises
    ------
    InputError
        If the file is missing, or has a fault.
    """
    rows, faults = read_table(path, _COLUMNS)
    claims: dict[str, Claim] = {}
    for row in rows:
        cells = {name: None if value is None else str(value) for name, value in row.values.items()}
        claim = Claim(
            id=str(cells["id"]),
            paragraph=int(str(cells["paragraph"])),
            sentence=int(str(cells["sentence"])),
            claim=str(cells["claim"]),
            cited=cells["cited"],
            word=cells["word"],
            status=str(cells["status"]),
            note=cells["note"],
        )
        if claim.id in claims:
            faults.append(Fault(path, row.line, "id", repr(claim.id), "an id not used before"))
        claims[claim.id] = claim
    raise_if_any(faults)
    return claims


class Quantity(Closed):
    """A quantity as a normal on its link scale."""

    meaning: str
    link: Link
    mean: Annotated[float, Field(allow_inf_nan=False)]
    sd: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    fit_error: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    """Largest distance between the 5, 50 and 95 % quantiles of normal and draws, in their span."""

    @property
    def normal(self) -> LinkNormal:
        """The normal that a prior takes."""
        return LinkNormal(self.mean, self.sd, self.link, self.fit_error)


class ScoreRow(Closed):
    """Scores of the resolved questions at one horizon, each left out of what it was learned from.

    The fields are those of `tidings.trust.scoring.mean_scores`.
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


class LevelRow(Closed):
    """Expected against seen; the fields are those of `tidings.trust.monthly_scores.Level`."""

    dates: Literal["given", "every month"]
    months: int
    expected: float
    seen: float
    log_event: float
    log_constant: float
    log_two_parameters: float | None = None
    gain_se: float | None = None
    calibration_slope: float | None = None
    auc: float | None = None
    n: int
    questions: int


class HindcastRow(Closed):
    """The question forecast on a past date; see `tidings.trust.hindcast.Hindcast`."""

    made: date
    until: date
    a_year: float
    until_next: float


class OtherModelRow(Closed):
    """What a model with one thing else makes of the newest date."""

    model: str
    a_year: float


class ClassScoreRow(Closed):
    """Log scores of cases predicted without their owner's, beside the pooled base rate."""

    part: str
    model: float
    pooled: float
    gain_se: float
    n: int
    owners: int


class FitRow(Closed):
    """How a fit fared."""

    r_hat: float
    ess_bulk: float
    divergences: float


class Learned(Closed):
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
    slope_correlation: Annotated[float, Field(ge=-1, le=1)]
    """Between push and consent slope: what readings and pushes tell is shared between them."""
    digests: dict[Literal["resolved", "cases", "settings"], str]
    settings: dict[Setting, float]
    quantities: dict[str, Quantity]
    scores: tuple[ScoreRow, ...]
    levels: tuple[LevelRow, ...]
    hindcasts: tuple[HindcastRow, ...] = ()
    """None where the question is younger than a year."""
    other_models: tuple[OtherModelRow, ...] = ()
    class_scores: tuple[ClassScoreRow, ...]
    fits: dict[Literal["resolved", "cases"], FitRow]
    draws: str
    """The digest of the draws, which stand beside this file in a CSV of the same stem."""

    @field_validator("settings")
    @classmethod
    def _every_setting(cls, given: dict[Setting, float]) -> dict[Setting, float]:
        missing = [name for name in get_args(Setting) if name not in given]
        if missing:
            raise ValueError(f"every setting; missing {', '.join(missing)}")
        return given

    @model_validator(mode="after")
    def _names(self) -> Self:
        for name in self.quantities:
            if not name.startswith(("resolved.", "cases.")):
                raise ValueError(f"quantities named resolved.… or cases.… (got {name!r})")
        return self

    @property
    def expected_changes(self) -> float:
        """The changes of the question that its forecasts on past dates gave to the time since."""
        return sum(row.until_next for row in self.hindcasts)

    @property
    def chance_of_none(self) -> float:
        """The chance that they gave to no change at all."""
        return prod(1 - row.until_next for row in self.hindcasts)

    @property
    def normals(self) -> dict[str, LinkNormal]:
        """The quantities by name, as normals."""
        return {name: one.normal for name, one in self.quantities.items()}


def read_learned(path: Path) -> Learned:
    """Read what was learned.

    Raises
    ------
    InputError
        If it is missing, or not such a file.
    """
    expected = "the file that learning writes"
    text = read_file(path, expected, MOST_CONFIG_BYTES, "learn")
    check_depth(path, text)
    try:
        return validated(Learned, path, text, parse_toml(path, text))
    except InputError as error:
        raise InputError([replace(fault, remedy="learn") for fault in error.faults]) from None


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
    digest = hashlib.sha256()
    for path in sorted(paths, key=lambda one: one.name):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.name} {content}\n".encode())
    return digest.hexdigest()


def digest_of_text(text: str) -> str:
    """Return the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def digest_of_settings(settings: Mapping[str, object]) -> str:
    """Return the SHA-256 of settings that can be written as JSON."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
