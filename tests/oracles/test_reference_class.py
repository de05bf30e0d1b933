"""The reference class against published figures, closed forms, and a density written anew."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.integrate import quad
from scipy.special import expit
from tests.helpers import INPUTS, PROJECT, predictors

from tidings.evidence.cases import read_cases
from tidings.past.cases import DISPOSED, EDGES, KINDS, REFUSED, aalen_johansen, past_cases, spans_of
from tidings.past.reference_class import build_reference_class, incidence_of, profile_of

pytestmark = pytest.mark.slow

LEADERS = PROJECT.parent / "shared" / "data" / "reference" / "leaders.txt"


@pytest.fixture(scope="module")
def cases():
    return past_cases(read_cases(Path(INPUTS / "data" / "cases.csv")), predictors())


def test_aalen_johansen_reproduces_the_published_incidence_of_leaders_exits():
    """Constitutional exits of 438 leaders whose age is known, by the end of years 0 to 5."""
    if not LEADERS.is_file():
        pytest.skip("the reference data are not here")
    table = pd.read_csv(LEADERS, sep=r"\s+")
    known = table[pd.to_numeric(table["age"], errors="coerce").notna()]
    assert len(known) == 438
    # `lost`: 0 in office, 1 constitutional, 2 natural, 3 by force.
    end = known["lost"].to_numpy(int) - 1
    found = aalen_johansen(end, known["years"].to_numpy(float), [0, 1, 2, 3, 4, 5]).estimate[0]
    published = [0.07762557, 0.11255708, 0.14863765, 0.19095540, 0.25290061, 0.29801795]
    assert found == pytest.approx(published, abs=5e-9)


# scikit-survival 0.28.0, cumulative_incidence_competing_risks(..., conf_type="log-log"), of the 56
# shipped cases whose months are known, those after 24 months taken as open then.
AT = (1.0, 6.0, 12.0, 24.0)
ESTIMATE = ((0.1607142857, 0.2857142857, 0.4107142857, 0.5178571429),
            (0.2142857143, 0.2857142857, 0.3571428571, 0.375))  # fmt: skip
LOW = ((0.0789693205, 0.1759823454, 0.2849779402, 0.3864894842),
       (0.1181116878, 0.1752693756, 0.2361700592, 0.2519023924))  # fmt: skip
HIGH = ((0.268087156, 0.4052191613, 0.5321762236, 0.6341200446),
        (0.3292701813, 0.4060733806, 0.4797175372, 0.4976935507))  # fmt: skip


def test_aalen_johansen_and_its_interval_are_those_of_scikit_survival(cases):
    dated = np.isfinite(cases.months)
    end, months = cases.end[dated], cases.months[dated]
    open_at = np.where(months > 24, -1, end), np.minimum(months, 24)
    raw = aalen_johansen(*open_at, AT)
    assert raw.estimate == pytest.approx(np.array(ESTIMATE), abs=5e-11)
    assert raw.low == pytest.approx(np.array(LOW), abs=5e-11)
    assert raw.high == pytest.approx(np.array(HIGH), abs=5e-11)


def test_before_the_first_end_nothing_has_come():
    raw = aalen_johansen(np.array([0, 1, 0]), np.array([2.0, 3.0, 5.0]), [1.0, 5.0])
    assert raw.estimate[:, 0] == pytest.approx([0, 0])
    assert raw.estimate[:, 1].sum() == pytest.approx(1)
    assert (raw.low[:, 0] == 0).all() and (raw.high[:, 0] == 0).all()


def test_the_question_itself_and_requests_by_the_supplier_are_no_consent(cases):
    assert not any(name.startswith("TR-S400") for name in cases.names)
    requested = ("IL-PATRIOT-US", "QA-GEPARD-DE", "GE-BUK-UKR")
    asked = {cases.names[place] for place in cases.asked}
    assert asked.isdisjoint(requested)
    assert set(requested) < set(cases.names)


def test_months_are_censored_to_the_calendar_months_around_them():
    """Two whole months apart: between one and three; at once: within the first; unknown: any."""
    spans = spans_of(np.array([2.0, 0.0, np.nan]))
    assert spans.before.sum(axis=1) == pytest.approx([1.0, 0.0, 0.0])
    assert spans.within.sum(axis=1) == pytest.approx([2.0, 1.0, EDGES[-1]])


def free_values(cases, generator):
    owners, predictors = len(cases.owner_names), 6
    shapes = {
        "owner_sd": (), "owner_effect": (owners,), "consent_level": (),
        "consent_effect": (2,), "consent_owner_sd": (),
        "consent_owner_effect": (owners,), "ahead_level": (),
        "refusal_effect": (), "ahead_effect": (predictors,),
        "hazard_level": (2,), "hazard_step": (2, len(EDGES) - 2), "end_effect": (2, predictors),
        "consent_on_end": (2,), "kind_effect": (2, len(KINDS)),
    }  # fmt: skip
    values = {name: generator.normal(scale=0.4, size=shape) for name, shape in shapes.items()}
    values["owner_sd"], values["consent_owner_sd"] = np.array(0.6), np.array(0.3)
    values["hazard_level"] = values["hazard_level"] - 2.5
    return values


def hazard_of(cases, v, place):
    """Hazard a month of each end in each piece, for one case."""
    owner = cases.owner_names.index(cases.owners[place])
    first = v["hazard_level"][:, None]
    levels = np.column_stack([first, first + np.cumsum(v["hazard_step"], axis=1)])
    moved = [
        v["end_effect"][e] @ cases.predictors[place]
        + v["consent_on_end"][e] * cases.consented[place]
        + v["kind_effect"][e][cases.kind[place]]
        for e in (DISPOSED, REFUSED)
    ]
    moved[DISPOSED] += v["owner_sd"] * v["owner_effect"][owner]
    return np.exp(levels + np.array(moved)[:, None])


def log_likelihood(cases, v):
    """Case by case, the chance of an end within its months by numerical integration."""
    total = 0.0
    owner = dict(zip(cases.owner_names, range(len(cases.owner_names)), strict=True))
    for part, places, seen, sd, effect in (
        ("consent", cases.asked, cases.granted, "consent_owner_sd", "consent_owner_effect"),
        ("ahead", cases.alone, cases.went_ahead, "owner_sd", "owner_effect"),
    ):
        slopes = v[f"{part}_effect"]
        for place, yes in zip(places, seen, strict=True):
            x = cases.predictors[place][: len(slopes)]
            refusal = v["refusal_effect"] * cases.refused[place] * (part == "ahead")
            logit = (
                v[f"{part}_level"]
                + refusal
                + x @ slopes
                + v[sd] * v[effect][owner[cases.owners[place]]]
            )
            total += np.log(expit(logit) if yes else expit(-logit))
    for place, end, months in zip(cases.ended, cases.end, cases.months, strict=True):
        hazard = hazard_of(cases, v, place)
        low, high = (0.0, EDGES[-1]) if np.isnan(months) else (max(months - 1, 0.0), months + 1)
        total += np.log(_chance(hazard, end, low, high))
    return total


def _chance(hazard, end, low, high):
    def passed(t):
        return sum(hazard.sum(axis=0)[p] * np.clip(t - EDGES[p], 0, EDGES[p + 1] - EDGES[p])
                   for p in range(len(EDGES) - 1))  # fmt: skip

    def density(t):
        piece = min(int(np.searchsorted(EDGES, t, side="right")) - 1, len(EDGES) - 2)
        return hazard[end, piece] * np.exp(-passed(t))

    inside = [edge for edge in EDGES if low < edge < high]
    return sum(
        quad(density, a, b, epsabs=1e-13, limit=200)[0]
        for a, b in zip([low, *inside], [*inside, high], strict=True)
    )


def test_the_density_of_the_cases_is_that_of_ends_within_their_months(cases):
    model = build_reference_class(cases)
    potential = model.compile_fn(
        sum(model.potentials), inputs=model.free_RVs, on_unused_input="ignore"
    )
    for seed in range(3):
        values = free_values(cases, np.random.default_rng(seed))
        found = float(potential(values))
        assert found == pytest.approx(log_likelihood(cases, values), rel=1e-7)


def test_cumulative_incidence_is_the_integral_of_an_ends_own_hazard(cases):
    values = free_values(cases, np.random.default_rng(5))
    dims = {
        name: ["chain", "draw", *(f"{name}_{d}" for d in range(np.ndim(value)))]
        for name, value in values.items()
    }
    one = xr.Dataset({name: (dims[name], value[None, None]) for name, value in values.items()})
    place = cases.ended[[0]]
    profile = profile_of(cases, place)
    found = incidence_of(one, profile, [3.0, 12.0, EDGES[-1]])[0, 0]
    hazard = hazard_of(cases, values, int(place[0]))
    for end in (DISPOSED, REFUSED):
        by_hand = [_chance(hazard, end, 0.0, month) for month in (3.0, 12.0)]
        assert found[end, :2] == pytest.approx(by_hand, rel=1e-9)
    assert found[:, -1].sum() == pytest.approx(1.0)
