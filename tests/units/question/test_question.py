"""The question: words to normals, pools, loading, structure, time, edits."""

from datetime import date
from statistics import NormalDist

import numpy as np
import pytest
from tests.units.conftest import TOY

import tidings
from tidings.question.editing import edit_prior, value_of
from tidings.question.loading import load_text
from tidings.question.normal import band_normal, fit_quantiles, from_link, pooled_normal, to_link
from tidings.question.structure import make_structure
from tidings.question.timeline import add_months, make_calendar, mean_start_up


def test_a_band_holds_nine_tenths_of_its_normal():
    normal = band_normal(0.05, 0.20)
    assert normal.quantile(0.05) == pytest.approx(0.05)
    assert normal.quantile(0.95) == pytest.approx(0.20)


def test_quantiles_of_a_normal_are_fitted_without_error():
    z = NormalDist()
    wanted = {p: from_link(-1.2 + 0.7 * z.inv_cdf(p), "log") for p in (0.05, 0.5, 0.95)}
    fitted = fit_quantiles(wanted, "log")
    assert (fitted.mean, fitted.sd) == pytest.approx((-1.2, 0.7))
    assert fitted.fit_error < 1e-12


def test_agreeing_sources_do_not_make_a_pool_narrower():
    one = band_normal(0.2, 0.4)
    pooled = pooled_normal([one, one], [1.0, 3.0])
    assert (pooled.mean, pooled.sd) == pytest.approx((one.mean, one.sd))


@pytest.mark.parametrize("link", ["log", "logit", "identity"])
def test_links_undo_each_other(link):
    assert from_link(to_link(0.3, link), link) == pytest.approx(0.3)


def test_the_toy_has_its_outcomes_actors_and_priors(toy):
    config = toy.question.config
    assert config.outcome_ids == ("retained", "sold", "scrapped")
    assert config.end_ids == config.named_ids == ("sold", "scrapped")
    assert config.dynamic_ids == ("owner", "maker")
    assert set(toy.question.priors) == {name for name, _ in toy.question.rows}


def test_an_unknown_key_is_refused_with_its_line_and_the_nearest_name():
    text = TOY.read_text().replace("headline_months", "headline_month", 1)
    with pytest.raises(tidings.InputError) as error:
        load_text(TOY, text)
    [fault] = [one for one in error.value.faults if "headline_month" in one.got]
    assert text.splitlines()[fault.line - 1].startswith("headline_month")
    assert "did you mean 'headline_months'" in fault.expected


def test_three_years_ahead_is_a_matter_of_config(toy):
    text = TOY.read_text().replace("[1, 3, 6, 12, 24]", "[12, 36]")
    assert load_text(TOY, text).config.horizons_months == (12, 36)


def test_months_are_calendar_months_and_the_first_date_is_the_as_of_date():
    assert add_months(date(2024, 1, 31), 1) == date(2024, 2, 29)
    calendar = make_calendar(date(2024, 1, 1), date(2024, 1, 31), (1, 36), (date(2025, 6, 1),))
    assert calendar.dates[0] == date(2024, 1, 31)
    assert calendar.horizons["36mo"] == date(2027, 1, 31) == calendar.dates[-1]
    edges, marks = calendar.edges()
    assert edges[marks[-1]] == date(2027, 1, 31).toordinal()


def test_nothing_ends_at_once():
    """The integral of 1 - exp(-t) from 0 to 1 is 1/e; from 1 to 3 it is 2 - 1/e + 1/e^3."""
    start, e = date(2020, 1, 1), np.e
    edges = start.toordinal() + 365.25 * np.array([0.0, 1.0, 3.0, 3.0])
    assert mean_start_up(edges, start, 1.0) == pytest.approx([1 / e, 1 - (1 / e - e**-3) / 2, 0.0])
    assert mean_start_up(edges, start, 0.0) == pytest.approx([1.0, 1.0, 0.0])


def test_an_edit_keeps_the_rest_of_the_file():
    edit = edit_prior(TOY, "base_rate", "p05=0.05,p50=0.2,p95=0.8", "A reason in words.")
    gone = [line for line in edit.lines() if line.startswith("-")]
    assert len(gone) == 2
    assert edit.question.priors["base_rate"].quantile(0.5) == pytest.approx(0.2)
    assert value_of("0.4", "icd203") == {"fixed": 0.4}


def test_outcomes_have_one_order_wherever_other_stands_in_the_file(toy):
    """Arrays have the status quo first and ``other`` last; a name finds its own row."""
    config = toy.question.config
    first = config.outcomes[0]
    other = first.model_copy(update={"id": "other"})
    second = config.model_copy(update={"outcomes": (other, *config.outcomes[1:], first)})
    assert second.outcome_ids == ("retained", "sold", "scrapped", "other")
    assert second.end_ids == make_structure(second).ends
