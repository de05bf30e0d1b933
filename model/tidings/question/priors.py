"""Prior rows resolved to normals on their link scale, by name."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tidings._toml import line_of
from tidings.errors import Fault, nearest
from tidings.question.normal import Link, LinkNormal, fit_quantiles, fixed_normal, pooled_normal
from tidings.question.schema import PriorRow, PriorsConfig, PriorSource
from tidings.question.sources import Claim
from tidings.question.yardsticks import Yardsticks

LINKS: Mapping[str, Link] = {
    "base_rate": "log",
    "push_slope": "log",
    "counter_slope": "log",
    "consent_slope": "identity",
    "share_other": "logit",
    "noise_scale": "log",
    "story_sd": "log",
    "voice_bias_sd": "log",
    "factor_sd": "log",
    "precedent": "log",
    "willingness": "logit",
    "binding": "logit",
}
"""Family of priors to the scale on which it is normal."""

BOUNDS: Mapping[str, tuple[float, float, str]] = {
    "base_rate": (1e-4, 20.0, "ends a year: once in ten thousand years, and twice a month"),
    "push_slope": (0.0, 5.0, "a log rate: at 5 one step multiplies a rate by 150"),
    "counter_slope": (0.0, 5.0, "a log rate: at 5 one step divides a rate by 150"),
    "consent_slope": (-2.0, 2.0, "1 is the whole product of all who must agree"),
    "share_other": (0.0, 0.9, "what is left must be for the outcomes that have names"),
    "noise_scale": (0.05, 20.0, "a factor on the sd of every reading"),
    "story_sd": (1e-3, 10.0, "logit: at 10 a story says nothing, or everything"),
    "voice_bias_sd": (1e-3, 10.0, "logit: at 10 a voice says nothing"),
    "factor_sd": (1e-3, 10.0, "logit: at 10 an actor is for ever either certain or opposed"),
    "precedent": (1e-6, 1e3, "a weight beside the others; an outcome that cannot be has no row"),
}
"""Between what the middle 90 % of a prior may lie, by family, and why: beyond, a forecast means
nothing, or rates cannot be computed. Chances (willingness, binding) are free between 0 and 1."""

MAX_FIT_ERROR = 0.15
"""Quantiles that miss by more than this share of their span are refused: no normal fits them."""


def link_of(name: str) -> Link:
    """Return the scale on which a prior is normal, by its dotted name."""
    return LINKS[name.partition(".")[0]]


def named_rows(priors: PriorsConfig) -> Iterator[tuple[str, PriorRow]]:
    """Yield every prior row with its dotted name, in the order of the schema."""
    for family in LINKS:
        yield from _flatten(family, getattr(priors, family))


def _flatten(name: str, node: object) -> Iterator[tuple[str, PriorRow]]:
    if isinstance(node, PriorRow):
        yield name, node
    elif isinstance(node, dict):
        for key, child in node.items():
            yield from _flatten(f"{name}.{key}", child)


def resolve_priors(
    priors: PriorsConfig,
    yardsticks: Yardsticks,
    claims: Mapping[str, Claim] | None,
    learned: Mapping[str, LinkNormal],
    source: tuple[Path, str],
) -> tuple[dict[str, LinkNormal], list[Fault]]:
    """Turn every prior row into a normal on its link scale.

    Parameters
    ----------
    yardsticks : Yardsticks
        What the words mean.
    claims : mapping of str to Claim, optional
        The claims that rows may rest on; None where they cannot be read, which is said elsewhere.

    Returns
    -------
    tuple of (dict of str to LinkNormal, list of Fault)
        The normals by dotted name, and what is wrong with the rows.
    """
    path, text = source
    normals: dict[str, LinkNormal] = {}
    faults: list[Fault] = []
    for name, row in named_rows(priors):
        keys = ("priors", *name.split("."))

        def fault(field: str, got: str, expected: str, keys: tuple[str, ...] = keys) -> Fault:
            within = [int(part) if part.isdigit() else part for part in field.split(".")]
            line = line_of(text, (*keys, *within)) or line_of(text, keys)
            return Fault(path, line, f"{'.'.join(keys)}.{field}", got, expected)

        faults += [
            fault(field, repr(claim), nearest(claim, claims or ()))
            for field, claim in _claims_of(row)
            if claims is not None and claim not in claims
        ]
        try:
            normals[name] = _normal(row, link_of(name), (yardsticks, learned))
            _check_reach(name, row, normals[name])
        except _RowError as error:
            faults.append(fault(error.field, error.got, str(error)))
    return normals, faults


def _check_reach(name: str, row: PriorRow, prior: LinkNormal) -> None:
    """Return what is wrong with a prior too extreme for any forecast."""
    low, high, why = BOUNDS.get(name.partition(".")[0], (0.0, 1.0, ""))
    if row.fixed is not None:
        values, field = (row.fixed, row.fixed), "fixed"
    else:
        values = prior.quantile(0.05), prior.quantile(0.95)
        field = next(one for one in _VALUES if getattr(row, one) is not None)
    if not low <= values[0] <= values[1] <= high:
        got = " to ".join(dict.fromkeys(f"{value:g}" for value in values))
        raise _RowError(field, got, f"a middle 90 % from {low:g} to {high:g} ({why})")


_VALUES = ("word", "quantiles", "learned", "pool")


def _claims_of(row: PriorRow) -> Iterator[tuple[str, str]]:
    """Yield the claims of a row and of its sources, with the field that names them."""
    yield from (("claims", claim) for claim in row.claims)
    for place, source in enumerate(row.pool or ()):
        yield from ((f"pool.{place}.claims", claim) for claim in source.claims)


class _RowError(Exception):
    def __init__(self, field: str, got: object, expected: str) -> None:
        self.field, self.got = field, repr(got)
        super().__init__(expected)

    def within(self, place: str) -> "_RowError":
        """Return the error of a part with the place of the part before its field."""
        self.field = f"{place}.{self.field}"
        return self


Meanings = tuple[Yardsticks, Mapping[str, LinkNormal]]
"""What words mean, and the quantities that were learned."""


def _normal(row: PriorRow, link: Link, meanings: Meanings) -> LinkNormal:
    if row.pool is not None:
        return _pool_normal(row.pool, link, meanings)
    if row.fixed is not None:
        try:
            return fixed_normal(row.fixed, link)
        except ValueError as error:
            raise _RowError("fixed", row.fixed, str(error)) from None
    return source_normal(row, link, meanings)


def source_normal(source: PriorRow | PriorSource, link: Link, meanings: Meanings) -> LinkNormal:
    """Return the normal of a word, of quantiles, or of what was learned."""
    yardsticks, learned = meanings
    if source.word is not None:
        return _word_normal(source.word, str(source.yardstick), link, yardsticks)
    if source.learned is not None:
        return _learned_normal(source.learned, link, learned)
    return _quantile_normal(source.quantiles or {}, link)


def _learned_normal(name: str, link: Link, learned: Mapping[str, LinkNormal]) -> LinkNormal:
    fitting = [one for one, normal in learned.items() if normal.link == link]
    if name not in fitting:
        if not learned:
            raise _RowError("learned", name, "files.learned naming what was learned")
        raise _RowError("learned", name, f"on the {link} scale: {nearest(name, fitting)}")
    return learned[name]


def _pool_normal(sources: Sequence[PriorSource], link: Link, meanings: Meanings) -> LinkNormal:
    parts = []
    for place, source in enumerate(sources):
        try:
            parts.append(source_normal(source, link, meanings))
        except _RowError as error:
            raise error.within(f"pool.{place}") from None
    return pooled_normal(parts, [source.weight for source in sources])


def _word_normal(word: str, yardstick: str, link: Link, yardsticks: Yardsticks) -> LinkNormal:
    if link != "logit":
        raise _RowError("word", word, "quantiles or fixed: words are for probabilities")
    if yardstick not in yardsticks.names:
        raise _RowError("yardstick", yardstick, nearest(yardstick, yardsticks.names))
    phrases = yardsticks.phrases(yardstick)
    if word not in phrases:
        raise _RowError("word", word, f"on {yardstick}: {nearest(word, phrases)}")
    return yardsticks.normal(yardstick, word)


def _quantile_normal(quantiles: Mapping[str, float], link: Link) -> LinkNormal:
    try:
        named = {_probability(key): value for key, value in quantiles.items()}
        if len(named) < len(quantiles):
            raise ValueError("each quantile once (p05 and p5 are the same)")
        fitted = fit_quantiles(named, link)
    except ValueError as error:
        raise _RowError("quantiles", dict(quantiles), str(error)) from None
    if fitted.fit_error > MAX_FIT_ERROR:
        asked: Sequence[str] = [f"{key} = {value:g}" for key, value in quantiles.items()]
        expected = (
            f"quantiles of a normal on the {link} scale; the nearest one misses by "
            f"{fitted.fit_error:.0%} of their span"
        )
        raise _RowError("quantiles", ", ".join(asked), expected)
    return fitted


def _probability(key: str) -> float:
    try:
        value = float(key.removeprefix("p")) / 100
    except ValueError:
        value = 0.0
    if not key.startswith("p") or not 0 < value < 1:
        raise ValueError(f"names such as p05, p50, p95 (got {key!r})")
    return value
