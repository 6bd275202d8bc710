"""The line a request: what it holds, for machines and for people, and how lines reach their stream."""

from __future__ import annotations

import asyncio
import io
import json
import select
import threading
from collections.abc import Callable
from functools import partial

import msgspec
import pytest
from multidict import CIMultiDict

from graph.observing.log_writer import LineWriter
from graph.observing.observe import GONE, Handled, Seen, Watch, caller_hash
from graph.observing.request_log import json_line, plain_line, request_log
from graph.observing.trace_context import TraceContext

NOW = 1_700_000_000.25
FACT = Handled(
    request_id="req-1",
    trace_id="0af7651916cd43dd8448eb211c80319c",
    operation_name="Orders",
    operation_kind="query",
    caller="00112233445566ff",
    status=200,
    errors={"UPSTREAM_TIMEOUT": 2},
    calls=5,
    shared=1,
    seconds=0.0123456,
    bytes=512,
)


def test_a_line_is_one_json_object():
    """The line holds what section 11 of the design names, and nothing else."""
    line = json_line(FACT, NOW)
    assert b"\n" not in line
    assert json.loads(line) == {
        "timestamp": "2023-11-14T22:13:20.250000Z",
        "level": "info",
        "event": "request",
        "request_id": "req-1",
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "operation": "Orders",
        "kind": "query",
        "caller": "00112233445566ff",
        "status": 200,
        "errors": {"UPSTREAM_TIMEOUT": 2},
        "calls": 5,
        "shared": 1,
        "ms": 12.346,
        "bytes": 512,
    }
    kept = json.loads(json_line(msgspec.structs.replace(FACT, kept=True), NOW))
    assert kept == {**json.loads(json_line(FACT, NOW)), "kept": True}


@pytest.mark.parametrize(("status", "level"), [(200, "info"), (GONE, "info"), (500, "error"), (503, "error")])
def test_what_the_server_could_not_do_is_an_error(status, level):
    """The level follows the status: error from 500 on."""
    assert json.loads(json_line(msgspec.structs.replace(FACT, status=status), NOW))["level"] == level


def test_a_plain_line_is_for_people():
    """In `demo` the same is said in a few words; what there is nothing of is left out."""
    assert plain_line(FACT, NOW)[8:] == b" query Orders 200 12.3 ms, 5 calls (1 shared), UPSTREAM_TIMEOUT x 2"
    refused = msgspec.structs.replace(
        FACT, operation_kind=None, operation_name=None, status=401, errors={}, calls=1, shared=0
    )
    assert plain_line(refused, NOW)[8:] == b" request 401 12.3 ms, 1 call"
    kept = msgspec.structs.replace(FACT, errors={}, calls=0, shared=0, kept=True)
    assert plain_line(kept, NOW)[8:] == b" query Orders 200 12.3 ms, 0 calls, kept"


def test_the_fact_has_no_place_for_secrets():
    """What is told of a request is a stated list of fields; a new one has to pass here."""
    assert Handled.__struct_fields__ == (
        "request_id", "trace_id", "operation_name", "operation_kind", "caller", "status", "errors", "calls",
        "shared", "seconds", "bytes", "kept",
    )  # fmt: skip
    with pytest.raises(AttributeError):
        FACT.status = 500  # type: ignore[misc]


def test_errors_are_counted_by_code_and_bounded():
    """At most sixteen codes are told apart; what is no code at all, or one too many, is `OTHER`."""
    seen = Seen("r", TraceContext("a" * 32, "b" * 16), 0.0)
    for code in ["A", "A", None, 7, "maria@example.com", "lower", "X" * 65, *(f"C{n}" for n in range(20))]:
        seen.failed(code)
    expected = {"A": 2, "OTHER": 5 + 6, **{f"C{n}": 1 for n in range(14)}}
    assert seen.errors == expected
    assert len(seen.errors) == 16


def test_a_caller_is_told_by_a_hash():
    """Equal partitions have equal hashes in every process, and nothing of the partition can be read in them."""
    assert caller_hash("verified:maria") == caller_hash("verified:maria") == "a749684a81d093b8"
    assert caller_hash("anonymous") != caller_hash("verified:maria")


def test_a_failing_observer_breaks_nobody(caplog):
    """An observer that raises is logged; the others are told all the same."""
    told: list[Handled] = []

    def broken(_fact: Handled) -> None:
        raise ValueError("no")

    watch = Watch((broken, told.append), clock=iter([1.0, 3.5]).__next__)
    seen = watch.begin("req-9", CIMultiDict())
    assert watch.in_flight == 1
    watch.end(seen, 204, 7)
    assert watch.in_flight == 0
    assert [(one.request_id, one.status, one.bytes, one.seconds) for one in told] == [("req-9", 204, 7, 2.5)]
    assert "observer" in caplog.text


class _Stream(io.BytesIO):
    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        self.writes.append(bytes(data))
        return len(data)


class _Timers:
    """Stands for the running loop: what is to be called later, and when."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.set: list[tuple[float, Callable[[], None]]] = []
        monkeypatch.setattr(asyncio, "get_running_loop", lambda: self)

    def call_later(self, seconds: float, call: Callable[[], None]) -> None:
        self.set.append((seconds, call))

    def ring(self) -> None:
        _, call = self.set.pop(0)
        call()


def test_the_lines_of_ten_milliseconds_leave_in_one_write(monkeypatch):
    """The first line sets a timer, all that come until it rings leave together, with the moments of their
    requests; the next line sets another.
    """
    timers, stream, moments = _Timers(monkeypatch), _Stream(), iter([5.0, 5.5, 6.0])
    observe = request_log(
        LineWriter(stream), lambda fact, now: f"{fact.request_id} {now}".encode(), lambda: next(moments)
    )
    observe(FACT)
    observe(FACT)
    assert ([seconds for seconds, _ in timers.set], stream.writes) == ([0.01], [])
    timers.ring()
    assert stream.writes == [b"req-1 5.0\nreq-1 5.5\n"]
    observe(FACT)
    timers.ring()
    assert stream.writes[1:] == [b"req-1 6.0\n"]


def test_only_so_many_lines_wait(monkeypatch):
    """However many requests end at once, lines that fill the bound leave before the timer rings."""
    timers, stream = _Timers(monkeypatch), _Stream()
    writer = LineWriter(stream, most=3)
    for number in range(7):
        writer.soon(f"{number}".encode)
    assert stream.writes == [b"0\n1\n2\n", b"3\n4\n5\n"]
    timers.ring()
    assert stream.writes[2:] == [b"6\n"]


def test_a_write_stays_whole_between_those_of_other_processes(monkeypatch):
    """Several workers write to one pipe, which tears what is longer than it keeps together: each write is of whole
    lines and within that, with room for what a worker puts before each line; a long line goes alone.
    """
    _Timers(monkeypatch)
    stream = _Stream()
    writer = LineWriter(stream)
    lines = [b"%d" % number * 40 for number in range(1000, 1100)]
    lines[50] = b"x" * 5000
    for line in lines[:-1]:
        writer.soon(partial(bytes, line))
    writer.now(lines[-1])
    assert b"".join(stream.writes) == b"\n".join(lines) + b"\n"
    assert all(one.endswith(b"\n") for one in stream.writes)
    sizes = [len(one) + len(b'{"pid":4194304,') * one.count(b"\n") for one in stream.writes]
    assert sorted(sizes)[-2] <= select.PIPE_BUF < max(sizes)
    assert stream.writes[sizes.index(max(sizes))] == lines[50] + b"\n"
    assert len(sizes) < 10


async def test_the_timer_is_the_running_loops():
    """Nobody needs to ask for lines that wait."""
    written = asyncio.Event()

    class Told(_Stream):
        def write(self, data: bytes, /) -> int:  # type: ignore[override]
            written.set()
            return super().write(data)

    stream = Told()
    LineWriter(stream).soon(lambda: b"first")
    await asyncio.wait_for(written.wait(), 10)
    assert stream.writes == [b"first\n"]


def test_a_line_from_another_thread_comes_after_those_that_wait(monkeypatch):
    """Whatever thread writes, lines stay whole and in order, and are written once."""
    timers, stream = _Timers(monkeypatch), _Stream()
    writer = LineWriter(stream)
    writer.soon(lambda: b"first")
    thread = threading.Thread(target=writer.now, args=(b"second",))
    thread.start()
    thread.join()
    assert stream.writes == [b"first\nsecond\n"]
    timers.ring()
    assert stream.writes == [b"first\nsecond\n"]


@pytest.mark.parametrize("failure", [BrokenPipeError(), ValueError("I/O operation on closed file")])
def test_a_stream_that_went_away_fails_nobody(failure):
    """Lines that cannot be written are counted and let go."""

    class Gone(_Stream):
        def write(self, data: bytes, /) -> int:  # type: ignore[override]
            raise failure

    writer = LineWriter(Gone())
    writer.now(b"a")
    writer.now(b"b")
    assert writer.lost == 2
