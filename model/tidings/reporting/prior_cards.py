"""Prior cards: each prior in numbers and words, its sources, and what a posterior made of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidings.errors import UsageError, nearest
from tidings.forecasting.runs import Run
from tidings.mechanism.parameters import of_stored, unconstrained_priors
from tidings.question.loading import Question, load_question
from tidings.question.normal import LinkNormal, from_link
from tidings.question.priors import link_of, source_normal
from tidings.question.schema import PriorRow, PriorsConfig, PriorSource
from tidings.question.sources import Claim
from tidings.question.structure import make_structure
from tidings.question.yardsticks import SURVEY

_QUANTILES = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class Spread:
    """Median and middle 90 % of a quantity, on its natural scale."""

    q05: float
    q50: float
    q95: float


@dataclass(frozen=True)
class Source:
    """One source of a prior.

    Attributes
    ----------
    word : str or None
        The word, where it is one.
    weight : float
        In the pool; 1 where it stands alone.
    """

    value: str
    because: str
    claims: tuple[Claim, ...]
    word: str | None
    weight: float
    spread: Spread


@dataclass(frozen=True)
class PriorCard:
    """One prior.

    Attributes
    ----------
    meaning : str
        What it is, with its unit.
    fit_error : float
        How far the fitted quantiles miss those asked for, as a share of their span.
    posterior : Spread or None
        What a run's evidence made of it; None without a run, or where the run had another prior.
    moved : float or None
        By how many sds of the prior the evidence moved its mean, on the link scale; None where
        that has no meaning.
    """

    name: str
    meaning: str
    because: str
    sources: tuple[Source, ...]
    prior: Spread
    fit_error: float
    posterior: Spread | None
    moved: float | None

    @property
    def fixed(self) -> bool:
        """Whether it is taken as certain."""
        return self.prior.q05 == self.prior.q95


def cards_of(
    question: Question, name: str | None = None, run: Run | None = None
) -> list[PriorCard]:
    """Return the cards of a question's priors.

    Parameters
    ----------
    name : str, optional
        One prior by its dotted name, or the beginning of several; all if not given.

    Raises
    ------
    UsageError
        If no prior has that name.
    RunError
        If the run cannot be read.
    """
    rows = dict(question.rows)
    asked = [row for row in rows if name is None or row == name or row.startswith(f"{name}.")]
    if not asked:
        raise UsageError(f"no prior {name!r}; expected {nearest(str(name), rows)}")
    posterior = {} if run is None else _posterior(run)
    return [_card(question, one, rows[one], posterior.get(one)) for one in asked]


_Posterior = tuple[LinkNormal, NDArray[np.float64]]


def posterior_draws(run: Run) -> dict[str, NDArray[np.float64]]:
    """Return a run's draws of every quantity that has a prior, on its link scale, shape (draw,).

    Raises
    ------
    RunError
        If the run cannot be read.
    """
    return {name: draws for name, (_, draws) in _posterior(run).items()}


def _posterior(run: Run) -> dict[str, _Posterior]:
    """Return each prior of a run with its draws on the link scale."""
    question = load_question(run.question_file)
    structure = make_structure(question.config)
    draws = unconstrained_priors(of_stored(run.stored("posterior"), structure), structure)
    return {
        name: (prior, draws[name].ravel())
        for name, prior in question.priors.items()
        if name in draws
    }


def _card(question: Question, name: str, row: PriorRow, drawn: _Posterior | None) -> PriorCard:
    prior = question.priors[name]
    posterior, moved = None, None
    if drawn is not None and (drawn[0].mean, drawn[0].sd) == (prior.mean, prior.sd):
        # What is fixed stays where it is; on the link scale it may lie at infinity.
        posterior = _spread_of(drawn[1], prior) if prior.sd else _spread(prior)
        moved = float((drawn[1].mean() - prior.mean) / prior.sd) if prior.sd else None
    meaning = str(PriorsConfig.model_fields[name.partition(".")[0]].description)
    sources = tuple(_source(question, name, one) for one in row.pool or (row,))
    return PriorCard(
        name, meaning, row.because, sources, _spread(prior), prior.fit_error, posterior, moved
    )


def _source(question: Question, name: str, row: PriorRow | PriorSource) -> Source:
    claims: Mapping[str, Claim] = question.claims
    fixed = isinstance(row, PriorRow) and row.fixed is not None
    learned = question.learned.normals if question.learned else {}
    normal = (
        question.priors[name]
        if fixed
        else source_normal(row, link_of(name), (question.yardsticks, learned))
    )
    return Source(
        _value(question, row),
        row.because,
        tuple(claims[claim] for claim in row.claims),
        row.word,
        row.weight if isinstance(row, PriorSource) else 1.0,
        _spread(normal),
    )


def _value(question: Question, row: PriorRow | PriorSource) -> str:
    """Return what stands in the config, with the meaning of a word."""
    if row.word is not None:
        if row.yardstick == SURVEY:
            return f"{row.word} (survey of readers)"
        low, high = question.yardsticks.bands[str(row.yardstick)][row.word]
        return f"{row.word} ({row.yardstick}: {low * 100:g}–{high * 100:g} %)"
    if row.learned is not None:
        return f"{row.learned}, learned: {_learned_from(question, row.learned)}"
    if row.quantiles is not None:
        return ", ".join(f"{key} = {value:g}" for key, value in row.quantiles.items())
    return f"fixed at {row.fixed:g}" if isinstance(row, PriorRow) else ""


def _learned_from(question: Question, name: str) -> str:
    """Return in words where a learned quantity comes from."""
    if question.learned is None:
        return ""
    if name.startswith("resolved."):
        return f"{len(question.learned.resolved)} resolved questions"
    return f"{question.learned.cases} past cases, each counted {question.learned.trust:g}"


def _spread(normal: LinkNormal) -> Spread:
    return Spread(*(normal.quantile(probability) for probability in _QUANTILES))


def _spread_of(draws: NDArray[np.float64], prior: LinkNormal) -> Spread:
    quantiles: Sequence[float] = np.quantile(draws, _QUANTILES).tolist()
    return Spread(*(from_link(value, prior.link) for value in quantiles))
