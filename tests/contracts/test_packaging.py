"""What others install: a wheel that works anywhere, made of wheels, under fitting licences."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution, requires

import pytest
from packaging.requirements import Requirement
from tests.helpers import INPUTS, PROJECT

PYTHONS = ("3.12", "3.14")
"""The oldest and the newest that are supported; the one between them runs the tests."""
PLATFORMS = ("linux", "macos", "windows")
FITTING = re.compile(
    r"apache|bsd|\bmit\b|isc\b|psf|python software|mpl|mozilla|zpl|unlicense|0bsd|hpnd|cc0|zlib",
    re.IGNORECASE,
)
"""Licences under which a dependency may stand beside Apache 2.0."""
APART = {"pypandoc-binary"}
"""Pandoc itself is GPL-2: a program of its own, called as one and not linked."""

UV = shutil.which("uv") or [sys.executable, "-m", "uv"]


def uv(*arguments, **options):
    command = [UV] if isinstance(UV, str) else UV
    return subprocess.run(
        [*command, *arguments], capture_output=True, text=True, check=False, **options
    )


def dependencies_of(name):
    """Every runtime dependency, and theirs, that this machine has installed."""
    seen, waiting = set(), [name]
    while waiting:
        for text in requires(waiting.pop()) or ():
            one = Requirement(text)
            here = one.marker is None or one.marker.evaluate({"extra": ""})
            if here and one.name.lower() not in seen:
                seen.add(one.name.lower())
                waiting.append(one.name)
    return sorted(seen)


def licence_of(name):
    """What a distribution says of its licence, wherever its metadata say it."""
    metadata = distribution(name).metadata
    classifiers = metadata.get_all("Classifier") or []
    said = [line for line in classifiers if line.startswith("License")]
    return " ".join([metadata.get("License-Expression") or "", *said,
                     (metadata.get("License") or "")[:80]])  # fmt: skip


def test_every_dependency_has_a_licence_that_fits():
    wrong = {}
    for name in dependencies_of("tidings"):
        try:
            said = licence_of(name)
        except PackageNotFoundError:
            continue  # of another platform
        copyleft = re.search(r"\bA?GPL|GNU (General|Affero)", said) and not FITTING.search(said)
        if name not in APART and (copyleft or not FITTING.search(said)):
            wrong[name] = said
    assert wrong == {}


def test_a_copyleft_dependency_would_be_found():
    """The twin: what scikit-survival says of itself does not fit."""
    said = "GPL-3.0-or-later License :: OSI Approved :: GNU General Public License v3"
    assert not FITTING.search(said)


@pytest.mark.slow
@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_every_dependency_has_a_wheel(platform, python):
    """No compiler is needed anywhere: what cannot be had as a wheel is no candidate."""
    done = uv(
        "pip", "compile", "--quiet", "--only-binary", ":all:", "--python-version", python,
        "--python-platform", platform, "pyproject.toml", cwd=PROJECT,
    )  # fmt: skip
    if done.returncode and "connect" in done.stderr.lower():
        pytest.skip("no package registry can be reached")
    assert done.returncode == 0, done.stderr
    assert "pymc==" in done.stdout


def test_dependencies_are_ranges_with_a_floor_and_no_ceiling():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    for text in project["dependencies"]:
        assert [spec.operator for spec in Requirement(text).specifier] == [">="], text


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The wheel, unpacked where nothing of the project stands."""
    folder = tmp_path_factory.mktemp("wheel")
    built = uv("build", "--quiet", "--wheel", "--out-dir", str(folder), cwd=PROJECT)
    assert built.returncode == 0, built.stderr
    [wheel] = folder.glob("*.whl")
    put = uv("pip", "install", "--quiet", "--no-deps", "--target", str(folder / "site"), str(wheel))
    assert put.returncode == 0, put.stderr
    return folder / "site"


FIXED = {
    "willingness.maker.delivered": "1.0",
    "willingness.ukraine.delivered": "0.9",
    "binding.usa.delivered": "1.0",
    "factor_sd.usa": "0.7",
    "noise_scale": "1.0",
}
"""Values taken as certain, at the edge of what they can be among them."""


@pytest.mark.slow
def test_the_wheel_works_in_an_empty_folder(installed, tmp_path):
    """A question of one's own: template, fixed priors, real news, moves, report, examination."""

    def tidings(*arguments, ends=0):
        code = "import sys; sys.argv[0] = 'tidings'; from tidings.cli import main; main()"
        done = subprocess.run(
            [sys.executable, "-P", "-c", code, *arguments], cwd=tmp_path, capture_output=True,
            text=True, check=False, env={**os.environ, "PYTHONPATH": str(installed)},
        )  # fmt: skip
        assert done.returncode == ends, done.stderr
        return done.stdout

    where = ("--question", "priors/atacms.toml")
    tidings("new", "atacms", "--outcomes", "delivered", "--actors", "usa,ukraine,maker",
            "--clock-start", "2022-05-31")  # fmt: skip
    because = ("--because", "A reason in words.", "--yes")
    for prior, value in FIXED.items():
        tidings("priors", "set", prior, value, *because, *where)
    unfilled = tidings("forecast", "--as-of", "2022-07-30", *where, ends=1)
    assert "not publishable" in unfilled and "what counts as delivered" in " ".join(
        unfilled.split()
    )
    template = tmp_path / "priors/atacms.toml"
    filled, count = re.subn(
        r"To be replaced: what counts as this, and what does not",
        "The first missiles are in Ukraine, or are not",
        template.read_text(),
    )
    assert count == 1
    template.write_text(filled)
    header, *items = (INPUTS / "data/resolved/usa-atacms.csv").read_text().splitlines()
    for number, chosen in enumerate((items[:3], items[3:6])):
        (tmp_path / f"{number}.csv").write_text("\n".join([header, *chosen]))
        told = tidings("add", "--from", f"{number}.csv", "--yes", *where)
        assert "recorded in data/" in " ".join(told.split())
        assert "checks" in tidings("forecast", "--as-of", f"2022-{9 + number}-30", *where)
    assert "no faults" in tidings("check", *where)
    assert "left over" in tidings("diff") or "error of the split" in tidings("diff")
    for command in ("watch", "sensitivity"):
        assert not re.search(r"nan|internal", tidings(command))
    assert ".pdf" in tidings("report")
    made = {path.suffix for path in tmp_path.glob("reports/rendered/*") if path.is_file()}
    assert made == {".html", ".pdf"}
    for name in ("usa-atacms", "hungary-sweden-nato", "germany-taurus", "uae-f35"):
        for path in (INPUTS / "data" / "resolved").glob(f"{name}.*"):
            (tmp_path / "past").mkdir(exist_ok=True)
            shutil.copy(path, tmp_path / "past")
    examined = tidings("exam", "past", "--leave-one-out", *where)
    assert "usa-atacms" in examined
    inside = "import tidings; print(tidings.__file__)"
    shown = subprocess.run(
        [sys.executable, "-P", "-c", inside], cwd=tmp_path, capture_output=True, text=True,
        check=True, env={**os.environ, "PYTHONPATH": str(installed)},
    )  # fmt: skip
    assert str(installed) in shown.stdout


def test_pins_have_hashes_name_no_host_and_lie_in_the_ranges():
    """`.ci/pin` makes them; what is resolved elsewhere on another day may differ."""
    text = (PROJECT / ".ci" / "requirements.txt").read_text(encoding="utf-8")
    assert "http" not in text
    found = re.findall(r"^\S+==(?:.*\\\n)*.*$", text, re.MULTILINE)
    assert len(found) > 90 and all("--hash=sha256:" in pin for pin in found)
    pins = {}
    for pin in found:
        asked = Requirement(pin.partition(" \\")[0].strip())
        if asked.marker is None or asked.marker.evaluate():
            pins[asked.name] = next(iter(asked.specifier)).version
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    for text in project["dependencies"]:
        wanted = Requirement(text)
        assert wanted.specifier.contains(pins[wanted.name]), text
    assert {one.replace("_", "-") for one in dependencies_of("tidings")} <= set(pins)


def test_the_bill_of_materials_has_every_dependency_with_a_licence():
    bill = json.loads((PROJECT / ".ci" / "sbom.cdx.json").read_text(encoding="utf-8"))
    assert bill["bomFormat"] == "CycloneDX" and "http" not in json.dumps(bill)
    named = {part["name"]: part["licenses"][0]["license"]["name"] for part in bill["components"]}
    asked = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert {re.match(r"[\w.-]+", one)[0] for one in asked} <= set(named)
    assert not [name for name, licence in named.items() if licence == "unknown"]
