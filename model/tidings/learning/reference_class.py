"""The hierarchical PyMC model of past cases: the reference class.

Three questions are asked of the cases, each with the same predictors (``x``, coded 0.5 yes, -0.5
no, 0 not known) and with effects of owners, most of whom have one case:

- **consent if asked**: ``logit p = consent_level + consent_effect·x + consent_owner_sd * owner``;
- **going ahead without it**: ``logit p = ahead_level + ahead_effect·x + refusal_effect * refused +
  owner_sd * owner``, since a supplier that refused is more than one that was not asked;
- **time to an end**, disposal or refusal: competing hazards a month, constant between the edges
  of `past_cases.EDGES`, ``log h[end, piece] = hazard[end, piece] + end_effect[end]·x +
  consent_on_end[end] * consented + kind_effect[end, kind]``, the owner's effect added for disposal.
  An end between ``low`` and ``high`` has the probability of its own hazard's part of that span.

==================  ============================================  ==============================
variable            what it is                                    prior
==================  ============================================  ==============================
consent_level       logit, the middle of all predictors           normal(0, 1.5)
consent_effect      logit, hostile recipient and air defence      normal(0, 0.75)
consent_owner_sd    logit                                         half-normal(0.3)
ahead_level         logit                                         normal(0, 1.5)
ahead_effect        logit, by predictor                           normal(0, 0.35)
refusal_effect      logit, where the supplier is known to refuse  normal(0, 1.5)
owner_sd            logit, and log hazard of disposal             half-normal(0.5)
hazard_level        log a month, by end                           normal(log 0.08, 1)
hazard_step         log, from piece to piece, by end              normal(0, 0.7)
end_effect          log hazard, by end and predictor              normal(0, 0.35)
consent_on_end      log hazard, by end                            normal(0, 0.7)
kind_effect         log hazard, by end and kind of disposal       normal(0, 0.3)
==================  ============================================  ==============================

The effects are small on purpose, and consent has two predictors only: with wider priors, or with
all of them, the cases of an owner were predicted worse from those of the others.

``counted`` raises each case's likelihood to a power: 0 leaves it out, and the share by which the
cases are trusted (a power prior: Ibrahim & Chen 2000, doi:10.1214/ss/1009212673) discounts it.
"""

from collections.abc import Mapping

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from numpy.typing import NDArray

from tidings.learning.past_cases import (
    CONSENT_PREDICTORS,
    DISPOSED,
    EDGES,
    KINDS,
    PREDICTORS,
    PastCases,
    spans_of,
)

__all__ = ["build_reference_class", "observed"]

Tensors = Mapping[str, pt.TensorVariable]
_ENDS = ("disposed", "refused")


def observed(cases: PastCases, trust: float = 1.0) -> dict[str, NDArray[np.float64]]:
    """Return the data of the model: what was seen of the cases, and how far each counts.

    Parameters
    ----------
    cases : PastCases
        As read, or as simulated.
    trust : float
        The power to which their likelihood is raised.
    """
    spans = spans_of(cases.months)
    return {
        "granted": cases.granted.astype(float),
        "went_ahead": cases.went_ahead.astype(float),
        "which_end": cases.end.astype(float),
        "before": spans.before,
        "within": spans.within,
        "counted": np.full(len(cases.names), trust),
    }


def build_reference_class(cases: PastCases) -> pm.Model:
    """Build the hierarchical model.

    Parameters
    ----------
    cases : PastCases
        Their predictors are part of the model; what `observed` returns is its data.
    """
    coords = {
        "case": cases.names,
        "owner": cases.owner_names,
        "predictor": PREDICTORS,
        "consent_predictor": CONSENT_PREDICTORS,
        "end": _ENDS,
        "kind": KINDS,
        "piece": [f"from {edge:g} months" for edge in EDGES[:-1]],
        "later_piece": [f"from {edge:g} months" for edge in EDGES[1:-1]],
    }
    with pm.Model(coords=coords) as model:
        given = {name: pm.Data(name, value) for name, value in observed(cases).items()}
        owner = pm.HalfNormal("owner_sd", 0.5) * pm.Normal("owner_effect", dims="owner")
        _consent(cases, given)
        _going_ahead(cases, given, owner)
        _ends(cases, given, owner)
    return model


def _bernoulli(name: str, logit: pt.TensorVariable, yes: pt.TensorVariable,
               counted: pt.TensorVariable) -> None:  # fmt: skip
    density = yes * logit - pt.softplus(logit)
    pm.Potential(name, pt.sum(density * counted))


def _consent(cases: PastCases, given: Tensors) -> None:
    """Add whether suppliers agreed when they were asked."""
    level = pm.Normal("consent_level", 0.0, 1.5)
    effect = pm.Normal("consent_effect", 0.0, 0.75, dims="consent_predictor")
    sd = pm.HalfNormal("consent_owner_sd", 0.3)
    owner = sd * pm.Normal("consent_owner_effect", dims="owner")
    x = cases.predictors[cases.asked][:, : len(CONSENT_PREDICTORS)]
    logit = level + pt.sum(x * effect, axis=1) + owner[cases.owner[cases.asked]]
    _bernoulli("consent", logit, given["granted"], given["counted"][cases.asked])


def _going_ahead(cases: PastCases, given: Tensors, owner: pt.TensorVariable) -> None:
    """Add whether owners went ahead without consent."""
    level = pm.Normal("ahead_level", 0.0, 1.5)
    effect = pm.Normal("ahead_effect", 0.0, 0.35, dims="predictor")
    x = cases.predictors[cases.alone]
    refusal = pm.Normal("refusal_effect", 0.0, 1.5) * cases.refused[cases.alone]
    logit = level + pt.sum(x * effect, axis=1) + refusal + owner[cases.owner[cases.alone]]
    _bernoulli("going_ahead", logit, given["went_ahead"], given["counted"][cases.alone])


def _ends(cases: PastCases, given: Tensors, owner: pt.TensorVariable) -> None:
    """Add when each case ended, and how."""
    first = pm.Normal("hazard_level", np.log(0.08), 1.0, dims="end")
    steps = pm.Normal("hazard_step", 0.0, 0.7, dims=("end", "later_piece"))
    later = first[:, None] + pt.cumsum(steps, axis=1)
    pieces = pt.concatenate([first[:, None], later], axis=1)
    effect = pm.Normal("end_effect", 0.0, 0.35, dims=("end", "predictor"))
    consent = pm.Normal("consent_on_end", 0.0, 0.7, dims="end")
    kind = pm.Normal("kind_effect", 0.0, 0.3, dims=("end", "kind"))
    x = cases.predictors[cases.ended]
    of_case = (
        pt.sum(effect[:, None, :] * x[None, :, :], axis=2)
        + consent[:, None] * cases.consented[cases.ended]
        + kind[:, cases.kind[cases.ended]]
    )
    disposal = np.array([[1.0], [0.0]]) if DISPOSED == 0 else np.array([[0.0], [1.0]])
    of_case = of_case + disposal * owner[cases.owner[cases.ended]]
    hazard = pt.exp(pieces[:, None, :] + of_case[:, :, None])
    total = pt.sum(hazard, axis=0)
    came = given["which_end"][:, None]
    own = hazard[0] * (1 - came) + hazard[1] * came
    passed = total * given["within"]
    until = pt.cumsum(passed, axis=1) - passed
    within = pt.sum(own / total * pt.exp(-until) * -pt.expm1(-passed), axis=1)
    density = pt.log(within) - pt.sum(total * given["before"], axis=1)
    pm.Potential("ends", pt.sum(density * given["counted"][cases.ended]))
