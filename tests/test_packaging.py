"""What is installed: the pins, the packages listed by name, and a wheel that holds all of the tree."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.layering import LAYERS, PROJECT, imports_of, read_tree

ROOT = Path(__file__).resolve().parent.parent
PIN_FILES = ("build", "check", "run", "test")


@pytest.fixture(scope="module")
def pyproject() -> dict[str, Any]:
    """The project file, read."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def listed(pyproject: dict[str, Any]) -> set[str]:
    """The packages that setuptools is told to install."""
    return set(pyproject["tool"]["setuptools"]["packages"])


def pins(name: str) -> dict[str, tuple[Requirement, int]]:
    """The requirements of one file, by name, each with the number of its hashes."""
    lines = (
        (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    )
    found: dict[str, tuple[Requirement, int]] = {}
    for line in lines:
        text, *hashes = re.split(r"\s+--hash=sha256:(?=[0-9a-f]{64}\b)", line.strip())
        if text and not text.startswith("#"):
            requirement = Requirement(text)
            found[canonicalize_name(requirement.name)] = (requirement, len(hashes))
    return found


@pytest.mark.parametrize("name", PIN_FILES)
def test_every_requirement_is_one_version_with_hashes(name: str):
    """A pin file holds exact versions with at least one hash each, and nothing else."""
    assert pins(name)
    assert {
        str(requirement): hashes
        for requirement, hashes in pins(name).values()
        if not hashes or [each.operator for each in requirement.specifier] != ["=="]
    } == {}


@pytest.mark.parametrize("name", PIN_FILES)
def test_pin_files_name_no_registry(name: str):
    """A pin file holds no address and no option: where packages come from is the machine's own matter."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")

    assert re.findall(r"^-.*$|^.*://.*$", text, re.MULTILINE) == []


def test_pin_files_agree():
    """A package pinned in several files has one version, so that the files install side by side."""
    versions: dict[str, set[str]] = {}
    for file in PIN_FILES:
        for name, (requirement, _) in pins(file).items():
            versions.setdefault(name, set()).add(str(requirement.specifier))

    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


def test_every_declared_dependency_is_pinned_within_its_range(pyproject: dict[str, Any]):
    """What pyproject.toml lists stands in the pin file of the same name: else scripts/pin was forgotten."""
    declared = {"run": pyproject["project"]["dependencies"], **pyproject["dependency-groups"]}
    assert set(declared) == set(PIN_FILES)

    forgotten = []
    for file, texts in declared.items():
        pinned = pins(file)
        for wanted in map(Requirement, texts):
            requirement, _ = pinned.get(canonicalize_name(wanted.name), (None, 0))
            version = next(iter(requirement.specifier)).version if requirement else None
            if version is None or not wanted.specifier.contains(version):
                forgotten.append(f"{file}: {wanted} (pinned: {version})")

    assert forgotten == []


def test_what_the_sources_import_is_declared(pyproject: dict[str, Any]):
    """No layer leans on a library that merely came with another one."""
    project = pyproject["project"]
    listed = [
        *project["dependencies"],
        *(text for extra in project["optional-dependencies"].values() for text in extra),
    ]
    declared = {canonicalize_name(Requirement(text).name) for text in listed}
    owners = packages_distributions()

    undeclared = []
    for module in read_tree(ROOT, *LAYERS):
        for each in imports_of(module):
            if each.top in sys.stdlib_module_names or each.top in PROJECT:
                continue
            if not declared & {canonicalize_name(name) for name in owners.get(each.top, [])}:
                undeclared.append(f"{module.path}:{each.line}: {each.target}")

    assert undeclared == []


def test_every_package_is_listed_by_name(listed: set[str]):
    """A folder of sources that pyproject.toml does not list would be missing from the wheel, unnoticed."""
    folders = {".".join(module.package) for module in read_tree(ROOT, *PROJECT)}

    assert folders - listed == set()
    assert {name for name in listed if not (ROOT / name.replace(".", "/")).is_dir()} == set()


def test_the_wheel_holds_every_module_and_data_file(tmp_path: Path):
    """A wheel built from the tree holds all sources, what lies beside them, and the `stolon` command."""
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in PROJECT:
        shutil.copytree(
            ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__", "*.sqlite*", ".*_cache")
        )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    wanted = {path.relative_to(tree).as_posix() for name in PROJECT for path in (tree / name).rglob("*.*")}

    how = ["-qq", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir"]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *how, str(tmp_path), str(tree)], check=True)
    (wheel,) = tmp_path.glob("stolon-*.whl")
    with ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
        held = {name for name in archive.namelist() if ".dist-info/" not in name}

    files = {name for name in wanted if (tree / name).is_file()}
    assert (files - held, held - files) == (set(), set()), "left out of the wheel, and there by mistake"
    # Isolated and without site: the editable install of this checkout must not stand in for the wheel.
    started = subprocess.run(
        [sys.executable, "-I", "-S", "-c", START, str(tmp_path / "installed"), sysconfig.get_path("purelib")],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert started.stdout.splitlines() == [
        str(tmp_path / "installed" / "stolon" / "__init__.py"),
        "stolon = graph.cli:main",
    ]


START = """
import sys
sys.path[:0] = sys.argv[1:3]
import stolon
from importlib.metadata import distribution
print(stolon.__file__)
(command,) = distribution("stolon").entry_points.select(group="console_scripts")
command.load()
print(command.name, "=", command.value)
"""


def test_this_interpreter_is_one_of_those_named(pyproject: dict[str, Any]):
    """The tests run on a Python that the package says it supports."""
    supported = Requirement(f"python{pyproject['project']['requires-python']}").specifier

    assert supported.contains(default_environment()["python_full_version"])
