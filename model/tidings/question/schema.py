"""The closed schema of a question file: the types that its TOML must fit."""

from datetime import date
from typing import Annotated, Final, Literal, Self

from pydantic import ConfigDict, Field, JsonValue, model_validator
from pydantic.config import JsonDict

from tidings._closed import FILE_NAME, IDENTIFIER, Closed
from tidings.names import OTHER, RETAINED

Identifier = Annotated[str, Field(pattern=IDENTIFIER)]
FileName = Annotated[str, Field(pattern=FILE_NAME)]
Sentence = Annotated[str, Field(min_length=8)]
Positive = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
HalfLife = Annotated[float, Field(strict=True, ge=1, le=3650, allow_inf_nan=False)]
Finite = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Day = Annotated[date, Field(ge=date(1900, 1, 1), lt=date(2200, 1, 1))]
"""Days between which grids and calendars stay small."""
Weight = Annotated[float, Field(strict=True, ge=0, le=1)]
Count = Annotated[int, Field(strict=True, ge=1)]
Months = Annotated[int, Field(strict=True, ge=1, le=600)]
TO_BE_REPLACED: Final = "To be replaced"
"""How a reason begins that the template of a new question gives."""
LEARNED: Final = "learned"
"""What stands in place of a setting that is learned from the resolved questions."""


def _or_learned(schema: JsonDict) -> None:
    """Let editors take the word for the number that `tidings.question.loading` puts in."""
    kept: JsonDict = {key: schema.pop(key) for key in ("default", "description") if key in schema}
    number = dict(schema)
    schema.clear()
    schema.update(kept)
    schema["anyOf"] = [number, {"const": LEARNED}]


_OR_LEARNED = Field(json_schema_extra=_or_learned)


class _Closed(Closed):
    model_config = ConfigDict(use_attribute_docstrings=True)


_ONE_VALUE: list[JsonValue] = [
    {"required": ["word", "yardstick"]},
    {"required": ["quantiles"]},
    {"required": ["learned"]},
    {"required": ["fixed"]},
    {"required": ["pool"]},
]


class FilesConfig(_Closed):
    """Where the data stand, relative to the question file."""

    evidence: FileName
    """The ledger of news."""
    yardsticks: FileName
    """Words of probability and their bands."""
    survey: FileName
    """What readers take the words to mean."""
    claims: FileName | None = None
    """Claims of a text that priors rest on."""
    cases: FileName | None = None
    """Past proposals of this kind: the reference class."""
    resolved: FileName | None = None
    """A folder of past questions with their news and end."""
    second_grades: FileName | None = None
    """A second grader's pushes of their items; learning takes the mean of both."""
    learned: FileName | None = None
    """What was learned from past questions and cases; tidings priors learn writes it."""


class FitConfig(_Closed):
    """How the posterior is drawn. ``futures`` are averaged for each of ``forecast_draws`` draws."""

    seed: Annotated[int, Field(strict=True, ge=0)] = 20190712
    """The root of every random stream."""
    chains: Annotated[int, Field(strict=True, ge=2, le=16)] = 4
    """Markov chains."""
    tune: Annotated[int, Field(strict=True, ge=1, le=20_000)] = 200
    """Steps of a chain before its draws count."""
    draws: Annotated[int, Field(strict=True, ge=1, le=50_000)] = 750
    """Draws of a chain."""
    forecast_draws: Annotated[int, Field(strict=True, ge=1, le=200_000)] = 3000
    """Draws, of all chains together, that are simulated forward."""
    futures: Annotated[int, Field(strict=True, ge=50, le=5_000)] = 50
    """SimulatedPaths averaged for each of them."""
    target_accept: Annotated[float, Field(strict=True, gt=0.5, lt=1)] = 0.9
    """Acceptance that the sampler aims at."""

    @property
    def stride(self) -> int:
        """How far apart the draws of a chain lie that are simulated forward."""
        return max(1, self.chains * self.draws // self.forecast_draws)


class TimeConfig(_Closed):
    """The grid: days in a step, steps in a state of the factors, half-life of the factors."""

    step_days: Annotated[int, Field(strict=True, ge=7, le=14)] = 14
    """Days in a step of exposure."""
    steps_in_state: Annotated[int, Field(strict=True, ge=1, le=4)] = 2
    """Steps that share one state of the actors' factors."""
    factor_half_life_days: Positive = 365.25
    """Days in which the memory of an actor's factor halves."""
    start_up_years: Annotated[float, Field(strict=True, ge=0, le=10), _OR_LEARNED] = 0.0
    """Nothing ends at once: at this age rates have reached all but 1/e of their level."""


class NewsConfig(_Closed):
    """Pressure, and future news.

    Pushes towards an outcome and against it fade with half-lives of their own. Future news is
    cut from the question's own ledger and from those of resolved questions.
    """

    half_life_days: Annotated[HalfLife, _OR_LEARNED] = 120.0
    """Days in which a push towards an outcome fades to half."""
    counter_half_life_days: Annotated[HalfLife, _OR_LEARNED] = 120.0
    """Days in which a push against an outcome fades to half."""
    borrowed_items: Positive = 20.0
    """Own items that weigh as much as all resolved questions, for future news."""
    simulate: Annotated[bool, Field(strict=True)] = True
    """Whether future news is part of the forecast."""


class SilenceConfig(_Closed):
    """What silence tells: an end that had come would have been reported."""

    noticed: Annotated[float, Field(strict=True, ge=0, le=1)] = 0.97
    """Probability that an end after the newest item would have been reported by the as-of date."""
    because: str = ""
    """Why so."""


class SelectionConfig(_Closed):
    """How much readier resolved questions with a change were collected than those without."""

    change_odds: Annotated[float, Field(strict=True, ge=1, le=20)] = 1.0
    """Odds of a change among the questions collected, over those among questions as asked."""
    because: str = ""
    """Why so."""


class GradesConfig(_Closed):
    """What a grade is worth: to a push as a weight, to a reading as an sd on the logit scale."""

    reliability_weight: dict[Literal["A", "B", "C", "D", "E", "F"], Weight]
    """What a source's letter multiplies a push by."""
    credibility_weight: dict[Literal["1", "2", "3", "4", "5", "6"], Weight]
    """What an item's digit multiplies a push by."""
    reliability_sd: dict[Literal["A", "B", "C", "D", "E", "F"], Positive]
    """Sd that a source's letter gives a reading (logit)."""
    credibility_sd: dict[Literal["1", "2", "3", "4", "5", "6"], Positive]
    """Sd that an item's digit gives a reading (logit)."""

    @model_validator(mode="after")
    def _every_grade(self) -> Self:
        for name, grades in (("reliability", "ABCDEF"), ("credibility", "123456")):
            for kind in ("weight", "sd"):
                missing = set(grades) - set(getattr(self, f"{name}_{kind}"))
                if missing:
                    raise ValueError(f"{name}_{kind} with every grade; missing {sorted(missing)}")
        return self


class PredictorConfig(_Closed):
    """What a past case may have in common with others: yes, no, or not known where it is blank."""

    column: Identifier
    """The column of the cases that says it: 1 for yes and 0 for no, if nothing follows."""
    among: tuple[str, ...] = ()
    """Yes where the cell is one of these."""
    containing: str | None = None
    """Yes where the cell has this in it."""
    since: Day | None = None
    """Yes only where the case was first proposed on this day or later."""
    yes: Sentence
    """What cases with it are called."""
    no: Sentence
    """What cases without it are called."""
    consent: Annotated[bool, Field(strict=True)] = False
    """Whether it also predicts consent; it always predicts going ahead, and how a case ends."""


class CasesConfig(_Closed):
    """How far past cases are trusted, what predicts their ends, and what the question is like."""

    trust: Annotated[float, Field(strict=True, gt=0, le=1)] = 0.5
    """The power to which their likelihood is raised; 1 would take them at face value."""
    because: str = ""
    """Why they are trusted no further: how they were selected."""
    predictors: dict[Identifier, PredictorConfig] = Field({})
    """By name, beside hostile_recipient, which is always one."""
    like: dict[Identifier, Annotated[bool, Field(strict=True)]] = Field({})
    """What the question has in common with cases; what is not named is taken as unknown."""


class OutcomeConfig(_Closed):
    """One of the competing ends, with the criteria that decide the hard cases."""

    id: Identifier
    """Its name in every file."""
    title: Annotated[str, Field(min_length=2)]
    """Its name for readers."""
    resolution: Sentence
    """What counts as it, the hard cases decided."""


class ActorConfig(_Closed):
    """Who must agree.

    An actor with ``recipient_of`` is static and read for that outcome alone; one that
    ``speaks_for`` another lends its items to it, with ``weight`` multiplying their precision.
    """

    id: Identifier
    """Its name in every file."""
    title: Annotated[str, Field(min_length=2)]
    """Who it is; what stands before a colon is its name for readers."""
    recipient_of: Identifier | None = None
    """The outcome in which it would receive; it is asked about that one alone."""
    speaks_for: Identifier | None = None
    """The actor whose willingness its items tell of."""
    weight: Annotated[float, Field(strict=True, gt=0, le=1)] = 1.0
    """What multiplies the precision of its items."""


class ResolvedConfig(_Closed):
    """How the question ended, once it has."""

    outcome: Identifier
    """Which outcome it was."""
    date: date
    """When."""


class _Worded(_Closed):
    word: str | None = None
    """A word of the yardstick."""
    yardstick: str | None = None
    """Whose word it is: a yardstick of the file, or survey."""
    quantiles: dict[str, Finite] | None = None
    """p05 = 0.03 means: five chances in a hundred that it is below 0.03."""
    learned: str | None = None
    """A quantity of the file of what was learned, like resolved.base_rate."""
    because: Sentence
    """The reason."""
    claims: tuple[str, ...] = ()
    """Claims of the text that it rests on."""

    def _check_one_of(self, *names: str) -> None:
        given = [name for name in names if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"exactly one of {', '.join(names)} (got {given or 'none'})")
        if (self.word is None) != (self.yardstick is None):
            raise ValueError("word and yardstick together")


class PriorSource(_Worded):
    """One of several sources: a word, quantiles, or what was learned, with its weight."""

    model_config = ConfigDict(json_schema_extra={"oneOf": _ONE_VALUE[:3]})

    weight: Positive = 1.0
    """Its weight in the pool, compared with the others'."""

    @model_validator(mode="after")
    def _one_value(self) -> Self:
        self._check_one_of("word", "quantiles", "learned")
        return self


class PriorRow(_Worded):
    """One prior with its reason: a word, quantiles, what was learned, a fixed value, or a pool."""

    model_config = ConfigDict(json_schema_extra={"oneOf": _ONE_VALUE})

    fixed: Finite | None = None
    """A value taken as certain."""
    pool: Annotated[tuple[PriorSource, ...], Field(min_length=2)] | None = None
    """Several sources, pooled logarithmically: the densities multiplied, each to its weight."""

    @model_validator(mode="after")
    def _one_value(self) -> Self:
        self._check_one_of("word", "quantiles", "learned", "fixed", "pool")
        return self


PairRows = dict[Identifier, dict[Identifier, PriorRow]]


class PriorsConfig(_Closed):
    """Every prior of the model; ``willingness`` and ``binding`` by actor and outcome."""

    base_rate: PriorRow
    """Ends a year, of all outcomes together, at neutral news."""
    push_slope: PriorRow
    """Log rate that one step of push towards an outcome is worth."""
    counter_slope: PriorRow
    """Log rate that one step of push against an outcome is worth."""
    consent_slope: PriorRow
    """0: consent decides only which outcome; 1: the product of all who must agree."""
    share_other: PriorRow | None = None
    """Share of all ends that no listed outcome covers."""
    noise_scale: PriorRow
    """What multiplies the sd that words and grades give a reading."""
    story_sd: PriorRow
    """Sd shared by all items of one story about one actor (logit)."""
    voice_bias_sd: PriorRow
    """Sd shared by all that one side says about one actor (logit)."""
    factor_sd: dict[Identifier, PriorRow]
    """How far each actor's willingness moves over time (sd, logit)."""
    precedent: dict[Identifier, PriorRow]
    """How likely each outcome is against the others, if everybody agreed."""
    willingness: PairRows
    """By actor and outcome: the chance of agreeing, if it were put to them that month."""
    binding: PairRows
    """By actor and outcome: 1, a refusal is a veto; 0, it is irrelevant."""


class QuestionConfig(_Closed):
    """A question file as a whole."""

    id: Identifier
    """Its name in runs and reports."""
    title: Sentence
    """The question, as readers see it."""
    clock_start: Day
    """When an end first became possible."""
    status_known_to: Day | None = None
    """Until when the status quo is known to have held; default: the newest known item."""
    horizons_months: Annotated[tuple[Months, ...], Field(min_length=1)] = (1, 3, 6, 12, 24)
    """Horizons in calendar months after the as-of date."""
    horizon_dates: tuple[Day, ...] = ()
    """Fixed dates beside the months."""
    headline_months: Months = 12
    """The horizon that leads."""
    yardstick: str = "icd203"
    """Whose words stand beside the numbers."""
    consent_reference: Annotated[float, Field(strict=True, ge=-100, le=0)]
    """Log of the prior mean of consent when the question was made; left alone afterwards."""
    files: FilesConfig
    """Where the data stand, relative to this file."""
    fit: FitConfig = FitConfig()
    """How the posterior is drawn."""
    time: TimeConfig = TimeConfig()
    """The grid of time."""
    news: NewsConfig = NewsConfig()
    """How pushes fade, and future news."""
    silence: SilenceConfig = SilenceConfig()
    """What it says that no end has been reported."""
    selection: SelectionConfig = SelectionConfig()
    """How resolved questions were collected."""
    cases: CasesConfig = CasesConfig()
    """How far past cases are trusted."""
    grades: GradesConfig
    """What the grades of sources and items are worth."""
    outcomes: Annotated[tuple[OutcomeConfig, ...], Field(min_length=2)]
    """The competing ends, with the status quo among them."""
    actors: Annotated[tuple[ActorConfig, ...], Field(min_length=1)]
    """Who must agree, and who speaks for them."""
    priors: PriorsConfig
    """Every prior of the model."""
    resolved: ResolvedConfig | None = None
    """How the question ended, once it has."""

    @property
    def outcome_ids(self) -> tuple[str, ...]:
        """All outcomes in the order of every array: the status quo, those named, ``other``."""
        ids = (outcome.id for outcome in self.outcomes)
        return tuple(sorted(ids, key=lambda name: (name != RETAINED, name == OTHER)))

    @property
    def end_ids(self) -> tuple[str, ...]:
        """Outcomes other than the status quo."""
        return self.outcome_ids[1:]

    @property
    def named_ids(self) -> tuple[str, ...]:
        """Outcomes that actors must agree to: neither the status quo nor ``other``."""
        return tuple(outcome for outcome in self.end_ids if outcome != OTHER)

    @property
    def dynamic_ids(self) -> tuple[str, ...]:
        """Actors whose willingness moves over time."""
        return tuple(a.id for a in self.actors if a.recipient_of is None and a.speaks_for is None)

    @property
    def recipients(self) -> dict[str, str]:
        """Static actors, and the outcome each is read for."""
        return {a.id: a.recipient_of for a in self.actors if a.recipient_of is not None}

    def actor(self, identifier: str) -> ActorConfig:
        """Return an actor; raises KeyError if the question has none of that name."""
        return {actor.id: actor for actor in self.actors}[identifier]
