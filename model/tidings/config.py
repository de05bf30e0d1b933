"""The closed schema of a question file: the types that its TOML must fit."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tidings.names import OTHER, RETAINED

__all__ = [
    "ActorConfig",
    "FilesConfig",
    "FitConfig",
    "GradesConfig",
    "NewsConfig",
    "OutcomeConfig",
    "PriorRow",
    "PriorsConfig",
    "QuestionConfig",
    "ResolvedConfig",
    "TimeConfig",
]

Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_\-]*$")]
Sentence = Annotated[str, Field(min_length=8)]
Positive = Annotated[float, Field(gt=0)]
Weight = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FilesConfig(_Closed):
    """Where the data stand, relative to the question file."""

    evidence: str
    yardsticks: str
    survey: str
    claims: str | None = None
    cases: str | None = None
    resolved: str | None = None


class FitConfig(_Closed):
    """How the posterior is drawn. ``futures`` are averaged for each of ``forecast_draws`` draws."""

    seed: int = 20190712
    chains: Annotated[int, Field(ge=2, le=16)] = 4
    tune: Count = 200
    draws: Count = 750
    forecast_draws: Count = 3000
    futures: Annotated[int, Field(ge=50)] = 50
    target_accept: Annotated[float, Field(gt=0.5, lt=1)] = 0.7


class TimeConfig(_Closed):
    """The grid: days in a step, steps in a state of the factors, half-life of the factors."""

    step_days: Annotated[int, Field(ge=7, le=14)] = 14
    steps_in_state: Annotated[int, Field(ge=1, le=4)] = 2
    factor_half_life_days: Positive = 365.25


class NewsConfig(_Closed):
    """Pressure, and news yet to come.

    ``half_life_days`` is how fast a push fades. The pace, the sizes and the named outcomes of
    future pushes come from this question's own items; ``own_weight_items`` items of its own count
    as much as all resolved questions together.
    """

    half_life_days: Positive = 45.0
    own_weight_items: Positive = 20.0
    simulate: bool = True


class GradesConfig(_Closed):
    """What a grade is worth: to a push as a weight, to a reading as an sd on the logit scale."""

    reliability_weight: dict[Literal["A", "B", "C", "D", "E", "F"], Weight]
    credibility_weight: dict[Literal["1", "2", "3", "4", "5", "6"], Weight]
    reliability_sd: dict[Literal["A", "B", "C", "D", "E", "F"], Positive]
    credibility_sd: dict[Literal["1", "2", "3", "4", "5", "6"], Positive]

    @model_validator(mode="after")
    def _every_grade(self) -> Self:
        for name, grades in (("reliability", "ABCDEF"), ("credibility", "123456")):
            for kind in ("weight", "sd"):
                missing = set(grades) - set(getattr(self, f"{name}_{kind}"))
                if missing:
                    raise ValueError(f"{name}_{kind} with every grade; missing {sorted(missing)}")
        return self


class OutcomeConfig(_Closed):
    """One of the competing ends, with the criteria that decide the hard cases."""

    id: Identifier
    title: Annotated[str, Field(min_length=2)]
    resolution: Sentence


class ActorConfig(_Closed):
    """Who must agree.

    An actor with ``recipient_of`` is static and read for that outcome alone; one that
    ``speaks_for`` another lends its items to it, with ``weight`` multiplying their precision.
    """

    id: Identifier
    title: Annotated[str, Field(min_length=2)]
    recipient_of: Identifier | None = None
    speaks_for: Identifier | None = None
    weight: Annotated[float, Field(gt=0, le=1)] = 1.0


class ResolvedConfig(_Closed):
    """How the question ended, once it has."""

    outcome: Identifier
    date: date


class PriorRow(_Closed):
    """One prior: a word of a yardstick, or quantiles, or a fixed value, with its reason."""

    word: str | None = None
    yardstick: str | None = None
    quantiles: dict[str, float] | None = None
    fixed: float | None = None
    because: Sentence
    claims: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_value(self) -> Self:
        given = [name for name in ("word", "quantiles", "fixed") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"exactly one of word, quantiles, fixed (got {given or 'none'})")
        if (self.word is None) != (self.yardstick is None):
            raise ValueError("word and yardstick together")
        return self


PairRows = dict[Identifier, dict[Identifier, PriorRow]]


class PriorsConfig(_Closed):
    """Every prior of the model; ``willingness`` and ``binding`` by actor and outcome."""

    base_rate: PriorRow
    push_slope: PriorRow
    consent_slope: PriorRow
    share_other: PriorRow | None = None
    noise_scale: PriorRow
    story_sd: PriorRow
    voice_bias_sd: PriorRow
    factor_sd: dict[Identifier, PriorRow]
    precedent: dict[Identifier, PriorRow]
    willingness: PairRows
    binding: PairRows


class QuestionConfig(_Closed):
    """A question file as a whole."""

    id: Identifier
    title: Sentence
    clock_start: date
    status_known_to: date | None = None
    horizons_months: Annotated[tuple[Count, ...], Field(min_length=1)] = (1, 3, 6, 12, 24)
    horizon_dates: tuple[date, ...] = ()
    headline_months: Count = 12
    yardstick: str = "icd203"
    consent_reference: float
    files: FilesConfig
    fit: FitConfig = FitConfig()
    time: TimeConfig = TimeConfig()
    news: NewsConfig = NewsConfig()
    grades: GradesConfig
    outcomes: Annotated[tuple[OutcomeConfig, ...], Field(min_length=2)]
    actors: Annotated[tuple[ActorConfig, ...], Field(min_length=1)]
    priors: PriorsConfig
    resolved: ResolvedConfig | None = None

    @property
    def outcome_ids(self) -> tuple[str, ...]:
        """All outcomes in the order of the file, the status quo first."""
        change = [outcome.id for outcome in self.outcomes if outcome.id != RETAINED]
        return (RETAINED, *change)

    @property
    def change_ids(self) -> tuple[str, ...]:
        """Outcomes other than the status quo."""
        return self.outcome_ids[1:]

    @property
    def named_ids(self) -> tuple[str, ...]:
        """Outcomes that actors must agree to: neither the status quo nor ``other``."""
        return tuple(outcome for outcome in self.change_ids if outcome != OTHER)

    @property
    def dynamic_ids(self) -> tuple[str, ...]:
        """Actors whose willingness moves over time."""
        return tuple(a.id for a in self.actors if a.recipient_of is None and a.speaks_for is None)

    @property
    def recipients(self) -> dict[str, str]:
        """Static actors, and the outcome each is read for."""
        return {a.id: a.recipient_of for a in self.actors if a.recipient_of is not None}

    def actor(self, identifier: str) -> ActorConfig:
        """Return an actor.

        Raises
        ------
        KeyError
            If the question has no such actor.
        """
        for actor in self.actors:
            if actor.id == identifier:
                return actor
        raise KeyError(identifier)
