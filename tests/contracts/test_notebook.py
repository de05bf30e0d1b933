"""Results in a notebook: short as text, a table when asked, and whole for ArviZ."""

import re
import warnings
from dataclasses import replace

import arviz_stats
import numpy as np
import pytest
from tests.helpers import AS_OF, PROJECT, QUESTION

import tidings
from tidings.mechanism.situation import observe
from tidings.reasons.arviz_tree import QUIET


@pytest.fixture(scope="module")
def tree(shipped_run):
    return tidings.datatree(shipped_run)


@pytest.mark.slow
def test_results_are_one_line_and_a_table(shipped_run):
    watch = tidings.watch(shipped_run)
    few = tidings.check(QUESTION).ledger.items[-1]
    unheard = replace(few, id="unheard", story="unheard", date=AS_OF, published=AS_OF)
    preview = tidings.preview([unheard], str(shipped_run.path), QUESTION)
    priors = tidings.sensitivity(shipped_run).priors
    for result in (shipped_run, watch, preview, priors):
        assert len(repr(result)) < 160 and "\n" not in repr(result)
        html = result._repr_html_()
        assert html.startswith("<p>&lt;") and html.count("<tr") <= 21
        assert len(result.table()) > 30
    table = watch.table()
    one = watch.news[0]
    mine = table[(table.actor == one.actor) & (table.about == one.outcome)]
    assert mine.change.abs().max() == pytest.approx(
        max(np.abs(news.effect.change).max() for news in (one.favourable, one.adverse))
    )


def test_the_tree_has_what_arviz_asks_for(tree, shipped_run, inputs):
    named = {"prior", "posterior", "posterior_predictive", "observed_data", "log_likelihood"}
    assert named <= set(tree.children)
    situation = observe(inputs.question, inputs.ledger, inputs.resolved, shipped_run.manifest.as_of)
    observed = tree["observed_data"]["reading"].values
    assert observed.tolist() == [one.y_logit for one in situation.readings]
    shared = set(tree["prior"].data_vars) & set(tree["posterior"].data_vars)
    assert {"base_rate", "willingness_level", "binding"} <= shared
    assert str(tree["log_likelihood"].story.values[-1]) == QUIET


def test_readings_lie_among_those_that_might_have_been(tree):
    """Their places among predictions are spread evenly, as far as shared effects let them be."""
    predicted = tree["posterior_predictive"]["reading"].values
    observed = tree["observed_data"]["reading"].values
    places = (predicted < observed).mean(axis=(0, 1))
    assert 0.4 < places.mean() < 0.6
    assert 0.7 < np.mean((places > 0.05) & (places < 0.95)) <= 1.0
    # The twin: readings all a sd higher would not.
    higher = (predicted < observed + predicted.std(axis=(0, 1))).mean(axis=(0, 1))
    assert higher.mean() > 0.65


def test_leaving_one_story_out_can_be_trusted_for_nearly_all(tree):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        found = arviz_stats.loo(tree, var_name="evidence", pointwise=True)
    assert np.mean(found.pareto_k.values < 0.7) > 0.9
    assert np.isfinite(found.elpd)


def test_runs_are_compared_as_they_are(shipped_run, light_run):
    moves = tidings.diff(light_run, shipped_run)
    assert (moves.old.manifest.run, moves.new.manifest.run) == (
        light_run.manifest.run, shipped_run.manifest.run
    )  # fmt: skip
    assert len(repr(moves)) < 160 and len(moves.table()) > 30


def test_arviz_draws_the_tree(tree):
    import arviz_plots

    names = ["base_rate", "push_slope"]
    arviz_plots.plot_prior_posterior(tree, var_names=names, backend="none")
    arviz_plots.plot_ppc_dist(tree, num_samples=20, backend="none")


@pytest.mark.slow
def test_the_tour_of_the_readme_runs(shipped_run, monkeypatch):
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    [tour] = re.findall(r"```python\n(.*?)```", readme, flags=re.DOTALL)
    made = []

    def forecast(**asked):
        made.append(asked)
        return shipped_run

    monkeypatch.setattr(tidings, "forecast", forecast, raising=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        exec(compile(tour, "README.md", "exec"), {})
    assert made == [{"as_of": "2026-03-31"}]
