"""Quantities that priors may name: what was learned, as normals on their link scales."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.special import expit

from tidings.past.cases import DISPOSED, HOSTILE, KINDS, predicted_by
from tidings.past.rates import HYPER
from tidings.past.reference_class import Profile, incidence_of, logit_of
from tidings.question.normal import Link, fit_quantiles
from tidings.question.schema import QuestionConfig
from tidings.question.sources import Quantity
from tidings.randomness import stream

Array = NDArray[np.float64]
_QUANTILES = (0.05, 0.50, 0.95)
_MONTHS = 24.0
"""Within which a disposal counts for what is learned from cases."""
_OWNERS = 100


def resolved_quantities(
    posterior: xr.Dataset, seed: int, prefix: str = "resolved"
) -> dict[str, Quantity]:
    """Return what a question takes from the resolved ones: base rate and slopes."""
    draws = {name: posterior[name].to_numpy().ravel() for name in HYPER}
    new = stream(seed, "a new question").standard_normal(len(draws["spread"]))
    base_rate = np.exp(draws["log_base_rate"] + draws["spread"] * new)
    return {
        f"{prefix}.base_rate": _quantity(
            base_rate,
            "log",
            "Ends a year of a question like those resolved, at neutral news, once under way.",
        ),
        f"{prefix}.push_slope": _quantity(
            draws["push_slope"], "log", "Log rate that a step of push towards an outcome is worth."
        ),
        f"{prefix}.counter_slope": _quantity(
            draws["counter_slope"],
            "log",
            "Log rate that a step of push against an outcome is worth.",
        ),
        f"{prefix}.consent_slope": _quantity(
            draws["consent_slope"], "identity", "Log rate that a unit of consent is worth."
        ),
    }


def _profile(
    config: QuestionConfig, hostile: bool, cases: Sequence[tuple[int, int]], said: str
) -> Profile:
    """Return cases like the question, each a kind and a (negative) new owner.

    ``said`` is what the supplier said: ``granted``, ``refused`` or ``not_sought``.
    """
    like: dict[str, bool] = {str(name): yes for name, yes in config.cases.like.items()}
    like[HOSTILE] = hostile
    names = predicted_by(config.cases.predictors)
    coded = [0.0 if name not in like else float(like[name]) - 0.5 for name in names]
    kinds, owners = zip(*cases, strict=True)
    granted, refused = (np.full(len(cases), float(said == one)) for one in ("granted", "refused"))
    return Profile(
        np.tile(coded, (len(cases), 1)),
        np.array(kinds),
        granted,
        refused,
        np.array(owners),
        config.fit.seed,
    )


def class_quantities(posterior: xr.Dataset, config: QuestionConfig) -> dict[str, Quantity]:
    """Return what a question takes from the cases, over new owners like its own."""
    quantities: dict[str, Quantity] = {}
    crowd = [(0, -1 - owner) for owner in range(_OWNERS)]
    for group, hostile in (("hostile_recipient", True), ("friendly_recipient", False)):
        what, agreed = group.replace("_", " "), _profile(config, hostile, crowd, "granted")
        consent = expit(logit_of(posterior, "consent", agreed)).mean(axis=1)
        with_it = incidence_of(posterior, agreed, [_MONTHS])[:, :, DISPOSED, 0].mean(axis=1)
        quantities[f"cases.consent.{group}"] = _quantity(
            consent, "logit", f"Chance that a supplier agrees if asked; {what}."
        )
        for said, words in (("refused", "has refused"), ("not_sought", "was not asked")):
            asked = _profile(config, hostile, crowd, said)
            ahead = expit(logit_of(posterior, "ahead", asked)).mean(axis=1)
            quantities[f"cases.going_ahead.{said}.{group}"] = _quantity(
                ahead,
                "logit",
                f"Chance that an owner goes ahead though the supplier {words}; {what}.",
            )
            quantities[f"cases.binding.{said}.{group}"] = _quantity(
                _binding(consent, np.minimum(ahead / with_it, 1.0)),
                "logit",
                f"How far a transfer is stopped where the supplier {words}; {what}. The power of "
                "its willingness that makes it as much rarer as it is in the cases when some "
                "suppliers agree and the others do not.",
            )
    return quantities | _precedents(posterior, config)


_LEAST, _MOST = 0.02, 0.98
"""Where a refusal is as good as irrelevant, and as good as a veto."""


def _binding(consent: Array, relative: Array) -> Array:
    """Return b with ``w ** b = w + (1 - w) r``, kept off 0 and 1.

    With chance ``w`` the supplier agrees; else disposal is only ``r`` times as likely.
    """
    power = np.log(consent + (1 - consent) * relative) / np.log(consent)
    return np.asarray(np.clip(power, _LEAST, _MOST))


def _precedents(posterior: xr.Dataset, config: QuestionConfig) -> dict[str, Quantity]:
    """Return the share of each kind of disposal, for one new owner that might do any of them."""
    any_kind = [(kind, -1) for kind in range(len(KINDS))]
    one = incidence_of(posterior, _profile(config, False, any_kind, "granted"), [_MONTHS])
    chance = one[:, :, DISPOSED, 0]
    shares = chance / chance.sum(axis=1, keepdims=True)
    return {
        f"cases.precedent.{kind}": _quantity(
            shares[:, place],
            "log",
            f"Share of {kind.replace('_', ' ')} among disposals within {_MONTHS:g} months, were "
            "each kind proposed as often and agreed to.",
        )
        for place, kind in enumerate(KINDS)
    }


def _quantity(values: Array, link: Link, meaning: str) -> Quantity:
    """Return draws on their natural scale as a normal on the link scale, with the fit's error."""
    quantiles = np.quantile(values, _QUANTILES)
    fitted = fit_quantiles(dict(zip(_QUANTILES, quantiles.tolist(), strict=True)), link)
    return Quantity(
        meaning=meaning,
        link=link,
        mean=round(fitted.mean, 4),
        sd=round(fitted.sd, 4),
        fit_error=round(fitted.fit_error, 4),
    )
