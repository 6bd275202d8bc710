"""File uploads by the GraphQL multipart request specification, and what bounds them."""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from graph.http.uploads import IN_MEMORY, UploadedFile
from graph.settings.limits import Limits
from tests.graph.scripted_server import edge
from tests.graph.served import until
from tests.protocol import project
from tests.protocol.project import Front

FORM = {"content-type": "multipart/form-data; boundary=b"}
PREFLIGHT = {"graphql-require-preflight": "1", **FORM}
UPLOAD = "mutation($files: [Upload!]!) { upload(files: $files) }"
ONE = "mutation($file: Upload) { one(file: $file) }"
Part = tuple[str, bytes, str | None]


def form(*parts: Part) -> bytes:
    """A form of these parts: name, content, and a file's name."""
    made = b""
    for name, content, filename in parts:
        said = f'content-disposition: form-data; name="{name}"'
        if filename is not None:
            said += f'; filename="{filename}"\r\ncontent-type: text/plain'
        made += b"--b\r\n" + said.encode() + b"\r\n\r\n" + content + b"\r\n"
    return made + b"--b--\r\n"


def request(query: str, variables: Any, places: Any, *files: Part) -> bytes:
    """A request with files, as the specification orders its parts."""
    operations = json.dumps({"query": query, "variables": variables}).encode()
    return form(("operations", operations, None), ("map", json.dumps(places).encode(), None), *files)


async def sent(front: Front, data: Any, headers: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    """Status and body of the answer to a form."""
    named = {**PREFLIGHT, "x-request-id": "r", **(headers or {})}
    async with front.client.post(front.url, data=data, headers=named) as response:
        return response.status, await response.json()


async def refusal(front: Front, data: Any, headers: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Status, code and message of a form that is refused."""
    status, body = await sent(front, data, headers)
    [error] = body["errors"]
    assert "data" not in body
    return status, error["extensions"]["code"], error["message"]


async def test_files_reach_their_resolver(front: Front):
    """Each file stands in the variables where the map says: with its name, type, size and content."""
    large = b"large " * IN_MEMORY
    data = request(
        UPLOAD,
        {"files": [None, None]},
        {"a": ["variables.files.0"], "b": ["variables.files.1"]},
        ("a", b"small", "a.txt"),
        ("b", large, "b.txt"),
    )
    assert await sent(front, data) == (
        200,
        {"data": {"upload": ["a.txt text/plain 5 small", f"b.txt text/plain {len(large)} large la"]}},
    )


async def test_a_file_may_stand_in_two_places_and_none_is_a_request_too(front: Front):
    """One file may be named by several paths; a form without files is a request like another."""
    places = {"0": ["variables.files.0", "variables.files.1"]}
    data = request(UPLOAD, {"files": [None, None]}, places, ("0", b"x", "x"))
    assert await sent(front, data) == (200, {"data": {"upload": ["x text/plain 1 x", "x text/plain 1 "]}})
    assert await sent(front, request("{hello}", {}, {})) == (200, {"data": {"hello": "hello world"}})


async def test_an_upload_is_no_json_value(front: Front):
    """Where a file is expected JSON is the client's mistake: no resolver gets text in its place."""
    for value in ("x", 1, {"a": 1}, ["x"], True):
        async with front.client.post(
            front.url, json={"query": ONE, "variables": {"file": value}}
        ) as response:
            [error] = (await response.json())["errors"]
            assert "An Upload is a file of a multipart request; JSON cannot hold one." in error["message"]
            assert error["extensions"]["code"] == "BAD_USER_INPUT"
    async with front.client.post(front.url, json={"query": 'mutation{one(file: "x")}'}) as response:
        [error] = (await response.json())["errors"]
        assert "An Upload is a file of a multipart request" in error["message"]
    async with front.client.post(front.url, json={"query": ONE}) as response:
        assert await response.json() == {"data": {"one": None}}


async def test_a_form_needs_a_header_that_wants_a_preflight(front: Front):
    """A form is a simple request, which other sites' pages may send: without such a header it is refused."""
    data = request(ONE, {"file": None}, {"0": ["variables.file"]}, ("0", b"x", "x"))
    async with front.client.post(front.url, data=data, headers=FORM) as response:
        [error] = (await response.json())["errors"]
    assert (response.status, error["extensions"]["code"]) == (403, "PREFLIGHT_REQUIRED")
    assert error["message"] == (
        "A multipart request needs one of the headers graphql-require-preflight, apollo-require-preflight, "
        "x-apollo-operation-name, x-requested-with, not empty."
    )
    for name in ("apollo-require-preflight", "x-apollo-operation-name", "x-requested-with"):
        data = request(ONE, {"file": None}, {"0": ["variables.file"]}, ("0", b"x", "x"))
        async with front.client.post(front.url, data=data, headers={name: "1", **FORM}) as response:
            assert await response.json() == {"data": {"one": 1}}


MALFORMED = "The body is no multipart form"
NO_NULL = f"{MALFORMED}: path {{}} of file '0' leads to no null in the variables."
FILE: Part = ("0", b"x", "x")
OPERATIONS: Part = ("operations", json.dumps({"query": ONE, "variables": {"file": None}}).encode(), None)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (form(FILE), f"{MALFORMED}: part operations is expected here; operations comes first, then map."),
        (form(OPERATIONS), f"{MALFORMED}: part map is expected here; operations comes first, then map."),
        (
            form(OPERATIONS, FILE),
            f"{MALFORMED}: part map is expected here; operations comes first, then map.",
        ),
        (form(("operations", b"{", None)), "The part operations is no valid JSON."),
        (form(("operations", b'{"query":"\xff"}', None)), "The part operations is not UTF-8."),
        (
            form(("operations", b'{"query":""}', None)),
            "The part operations is no GraphQL request: query is empty.",
        ),
        (
            form(OPERATIONS, ("map", b"[]", None)),
            f"{MALFORMED}: part map is no JSON object of lists of paths.",
        ),
        (
            form(OPERATIONS, ("map", b'{"0":"x"}', None)),
            f"{MALFORMED}: part map is no JSON object of lists of paths.",
        ),
        (
            request(ONE, {"file": None}, {"0": ["variables.file"]}),
            f"{MALFORMED} as map says: part '0' is missing.",
        ),
        (
            request(ONE, {"file": None}, {"0": ["variables.file"]}, ("1", b"x", "x")),
            f"{MALFORMED} as map says: part '1' is not expected, or comes twice.",
        ),
        (
            request(ONE, {"file": None}, {"0": ["variables.file"]}, FILE, FILE),
            f"{MALFORMED} as map says: part '0' is not expected, or comes twice.",
        ),
        (request(ONE, {"file": "x"}, {"0": ["variables.file"]}, FILE), NO_NULL.format("'variables.file'")),
        (request(ONE, {}, {"0": ["variables.file"]}, FILE), NO_NULL.format("'variables.file'")),
        (request(ONE, {"file": None}, {"0": ["query"]}, FILE), NO_NULL.format("'query'")),
        (request(ONE, {"file": None}, {"0": ["variables"]}, FILE), NO_NULL.format("'variables'")),
        (
            request(ONE, {"file": None}, {"0": ["0.variables.file"]}, FILE),
            NO_NULL.format("'0.variables.file'"),
        ),
        (
            request(ONE, {"file": None}, {"0": ["variables.file.x"]}, FILE),
            NO_NULL.format("'variables.file.x'"),
        ),
        (
            request(ONE, {"files": [None]}, {"0": ["variables.files.1"]}, FILE),
            NO_NULL.format("'variables.files.1'"),
        ),
        (
            request(ONE, {"files": [None]}, {"0": ["variables.files.-1"]}, FILE),
            NO_NULL.format("'variables.files.-1'"),
        ),
        (
            request(
                ONE, {"file": None}, {"0": ["variables.file"], "1": ["variables.file"]}, FILE, ("1", b"", "y")
            ),
            f"{MALFORMED}: path 'variables.file' of file '1' leads to no null in the variables.",
        ),
    ],
)
async def test_a_malformed_form_is_400(front: Front, data, message):
    """What does not follow the specification is refused with what was expected, and nothing is executed."""
    assert await refusal(front, data) == (400, "BAD_REQUEST", message)


async def test_batches_in_forms_are_refused(front: Front):
    """A list of operations is refused here as it is in JSON."""
    status, code, _ = await refusal(front, form(("operations", b"[{}]", None)))
    assert (status, code) == (400, "BATCHING_NOT_SERVED")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no form",
        b"--b--\r\n",
        b"--b\r\ncontent-type: multipart/mixed; boundary=c\r\n\r\n--c--\r\n--b--\r\n",
        b"--b\r\ncontent-transfer-encoding: base64\r\n"
        b'content-disposition: form-data; name="operations"\r\n\r\ne30=\r\n--b--\r\n',
        b"--b\r\n" + b"x: " + b"y" * 20_000 + b"\r\n\r\n\r\n--b--\r\n",
    ],
)
async def test_what_is_no_form_is_400(front: Front, body):
    """Bytes that are no form of parts are the client's mistake, whatever they are."""
    status, code, message = await refusal(front, body)
    assert (status, code) == (400, "BAD_REQUEST")
    assert message.startswith(MALFORMED)
    status, code, message = await refusal(front, body, {"content-type": "multipart/form-data"})
    assert (status, message) == (400, f"{MALFORMED}.")


async def test_a_form_that_ends_too_early_is_400(front: Front):
    """A form without its closing boundary is not whole: no resolver gets half a file."""
    whole = request(ONE, {"file": None}, {"0": ["variables.file"]}, ("0", b"x" * 100, "x"))
    for length in range(len(whole) - 4 - 60, len(whole) - 4):
        status, body = await sent(front, whole[:length])
        assert (status, body.get("data")) == (400, None), length


LIMITS = 'upload_files = 2\nupload_paths = 3\nupload_file = "2KiB"\nupload = "4KiB"\nupload_timeout = "200ms"'


@pytest.fixture
async def bounded(tmp_path: Path):
    async with project.front(tmp_path / "bounded", limits=LIMITS) as made:
        yield made


async def test_files_and_paths_are_bounded(bounded: Front):
    """More files or paths than may be are refused before any file is read, with figure and limit."""
    variables = {"files": [None] * 4}
    three = {str(n): [f"variables.files.{n}"] for n in range(3)}
    assert await refusal(bounded, request(UPLOAD, variables, three)) == (
        413,
        "LIMIT_EXCEEDED",
        "The map names 3 files; at most 2 are accepted.",
    )
    many = {"0": [f"variables.files.{n}" for n in range(4)]}
    assert await refusal(bounded, request(UPLOAD, variables, many)) == (
        413,
        "LIMIT_EXCEEDED",
        "The map names 4 paths; at most 3 are accepted.",
    )


async def test_sizes_are_bounded(bounded: Front):
    """A file and a whole body have bounds of their own, whether or not their length was announced."""
    places = {"0": ["variables.file"]}
    large = request(ONE, {"file": None}, places, ("0", b"x" * 2049, "x"))
    assert await refusal(bounded, large) == (
        413,
        "PAYLOAD_TOO_LARGE",
        "File '0' has more than 2048 bytes; at most 2048 are accepted.",
    )
    fits = request(ONE, {"file": None}, places, ("0", b"x" * 2048, "x"))
    assert await sent(bounded, fits) == (200, {"data": {"one": 2048}})
    announced = request(ONE, {"file": None}, places, ("0", b"x" * 5000, "x"))
    status, code, message = await refusal(bounded, announced)
    assert (status, code) == (413, "PAYLOAD_TOO_LARGE")
    assert message.startswith("The request's body has 5")
    two = {"0": ["variables.files.0"], "1": ["variables.files.1"]}
    both = request(UPLOAD, {"files": [None, None]}, two, ("0", b"x" * 2000, "x"), ("1", b"x" * 2048, "x"))

    async def chunks():
        for start in range(0, len(both), 512):
            yield both[start : start + 512]

    assert await refusal(bounded, chunks()) == (
        413,
        "PAYLOAD_TOO_LARGE",
        "The request's body has more than 4096 bytes; at most 4096 are accepted.",
    )


async def test_a_form_begins_with_its_first_boundary(front: Front):
    """What stands before the first boundary is no part of a form; one empty line is, which some clients send."""
    form = request("{hello}", {}, {})
    assert await sent(front, b"\r\n" + form) == await sent(front, form)
    for before in (b"x\r\n", b"\r\n\r\n", b"\n" * 100_000):
        assert await refusal(front, before + form) == (400, "BAD_REQUEST", f"{MALFORMED}.")


async def test_a_packed_form_is_not_unpacked(front: Front):
    """A form with a Content-Encoding is refused before a byte of it is unpacked."""
    packed = gzip.compress(request("{hello}", {}, {}))
    headers = {"content-encoding": "gzip"}
    assert await refusal(front, packed, headers) == (
        415,
        "UNSUPPORTED_MEDIA_TYPE",
        "A form is sent as it is, without Content-Encoding.",
    )


async def test_what_is_no_file_counts_for_the_body(bounded: Front):
    """The headers of parts count for the bound of the whole body, too."""
    form = request("{hello}", {}, {})

    async def chunks():
        yield (
            form.partition(b"--b--")[0] + b"--b\r\n" + b"x: %b\r\n" % (b"y" * 60) * 100 + b"\r\n\r\n--b--\r\n"
        )

    assert await refusal(bounded, chunks()) == (
        413,
        "PAYLOAD_TOO_LARGE",
        "The request's body has more than 4096 bytes; at most 4096 are accepted.",
    )


async def test_operations_and_map_are_bounded_as_a_body_is(tmp_path: Path):
    """The parts that are no files have the bound of a JSON body."""
    async with project.front(tmp_path, more='body_limit = "1KiB"') as front:
        assert await refusal(front, request("{hello}" + " " * 1024, {}, {})) == (
            413,
            "PAYLOAD_TOO_LARGE",
            "Part operations has more than 1024 bytes; at most 1024 are accepted.",
        )


async def test_a_slow_form_is_408(bounded: Front):
    """A form that does not come in time is not waited for."""

    async def slow():
        yield b"--b\r\n"
        await asyncio.Event().wait()

    assert await refusal(bounded, slow()) == (
        408,
        "REQUEST_TIMEOUT",
        "The request's body took longer than 0.2 seconds to arrive.",
    )


async def test_files_are_let_go_of(monkeypatch):
    """However a request with files ends, they are closed: answered, refused, failed, or left by its client."""
    made: list[UploadedFile] = []

    class Noted(UploadedFile):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            made.append(self)

    monkeypatch.setattr("graph.transports.multipart.UploadedFile", Noted)
    begun, go = asyncio.Event(), asyncio.Event()

    async def script(document: Any) -> Any:
        begun.set()
        await go.wait()
        assert not document.variables["file"].file.closed
        raise RuntimeError

    def upload(query: str, *files: Part) -> bytes:
        return request(query, {"file": None}, {"0": ["variables.file"]}, *files)

    async with edge(script, limits=Limits()) as one:
        url = f"{one.url}/graphql"
        for query in ("subscription{a}", "{", ONE):
            go.set()
            async with one.client.post(url, data=upload(query, FILE), headers=PREFLIGHT) as response:
                await response.read()
        async with one.client.post(url, data=upload(ONE, FILE, FILE), headers=PREFLIGHT) as response:
            assert response.status == 400
        assert [each.file.closed for each in made] == [True] * 4
        for query in ("query($file: Upload){a(file: $file)}", ONE):
            begun.clear()
            go.clear()
            sending = asyncio.ensure_future(
                one.client.post(url, data=upload(query, FILE), headers=PREFLIGHT).__aenter__()
            )
            await begun.wait()
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            if query is not ONE:
                await until(lambda: made[-1].file.closed)
        assert one.running == 1
        assert not made[-1].file.closed  # the mutation still runs
        go.set()
        await until(lambda: made[-1].file.closed)


async def test_a_file_is_read_in_pieces():
    """A file can be read whole, in pieces or again; its repr tells no name."""
    for size in (10, IN_MEMORY * 3):
        file = UploadedFile("secret.txt", "text/plain")
        await file.write(b"x" * size)
        await file.seek(0)
        assert [len(chunk) async for chunk in file.chunks()] == [
            min(IN_MEMORY, size - start) for start in range(0, size, IN_MEMORY)
        ]
        await file.seek(size - 4)
        assert (await file.read(3), await file.read(), await file.read()) == (b"xxx", b"x", b"")
        assert repr(file) == f"UploadedFile({size} bytes)"
        file.close()
        file.close()
