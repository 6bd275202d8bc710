"""The line a request: what it holds, for machines and for people, and how lines reach their stream."""

from __future__ import annotations

import asyncio
import io
import json
import threading

import msgspec
import pytest
from multidict import CIMultiDict

from graph.log_writer import LineWriter
from graph.observe import GONE, Handled, Seen, Watch, caller_hash
from graph.request_log import json_line, plain_line, request_log
from graph.trace_context import TraceContext

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


def test_the_fact_has_no_place_for_secrets():
    """What is told of a request is a stated list of fields; a new one has to pass here."""
    assert Handled.__struct_fields__ == (
        "request_id", "trace_id", "operation_name", "operation_kind", "caller", "status", "errors", "calls",
        "shared", "seconds", "bytes",
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


async def test_the_lines_of_one_turn_leave_in_one_write():
    """Lines wait for the end of the loop's turn, no longer, and leave together."""
    stream = _Stream()
    observe = request_log(
        LineWriter(stream), lambda fact, now: f"{fact.request_id} {now}".encode(), lambda: 5.0
    )
    observe(FACT)
    observe(FACT)
    assert stream.writes == []
    await asyncio.sleep(0)
    assert stream.writes == [b"req-1 5.0\nreq-1 5.0\n"]
    observe(FACT)
    await asyncio.sleep(0)
    assert stream.writes[1:] == [b"req-1 5.0\n"]


async def test_a_line_from_another_thread_comes_after_those_that_wait():
    """Whatever thread writes, lines stay whole and in order, and are written once."""
    stream = _Stream()
    writer = LineWriter(stream)
    writer.soon(b"first")
    thread = threading.Thread(target=writer.now, args=(b"second",))
    thread.start()
    thread.join()
    assert stream.writes == [b"first\nsecond\n"]
    await asyncio.sleep(0)
    writer.flush()
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
