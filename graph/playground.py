"""The playground: GraphiQL's page at the GraphQL endpoint for browsers, and the built files that it consists of.

`graph/serving/server.py` asks it before `graph/http/http.py`: a GET that likes HTML best and brings no `query`
gets the page, every other request is GraphQL over HTTP as before. The page calls no other host, which its
Content-Security-Policy enforces. Its sources stand in the repository's `playground/`.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
from aiohttp import web

from graph.http.media_types import GRAPHQL, JSON, acceptable
from graph.http.whole_answer import Reply, Replying
from graph.project.example_documents import ExampleDocument

ASSETS: Final = Path(__file__).with_name("playground_assets")
HTML: Final = "text/html"
_CONTENT_TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".txt": "text/plain"}
_SMALLEST_PACKED: Final = 1024
_ICON: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    '<path d="M5 9C9 1 23 1 27 9" fill="none" stroke="#3a9d4f" stroke-width="3" stroke-linecap="round"/>'
    '<path d="M16 30C8 26 5 19 7 14c2-4 6-4 9-2 3-2 7-2 9 2 2 5-1 12-9 16z" fill="#d6304a"/>'
    '<path d="M12 18v.1m4 3v.1m4-3v.1m-4 7v.1" stroke="#fff" stroke-width="2" stroke-linecap="round"/></svg>'
)
_ICON_URL: Final = f"data:image/svg+xml;base64,{base64.b64encode(_ICON.encode()).decode()}"
_GUARDS: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}
_FRAME_GUARDS: Final = {"x-frame-options": "DENY", "cross-origin-opener-policy": "same-origin"}


@dataclass(frozen=True, slots=True)
class Watched:
    """What the page shows of a project that is being developed. `version` changes with every schema served;
    `mistakes` keep a newer state from being served.
    """

    version: int
    mistakes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """What the page is told. `wants_token` puts an Authorization header, still empty, into the header editor;
    without `introspection` no schema is asked for.
    """

    title: str
    introspection: bool
    wants_token: bool = False
    examples: Sequence[ExampleDocument] = ()


@dataclass(frozen=True, slots=True)
class _Asset:
    body: bytes
    packed: bytes | None
    content_type: str
    etag: str


@cache
def _assets(folder: Path) -> Mapping[str, _Asset]:
    return {file.name: _asset(file) for file in sorted(folder.iterdir()) if file.suffix in _CONTENT_TYPES}


def _asset(file: Path) -> _Asset:
    body = file.read_bytes()
    packed = gzip.compress(body, 9, mtime=0) if len(body) >= _SMALLEST_PACKED else None
    return _Asset(body, packed, _CONTENT_TYPES[file.suffix], hashlib.sha256(body).hexdigest()[:32])


def content_security_policy(nonce: str) -> str:
    """The page's policy: nothing but what is named, no inline style or script, no eval, no other host.

    Script and style sheet are let in by the nonce of this one answer, and so are the style elements that
    dialogs add to stop scrolling. Images are data within the sheet and the icon, which call nobody. `connect-src
    'self'` holds for WebSockets too (CSP 3, section 6.7.2.8).
    """
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


class Playground:
    """The page at `path` and what belongs to it below `{path}/playground/`.

    `watched` is asked while a project is developed; without it the page does not ask.
    """

    def __init__(
        self,
        path: str,
        page: Page,
        *,
        watched: Callable[[], Watched] | None = None,
        assets: Path = ASSETS,
        new_nonce: Callable[[], str] = secrets.token_urlsafe,
    ) -> None:
        self._below = f"{path}/playground/"
        # Relative, so that the page works behind a proxy that adds a prefix to the path.
        self._reference = f"{path.rpartition('/')[2]}/playground/"
        self._watched = watched
        self._assets = _assets(assets)
        self._new_nonce = new_nonce
        self._title = html.escape(page.title)
        self._data = self._told(page)

    def wants(self, request: web.Request) -> bool:
        """Whether a request is a browser's for the page: HTML is liked best, and there is nothing to execute."""
        if request.method not in {"GET", "HEAD"} or "query" in request.query:
            return False
        accept = ", ".join(request.headers.getall("accept", []))
        return acceptable(accept, (GRAPHQL, JSON, HTML)) == HTML

    def before(self, endpoint: Replying) -> Replying:
        """A handler that answers with the page where it is wanted, and else leaves the request to the endpoint."""

        async def handle(request: web.Request) -> Reply:
            return self.page() if self.wants(request) else await endpoint(request)

        return handle

    def add_routes(self, app: web.Application) -> None:
        """Serve what the page consists of."""
        app.router.add_get(self._below + "{name}", self._asset)
        if self._watched is not None:
            app.router.add_get(self._below + "state/mistakes", self._mistakes)

    def page(self) -> web.Response:
        """The page, with a nonce of its own."""
        nonce = self._new_nonce()
        script = self._reference + self._named(".js")
        sheet = self._reference + self._named(".css")
        text = (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f"<title>{self._title} · Stolon playground</title>\n"
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="color-scheme" content="light dark">\n<meta name="robots" content="noindex">\n'
            f'<link rel="icon" href="{_ICON_URL}">\n'
            f'<link rel="stylesheet" nonce="{nonce}" href="{sheet}">\n'
            f'<script type="application/json" id="stolon-page">{self._data}</script>\n'
            f'<script type="module" nonce="{nonce}" src="{script}"></script>\n'
            '</head>\n<body>\n<div id="playground"></div>\n'
            "<noscript>The playground needs JavaScript; the endpoint itself does not.</noscript>\n"
            "</body>\n</html>\n"
        )
        return web.Response(
            text=text,
            content_type=HTML,
            charset="utf-8",
            headers={
                "content-security-policy": content_security_policy(nonce),
                "cache-control": "no-store",
                "vary": "accept",
                **_GUARDS,
                **_FRAME_GUARDS,
            },
        )

    def _told(self, page: Page) -> str:
        told = {
            "title": page.title,
            "introspection": page.introspection,
            "wantsToken": page.wants_token,
            "examples": page.examples,
            "mistakes": f"{self._reference}state/mistakes" if self._watched is not None else None,
        }
        # No "<" may end the script element early (HTML, section 4.12.1.3).
        return msgspec.json.encode(told).decode().replace("<", "\\u003c")

    def _named(self, ending: str) -> str:
        return next(name for name in self._assets if name.endswith(ending))

    async def _asset(self, request: web.Request) -> web.Response:
        asset = self._assets.get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound(headers=_GUARDS)
        etag = f'"{asset.etag}"'
        # The names of script and sheet change with their content, so that nobody need ask again.
        headers = {
            "cache-control": "public, max-age=31536000, immutable",
            "vary": "accept-encoding",
            **_GUARDS,
        }
        headers["etag"] = etag
        if request.headers.get("if-none-match") == etag:
            return web.Response(status=304, headers=headers)
        body = asset.body
        if asset.packed is not None and "gzip" in request.headers.get("accept-encoding", "").lower():
            body = asset.packed
            headers["content-encoding"] = "gzip"
        return web.Response(body=body, content_type=asset.content_type, charset="utf-8", headers=headers)

    async def _mistakes(self, _request: web.Request) -> web.Response:
        assert self._watched is not None  # the route is there only then
        headers = {"cache-control": "no-store", **_GUARDS}
        return web.Response(
            body=msgspec.json.encode(self._watched()), content_type=JSON, charset="utf-8", headers=headers
        )
