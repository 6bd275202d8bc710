"""The reference is what the code says: nothing in it is old, nothing public is missing, and links lead somewhere."""

from __future__ import annotations

import asyncio
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import stolon
from graph.declaring import rest
from graph.observing.seeing import Seeing
from graph.settings.settings import GraphSettings, HeaderSettings, Settings, read_settings
from resolvers.fault import Code
from scripts.reference_pages import settings_probe
from scripts.reference_pages.__main__ import REFERENCE, ROOT, pages, shown_by
from scripts.reference_pages.error_probe import refusals, rows
from scripts.reference_pages.settings_defaults import defaults, struct_of
from scripts.reference_pages.words import UNTOLD, Words
from stolon import testing
from tests.docs.garden import DOCS, GARDEN
from tests.docs.pages import blocks

HOW = "run scripts/reference-pages, having said what it is in docs/reference/words.toml"
PAGES = sorted(DOCS.rglob("*.md"))


def text_of(name: str) -> str:
    return (REFERENCE / f"{name}.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def made() -> tuple[dict[Path, str], Words]:
    """The pages as they should be now, and the words that were used for them."""
    words = Words.read(REFERENCE / "words.toml")
    return pages(words), words


def test_the_pages_are_what_the_code_says_now(made: tuple[dict[Path, str], Words]):
    """Whoever changes a setting, a code, a metric or a public name writes the reference anew."""
    old = [file.name for file, text in made[0].items() if file.read_text(encoding="utf-8") != text]
    assert old == [], HOW


def test_everything_is_described_and_nothing_that_is_gone(made: tuple[dict[Path, str], Words]):
    """Each setting, way, code, metric and name has its words, here or beside the code; no words are left over."""
    assert (made[1].untold, made[1].stale) == ([], []), HOW


def test_every_public_name_has_its_section():
    """Each name of `stolon`, `stolon.rest` and `stolon.testing` is a heading with something below it."""
    page = text_of("idiom")
    wanted = [f"### `rest.{name}`" for name in rest.__all__] + [
        f"### `testing.{name}`" for name in testing.__all__
    ]
    assert [
        heading for heading in wanted if not re.search(rf"^{re.escape(heading)}\n\n\S", page, re.MULTILINE)
    ] == []
    assert set(stolon.__all__) == {"rest", "testing", "Context"}
    assert "## The context" in page


def test_every_name_of_the_idiom_is_shown_in_an_example():
    """The tutorial and the how-to pages together use every function of `rest` in code that is executed."""
    code = "".join(
        block.text for page in shown_by() for block in blocks(page) if block.language in ("python", "console")
    )
    functions = [name for name in rest.__all__ if not name[0].isupper()]
    assert [name for name in functions if not re.search(rf"\brest\.{name}\b", code)] == []


def test_every_code_and_metric_has_its_line():
    """Each code of a fault is a heading, each code of a refusal a row, and nothing is left undescribed."""
    errors, metrics = text_of("errors"), text_of("metrics")
    assert [str(code) for code in Code if f"### `{code}`" not in errors] == []
    assert [code for code in refusals(ROOT / "graph") if f"`{code}`" not in errors] == []
    assert UNTOLD not in errors + metrics


def test_every_family_of_a_served_project_is_listed():
    """What Prometheus would read of a project is what the page lists, by name."""
    settings = Settings(
        folder=Path(), graph=GraphSettings(schema="s:s"), headers=HeaderSettings(), services={}
    )
    families = {
        one.name for one in Seeing(settings).metrics.registry.collect() if one.name.startswith("stolon_")
    }
    listed = re.findall(r"^\| `(stolon_\w+?)(?:_total)?` \|", text_of("metrics"), re.MULTILINE)
    assert set(listed) == families


def test_the_probe_finds_what_a_project_may_say():
    """Tables are found by asking the reader: those of this project's own files are among them, keys and all."""
    found = settings_probe.tables()
    assert found["graph",].required == {"schema"}
    assert found["services", "NAME"].required == {"url"}
    assert found["services", "NAME", "credentials"].ways.keys() >= {"exchange", "api_key", "basic"}
    assert found["services", "NAME", "retry"].keys["retries"] == "an integer from 0 to 10"
    assert found["graph",].keys["body_limit"] == "a size from 1KiB to 1GiB"
    assert found["identity",].keys["leeway"] == "a duration from 0 to 600 seconds"
    assert found["headers",].keys == {"forward": "a list, each the name of a header"}
    assert found["services", "NAME", "breaker"].keys["failures"] == "a number greater than 0, up to 1"


def test_defaults_are_those_that_a_project_gets(tmp_path: Path):
    """The default that is shown is what a project has that says nothing."""
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "x.yaml").write_text("openapi: 3.1.0")
    (tmp_path / "stolon.toml").write_text('[graph]\nschema = "s:s"\n[services.x]\nurl = "http://localhost"\n')
    settings = read_settings(tmp_path, {})
    kind = struct_of(("services", "NAME", "retry"))
    assert kind is not None
    assert defaults(kind) == {name: getattr(settings.services["x"].retry, name) for name in defaults(kind)}
    assert struct_of(("graph",)) is GraphSettings
    assert struct_of(("services", "NAME", "credentials")) is None


def test_the_table_of_errors_is_found_by_trying():
    """A change that was sent and not answered is told apart from a read, the gateway's rights from the caller's."""
    found = {row.what: row.codes for row in asyncio.run(rows())}
    assert found["no answer in time"] == ("UPSTREAM_TIMEOUT", "UPSTREAM_TIMEOUT", "OUTCOME_UNKNOWN")
    assert found["422"] == ("BAD_USER_INPUT", "UPSTREAM_ERROR", "BAD_USER_INPUT")
    assert found["401, to the caller's own token"] == ("UNAUTHENTICATED",) * 3
    assert found["401, to the gateway's credentials"] == ("UPSTREAM_ERROR",) * 3


def test_words_know_what_is_missing_and_what_is_left_over():
    """What nobody described is listed, and so is what is described and not there."""
    words = Words({"settings": {"a.b": "so", "a.gone": "was"}})
    assert words.of("settings", "a.b") == "so"
    assert words.of("settings", "a.c") == UNTOLD
    assert words.of("settings", "a.d", "says the code") == "says the code"
    assert (words.untold, words.stale) == (["settings: a.c"], ["settings: a.gone"])


def test_the_command_compares():
    """`scripts/reference-pages --check` is 0 where all is well, and writes nothing."""
    script = ROOT / "scripts" / "reference-pages"
    before = {file: file.stat().st_mtime_ns for file in REFERENCE.iterdir()}
    ran = subprocess.run(
        [str(script), "--check"],
        env={"PATH": "/usr/bin:/bin", "PYTHON": sys.executable},
        capture_output=True,
        text=True,
    )
    assert (ran.returncode, ran.stdout) == (0, "")
    assert {file: file.stat().st_mtime_ns for file in REFERENCE.iterdir()} == before


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_links_lead_somewhere(page: Path):
    """Each relative link is to a file that is there, and to a heading of it."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    wrong = []
    for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
        path, _, anchor = link.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            wrong.append(link)
    assert wrong == []


def anchors(page: Path) -> set[str]:
    """What GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", one).lower().replace(" ", "-") for one in headings]
    return {"".join(char for char in one if char.isalnum() or char in "-_") for one in plain}


def test_every_page_is_found_from_the_first():
    """docs/README.md leads to every page, directly or by another."""
    seen: set[Path] = set()
    waiting = [DOCS / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md" or not page.is_relative_to(DOCS):
            continue
        seen.add(page)
        links = re.findall(r"\]\((?!https?:)([^)#\s]+)", page.read_text(encoding="utf-8"))
        waiting += [(page.parent / link).resolve() for link in links]
    assert [page.name for page in PAGES if page not in seen] == []


@pytest.mark.parametrize("name", ["plants", "harvests", "shed"])
def test_the_gardens_services_serve_what_their_contracts_say(name: str):
    """Each operation of a contract of docs/garden is a route of its service, and each route an operation."""
    module: dict[str, Any] = runpy.run_path(str(GARDEN / f"{name}.py"))
    routes = {
        (route.method, route.resource.canonical)
        for route in module["application"]().router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    contract = yaml.safe_load((GARDEN / "contracts" / f"{name}.yaml").read_text(encoding="utf-8"))
    stated = {(method.upper(), path) for path, one in contract["paths"].items() for method in one}
    assert routes == stated
