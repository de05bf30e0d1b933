"""Edits of priors: the file keeps its layout, and the preview agrees with the refit."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from tests.helpers import QUESTION, drawn

import tidings
from tidings.forecasting.tables import K_LIMIT
from tidings.mechanism.situation import with_priors
from tidings.reasons.draws import stored_posterior
from tidings.reasons.previewing import preview_prior

pytestmark = pytest.mark.slow

EDITS = {
    "base_rate": "p05=0.05,p50=0.15,p95=0.45",
    "push_slope": "p05=1.0,p50=1.35,p95=1.7",
    "consent_slope": "p05=0.0,p50=0.15,p95=0.3",
    "noise_scale": "p05=0.7,p50=1.1,p95=1.7",
    "precedent.returned_to_russia": "p05=0.11,p50=0.25,p95=0.56",
    "willingness.ankara.ukraine": "p05=0.013,p50=0.032,p95=0.075",
    "binding.moscow.us_base": "p05=0.25,p50=0.55,p95=0.8",
}
"""Of each kind; further away the draws thin out, and k says so."""
HARDLY = ("noise_scale", "consent_slope")
"""What a forecast near its priors hardly depends on."""
REASON = "Tried as an analyst would."


def test_previewed_edits_agree_with_the_refit_where_they_say_so(light_run):
    """Weights that do not carry say so by k; which ones do may differ between processors."""
    trusted = {}
    for name, value in EDITS.items():
        prior = tidings.edit_prior(name, value, REASON, question=QUESTION)
        preview = preview_prior(light_run, name, prior.question.priors[name])
        if preview.effect.k < K_LIMIT:
            trusted[name] = off_by(light_run, name, prior.question.priors[name], preview)
    print({name: f"off by {off:.1f} combined MCSE" for name, off in trusted.items()})
    assert len(trusted) >= len(EDITS) - 2
    assert max(trusted.values()) < 5


def off_by(run, name, prior, preview):
    """Return how far a preview is from a posterior drawn anew, in their errors together."""
    assert name in HARDLY or np.abs(preview.effect.change / preview.effect.mcse).max() > 3
    posterior = stored_posterior(run)
    question = posterior.situation.question
    fit = question.config.fit.model_copy(update={"seed": 99})
    config = question.config.model_copy(update={"fit": fit})
    seeded = replace(posterior.situation, question=replace(question, config=config))
    situation = with_priors(seeded, {**question.priors, name: prior})
    refit = drawn(posterior.inputs, situation)
    off = np.abs(preview.then - refit.mean) / np.hypot(preview.mcse_then, refit.mcse())
    return float(off.max())


def test_a_prior_taken_as_certain_is_previewed_as_the_refit_has_it(light_run):
    """Its draws are moved there, and weighed by what the evidence says of it."""
    edit = tidings.edit_prior("base_rate", "0.2", REASON, question=QUESTION)
    prior = edit.question.priors["base_rate"]
    preview = preview_prior(light_run, "base_rate", prior)
    assert prior.sd == 0 and preview.effect.trusted
    assert off_by(light_run, "base_rate", prior, preview) < 5


@pytest.mark.parametrize(
    ("name", "value", "written"),
    [
        ("willingness.moscow.ukraine", "very unlikely", 'word = "very unlikely"'),
        ("base_rate", "p05=0.1,p95=0.4", "quantiles = { p05 = 0.1, p95 = 0.4 }"),
        ("base_rate", "0.2", "fixed = 0.2"),
        ("precedent.ukraine", "p05=0.1,p95=0.4", "quantiles = { p05 = 0.1, p95 = 0.4 }"),
    ],
)
def test_an_edit_changes_its_row_alone(project, name, value, written):
    path = project / "priors" / "turkey-s400.toml"
    before = path.read_text()
    edit = tidings.edit_prior(name, value, REASON, question=path)
    assert path.read_text() == before
    assert all(line[2:] in before for line in edit.lines() if line.startswith("-"))
    added = [line[2:] for line in edit.lines() if line.startswith("+")]
    assert added == [written, f'because = "{REASON}"']
    edit.write()
    assert path.read_text() == edit.after
    assert before.count("#") == edit.after.count("#")
    assert tidings.check(path).question.priors == edit.question.priors


def test_claims_can_be_replaced_and_must_exist(project):
    path = project / "priors" / "turkey-s400.toml"
    edit = tidings.edit_prior("base_rate", "0.2", REASON, claims=["talks-stalled"], question=path)
    assert edit.question.config.priors.base_rate.claims == ("talks-stalled",)
    with pytest.raises(tidings.InputError, match="did you mean 'talks-stalled'"):
        tidings.edit_prior("base_rate", "0.2", REASON, claims=["talk-stalled"], question=path)


def test_what_somebody_else_changed_elsewhere_stays(project):
    """Two edits begun from one text: both are in the file, whatever its line ends."""
    path = project / "priors" / "turkey-s400.toml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    edits = [
        tidings.edit_prior(name, "0.2", REASON, question=path)
        for name in ("base_rate", "share_other")
    ]
    with path.open("a", newline="") as stream:
        stream.write("# a remark\r\n")
    for edit in edits:
        edit.write()
    priors = tidings.check(path).question.config.priors
    assert priors.base_rate.fixed == priors.share_other.fixed == 0.2
    assert path.read_bytes().endswith(b"# a remark\r\n")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")


def test_an_edit_of_what_somebody_else_edited_is_refused(project):
    path = project / "priors" / "turkey-s400.toml"
    first, second = (tidings.edit_prior("base_rate", v, REASON, question=path) for v in "12")
    first.write()
    with pytest.raises(tidings.UsageError, match="base_rate has been changed by somebody else"):
        second.write()
    assert path.read_text() == first.after


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["base_rate", "0.2"], "--because"),
        (["base_rate", "0.2", "--because", " "], "the reason"),
        (["base_rat", "0.2", "--because", REASON], "did you mean 'base_rate'"),
        (["base_rate", "p05=x", "--because", REASON], "quantiles like"),
    ],
)
def test_an_edit_without_reason_name_or_sense_is_wrong_use(project, arguments, says):
    path = project / "priors" / "turkey-s400.toml"
    before = path.read_text()
    done = subprocess.run(
        [sys.executable, "-m", "tidings", "priors", "set", *arguments, "--yes",
         "--question", str(path)],
        cwd=project, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert says in done.stderr
    assert path.read_text() == before
