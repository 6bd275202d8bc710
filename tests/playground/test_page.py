"""The playground over HTTP: who gets the page, what its headers allow, and that it is closed by default."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from graph.playground import ASSETS, Page, Playground, Watched
from graph.project.example_documents import ExampleDocument
from graph.serving.server import application, serving
from graph.settings.settings import GraphSettings
from tests.graph.scripted_server import Everybody, Scripted, hello

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
EXAMPLE = ExampleDocument("Me", "query", "Who am I? </script><b>", "query Me { me { id } }", '{"a": 1}')
PAGE = Page("a<b", introspection=True, wants_token=True, examples=[EXAMPLE])
POLICY = (
    "default-src 'none'; script-src 'nonce-NONCE'; style-src 'nonce-NONCE'; img-src data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
GUARDS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Vary": "accept",
}


@dataclass
class Served:
    """The served edge, with what was executed."""

    url: str
    executor: Scripted
    client: aiohttp.ClientSession

    async def get(
        self, path: str = "/graphql", method: str = "GET", **headers: str
    ) -> tuple[int, Mapping[str, str], bytes]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.request(method, self.url + path, headers=named) as response:
            return response.status, response.headers, await response.read()


@dataclass
class State:
    """What the project under development is told to be."""

    now: Watched = field(default_factory=lambda: Watched(1))

    def __call__(self) -> Watched:
        return self.now


@asynccontextmanager
async def edge(playground: Playground | None, path: str = "/graphql") -> AsyncIterator[Served]:
    executor = Scripted(hello)
    app = application(
        executor, Everybody(), GraphSettings(schema="s:s", path=path), drain=1.0, playground=playground
    )
    async with (
        serving(app, "127.0.0.1", 0) as url,
        aiohttp.ClientSession(auto_decompress=False) as client,
    ):
        yield Served(url, executor, client)


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with edge(Playground("/graphql", PAGE, new_nonce=lambda: "NONCE")) as one:
        yield one


async def test_a_browser_gets_the_page_with_its_guards(served):
    """A GET that likes HTML best gets the page, whose headers let in nothing but its own script and sheet."""
    status, headers, body = await served.get(accept=BROWSER)

    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert {name: headers[name] for name in GUARDS} == GUARDS
    assert "<title>a&lt;b · Stolon playground</title>" in body.decode()
    assert served.executor.calls == []


async def test_everything_the_page_loads_is_its_own(served):
    """Script and sheet carry the nonce and stand below the endpoint; the icon stands in the page; nothing
    else is referred to, and no script or style stands in line.
    """
    _, _, body = await served.get(accept=BROWSER)
    text = body.decode()
    (script,) = (one.name for one in ASSETS.glob("*.js"))
    (sheet,) = (one.name for one in ASSETS.glob("*.css"))

    assert re.findall(r'(?:src|href)="((?!data:)[^"]*)"', text) == [
        f"graphql/playground/{sheet}",
        f"graphql/playground/{script}",
    ]
    assert text.count('nonce="NONCE"') == 2
    assert 'rel="icon" href="data:image/svg+xml;base64,' in text
    assert re.findall(r"<script[^>]*>", text) == [
        '<script type="application/json" id="stolon-page">',
        f'<script type="module" nonce="NONCE" src="graphql/playground/{script}">',
    ]
    assert re.findall(r"<style|\sstyle=|\son\w+=|https?:", text) == []


async def test_the_page_is_told_what_it_needs(served):
    """Title, examples and what is open stand in the page as JSON, which no text of an example can end."""
    _, _, body = await served.get(accept=BROWSER)
    (told,) = re.findall(r'id="stolon-page">(.*?)</script>', body.decode(), re.DOTALL)

    assert "<" not in told
    assert json.loads(told) == {
        "title": "a<b",
        "introspection": True,
        "wantsToken": True,
        "examples": [
            {
                "name": "Me",
                "kind": "query",
                "description": "Who am I? </script><b>",
                "query": "query Me { me { id } }",
                "variables": '{"a": 1}',
            }
        ],
        "mistakes": None,
    }


async def test_each_page_has_a_nonce_of_its_own():
    """No two answers share their nonce, which nobody can guess."""
    async with edge(Playground("/graphql", PAGE)) as one:
        policies = {(await one.get(accept=BROWSER))[1]["Content-Security-Policy"] for _ in range(5)}
    pattern = re.compile(r"script-src 'nonce-([\w-]+)'; style-src 'nonce-\1'")
    nonces = {nonce for policy in policies for nonce in pattern.findall(policy)}
    assert len(nonces) == 5
    assert min(map(len, nonces)) >= 43


@pytest.mark.parametrize(
    "accept",
    ["*/*", "application/json", "application/graphql-response+json, text/html", "text/html;q=0.5, */*"],
)
async def test_clients_that_do_not_prefer_html_are_answered_as_before(served, accept):
    """Who likes JSON as much as HTML, or says nothing, gets GraphQL's answer: here, that there is no query."""
    status, headers, body = await served.get(accept=accept)

    assert (status, headers["Content-Type"]) == (400, "application/json; charset=utf-8")
    assert json.loads(body)["errors"][0]["message"] == "The parameter query is required."


async def test_a_query_in_the_url_is_executed_for_a_browser_too(served):
    """GraphQL over HTTP stays undisturbed: a GET with a query is executed whatever it prefers."""
    status, _, body = await served.get("/graphql?query={hello}", accept=BROWSER)
    posted = await served.get(method="POST", accept=BROWSER, content_type="application/json")

    assert (status, json.loads(body)) == (200, {"data": {"hello": "world"}})
    assert (posted[0], posted[1]["Content-Type"]) == (400, "application/json; charset=utf-8")
    assert len(served.executor.calls) == 1


async def test_head_is_answered_like_get(served):
    """HEAD says what GET would, without the page."""
    status, headers, body = await served.get(method="HEAD", accept=BROWSER)

    assert (status, headers["Content-Security-Policy"], body) == (200, POLICY, b"")


async def test_the_page_stands_at_the_projects_own_path():
    """Its parts stand below the project's endpoint, referred to from there, so that a proxy's prefix does no
    harm.
    """
    async with edge(Playground("/api/v1/graph", PAGE), "/api/v1/graph") as one:
        _, _, body = await one.get("/api/v1/graph", accept=BROWSER)
        (script,) = re.findall(r'src="([^"]*)"', body.decode())
        status, _, _ = await one.get(f"/api/v1/{script}")

    assert script.startswith("graph/playground/playground-")
    assert status == 200


@pytest.mark.parametrize(
    ("ending", "content_type"),
    [(".js", "text/javascript"), (".css", "text/css"), (".txt", "text/plain")],
)
async def test_assets_are_served_packed_and_for_good(served, ending, content_type):
    """Each built file is served with its type, packed for whom unpacks, and need not be asked for again."""
    (file,) = ASSETS.glob(f"*{ending}")
    path, content = f"/graphql/playground/{file.name}", file.read_bytes()
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    plain = await served.get(path, accept_encoding="identity")
    packed = await served.get(path, accept_encoding="gzip, br")
    again = await served.get(path, if_none_match=etag)

    assert (plain[0], plain[2] == content) == (200, True)
    assert (packed[0], gzip.decompress(packed[2]) == content) == (200, True)
    assert (again[0], again[2]) == (304, b"")
    assert {
        name: plain[1][name] for name in ("Content-Type", "Cache-Control", "ETag", "X-Content-Type-Options")
    } == {
        "Content-Type": f"{content_type}; charset=utf-8",
        "Cache-Control": "public, max-age=31536000, immutable",
        "ETag": etag,
        "X-Content-Type-Options": "nosniff",
    }
    assert (plain[1].get("Content-Encoding"), packed[1]["Content-Encoding"]) == (None, "gzip")


@pytest.mark.parametrize("name", ["nothing.js", "..%2f..%2fserver.py", "%2e%2e/server.py", ""])
async def test_nothing_else_is_served(served, name):
    """A name that is no built file is 404, however it is written."""
    assert (await served.get(f"/graphql/playground/{name}"))[0] == 404


async def test_without_a_playground_there_is_no_page():
    """Closed, a browser gets what every client gets, and the files are not there either."""
    (script,) = ASSETS.glob("*.js")
    async with edge(None) as one:
        status, headers, _ = await one.get(accept=BROWSER)
        assert (status, headers["Content-Type"]) == (400, "application/json; charset=utf-8")
        assert (await one.get(f"/graphql/playground/{script.name}"))[0] == 404


async def test_what_is_wrong_with_the_project_is_told_while_it_is_developed():
    """The page of a project under development asks for its state; any other page does not, and gets none."""
    state = State()
    async with edge(Playground("/graphql", PAGE, watched=state)) as one:
        _, _, body = await one.get(accept=BROWSER)
        state.now = Watched(2, ["schema.py:7: wrong"])
        status, headers, told = await one.get("/graphql/playground/state/mistakes")
    async with edge(Playground("/graphql", PAGE)) as one:
        without = await one.get("/graphql/playground/state/mistakes")

    assert '"mistakes":"graphql/playground/state/mistakes"' in body.decode()
    assert (status, headers["Cache-Control"]) == (200, "no-store")
    assert json.loads(told) == {"version": 2, "mistakes": ["schema.py:7: wrong"]}
    assert without[0] == 404


def test_the_assets_are_one_script_one_sheet_and_licences():
    """What is committed is small in number and size, and holds no source map and no address to load from."""
    found = {re.sub(r"-[\w-]{8}\.", ".", file.name): file for file in ASSETS.iterdir()}
    assert sorted(found) == ["licences.txt", "playground.css", "playground.js"]
    assert sum(len(gzip.compress(file.read_bytes())) for file in found.values()) < 600_000
    for file in found.values():
        assert "sourceMappingURL" not in file.read_text(encoding="utf-8")
    sheet = found["playground.css"].read_text(encoding="utf-8")
    assert re.findall(r"@import|@font-face|url\((?![\"']?data:image/)", sheet) == []
    script = found["playground.js"].read_text(encoding="utf-8")
    assert re.findall(r"\bnew Function\(|\beval\(", script) == []


def test_the_lock_file_names_versions_and_digests_only():
    """Every package is pinned by version and SHA-512, and no address stands in the lock file."""
    folder = Path(__file__).resolve().parents[2] / "playground"
    lock = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))
    manifest = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    packages = {name: one for name, one in lock["packages"].items() if name}

    assert "://" not in json.dumps(lock)
    assert [
        name for name, one in packages.items() if not one.get("integrity", "").startswith("sha512-")
    ] == []
    stated = manifest["dependencies"] | manifest["devDependencies"]
    found = {name: packages[f"node_modules/{name}"]["version"] for name in stated}
    assert found == {name: version.rpartition("@")[2] for name, version in stated.items()}
