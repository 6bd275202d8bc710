"""What the project, Stolon and the libraries log: rendered like the request's line, without secrets."""

from __future__ import annotations

import io
import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.observing.log_lines import BLOT, blotted, logged
from graph.observing.log_writer import LineWriter
from graph.observing.observe import SEEN, Seen
from graph.observing.trace_context import TraceContext

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtYXJpYSJ9.c2lnbmF0dXJlLW9mLWl0"


@contextmanager
def lines(*, plain: bool = False) -> Iterator[Any]:
    """Log inside; call what is given for the decoded lines (plain ones as text)."""
    stream = io.BytesIO()
    with logged(LineWriter(stream), plain=plain):
        yield (
            lambda: (
                stream.getvalue().decode()
                if plain
                else [json.loads(line) for line in stream.getvalue().splitlines()]
            )
        )


def without_time(line: dict[str, Any]) -> dict[str, Any]:
    assert line.pop("timestamp").endswith("Z")
    return line


def test_own_lines_are_told_whole():
    """What Stolon and the project log is one JSON object a line, with level, logger and the known extras."""
    with lines() as told:
        logging.getLogger("stolon.http").info("stopping: %g seconds", 30.0)
        logging.getLogger("shop").warning(
            "low", extra={"request_id": "r-1", "path": ["a", 0], "secret": "no"}
        )
    assert [without_time(one) for one in told()] == [
        {"level": "info", "event": "stopping: 30 seconds", "logger": "stolon.http"},
        {"level": "warning", "event": "low", "logger": "shop", "request_id": "r-1", "path": "a.0"},
    ]


def test_lines_of_a_request_carry_its_ids():
    """What is logged while a request runs is found by the request's id and trace."""
    token = SEEN.set(Seen("req-7", TraceContext("a" * 32, "b" * 16), 0.0))
    try:
        with lines() as told:
            logging.getLogger("stolon.x").info("hello")
    finally:
        SEEN.reset(token)
    assert without_time(told()[0]) == {
        "level": "info",
        "event": "hello",
        "logger": "stolon.x",
        "request_id": "req-7",
        "trace_id": "a" * 32,
    }


@pytest.mark.parametrize(
    ("logger", "message", "arguments", "told"),
    [
        ("aiohttp.server", "Error handling request from %s", ("10.0.0.7",), "Error handling request from %s"),
        ("asyncio", "Exception in callback Foo.bar('maria') at x.py:1", (), "Exception in callback Foo.bar"),
        ("asyncio", "Task exception was never retrieved\nfuture: <Task 'maria'>", (),
         "Task exception was never retrieved"),
        ("strawberry.execution", ValueError("maria"), (), "ValueError"),
        ("aiohttp.client", "Unclosed client session", (), "Unclosed client session"),
    ],
)  # fmt: skip
def test_of_a_library_only_its_own_words_are_told(logger, message, arguments, told):
    """A library's arguments, and what it put into its text, may be anybody's data: neither is told."""
    with lines() as found:
        logging.getLogger(logger).error(message, *arguments)
    assert without_time(found()[0]) == {"level": "error", "event": told, "logger": logger}


def test_a_library_is_heard_from_warning_on():
    """What libraries say for their own debugging is left out."""
    with lines() as told:
        logging.getLogger("asyncio").info("Using selector")
        logging.getLogger("asyncio.sslproto").warning("late")
    assert [one["event"] for one in told()] == ["late"]


def test_an_exception_is_told_by_class_and_place():
    """Of an exception and its causes the classes and places are told, never the texts."""
    try:
        try:
            raise KeyError("maria@example.com")
        except KeyError as error:
            raise RuntimeError("secret of maria") from error
    except RuntimeError:
        with lines() as told:
            logging.getLogger("stolon.http").exception("request %s failed unforeseen", "r-1")
    [line] = told()
    assert line["event"] == "request r-1 failed unforeseen"
    assert [one["type"] for one in line["exception"]] == ["RuntimeError", "KeyError"]
    assert all("test_log_lines.py:" in one["at"][-1] for one in line["exception"])
    assert "maria" not in json.dumps(line)


def test_causes_and_places_are_bounded():
    """Five causes and twenty places of each are told, however deep the failure was."""

    def deep(depth: int) -> None:
        if depth:
            deep(depth - 1)
        raise ValueError

    error: Exception | None = None
    for _ in range(9):
        try:
            deep(40)
        except ValueError as raised:
            raised.__cause__ = error
            error = raised
    with lines() as told:
        logging.getLogger("stolon.http").error("x", exc_info=error)
    [line] = told()
    assert [len(one["at"]) for one in line["exception"]] == [20] * 5


def test_plain_lines_show_exceptions_whole():
    """In `demo` a developer sees the message and the traceback, tokens blotted out."""
    try:
        raise RuntimeError(f"it was Bearer {JWT}")
    except RuntimeError:
        with lines(plain=True) as told:
            logging.getLogger("shop").exception("no luck with %s", "maria")
    text = told()
    assert "error no luck with maria\nTraceback" in text
    assert f"RuntimeError: it was Bearer {BLOT}" in text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"token {JWT} came", f"token {BLOT} came"),
        ("Authorization: Bearer abc.def", f"Authorization: Bearer {BLOT}"),
        ("authorization: basic dXNlcjpwYXNz", f"authorization: basic {BLOT}"),
        ("https://user:pass@host/x", f"https://{BLOT}@host/x"),
        ("to maria.perez+x@mail.example.com, now", f"to {BLOT}, now"),
        ("graph.server: 3.11.2 on 127.0.0.1:8000", "graph.server: 3.11.2 on 127.0.0.1:8000"),
        ("x" * 2001, "x" * 2000 + "..."),
    ],
)
def test_what_looks_like_a_secret_is_blotted_out(text, told):
    """Tokens, mail addresses and passwords of URLs are blotted out of any text; versions and addresses stay."""
    assert blotted(text) == told


@given(st.text(max_size=200))
def test_blotting_takes_any_text(text):
    """Blotting never fails, and what it gives has nothing more to blot."""
    assert blotted(blotted(text)) == blotted(text)


def test_logging_is_put_back():
    """After serving, the process logs as it did before."""
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    with lines():
        assert root.level == logging.INFO
    assert (root.level, list(root.handlers)) == before


def test_a_record_that_cannot_be_rendered_breaks_nobody(capsys):
    """Where arguments do not fit, the line says so and whose it is; the arguments are shown nowhere."""
    with lines() as told:
        record = logging.makeLogRecord(
            {"name": "shop", "levelno": 40, "msg": "%d orders", "args": ("maria",)}
        )
        logging.getLogger().handlers[-1].handle(record)
    assert told() == [{"level": "error", "event": "a log line could not be rendered", "logger": "shop"}]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("text", ["a", "a-", "eyJ.", "a.b "])
def test_a_text_of_any_length_is_blotted_at_once(text: str):
    """A client's own words may stand in a line, as the alias of a field that failed: they cost next to nothing."""
    began = time.process_time()
    told = blotted("it failed at " + text * (200_000 // len(text)))
    assert time.process_time() - began < 1
    assert len(told) <= 2_003


def test_a_secret_that_a_cut_would_halve_is_left_out():
    """Half a token is found by no pattern: the word that is cut goes as a whole."""
    halved = " ".join([JWT] * 60) + " " + "x" * 20 + JWT.partition(".")[0] * 100
    assert len(halved) > 4_000
    assert blotted(halved) == " ".join([BLOT] * 60) + " ..."
