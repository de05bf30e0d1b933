"""What an item or a config says is data: it runs nowhere, loads nothing and reads as typed."""

import base64
import csv
import hashlib
import html
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
from rich.console import Console
from tests.helpers import AS_OF, INPUTS, lighten
from tests.robustness.payloads import PAYLOADS

import tidings
from tidings._text import link_target, markdown, visible
from tidings.cli.asking import _Asker, _push_question
from tidings.evidence.recording import cells_of
from tidings.forecasting.making import make_forecast
from tidings.reporting.rendering import render

LINKS = [
    "https://a.b/>)<script>document.title='ran'</script>",
    "https://a.b/>)![](/etc/hostname)",
    "https://a.b/![](http://127.0.0.1:9/x)<",
    'https://a.b/`#read("/etc/hostname")`{=typst}',
    "javascript:alert(1)",
    "file:///etc/hostname",
    "https://",
    "https://[a",
    "https://a.b/x\u2028y",
    "https://a.b/\x1b]0;x\x07",
]


@pytest.mark.parametrize("link", LINKS)
def test_a_link_that_is_more_than_a_link_is_refused(inputs, link):
    cells = {
        "url": link, "actor": "moscow", "outcomes": "ukraine", "push": "1", "claim": "Some claim.",
        "source": "TASS", "voice": "observer", "source_reliability": "B", "credibility": "2",
    }  # fmt: skip
    with pytest.raises(tidings.InputError, match=r"url: got .* expected a link that begins with"):
        tidings.draft([cells], INPUTS / "priors/turkey-s400.toml")


def test_links_of_the_shipped_ledger_stay_what_they_were(inputs):
    for item in inputs.ledger.items:
        assert link_target(item.url) == item.url.replace("\\", "%5C")


@pytest.mark.parametrize("text", PAYLOADS)
def test_hostile_text_reads_as_typed(text, tmp_path):
    """Pandoc's plain text of the escaped text is the text."""
    import pypandoc

    read = subprocess.run(
        [pypandoc.get_pandoc_path(), "--from=markdown", "--to=html", "--wrap=none"],
        input=f"before {markdown(text)} after", capture_output=True, text=True, check=True,
    )  # fmt: skip
    inside = re.fullmatch(r"<p>before (.*) after</p>\s*", read.stdout)
    assert inside is not None
    assert "<" not in inside[1]
    assert html.unescape(inside[1]) == visible(text)


def test_controls_are_made_visible():
    assert visible("a\x1b[31mb\u202ec\x00d\te\nf") == "a⟨U+001B⟩[31mb⟨U+202E⟩c⟨U+0000⟩d e f"


def in_turn(start):
    """The payloads one after the other, from one of them on, again and again."""
    return itertools.islice(itertools.cycle(PAYLOADS), start, None)


@pytest.fixture(scope="module")
def hostile_run(inputs, tmp_path_factory):
    """A run whose titles, reasons, claims, sources, speakers and notes are hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    for name in ("priors", "data", "seeds"):
        subprocess.run(["cp", "-r", INPUTS / name, folder / name], check=True)
    question = folder / "priors/turkey-s400.toml"
    text = question.read_text()
    for key, start in (("title", 0), ("resolution", 11), ("because", 23)):
        payloads = in_turn(start)
        text = re.sub(
            rf"^({key} = )(\"\"\".*?\"\"\"|\".*?\")",
            lambda found, payloads=payloads: found[1] + json.dumps(
                " ".join(next(payloads) for _ in range(2 if key == "title" else 4))  # noqa: B023
                + (MARKUP if key == "title" else ""),  # noqa: B023
                ensure_ascii=False,
            ),
            text, flags=re.MULTILINE | re.DOTALL,
        )  # fmt: skip
    question.write_text(text)
    lighten(question)
    ledger = folder / "data/evidence.csv"
    items = [item for item in tidings.check(question).ledger.items if item.known <= AS_OF]
    fields = {name: in_turn(start) for name, start in (("claim", 0), ("source", 7), ("speaker", 19),
                                                       ("note", 31), ("via", 43))}  # fmt: skip
    hostile = [
        replace(item, **{name: next(payloads) for name, payloads in fields.items()})
        for item in items
    ]
    with ledger.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(cells_of(items[0])), lineterminator="\n")
        writer.writeheader()
        writer.writerows(cells_of(item) for item in hostile)
    return make_forecast(tidings.check(question), AS_OF, folder / "runs")


@pytest.fixture(scope="module")
def hostile_reports(hostile_run, tmp_path_factory):
    return render(hostile_run, ("html", "pdf"), tmp_path_factory.mktemp("reports"))


def test_a_hostile_question_renders_as_text_in_both_formats(hostile_reports):
    assert len(PAYLOADS) >= 60
    page, pdf = hostile_reports
    text = page.read_text(encoding="utf-8")
    # The one script is that of the living report, which the page's policy names by its digest.
    [script] = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in html.unescape(text.partition("</head>")[0])
    text = text.replace(script, "")
    assert text.count("<script") == 1
    assert not re.search(r'(?:src|href)="(?:javascript|file|/|http://127)', text)
    shown = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())
    for payload in PAYLOADS:
        assert " ".join(visible(payload).split()) in shown, payload
    drawn = subprocess.run(["pdfimages", "-list", pdf], capture_output=True, text=True, check=True)
    assert len(drawn.stdout.splitlines()) == 2, "a picture that is none of ours"
    read = subprocess.run(["pdftotext", pdf, "-"], capture_output=True, text=True, check=True)
    assert "root:x" not in read.stdout and os.uname().nodename not in read.stdout


@pytest.mark.browser
def test_in_a_browser_nothing_hostile_runs_or_is_fetched(hostile_reports):
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        view = browser.new_page()
        asked, said = [], []
        view.on("request", lambda one: asked.append(one.url))
        view.on("console", lambda one: said.append(one.text))
        view.on("dialog", lambda one: said.append(one.message))
        view.goto(hostile_reports[0].as_uri())
        view.wait_for_selector("#living table")
        view.eval_on_selector("#living fieldset > details", "fold => fold.open = true")
        view.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
        view.wait_for_timeout(300)
        read = " ".join(view.inner_text("body").split())
        assert view.title() != "ran"
        browser.close()
    assert said == [] and {one.partition(":")[0] for one in asked} <= {"file", "data"}
    for payload in PAYLOADS:
        assert " ".join(visible(payload).split()) in read, payload


def test_modules_of_the_working_folder_are_not_run(tmp_path, monkeypatch):
    """With an empty cache the model is compiled in a process of its own: from where?"""
    for name in ("numba", "json", "pickle", "pymc", "numpy"):
        (tmp_path / f"{name}.py").write_text("open('ran', 'w').write('x')\nraise SystemExit(9)\n")
    code = (
        "from tidings.forecasting.density import _import_paths\nimport subprocess, sys, os\n"
        "paths = os.pathsep.join(_import_paths())\n"
        "done = subprocess.run([sys.executable, '-P', '-c', 'import numba, json, pickle, pymc'],"
        " env={**os.environ, 'PYTHONPATH': paths})\n"
        "sys.exit(done.returncode)\n"
    )
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": "", "HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=tmp_path, env=environment, check=False
    )
    assert done.returncode == 0
    assert not (tmp_path / "ran").exists()


def command(folder, *arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "tidings", *arguments], cwd=folder, capture_output=True,
        check=False, env={**os.environ, **environment}, timeout=300,
    )  # fmt: skip


MARKUP = " [/b] $x^ \\frac"
"""Ends what was not begun: of a terminal's markup, and of maths."""


@pytest.mark.slow
def test_a_terminal_gets_no_markup_and_no_escapes_of_others(hostile_run):
    """Titles and claims are shown as typed: nothing is coloured, erased or turned about by them."""
    folder = hostile_run.path.parents[1]
    for arguments in (
        ["history"], ["watch", "--all"], ["priors", "show", "base_rate"], ["priors", "show"],
        ["sensitivity"], ["explain"], ["priors", "plot"],
    ):  # fmt: skip
        done = command(folder, *arguments, "--runs", str(hostile_run.path.parent))
        assert done.returncode == 0, (arguments, done.stderr)
        assert not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]|\xe2\x80\xae", done.stdout)
    question = folder / "priors" / "markup.toml"
    text = (folder / "priors" / "turkey-s400.toml").read_text()
    text = re.sub(r"^title = .*$", r'title = "closed [/b] and [red]open\\u001b[2J"', text, count=1,
                  flags=re.MULTILINE)  # fmt: skip
    question.write_text(text)
    done = command(folder, "priors", "show", "--question", "priors/markup.toml")
    assert done.returncode == 0, done.stderr
    assert b"closed [/b] and [red]open" in done.stdout and b"\x1b" not in done.stdout


def test_a_prompt_shows_titles_as_typed(project, monkeypatch):
    question = project / "priors/turkey-s400.toml"
    text, count = re.subn(r'^title = "Given to Ukraine"', 'title = "Given [/b] [red]away"',
                          question.read_text(), flags=re.MULTILINE)  # fmt: skip
    assert count == 1
    question.write_text(text)
    inputs = tidings.check(question)
    shown = []
    monkeypatch.setattr(
        Console, "input", lambda self, prompt="", **how: shown.append(prompt) or "1"
    )
    asker = _Asker(Console(), inputs, {})
    asker.ask("push", _push_question(inputs, "ukraine"))
    assert asker.cells["push"] == "1" and "“Given [/b] [red]away”" in str(shown[0])


def test_the_name_of_a_file_reaches_no_terminal_raw(project):
    (project / "priors/turkey-s400.toml").rename(project / "priors/a\x1b[2Jb.toml")
    (project / "data/evidence.csv").rename(project / "data/c\x1b[2Jd.csv")
    question = project / "priors/a\x1b[2Jb.toml"
    text = question.read_text().replace("../data/evidence.csv", "../data/c\\u001b[2Jd.csv")
    for changed in (text, text.replace("title = ", "tilte = ", 1)):
        question.write_text(changed)
        done = command(project, "check", "--question", str(question))
        assert b"\x1b" not in done.stdout + done.stderr
        assert "a⟨U+001B⟩[2Jb.toml" in (done.stdout + done.stderr).decode()


@pytest.mark.parametrize("title", ["a\n---\n\x00'b", "...", "'quoted': \"twice\"", "# no", "- [x]"])
def test_no_title_ends_the_header_of_a_document(title):
    import yaml

    from tidings.reporting.document import _quoted

    header = f"title: {_quoted(markdown(title))}\nlang: en\n"
    read = yaml.safe_load(header)
    assert set(read) == {"title", "lang"} and isinstance(read["title"], str)


@pytest.mark.parametrize(
    ("name", "old", "new", "shown"),
    [("data/evidence.csv", ",own,moscow,", ",own,mos\x1b[2Jcow,", "mos\\x1b[2Jcow"),
     ("data/yardsticks.csv", "icd203,very likely", "icd203,very\x1b[2J likely", "very likely"),
     ("priors/turkey-s400.toml", "[priors.base_rate]", '[priors."base\\u001b[2J"]', "base")],
)  # fmt: skip
def test_a_fault_with_escapes_in_it_is_one_visible_line(project, name, old, new, shown):
    text = (project / name).read_text()
    assert old in text
    (project / name).write_text(text.replace(old, new, 1))
    done = command(project, "check")
    assert done.returncode == 1
    assert b"\x1b" not in done.stderr and shown in done.stderr.decode()


def test_output_that_is_not_utf8_and_a_closed_pipe_are_no_faults(project):
    done = command(project, "check", PYTHONIOENCODING="ascii", LC_ALL="C")
    assert done.returncode == 0
    reading, writing = os.pipe()
    os.close(reading)
    for arguments in (["check"], ["check", "--json"], ["priors", "show"]):
        piped = subprocess.run([sys.executable, "-m", "tidings", *arguments], cwd=project,
                               stdout=writing, stderr=subprocess.PIPE, check=False)  # fmt: skip
        assert piped.returncode == 1 and piped.stderr == b"", arguments
    os.close(writing)
