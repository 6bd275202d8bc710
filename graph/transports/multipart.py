"""File uploads by the GraphQL multipart request specification: `operations`, `map`, then the files as they come.

`graph/http/http.py` gives it requests; the document goes on to `graph/http/exchange.py` with files in its
variables. A form is a simple request, which pages of other sites may send without being asked: a header that only
a script of an allowed page can set is wanted beside it. https://github.com/jaydenseric/graphql-multipart-request-spec
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from aiohttp import BodyPartReader, MultipartReader, http_exceptions, web

from graph.documents.bounds import CODE as LIMIT_EXCEEDED
from graph.executing.executor import GraphQLRequest
from graph.http.exchange import Exchange
from graph.http.media_types import GRAPHQL, JSON
from graph.http.refused import Refused
from graph.http.request_body import arriving, check_announced, too_large
from graph.http.request_form import bad, of_json
from graph.http.uploads import CHUNK, UploadedFile
from graph.http.whole_answer import Reply
from graph.settings.limits import Limits

METHOD: Final = "POST"
FORM: Final = "multipart/form-data"
PREFLIGHT: Final = (
    "graphql-require-preflight",
    "apollo-require-preflight",
    "x-apollo-operation-name",
    "x-requested-with",
)
_PLAIN: Final = frozenset({"", "7bit", "8bit", "binary"})  # RFC 7578, section 4.7: nothing else is sent
_MALFORMED: Final = "The body is no multipart form"
_MAP: Final = msgspec.json.Decoder(dict[str, list[str]])


class Multipart:
    """Answers POST requests of forms with files. `body_limit` bounds `operations` and `map`, each."""

    methods = (METHOD,)
    forms = (GRAPHQL, JSON)
    identifies = False

    def __init__(self, body_limit: int, limits: Limits) -> None:
        self._body_limit = body_limit
        self._limits = limits

    def supports(self, request: web.Request) -> bool:
        """Whether the request is a form with parts."""
        return request.method == METHOD and request.content_type == FORM

    async def respond(self, request: web.Request, exchange: Exchange) -> Reply:
        """The answer. Raises `Refused`: 403 without a header that wants a preflight, 415 for a packed form, 413 over
        a limit, 408 too slow, 400 malformed.
        """
        if not any(request.headers.get(name) for name in PREFLIGHT):
            message = f"A multipart request needs one of the headers {', '.join(PREFLIGHT)}, not empty."
            raise Refused(403, "PREFLIGHT_REQUIRED", message)
        if (
            "content-encoding" in request.headers
        ):  # a small one would become any size, with no pause for anybody else
            raise Refused(415, "UNSUPPORTED_MEDIA_TYPE", "A form is sent as it is, without Content-Encoding.")
        check_announced(request, self._limits.upload)
        form = _Form(request, self._body_limit, self._limits)
        try:
            document = await form.read()
        except BaseException:
            form.close()
            raise
        return await exchange.answer(document, may_mutate=True, release=form.close)


class _Reader(MultipartReader):
    """Reads a form that begins with its first boundary; aiohttp would read lines until it comes, without end. An
    empty line before it is passed over, since some clients send one.
    """

    async def _read_until_first_boundary(self) -> None:
        line = (await self._readline()).rstrip()
        if not line:
            line = (await self._readline()).rstrip()
        if line == self._boundary + b"--":
            self._at_eof = True
        elif line != self._boundary:
            raise ValueError("no boundary")


class _Form:
    """One form while it arrives."""

    def __init__(self, request: web.Request, body_limit: int, limits: Limits) -> None:
        self._request = request
        self._body_limit = body_limit
        self._limits = limits
        self._files: dict[str, UploadedFile] = {}

    def close(self) -> None:
        """Let go of every file."""
        for file in self._files.values():
            file.close()

    async def read(self) -> GraphQLRequest:
        """The request with its files in place. Raises `Refused`."""
        request = self._request
        try:
            async with arriving(self._limits.upload_timeout):
                return await self._read(_Reader(request.headers, request.content))
        except (ValueError, AssertionError, RuntimeError, http_exceptions.HttpProcessingError):
            raise bad(f"{_MALFORMED}.") from None

    async def _read(self, reader: MultipartReader) -> GraphQLRequest:
        document = of_json(await self._text(reader, "operations"), "part operations")
        places = self._places(await self._text(reader, "map"))
        variables = dict(document.variables)
        for name, paths in places.items():
            for path in paths:
                _put(variables, path, None, name)
        while (part := await self._part(reader)) is not None:
            name = part.name or ""
            if name not in places or name in self._files:
                raise bad(f"{_MALFORMED} as map says: part {name[:64]!r} is not expected, or comes twice.")
            await self._receive(part, name)
            for path in places[name]:
                _put(variables, path, self._files[name], name)
        missing = sorted(places.keys() - self._files.keys())
        if missing:
            raise bad(f"{_MALFORMED} as map says: part {missing[0][:64]!r} is missing.")
        return msgspec.structs.replace(document, variables=variables)

    async def _text(self, reader: MultipartReader, name: str) -> bytes:
        part = await self._part(reader)
        if part is None or part.name != name:
            raise bad(f"{_MALFORMED}: part {name} is expected here; operations comes first, then map.")
        text = bytearray()
        while chunk := await part.read_chunk(CHUNK):
            text += chunk
            if len(text) > self._body_limit:
                raise too_large(self._body_limit, what=f"Part {name}")
        return bytes(text)

    async def _part(self, reader: MultipartReader) -> BodyPartReader | None:
        part = await reader.next()
        if self._request.content.total_bytes > self._limits.upload:
            raise too_large(self._limits.upload)
        if part is None:
            return None
        if not isinstance(part, BodyPartReader):
            raise bad(f"{_MALFORMED}: a part of it has parts.")
        if part.headers.get("content-transfer-encoding", "").lower() not in _PLAIN:
            raise bad(f"{_MALFORMED}: a part of it is encoded; parts are sent as they are.")
        return part

    def _places(self, text: bytes) -> Mapping[str, list[str]]:
        try:
            places = _MAP.decode(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            raise bad(f"{_MALFORMED}: part map is no JSON object of lists of paths.") from None
        limits = self._limits
        paths = sum(len(each) for each in places.values())
        for figure, most, what in (
            (len(places), limits.upload_files, "files"),
            (paths, limits.upload_paths, "paths"),
        ):
            if figure > most:
                said = f"The map names {figure} {what}; at most {most} are accepted."
                raise Refused(413, LIMIT_EXCEEDED, said)
        return places

    async def _receive(self, part: BodyPartReader, name: str) -> None:
        content_type = part.headers.get("content-type", "application/octet-stream")
        file = self._files[name] = UploadedFile(part.filename, content_type)
        while chunk := await part.read_chunk(CHUNK):
            if file.size + len(chunk) > self._limits.upload_file:
                raise too_large(self._limits.upload_file, what=f"File {name[:64]!r}")
            if self._request.content.total_bytes > self._limits.upload:
                raise too_large(self._limits.upload)
            await file.write(bytes(chunk))
        await file.seek(0)


def _put(variables: dict[str, Any], path: str, file: UploadedFile | None, name: str) -> None:
    """Put a file where a path of the map leads, or see that it may go there: to a null of the variables.

    Raises `Refused`.
    """
    first, *steps = path.split(".")
    found: Any = {"variables": variables}
    step: Any = first
    for following in steps:
        found, step = _inside(found, step), following
    if first == "variables" and steps and _inside(found, step, default=0) is None:
        found[int(step) if isinstance(found, list) else step] = file
        return
    raise bad(f"{_MALFORMED}: path {path[:200]!r} of file {name[:64]!r} leads to no null in the variables.")


def _inside(found: Any, step: str, default: Any = None) -> Any:
    if isinstance(found, dict):
        return found.get(step, default)
    if isinstance(found, list) and step.isascii() and step.isdigit() and int(step) < len(found):
        return found[int(step)]
    return default
