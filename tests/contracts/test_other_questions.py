"""Another question, of another shape, through every command; and one begun from the template."""

import subprocess
import sys
from datetime import date

import pytest
from tests.helpers import INPUTS, PROJECT, copy_project

import tidings
from tidings.forecasting.fitting import consent_reference
from tidings.mechanism.situation import observe

pytestmark = pytest.mark.slow

SECOND = PROJECT / "tests" / "second_question" / "uae-f35.toml"
AS_OF = date(2022, 1, 15)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def second_run(runs):
    return tidings.forecast(SECOND, AS_OF, runs)


def test_it_has_another_shape():
    config = tidings.check(SECOND).question.config
    shipped = tidings.check(INPUTS / "priors" / "turkey-s400.toml").question.config
    assert len(config.outcomes) == 2
    assert {actor.id for actor in config.actors}.isdisjoint(a.id for a in shipped.actors)
    assert config.files.cases is config.files.claims is config.files.resolved is None


def test_its_forecast_can_be_published_and_adds_up(second_run):
    assert second_run.manifest.publishable
    for horizon in second_run.manifest.horizons:
        rows = second_run.at(horizon)
        assert set(rows) == {"retained", "concluded"}
        assert sum(row.mean for row in rows.values()) == pytest.approx(1.0)
    # Signed, put on hold, and talks suspended a month before: neither sure nor out of reach.
    assert 0.02 < second_run.at("12mo")["concluded"].mean < 0.6


def test_its_news_can_be_previewed(second_run, runs):
    fields = {"actor": "usa", "outcomes": "concluded", "push": "2", "claim": "A contract is near.",
              "source_reliability": "A", "credibility": "1", "voice": "own", "source": "Reuters",
              "url": "https://example.org/1", "date": str(AS_OF), "speaker": "x"}  # fmt: skip
    drafted = tidings.draft([fields], SECOND)
    effect = tidings.preview(drafted.items, None, SECOND, runs)
    change, error = effect.effect.at(1, 1)
    assert effect.effect.trusted and change > 5 * error


def test_news_for_it_raises_it_and_news_against_it_lowers_it(second_run, runs):
    outcomes = [one.id for one in second_run.manifest.outcomes]
    at = list(second_run.manifest.horizons).index(second_run.manifest.headline)
    told = tidings.watch(None, runs=runs).news
    assert len(told) > 5
    for one in told:
        row = outcomes.index("retained" if one.outcome == "any" else one.outcome)
        for news, way in ((one.favourable, 1), (one.adverse, -1)):
            change, error = news.effect.at(row, at)
            raises = way * (-1 if one.outcome == "any" else 1)
            assert change * raises > -3 * error, (one.actor, one.outcome)


def test_its_sensitivity_and_report_need_no_code(second_run, runs, tmp_path):
    found = tidings.sensitivity(None, runs=runs)
    assert found.tipping.outcome == "concluded"
    assert {tip.prior for tip in found.tipping.priors} >= {"base_rate", "push_slope"}
    made = tidings.report(str(second_run.path), runs, rendered=tmp_path)
    assert [path.suffix for path in made] == [".html", ".pdf"]
    assert "F-35" in made[0].read_text(encoding="utf-8")


def test_its_consent_reference_is_the_prior_mean_of_consent():
    inputs = tidings.check(SECOND)
    situation = observe(inputs.question, inputs.ledger, (), AS_OF)
    found = consent_reference(situation)
    assert found == pytest.approx(inputs.question.config.consent_reference, abs=0.005)


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    project = copy_project(tmp_path_factory.mktemp("begun"))
    done = subprocess.run(
        [sys.executable, "-m", "tidings", "new", "grain-corridor", "--outcomes", "opened,replaced",
         "--actors", "moscow,kyiv", "--clock-start", "2025-01-01"],
        cwd=project, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return project


def test_a_new_question_is_valid_and_says_what_to_replace(begun):
    path = begun / "priors" / "grain-corridor.toml"
    inputs = tidings.check(path)
    assert inputs.question.config.end_ids == ("opened", "replaced")
    text = path.read_text()
    assert text.count("To be replaced") > 10
    comments = [line for line in text.splitlines() if line.startswith("#") or "  # " in line]
    assert len(comments) > 30
    situation = observe(inputs.question, inputs.ledger, (), date(2025, 6, 1))
    found = consent_reference(situation)
    assert found == pytest.approx(inputs.question.config.consent_reference, abs=0.005)


def test_a_comment_is_no_text_that_is_still_to_be_replaced(begun):
    path = begun / "priors" / "grain-corridor.toml"
    commented = path.with_name("commented.toml")
    commented.write_text(path.read_text() + '# "To be replaced" stood here\n', encoding="utf-8")
    said = []
    for one in (path, commented):
        done = subprocess.run(
            [sys.executable, "-m", "tidings", "check", "--question", str(one)],
            capture_output=True, text=True, check=True, cwd=begun,
        )  # fmt: skip
        said += [line for line in done.stdout.splitlines() if "still say" in line]
    assert len(said) == 2 and said[0] == said[1]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["grain-corridor"], "is there already"),
        (["Grain Corridor"], "small letters"),
        (["other", "--outcomes", "retained"], "a meaning of its own"),
        (["other", "--actors", "any"], "a meaning of its own"),
        (["other", "--actors", "a,a"], "each once"),
    ],
)
def test_a_new_question_never_overwrites_and_names_what_is_wrong(begun, arguments, says):
    before = sorted(path.name for path in (begun / "priors").iterdir())
    done = subprocess.run(
        [sys.executable, "-m", "tidings", "new", *arguments],
        cwd=begun, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert says in done.stderr
    assert sorted(path.name for path in (begun / "priors").iterdir()) == before
