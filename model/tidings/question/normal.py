"""Priors as normals on a link scale: from a word's band, a survey, quantiles, or a fixed value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, inf, log
from statistics import NormalDist
from typing import Literal

Link = Literal["identity", "log", "logit"]

CLIP = (0.005, 0.995)
"""Probabilities of bands are clipped here, so that 0 and 1 never become certainty."""
BAND_MASS = 0.90
"""The central mass of a word's normal that lies inside its band."""
LINK_LIMIT = 40.0
"""Where a value fixed at the edge of its support is put on the link scale."""

_STANDARD = NormalDist()


@dataclass(frozen=True)
class LinkNormal:
    """A normal on the link scale of a quantity.

    Attributes
    ----------
    mean, sd : float
        On the link scale; ``sd`` is 0 for a fixed value.
    link : {"identity", "log", "logit"}
        ``log`` for positive quantities, ``logit`` for probabilities.
    fit_error : float
        Largest distance, on the natural scale and in units of the span of the given quantiles,
        between a quantile that was asked for and the one fitted; 0 where nothing was fitted.
    """

    mean: float
    sd: float
    link: Link
    fit_error: float = 0.0

    def quantile(self, probability: float) -> float:
        """Return a quantile on the natural scale."""
        return from_link(self.mean + self.sd * _STANDARD.inv_cdf(probability), self.link)


def to_link(value: float, link: Link) -> float:
    """Map a value to its link scale; the edges of its support go to ``±LINK_LIMIT``.

    Raises
    ------
    ValueError
        If the value lies outside the support of the link.
    """
    if link == "identity":
        return value
    upper = 1.0 if link == "logit" else inf
    if not 0.0 <= value <= upper:
        support = "between 0 and 1" if link == "logit" else "0 or more"
        raise ValueError(f"a number {support}")
    if value == 0.0:
        return -LINK_LIMIT
    if value == upper:
        return LINK_LIMIT
    return log(value) if link == "log" else log(value / (1.0 - value))


def from_link(value: float, link: Link) -> float:
    """Map a value of the link scale back to its natural scale."""
    if link == "identity":
        return value
    return exp(value) if link == "log" else 1.0 / (1.0 + exp(-value))


def fixed_normal(value: float, link: Link) -> LinkNormal:
    """Return the degenerate normal of a fixed value.

    Raises
    ------
    ValueError
        If the value lies outside the support of the link.
    """
    return LinkNormal(to_link(value, link), 0.0, link)


def band_normal(low: float, high: float) -> LinkNormal:
    """Return the normal on the logit scale whose central ``BAND_MASS`` is the clipped band."""
    bottom, top = (to_link(min(max(p, CLIP[0]), CLIP[1]), "logit") for p in (low, high))
    z = _STANDARD.inv_cdf(0.5 + BAND_MASS / 2)
    return LinkNormal((bottom + top) / 2, (top - bottom) / (2 * z), "logit")


def fit_quantiles(quantiles: Mapping[float, float], link: Link) -> LinkNormal:
    """Fit a normal on the link scale to quantiles, by least squares on that scale.

    Parameters
    ----------
    quantiles : mapping of float to float
        Probability to value on the natural scale; at least two.
    link : {"identity", "log", "logit"}
        Scale on which the quantity is normal.

    Returns
    -------
    LinkNormal
        With the error of the fit.

    Raises
    ------
    ValueError
        If there are fewer than two quantiles, they are not in rising order, or outside the support.
    """
    pairs = sorted(quantiles.items())
    values = [value for _, value in pairs]
    if len(pairs) < 2:
        raise ValueError("at least two quantiles")
    if any(later <= earlier for earlier, later in pairwise(values)):
        raise ValueError("quantiles in rising order")
    scores = [_STANDARD.inv_cdf(probability) for probability, _ in pairs]
    linked = [to_link(value, link) for value in values]
    centre_x, centre_y = sum(scores) / len(scores), sum(linked) / len(linked)
    sd = sum((x - centre_x) * (y - centre_y) for x, y in zip(scores, linked, strict=True)) / sum(
        (x - centre_x) ** 2 for x in scores
    )
    mean = centre_y - sd * centre_x
    fitted = [from_link(mean + sd * z, link) for z in scores]
    span = values[-1] - values[0]
    error = max(abs(a - b) for a, b in zip(fitted, values, strict=True)) / span
    return LinkNormal(mean, sd, link, error)


def pooled_normal(parts: Sequence[LinkNormal], weights: Sequence[float]) -> LinkNormal:
    """Pool normals of one link scale logarithmically.

    The product of their densities, each to its share of the weights, is a normal again (Genest &
    Zidek 1986, doi:10.1214/ss/1177013825).

    Parameters
    ----------
    parts : sequence of LinkNormal
        None of them fixed.
    weights : sequence of float
        Positive; they are made to sum to 1, so that agreeing sources do not make it narrower.

    Returns
    -------
    LinkNormal
        With the largest fit error of the parts.

    Raises
    ------
    ValueError
        If a part is fixed: no density can be pooled with certainty.
    """
    if any(part.sd == 0.0 for part in parts):
        raise ValueError("sources that are not certain")
    shares = [weight / sum(weights) for weight in weights]
    precisions = [share / part.sd**2 for share, part in zip(shares, parts, strict=True)]
    mean = sum(p * part.mean for p, part in zip(precisions, parts, strict=True)) / sum(precisions)
    error = max(part.fit_error for part in parts)
    return LinkNormal(mean, sum(precisions) ** -0.5, parts[0].link, error)
